"""Fuzzing a target with Schemathesis: the only module that knows it.

    result = fuzz(FuzzPlan(target="esr", contract=bundle, base_url="http://127.0.0.1:8080/esr/v1", access=token, seed=1))

Schemathesis generates calls from the contract (examples, then systematic coverage, then random fuzzing, then sequences
that follow links) and checks the answers. What comes out is `FuzzResult`: plain values with rule ids of ours.

Rules that this module keeps:
- No request goes anywhere but to the target; nothing is left in the working directory.
- The seed decides what is generated. A new run id gives new request ids, so that a target that keeps its state is not
  sent the messages of an earlier run again.
- A failure never ends a run early and is never shrunk: how often a rule was broken is part of the report.
- Real identifiers go into the parts of a call that keep the contract, never into the part that breaks it.
"""

import contextlib
import hashlib
import json
import re
import secrets
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import schemathesis
from hypothesis.configuration import set_hypothesis_home_dir
from requests import PreparedRequest
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import ConfigError, SchemathesisConfig
from schemathesis.core import NOT_SET
from schemathesis.core.errors import LoaderError
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.result import Err
from schemathesis.core.transport import Response
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.errors import (
    ServerUnavailable,
    UnhealthyAPIError,
    UnresponsiveOperationError,
)
from schemathesis.engine.recorder import CheckNode, Interaction, ScenarioRecorder
from schemathesis.generation.case import Case
from schemathesis.generation.meta import negated_parameters
from schemathesis.hooks import GLOBAL_HOOK_DISPATCHER, HookContext
from schemathesis.specs.openapi.schemas import OpenApiSchema

from sandbox.conformance.fuzz_filling import BODY, HEADER, NO_BODY, PATH, QUERY, CaseFiller, Draft
from sandbox.conformance.fuzz_plan import (
    FuzzConfigurationError,
    FuzzPlan,
    canonical,
    engine_copy,
    engine_settings,
    read_contract,
    require_listener,
)
from sandbox.conformance.fuzz_results import (
    ENOUGH_SUCCESSES,
    INTERRUPTED,
    Counts,
    Exchange,
    FuzzFailure,
    FuzzProgress,
    FuzzResult,
    OperationResult,
)
from sandbox.conformance.fuzz_rules import (
    RULES,
    rule_of,
)
from sandbox.conformance.world_feed import FeedExhaustedError
from simulators.credentials import TokenRefused, authorization, token_now

_LOCATIONS = {
    ParameterLocation.PATH: PATH,
    ParameterLocation.QUERY: QUERY,
    ParameterLocation.HEADER: HEADER,
    ParameterLocation.BODY: BODY,
}
_MASK = "[Filtered]"
_LONGEST_BODY = 20_000
_VALID_PROPERTY = re.compile(r"Object with valid '([^']+)' value: ")
_ONE_OPTIONAL = re.compile(r"Object with all required properties and '([^']+)'$")
# The fuzzer takes a repeated sequence with another outcome for a fault of the generator, and ends the phase without a
# word: another round with another seed goes on.
_MOST_ROUNDS, _FAR_SEED = 12, 1_000_003
# Hooks before a call are global to Schemathesis, so that one process fuzzes one target at a time.
_ONE_AT_A_TIME = threading.Lock()


def fuzz(plan: FuzzPlan) -> FuzzResult:
    """Run `plan` to its end and say what was found.

    Raises FuzzConfigurationError when the run cannot begin: no such contract, a malformed address, nobody there.
    Ctrl-C ends the run early with an inconclusive result.
    """
    contract = read_contract(plan)
    require_listener(plan.base_url)
    run_id = plan.run_id or secrets.token_hex(8)
    filler = CaseFiller(feed=plan.feed, seed=plan.seed, run_id=run_id)
    started, clock = datetime.now(UTC), time.monotonic()
    with _ONE_AT_A_TIME, _nothing_left_behind():
        run = _Run(plan, contract, filler)
        try:
            plan.feed.prepare()
        except FeedExhaustedError as gap:
            raise FuzzConfigurationError(str(gap)) from gap
        with run.hooks():
            run.execute()
    return FuzzResult(
        target=plan.target,
        base_url=plan.base_url,
        contract=f"{contract['info']['title']} {contract['info']['version']}",
        contract_sha256=hashlib.sha256(canonical(contract)).hexdigest(),
        seed=plan.seed,
        examples=plan.examples,
        run_id=run_id,
        tool=f"schemathesis {schemathesis.__version__}",
        started_at=started.strftime("%Y-%m-%dT%H:%M:%SZ"),
        duration_seconds=round(time.monotonic() - clock, 1),
        operations=run.operations(),
        problems=tuple(run.problems),
        gaps=tuple(run.gaps),
        rules_off={rule.id: rule.off for rule in RULES if rule.off},
    )


def check_names() -> frozenset[str]:
    """Every check that the installed Schemathesis has: each needs a rule of ours."""
    load_all_checks()
    return frozenset({*CHECKS.get_all_names(), "max_response_time"})


@dataclass(slots=True)
class _Operation:
    """What is being gathered about one operation."""

    operation_id: str
    method: str
    path: str
    headers: dict[str, bool]
    phases: dict[str, Counts] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    sound: Counter[str] = field(default_factory=Counter)
    failures: dict[tuple[str, str], FuzzFailure] = field(default_factory=dict)
    problems: dict[str, None] = field(default_factory=dict)
    gaps: dict[str, None] = field(default_factory=dict)


class _Run:
    """One run of the engine, folded into what was gathered per operation."""

    def __init__(self, plan: FuzzPlan, contract: Mapping[str, Any], filler: CaseFiller) -> None:
        self.problems: dict[str, None] = {}
        self.gaps: dict[str, None] = {}
        self._plan = plan
        self._token = _token_of(plan)
        self._filler = filler
        self._contract = contract
        self._phase = ""
        self._done = 0
        self._sequences = 0
        self._follows_links = False
        self._deadline = (
            None if plan.limit_seconds is None else time.monotonic() + plan.limit_seconds
        )
        try:
            self._operations = _list_operations(self._schema(plan.seed, plan.phases))
        except (ConfigError, LoaderError) as refusal:
            raise FuzzConfigurationError(f"The contract cannot be fuzzed: {refusal}") from refusal
        self._names = frozenset(
            name.strip("{}")
            for operation in self._operations.values()
            for name in operation.path.split("/")
            if name.startswith("{")
        )

    def operations(self) -> tuple[OperationResult, ...]:
        """In the order of the contract."""
        return tuple(
            OperationResult(
                operation_id=item.operation_id,
                method=item.method,
                path=item.path,
                phases={phase: item.phases.get(phase, Counts()) for phase in self._plan.phases},
                statuses=dict(sorted(item.statuses.items())),
                failures=tuple(sorted(item.failures.values(), key=lambda failure: failure.rule)),
                problems=tuple(item.problems),
                gaps=self._gaps_of(item),
            )
            for item in self._operations.values()
        )

    def execute(self) -> None:
        """All phases; then more sequences, where the fuzzer gave up on them early."""
        self._execute(self._plan.seed, self._plan.phases)
        if "stateful" not in self._plan.phases:
            return
        for further in range(1, _MOST_ROUNDS):
            if self._sequences >= self._plan.sequences or self.gaps or self.problems:
                return
            self._execute(self._plan.seed + further * _FAR_SEED, ("stateful",))
            if not self._follows_links:
                return
        self.gaps[f"{self._sequences} sequences instead of {self._plan.sequences}"] = None

    @contextlib.contextmanager
    def hooks(self) -> Iterator[None]:
        """Fill calls before they are sent, and learn from the answers."""

        def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:  # noqa: ARG001
            self._fill(case)
            if case.headers.get("Authorization") == f"Bearer {self._token}":
                # A run may outlast the token that it began with.
                kwargs.setdefault("auth", self._show_token)

        def after_call(context: HookContext, case: Case[Any], response: Response) -> None:  # noqa: ARG001
            operation = self._operations[case.operation.label]
            body = _json_or_none(response.content)
            self._filler.observe(operation.operation_id, response.status_code, body, self._names)

        GLOBAL_HOOK_DISPATCHER.register_hook_with_name(before_call, "before_call")
        GLOBAL_HOOK_DISPATCHER.register_hook_with_name(after_call, "after_call")
        try:
            yield
        finally:
            GLOBAL_HOOK_DISPATCHER.unregister(before_call)
            GLOBAL_HOOK_DISPATCHER.unregister(after_call)

    def _schema(self, seed: int, phases: tuple[str, ...]) -> OpenApiSchema:
        config = SchemathesisConfig.from_dict(
            engine_settings(self._plan, self._contract, seed, phases, self._token)
        )
        return schemathesis.openapi.from_dict(engine_copy(self._contract), config=config)

    def _show_token(self, request: PreparedRequest) -> PreparedRequest:
        assert self._plan.access is not None
        request.headers["Authorization"] = authorization(self._plan.access)
        return request

    def _execute(self, seed: int, phases: tuple[str, ...]) -> None:
        stream = from_schema(self._schema(seed, phases)).execute()
        stopping = False
        for event in stream:
            self._consume(event)
            if not stopping and self._deadline is not None and time.monotonic() > self._deadline:
                stopping = True
                self.gaps[f"stopped after {self._plan.limit_seconds:g} seconds, as asked"] = None
                stream.stop()

    def _gaps_of(self, item: _Operation) -> tuple[str, ...]:
        gaps = dict(item.gaps)
        cases = sum(item.phases.values(), Counts()).cases
        if cases < self._plan.examples:
            gaps[f"{cases} cases instead of {self._plan.examples}"] = None
        if item.phases.get("coverage") and not item.sound["coverage"]:
            gaps["systematic coverage found no sound call to send"] = None
        # A feed that ran dry matters only where it left an operation short of successes.
        dry = self._filler.gaps.get(item.operation_id)
        if dry and sum(item.phases.values(), Counts()).success < ENOUGH_SUCCESSES:
            gaps[dry] = None
        return tuple(gaps)

    def _fill(self, case: Case[Any]) -> None:
        meta = case.meta
        if meta is None:
            return
        operation = self._operations[case.operation.label]
        data = meta.phase.data
        draft = Draft(
            operation_id=operation.operation_id,
            phase=meta.phase.name.value,
            sound=meta.generation.mode.is_positive,
            broken=frozenset(
                name for place, name in _LOCATIONS.items() if meta.is_negative_at(place)
            ),
            broken_names=frozenset(name.lower() for name, _ in negated_parameters(meta)),
            tested_pointer=_tested_pointer(data.description or ""),
            declared_headers=operation.headers,
            path=dict(case.path_parameters),
            query=dict(case.query),
            headers=case.headers,
            body=NO_BODY if case.body is NOT_SET else case.body,
        )
        body = draft.body
        self._filler.fill(draft)
        if draft.path != case.path_parameters:
            case.path_parameters = draft.path
        if draft.query != case.query:
            case.query = draft.query
        if draft.body is not body:
            case.body = draft.body

    def _consume(self, event: events.EngineEvent) -> None:
        match event:
            case events.PhaseStarted():
                self._phase, self._done = event.phase.name.value, 0
            case events.ScenarioFinished():
                if event.phase.value == "stateful" and event.recorder.interactions:
                    self._sequences += 1
                self._count(event.recorder, event.phase.value)
                self._done += 1
                self._report(event.recorder.label if event.label else None)
            case events.PhaseFinished() if event.phase.name.value == "stateful":
                self._follows_links = event.phase.skip_reason is None
            case events.NonFatalError():
                self._blame(event.value, event.label)
            case events.FatalError():
                self.problems[f"the fuzzer broke: {_brief(event.exception)}"] = None
            case events.Interrupted():
                self.gaps[INTERRUPTED] = None
            case _:
                return

    def _report(self, label: str | None) -> None:
        if self._plan.progress is not None:
            found = self._operations.get(label or "")
            counted = [sum(item.phases.values(), Counts()) for item in self._operations.values()]
            self._plan.progress(
                FuzzProgress(
                    phase=self._phase,
                    operation_id=found.operation_id if found else None,
                    operations_done=self._done,
                    operations_total=len(self._operations),
                    cases=sum(counts.cases for counts in counted),
                    failures=sum(len(item.failures) for item in self._operations.values()),
                )
            )

    def _count(self, recorder: ScenarioRecorder, phase: str) -> None:
        for case_id, interaction in recorder.interactions.items():
            case = recorder.cases[case_id].value
            operation = self._operations[case.operation.label]
            if case.meta is not None and case.meta.generation.mode.is_positive:
                operation.sound[phase] += 1
            status = interaction.response.status_code if interaction.response else None
            operation.phases[phase] = operation.phases.get(phase, Counts()) + Counts.of(status)
            if status is not None:
                operation.statuses[status] += 1
            if self._plan.observe is not None:
                checks = recorder.checks.get(case_id, ())
                self._plan.observe(
                    _explored(operation.operation_id, phase, case, interaction, checks)
                )
            for check in recorder.checks.get(case_id, ()):
                if check.status is Status.FAILURE:
                    _record_failure(operation, phase, check, interaction)
                elif check.status is Status.ERROR:
                    operation.problems[f"the check {check.name} broke"] = None

    def _blame(self, error: Exception, label: str) -> None:
        """Sort what is not a broken rule: the target went away, or the suite broke."""
        operation = self._operations.get(label)
        lost = isinstance(error, OSError | ServerUnavailable | UnhealthyAPIError)
        if lost or isinstance(error, UnresponsiveOperationError):
            gaps = self.gaps if operation is None else operation.gaps
            gaps[f"the target stopped answering: {_brief(error)}"] = None
        else:
            problems = self.problems if operation is None else operation.problems
            problems[f"the fuzzer could not go on: {_brief(error)}"] = None


def _explored(
    operation_id: str,
    phase: str,
    case: Case[Any],
    interaction: Interaction,
    checks: Iterable[CheckNode],
) -> dict[str, Any]:
    """An exchange with how it was made and what the fuzzer says of it, in the form of `contract_suite`."""
    request, response = interaction.request, interaction.response
    mode = "" if case.meta is None else case.meta.generation.mode.value
    body = request.body
    return {
        "operationId": operation_id,
        "phase": phase,
        "mode": mode,
        "method": request.method,
        "url": request.uri,
        "requestHeaders": {
            name: ", ".join(map(str, values))
            for name, values in request.headers.items()
            if name.lower() != "x-schemathesis-testcaseid"
        },
        "requestBody": body.decode("utf-8", "replace") if isinstance(body, bytes) else body,
        "status": response.status_code if response else 0,
        "responseHeaders": {n: ", ".join(v) for n, v in response.headers.items()}
        if response
        else {},
        "responseBody": response.content if response else b"",
        "broken": sorted(
            {rule_of(check.name).id for check in checks if check.status is Status.FAILURE}
        ),
    }


def _list_operations(schema: OpenApiSchema) -> dict[str, _Operation]:
    found: dict[str, _Operation] = {}
    for item in schema.get_all_operations():
        if isinstance(item, Err):
            raise FuzzConfigurationError(f"The contract cannot be fuzzed: {item.err()}")
        operation = item.ok()
        definition = operation.definition.raw
        found[operation.label] = _Operation(
            operation_id=str(definition.get("operationId", operation.label)),
            method=operation.method.upper(),
            path=operation.path,
            headers={header.name: header.is_required for header in operation.headers},
        )
    if not found:
        raise FuzzConfigurationError("The contract has no operation to fuzz.")
    return found


def _record_failure(
    operation: _Operation, phase: str, check: CheckNode, interaction: Interaction
) -> None:
    info = check.failure_info
    if info is None:
        return
    rule = rule_of(check.name)
    # One way of breaking a rule, whatever the values were: the status tells most ways apart.
    status = interaction.response.status_code if interaction.response else None
    key = (rule.id, f"{info.failure.title}:{status}")
    earlier = operation.failures.get(key)
    if earlier is not None:
        count = earlier.count + 1
        first = earlier
    else:
        count = 1
        first = FuzzFailure(
            rule=rule.id,
            rule_title=rule.title,
            operation_id=operation.operation_id,
            phase=phase,
            message=f"{info.failure.title}. {info.failure.message}".strip(),
            exchange=_exchange(interaction),
            curl=_with_token_from_environment(info.code_sample),
            count=1,
        )
    operation.failures[key] = FuzzFailure(
        rule=first.rule,
        rule_title=first.rule_title,
        operation_id=first.operation_id,
        phase=first.phase,
        message=first.message,
        exchange=first.exchange,
        curl=first.curl,
        count=count,
    )


def _token_of(plan: FuzzPlan) -> str | None:
    try:
        return None if plan.access is None else token_now(plan.access)
    except TokenRefused as refusal:
        raise FuzzConfigurationError(str(refusal)) from refusal


def _exchange(interaction: Interaction) -> Exchange:
    request, response = interaction.request, interaction.response
    return Exchange(
        method=request.method,
        url=request.uri,
        request_headers={
            name: _MASK if name.lower() == "authorization" else ", ".join(map(str, values))
            for name, values in request.headers.items()
            if name.lower() != "x-schemathesis-testcaseid"
        },
        request_body=_text(request.body),
        status=response.status_code if response else None,
        response_headers={n: ", ".join(v) for n, v in response.headers.items()} if response else {},
        response_body=_text(response.content) if response else None,
    )


def _text(body: bytes | str | None) -> str | None:
    if body is None:
        return None
    text = body if isinstance(body, str) else body.decode("utf-8", errors="replace")
    return text if len(text) <= _LONGEST_BODY else f"{text[:_LONGEST_BODY]} … ({len(text)} in all)"


def _with_token_from_environment(curl: str) -> str:
    return curl.replace(
        f"'Authorization: {_MASK}'", '"Authorization: Bearer $ESR_SANDBOX_TOKEN"'
    ).replace(f"'authorization: {_MASK}'", '"Authorization: Bearer $ESR_SANDBOX_TOKEN"')


@contextlib.contextmanager
def _nothing_left_behind() -> Iterator[None]:
    """Hypothesis keeps tables of its own beside its database of examples: give it a place that goes away."""
    with tempfile.TemporaryDirectory(prefix="esr-sandbox-fuzz-") as folder:
        set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)


def _tested_pointer(description: str) -> str | None:
    """`/person/title` for a sound body that is about it.

    The tool says it in words alone: "Object with valid 'person' value: Object with valid 'title' value: Maximum length
    string". Where a later release says it in other words, the case is about the body as a whole.
    """
    names = _VALID_PROPERTY.findall(description)
    names += _ONE_OPTIONAL.findall(description)
    return "".join(f"/{name}" for name in names) or None


def _json_or_none(content: bytes | None) -> Any:
    try:
        return json.loads(content or b"")
    except ValueError:
        return None


def _brief(error: Exception) -> str:
    first = next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    return f"{type(error).__name__}: {first}"[:300]
