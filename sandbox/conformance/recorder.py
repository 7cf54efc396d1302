"""Plays one case and records what happens. It decides nothing: whether what it saw is right is the judge's affair."""

import hashlib
import itertools
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import httpx
import orjson

from sandbox.conformance.bodies import UnknownBase, body_of
from sandbox.conformance.case import Case
from sandbox.conformance.driving import NOT_OFFERED as NO_HOOK
from sandbox.conformance.expectations import check, equality
from sandbox.conformance.judge import came_about, covered
from sandbox.conformance.judgements import viewed
from sandbox.conformance.operations import EMPLOYER, Operation, Operations
from sandbox.conformance.record import (
    BROKE,
    INTERRUPTED,
    NOT_OFFERED,
    SELF_ATTESTED,
    UNBOUND,
    UNREACHED,
    Record,
    Step,
    json_of,
    left_by,
)
from sandbox.conformance.scene import CannotArrange, Scene, Stage, Unbound
from sandbox.conformance.values import Scope, Unresolved, merged, resolve
from sandbox.journal.masking import masked_body, masked_headers, masked_query
from sandbox.timestamps import to_text
from simulators.credentials import Access, TokenRefused, token_now
from simulators.streams import Stream
from simulators.workspaces import access_to, as_operator, new_workspace

_SETTLE_SECONDS = 20
_WITHIN_SECONDS = 10.0
_LOOK_SECONDS = 0.05
_LONGEST_BODY = 200_000
_MOST_PAGES = 1000


def play(case: Case, stage: Stage, operations: Operations, seed: int) -> Record:
    """Plays `case` once and answers the record. Raises CannotArrange when the stage itself does not work."""
    record = Record(case.id, seed, "", "", began=_now())
    try:
        with stage.scene(case, seed) as scene:
            record.today, record.mask_key = scene.today.isoformat(), scene.mask_key
            _Play(case, scene, operations, record).run()
    except Unbound as problem:
        record.note(UNBOUND, str(problem))
    except KeyboardInterrupt:
        record.note(INTERRUPTED, "interrupted before the end")
        raise
    finally:
        record.today = record.today or datetime.now(UTC).date().isoformat()
        record.ended = _now()
    return record


def _now() -> str:
    return to_text(datetime.now(UTC))


class _Play:
    """One case on its way."""

    def __init__(self, case: Case, scene: Scene, operations: Operations, record: Record) -> None:
        self._case = case
        self._scene = scene
        self._operations = operations
        self._record = record
        self._draws = Stream(record.seed, f"case {case.id}", 0)
        self._live = Scope(
            scene.today,
            scene.bindings,
            made={
                "uuid": self._uuid,
                "ref": self._reference,
                "receiver": self._address,
                "token": lambda: _shown(scene.tokens.get("esr", "")),
                "stranger": lambda: self._strangers_token,
                "expired": lambda: self._expired_token,
            },
        )
        self._equal = equality(scene.mask_key)
        self._begun = 0

    def run(self) -> None:
        """Plays the steps, then keeps what others saw."""
        record, scene = self._record, self._scene
        self._begun = scene.journal.mark() if scene.journal and self._keeps_journal() else 0
        record.bindings = _masked(scene.bindings, scene.mask_key)
        about = covered(self._case)
        for written in self._case.when:
            try:
                step = self._play(written)
            except Unresolved as problem:
                record.note(UNREACHED, f"{written['as']}: {problem}")
                break
            except (UnknownBase, KeyError) as problem:
                record.note(BROKE, f"{written['as']}: {problem}")
                break
            record.steps.append(step)
            if step.outcome == NO_HOOK and step.name not in about:
                record.note(NOT_OFFERED, f"the subject does not offer {written.get('drive')}")
                break
            if step.name not in about and came_about(step):
                break
        if scene.receiver is not None and self._case.given.get("receiver"):
            record.deliveries = [
                self._delivery(item) for item in scene.receiver.arrived(scene.mailbox)
            ]
        if scene.journal and self._keeps_journal():
            record.journal = scene.journal.since(self._begun)

    def _keeps_journal(self) -> bool:
        return self._case.role != "esr"

    def _play(self, written: Mapping[str, Any]) -> Step:
        verb = next(name for name in _VERBS if name in written)
        step: Step = _VERBS[verb](self, written)
        self._live.steps[step.name] = self._live.steps.get(step.name) or left_by(step)
        return step

    # ------------------------------------------------------------------------------------------------ what a step does

    def _call(self, written: Mapping[str, Any]) -> Step:
        operation = self._operations[written["call"]]
        copies = int(written.get("copies", 1))
        step = Step(written["as"], "call")
        if written.get("toEnd"):
            pairs = [self._last_page(operation, written)]
        elif copies == 1:
            pairs = self._one_by_one(operation, written)
        else:
            requests = [self._request(operation, written) for _ in range(copies)]
            with ThreadPoolExecutor(copies) as pool:
                pairs = list(pool.map(lambda one: self._send(operation, one), requests))
        step.exchanges = [kept for kept, _ in pairs]
        self._live.steps[step.name] = pairs[0][1]
        return step

    def _last_page(
        self, operation: Operation, written: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Goes on with the cursor until no page follows; of a list that never ends, the page at which it was left."""
        query = dict(written.get("query", {}))
        for place in itertools.count(1):
            kept, live = self._send(
                operation, self._request(operation, {**written, "query": query})
            )
            page = live["answer"] if isinstance(live["answer"], dict) else {}
            if kept["status"] != 200 or not page.get("more") or place == _MOST_PAGES:
                return kept, live
            query["cursor"] = page.get("next", "")
        raise AssertionError("unreachable")

    def _act(self, written: Mapping[str, Any]) -> Step:
        operation = self._operations[written["act"]]
        step = Step(written["as"], "act")
        if "control" not in self._scene.addresses:
            say = written.get("say") or f"make the other system do {written['act']}"
            outcome = self._scene.driver.perform("ASK_A_PERSON", {}, say)
            if outcome.state == NO_HOOK:
                raise Unbound(f"nobody can be asked to {say}")
            step.outcome = outcome.state
            self._record.note(SELF_ATTESTED, say)
            return step
        to_end = written.get("toEnd", False)
        pairs = (
            [self._last_page(operation, written)]
            if to_end
            else self._one_by_one(operation, written)
        )
        step.exchanges = [kept for kept, _ in pairs]
        self._live.steps[step.name] = pairs[0][1]
        return step

    def _one_by_one(
        self, operation: Operation, written: Mapping[str, Any]
    ) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Sends it once, or once for each of `forEach`, where `${item/...}` is the one at hand."""
        if "forEach" not in written:
            return [self._send(operation, self._request(operation, written))]
        pairs = []
        for item in resolve(written["forEach"], self._live):
            self._scene.bindings["item"] = item
            pairs.append(self._send(operation, self._request(operation, written)))
        self._scene.bindings.pop("item", None)
        if not pairs:
            raise Unresolved(f"{written['forEach']} holds nothing")
        return pairs

    def _drive(self, written: Mapping[str, Any]) -> Step:
        arguments = self._body(written, "with") or {}
        say = resolve(written.get("say", ""), self._live)
        outcome = self._scene.driver.perform(written["drive"], arguments, say)
        if outcome.self_attested:
            self._record.note(SELF_ATTESTED, say or written["drive"])
        step = Step(written["as"], "drive", outcome=outcome.state)
        step.sent = _masked(arguments, self._scene.mask_key)
        step.view = _masked(dict(outcome.result), self._scene.mask_key)
        self._live.steps[step.name] = {"view": dict(outcome.result), "sent": arguments}
        return step

    def _deliver(self, written: Mapping[str, Any]) -> Step:
        from sandbox.conformance.delivering import deliver

        event = resolve(written["deliver"], self._live)
        event = merged(event, resolve(written.get("body", {}), self._live))
        step = Step(written["as"], "deliver")
        request = deliver(self._scene, event, written.get("alter", ""))
        operation = self._operations["receive_event"]
        kept, live = self._send(operation, request)
        step.exchanges = [kept]
        self._live.steps[step.name] = live
        return step

    def _fault(self, written: Mapping[str, Any]) -> Step:
        return self._power(written, "POST", "/faults", resolve(written["fault"], self._live))

    def _clear_faults(self, written: Mapping[str, Any]) -> Step:
        return self._power(written, "DELETE", "/faults", None)

    def _clock(self, written: Mapping[str, Any]) -> Step:
        wanted = resolve(written["clock"], self._live)
        if "at" in wanted:
            return self._power(written, "PUT", "/clock", {"mode": "FROZEN", **wanted})
        if "mode" in wanted:
            return self._power(written, "PUT", "/clock", wanted)
        return self._power(written, "POST", "/clock/advance", wanted)

    def _settle(self, written: Mapping[str, Any]) -> Step:
        body = {"timeoutSeconds": _SETTLE_SECONDS}
        step = self._power(written, "POST", "/settle", body)
        settled = (json_of(step.exchanges[-1].get("responseBody")) or {}).get("settled")
        if settled is False:
            self._record.note("unsettled", f"{step.name}: the world did not come to rest")
        return step

    def _answering(self, written: Mapping[str, Any]) -> Step:
        if self._scene.receiver is None:
            raise Unbound("the suite has no receiver here")
        self._scene.receiver.answer(self._scene.mailbox, written["answering"])
        return Step(written["as"], "answering", outcome="DONE")

    def _await(self, written: Mapping[str, Any]) -> Step:
        wanted = dict(written["await"])
        within = float(wanted.get("within", _WITHIN_SECONDS))
        step = Step(written["as"], "await")
        began = time.monotonic()
        look = self._looker(wanted, step)
        while not (held := look()) and time.monotonic() - began < within:
            if step.outcome == NO_HOOK:
                break
            time.sleep(_LOOK_SECONDS)
        step.held, step.waited = held, round(time.monotonic() - began, 3)
        return step

    def _looker(self, wanted: dict[str, Any], step: Step) -> Callable[[], bool]:
        """What is looked at until it is as it is waited for."""
        until = resolve(wanted.get("until", {}), self._live)
        least = int(wanted.get("count", 1))
        if "delivery" in wanted:
            filters = resolve(wanted["delivery"], self._live)
            return lambda: self._count_deliveries(filters) >= least
        if "exchange" in wanted:
            filters = resolve(wanted["exchange"], self._live)
            return lambda: self._count_exchanges(filters) >= least
        if "drive" in wanted:
            return lambda: self._look_at_view(wanted, until, step)
        operation = self._operations[wanted["call"]]

        def look() -> bool:
            kept, live = self._send(operation, self._request(operation, wanted))
            step.exchanges = [kept]
            self._live.steps[step.name] = live
            return kept["status"] == 200 and self._holds(until, live["answer"])

        return look

    def _look_at_view(
        self, wanted: Mapping[str, Any], until: Mapping[str, Any], step: Step
    ) -> bool:
        arguments = resolve(wanted.get("with", {}), self._live)
        outcome = self._scene.driver.perform(wanted["drive"], arguments)
        step.outcome = outcome.state
        step.view = _masked(dict(outcome.result), self._scene.mask_key)
        self._live.steps[step.name] = {"view": dict(outcome.result)}
        return outcome.state == "DONE" and self._holds(until, dict(outcome.result))

    def _count_deliveries(self, filters: Mapping[str, Any]) -> int:
        if self._scene.receiver is None:
            raise Unbound("the suite has no receiver here")
        arrived = self._scene.receiver.arrived(self._scene.mailbox)
        return sum(
            self._holds(filters, json_of(item.body.decode("utf-8", "replace"))) for item in arrived
        )

    def _count_exchanges(self, filters: Mapping[str, Any]) -> int:
        if self._scene.journal is None:
            raise Unbound("nobody keeps the subject's traffic here")
        return sum(
            self._holds(filters, viewed(item)) for item in self._scene.journal.since(self._begun)
        )

    def _holds(self, filters: Mapping[str, Any], document: Any) -> bool:
        return all(
            check(pointer, document, expected, self._equal) is None
            for pointer, expected in filters.items()
        )

    # --------------------------------------------------------------------------------------------------- how it is sent

    def _power(self, written: Mapping[str, Any], method: str, path: str, body: Any) -> Step:
        step = Step(written["as"], "power")
        if "control" not in self._scene.addresses:
            raise Unbound("this needs the powers of a sandbox")
        request = self._scene.client.build_request(
            method,
            f"{self._scene.addresses['control']}{path}",
            json=body,
            timeout=120,
            headers=as_operator(self._scene.tokens.get("control")),
        )
        kept, live = self._exchange("control", None, path, request)
        step.exchanges = [kept]
        self._live.steps[step.name] = live
        return step

    def _request(self, operation: Operation, written: Mapping[str, Any]) -> httpx.Request:
        scene = self._scene
        if operation.system not in scene.addresses:
            raise Unbound(f"the subject gives no address for {operation.system}")
        raw = resolve(written.get("raw", {}), self._live)
        parameters = resolve(written.get("path", {}), self._live)
        path = raw["path"] if "path" in raw else operation.address(parameters)
        headers = self._headers(operation, written)
        content = None
        if "text" in raw:
            content = str(raw["text"]).encode() * int(raw.get("times", 1))
            media_type = raw.get("mediaType", operation.media_type or "text/plain")
            headers.setdefault("Content-Type", media_type)
        elif "body" in written or "base" in written:
            content = orjson.dumps(self._body(written, "body"))
            media_type = raw.get("mediaType", operation.media_type or "application/json")
            headers.setdefault("Content-Type", media_type)
        kept = [(name, str(value)) for name, value in headers.items() if value is not None]
        return scene.client.build_request(
            raw.get("method", operation.method),
            f"{scene.addresses[operation.system]}{path}",
            params=resolve(written.get("query"), self._live) or None,
            headers=[*kept, *(pair for pair in kept if pair[0] in written.get("twice", ()))],
            content=content,
        )

    def _headers(self, operation: Operation, written: Mapping[str, Any]) -> dict[str, Any]:
        headers: dict[str, Any] = {}
        token = self._token(operation, written)
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if operation.writes:
            headers["X-Request-ID"] = resolve(written.get("requestId", "${uuid}"), self._live)
        if EMPLOYER.lower() in operation.header_parameters and operation.writes:
            own = self._scene.bindings.get("employer", {}).get("odsCode")
            headers[EMPLOYER] = resolve(written.get("employer", own), self._live)
        elif written.get("employer") is not None:
            headers[EMPLOYER] = resolve(written["employer"], self._live)
        own_words: dict[str, Any] = resolve(dict(written.get("headers", {})), self._live)
        return headers | own_words

    def _token(self, operation: Operation, written: Mapping[str, Any]) -> Any:
        """The token to show: the case's own, or that of the system, where it asks for one."""
        if "token" in written:
            return resolve(written["token"], self._live)
        access = self._scene.tokens.get(operation.system)
        # Only some sandboxes ask for a token to their powers; those do for all of them.
        is_asked = operation.secured or operation.system == "control"
        return _shown(access) if is_asked and access is not None else None

    def _body(self, written: Mapping[str, Any], name: str) -> Any:
        own = resolve(written.get(name), self._live)
        if "base" not in written:
            return own
        base = resolve(written["base"], self._live)
        made = body_of(base, self._scene.bindings, self._scene.today, self._reference())
        return made if own is None else merged(made, own)

    def _send(
        self, operation: Operation, request: httpx.Request
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        return self._exchange(operation.system, operation.name, "", request)

    def _exchange(
        self, system: str, name: str | None, shown: str, request: httpx.Request
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Sends; answers the exchange as it is kept, and what the next steps may refer to."""
        began, at = time.perf_counter(), _now()
        status, content, answered = 0, b"", dict[str, str]()
        problem = ""
        try:
            response = self._scene.client.send(request)
            status, content = response.status_code, response.content[:_LONGEST_BODY]
            answered = dict(response.headers)
        except (httpx.HTTPError, httpx.InvalidURL) as failure:
            problem = f"{type(failure).__name__}: {failure}"
        key = self._scene.mask_key.encode()
        sent = request.read()
        kept: dict[str, Any] = {
            "system": system,
            "direction": "OUT",
            "method": request.method,
            "path": shown or request.url.path,
            "url": str(request.url.copy_with(query=None)),
            "requestHeaders": masked_headers(dict(request.headers)),
            "status": status,
            "responseHeaders": masked_headers(answered),
            "startedAt": at,
            "durationMilliseconds": round((time.perf_counter() - began) * 1000, 3),
        }
        if name:
            kept["operationId"] = name
        if request.url.query:
            kept["query"] = masked_query(request.url.query.decode(), key)
        if sent:
            kept["requestBody"] = masked_body(sent, key)
        if content:
            kept["responseBody"] = masked_body(
                content, key, answered.get("content-type", "").split(";")[0]
            )
        if problem:
            kept["problem"] = problem
        live = {
            "sent": _loaded(sent),
            "answer": _loaded(content),
            "header": {header.lower(): text for header, text in answered.items()}
            | {
                header.lower(): text
                for header, text in request.headers.items()
                if header.lower() == "x-request-id"
            },
            "status": status,
            "text": content.decode("utf-8", "replace"),
        }
        return kept, live

    def _delivery(self, arrived: Any) -> dict[str, Any]:
        key = self._scene.mask_key.encode()
        return {
            "system": "receiver",
            "direction": "IN",
            "operationId": "receive_event",
            "method": "POST",
            "path": arrived.path,
            "url": self._address(),
            "requestHeaders": masked_headers(arrived.headers),
            "requestBody": masked_body(arrived.body, key),
            # The body is masked, and its signature is to be verified all the same.
            "requestDigest": hashlib.sha256(arrived.body).hexdigest(),
            "status": arrived.status,
            "responseHeaders": {},
            "startedAt": to_text(datetime.fromtimestamp(arrived.at, UTC)),
            "durationMilliseconds": 0,
        }

    # ------------------------------------------------------------------------------------------------- what is made anew

    def _uuid(self) -> str:
        words = b"".join(self._draws.word().to_bytes(4, "big") for _ in range(4))
        return str(UUID(bytes=words, version=4))

    def _reference(self) -> str:
        tag = self._draws.word()
        return f"C-{tag:010d}-{next(self._scene.made)}"

    @cached_property
    def _expired_token(self) -> str:
        if self._scene.signed is None:
            raise Unbound(
                "a token that has expired is had by a client that gets its tokens with a key"
            )
        try:
            return self._scene.signed.expired_token()
        except TokenRefused as problem:
            raise CannotArrange(str(problem)) from problem

    @cached_property
    def _strangers_token(self) -> str:
        name = f"{self._scene.mailbox}-stranger"
        wanted = new_workspace(name, self._scene.tokens.get("control"))
        answer = self._scene.control("POST", "/workspaces", wanted)
        if answer.status_code != 201:
            raise CannotArrange(f"there is no other client: {answer.text[:300]}")
        return _shown(access_to(answer.json()))

    def _address(self) -> str:
        if self._scene.receiver is None:
            raise Unbound("the suite has no receiver here")
        return self._scene.receiver.address(self._scene.mailbox)


_VERBS: Mapping[str, Callable[[_Play, Mapping[str, Any]], Step]] = {
    "call": _Play._call,  # noqa: SLF001
    "act": _Play._act,  # noqa: SLF001
    "drive": _Play._drive,  # noqa: SLF001
    "deliver": _Play._deliver,  # noqa: SLF001
    "fault": _Play._fault,  # noqa: SLF001
    "clearFaults": _Play._clear_faults,  # noqa: SLF001
    "clock": _Play._clock,  # noqa: SLF001
    "settle": _Play._settle,  # noqa: SLF001
    "answering": _Play._answering,  # noqa: SLF001
    "await": _Play._await,  # noqa: SLF001
}


def _shown(access: Access) -> str:
    try:
        return token_now(access)
    except TokenRefused as problem:
        raise CannotArrange(str(problem)) from problem


def _loaded(content: bytes) -> Any:
    try:
        return orjson.loads(content) if content else None
    except orjson.JSONDecodeError:
        return None


def _masked(value: Any, mask_key: str) -> Any:
    masked = masked_body(orjson.dumps(value), mask_key.encode())
    return None if masked is None else orjson.loads(masked)


__all__ = ["CannotArrange", "play"]
