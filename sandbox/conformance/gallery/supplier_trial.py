"""Tries a deviation of the example supplier: it runs anew with a part replaced, plays cases, and its traffic is judged too."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field

import httpx

from sandbox.conformance.case import Case
from sandbox.conformance.driving import InboundDriver
from sandbox.conformance.gallery.deviation import Deviation
from sandbox.conformance.gallery.named.supplier import Parts
from sandbox.conformance.gallery.trial import Trial, tripped_by
from sandbox.conformance.judge import CaseResult, judge
from sandbox.conformance.operations import Operations
from sandbox.conformance.receiver import EventReceiver
from sandbox.conformance.record import Record
from sandbox.conformance.recorder import play
from sandbox.conformance.results import Result
from sandbox.conformance.run_traffic import facts_of
from sandbox.conformance.scene import CannotArrange
from sandbox.conformance.supplier_stage import SupplierStage
from sandbox.conformance.traffic import judge_traffic
from sandbox.conformance.traffic_facts import facts_from
from sandbox.settings import Settings
from simulators.supplier import Office, Policies, running_supplier
from simulators.supplier import Settings as SupplierSettings

TRAFFIC = "traffic"
"""Where a requirement was tripped by the supplier's traffic and not by a case."""
SOUND: Parts = (Policies, Office)
_DRIVER_TOKEN = "gallery-driver-token"
_MOST_CASES = 6
# What exercises most of what traffic can show: played for every deviation that has few cases of its own.
_EXERCISE = (
    "recruitment-system.offers.sent-at-offer-stage",
    "recruitment-system.offers.acceptance-is-told",
    "recruitment-system.resilience.submit-recovers[failed-500]",
    "recruitment-system.resilience.submit-recovers[refused-429]",
    "recruitment-system.offers.refused-is-kept-for-people",
)
_numbers = itertools.count(1)


@dataclass(slots=True)
class Supplied:
    """A supplier that runs, with what it was seen to do."""

    stage: SupplierStage
    operations: Operations
    seed: int
    records: list[Record] = field(default_factory=list)
    cases: dict[str, Case] = field(default_factory=dict)

    def result(self, case: Case) -> CaseResult:
        """The verdict on a case, played now."""
        try:
            record = play(case, self.stage, self.operations, self.seed)
        except CannotArrange as problem:
            return CaseResult(case.id, Result.ERROR, str(problem))
        except Exception as problem:  # noqa: BLE001  (whatever a deviation does to the suite, it is no detection)
            return CaseResult(case.id, Result.ERROR, f"{type(problem).__name__}: {problem}")
        self.records.append(record)
        self.cases[case.id] = case
        return judge(case, record, self.operations)

    def failed_by_traffic(self) -> set[str]:
        """The requirements that its own traffic shows as broken."""
        facts = facts_from(
            self.stage.facts(), self.cases, [record.dump() for record in self.records]
        )
        told = facts_of(facts, self.stage.workspace)
        rules = judge_traffic(self.stage.traffic(), told, self.operations)
        return {rule.requirement for rule in rules if rule.result in (Result.FAIL, Result.WARN)}


@contextmanager
def supplied(
    esr: Settings,
    seed: int,
    receiver: EventReceiver,
    operations: Operations,
    parts: Parts = SOUND,
) -> Iterator[Supplied]:
    """A supplier made of `parts`, in a workspace of its own of the sandbox with the settings `esr`."""
    with ExitStack() as stack:
        name = f"supplier-{next(_numbers)}"
        url = esr.public_url
        stage = stack.enter_context(
            SupplierStage.opened(url, seed, receiver, name, operator=esr.operator_token)
        )
        settings = SupplierSettings(
            f"{url}/w/{name}/esr/v1",
            stage.supplier_access,
            driver_token=_DRIVER_TOKEN,
            ready_seconds=2.0,
            longest_wait_seconds=2.0,
        )
        running = stack.enter_context(running_supplier(settings, *parts))
        client = stack.enter_context(httpx.Client(timeout=20.0, trust_env=False))
        stage.driver = InboundDriver(running.driver_url, _DRIVER_TOKEN, client)
        stage.receiver_url = running.receiver_url.removesuffix("/events")
        yield Supplied(stage, operations, seed)


def chosen_cases(
    deviation: Deviation, cases: Iterable[Case], first: Sequence[str] = ()
) -> list[Case]:
    """Those that noticed it before, then those about its requirements, then those that exercise the most."""
    named = set(deviation.requirements)
    known = {case.id: case for case in cases if case.role == deviation.role}
    about = [name for name, case in known.items() if named & set(case.requirements)]
    order = [
        *first,
        *about[:_MOST_CASES],
        *(name for name in _EXERCISE if len(about) < _MOST_CASES),
    ]
    return [known[name] for name in dict.fromkeys(order) if name in known]


def tried_supplier(
    deviation: Deviation,
    cases: Sequence[Case],
    open_supplier: Callable[[Parts], AbstractContextManager[Supplied]],
    beat: Callable[[], None] = lambda: None,
) -> Trial:
    """Plays cases on the deviating supplier until each named requirement has failed; then those on one that is sound.

    Each is a supplier of its own in a workspace of its own: a case names the same people and references whenever it is played.
    """
    trial = Trial(deviation.id)
    wanted = set(deviation.requirements)
    with deviation.apply() as parts, open_supplier(parts) as deviating:
        for case in cases:
            result = deviating.result(case)
            trial.played += 1
            beat()
            for name in sorted(tripped_by(result, deviation)):
                trial.tripped.setdefault(name, case.id)
            if result.result is Result.ERROR:
                trial.crashed.add(case.id)
            # Its traffic may tell at once what other cases would wait for in vain.
            failed = deviating.failed_by_traffic()
            for name in sorted(failed & wanted):
                trial.tripped.setdefault(name, TRAFFIC)
            trial.instead |= failed - wanted
            if trial.tripped.keys() >= wanted:
                break
    with open_supplier(SOUND) as sound:
        _controlled(trial, cases, sound, beat)
    return trial


def _controlled(
    trial: Trial, cases: Sequence[Case], sound: Supplied, beat: Callable[[], None]
) -> None:
    """The same cases on the sound supplier, which must pass."""
    shown = set(trial.tripped.values())
    for case in cases:
        if case.id in shown and sound.result(case).result is not Result.PASS:
            trial.alarms.append(case.id)
        beat()
    if TRAFFIC in shown and sound.failed_by_traffic() & set(trial.tripped):
        trial.alarms.append(TRAFFIC)
    for name in [name for name, where in trial.tripped.items() if where in trial.alarms]:
        del trial.tripped[name]
