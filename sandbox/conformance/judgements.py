"""What each kind of expectation asks of a record, one function for each kind. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sandbox.conformance.expectations import Equal, check
from sandbox.conformance.record import Record, json_of
from sandbox.conformance.results import Result
from sandbox.conformance.values import pick
from sandbox.signatures import SignatureInvalid, UnknownKey, read_key_set, verify_kept
from sandbox.timestamps import from_text

Verdict = tuple[Result, str, Mapping[str, Any] | None]
HELD: Verdict = (Result.PASS, "", None)
_SHOWN = 300


def _judge_answer(wanted: Mapping[str, Any], record: Record, equal: Equal) -> Verdict:
    step = record.step(wanted["answer"])
    if step is None or not step.exchanges:
        return Result.INCONCLUSIVE, f"The step {wanted['answer']} was not reached.", None
    exchange = step.exchanges[-1] if step.kind == "await" else step.exchanges[0]
    if exchange["status"] == 0:
        return Result.INCONCLUSIVE, f"{step.name}: no answer came.", exchange
    sentence = wrong_with_answer(wanted, exchange, equal)
    return (Result.FAIL, f"{step.name}: {sentence}", exchange) if sentence else HELD


def wrong_with_answer(
    wanted: Mapping[str, Any], exchange: Mapping[str, Any], equal: Equal
) -> str | None:
    """None where the answer is what is wanted; else a sentence."""
    return next(_wrongs_with_answer(wanted, exchange, equal), None)


def _wrongs_with_answer(
    wanted: Mapping[str, Any], exchange: Mapping[str, Any], equal: Equal
) -> Iterator[str]:
    body = json_of(exchange.get("responseBody"))
    if "status" in wanted and not _is_status(exchange["status"], wanted["status"]):
        told = f" ({', '.join(_codes(body))})" if _codes(body) else ""
        yield f"expected status {wanted['status']}, was answered {exchange['status']}{told}"
    codes = wanted.get("code")
    if codes is not None:
        found = body.get("code") if isinstance(body, dict) else None
        if found not in ([codes] if isinstance(codes, str) else codes):
            yield f"expected the code {codes}, found {found}"
    yield from _wrong_messages(wanted, body)
    if "pointer" in wanted and wanted["pointer"] not in _pointers(body):
        yield f"expected the place {wanted['pointer']} to be named, found {_pointers(body)}"
    yield from _wrongs(wanted.get("body", {}), body, equal)
    headers = {name.lower(): text for name, text in exchange.get("responseHeaders", {}).items()}
    asked = {f"/{name.lower()}": value for name, value in wanted.get("headers", {}).items()}
    for wrong in _wrongs(asked, headers, equal):
        yield f"header {wrong}"
    yield from _wrong_text(wanted.get("text", {}), exchange.get("responseBody") or "")


def _wrong_text(wanted: Mapping[str, Any], text: str) -> Iterator[str]:
    """What is wrong with a body that is no JSON, such as the XML of the job search."""
    for part in wanted.get("includes", ()):
        if part not in text:
            yield f"expected the text to include {part!r}, found {_cut(text)}"
    for part in wanted.get("excludes", ()):
        if part in text:
            yield f"expected the text not to include {part!r}"
    if "matches" in wanted and not re.fullmatch(wanted["matches"], text, re.DOTALL):
        yield f"expected the text to match {wanted['matches']!r}, found {_cut(text)}"


def _cut(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …")


def _wrong_messages(wanted: Mapping[str, Any], body: Any) -> Iterator[str]:
    told = _messages(body)
    shown = sorted(name for name in told if ":" in name) or "none"
    for name in wanted.get("messages", ()):
        if name not in told:
            yield f"expected the message {name}, found {shown}"
    for name in wanted.get("without", ()):
        if name in told or (name == "*" and told):
            yield f"expected no message {name}, found {shown}"


def _wrongs(matchers: Mapping[str, Any], document: Any, equal: Equal) -> Iterator[str]:
    """A sentence for each pointer at which the document is not what is expected."""
    for pointer, expected in matchers.items():
        wrong = check(pointer, document, expected, equal)
        if wrong:
            yield wrong


def _is_status(status: int, wanted: Any) -> bool:
    if isinstance(wanted, list):
        return any(_is_status(status, item) for item in wanted)
    if isinstance(wanted, str) and wanted.endswith("xx"):
        return status // 100 == int(wanted[0])
    return bool(status == wanted)


def _message_items(body: Any) -> list[Mapping[str, Any]]:
    """The messages of a confirmation, alone or within a problem, and the faults that a problem lists."""
    found = [*pick(body, "/messages/*"), *pick(body, "/confirmation/messages/*")]
    return [item for item in found if isinstance(item, dict)]


def _messages(body: Any) -> set[str]:
    names: set[str] = set()
    for item in _message_items(body):
        names |= {f"{item.get('messageType')}:{item.get('messageCode')}", str(item["messageCode"])}
    for item in pick(body, "/errors/*"):
        if isinstance(item, dict) and "code" in item:
            names |= {f"ERROR:{item['code']}", str(item["code"])}
    return names


def _codes(body: Any) -> list[str]:
    code = pick(body, "/code")
    errors = [
        str(item.get("messageCode"))
        for item in _message_items(body)
        if item.get("messageType") == "ERROR"
    ]
    return [*map(str, code), *errors]


def _pointers(body: Any) -> list[str]:
    found = [item.get("pointer") for item in _message_items(body)]
    found += [item.get("pointer") for item in pick(body, "/errors/*") if isinstance(item, dict)]
    return [item for item in found if isinstance(item, str)]


def _judge_tally(wanted: Mapping[str, Any], record: Record, _equal: Equal) -> Verdict:
    step = record.step(wanted["tally"])
    if step is None or not step.exchanges:
        return Result.INCONCLUSIVE, f"The step {wanted['tally']} was not reached.", None
    counted: dict[str, int] = {}
    for exchange in step.exchanges:
        counted[str(exchange["status"])] = counted.get(str(exchange["status"]), 0) + 1
    if "0" in counted and "0" not in wanted["statuses"]:
        return Result.INCONCLUSIVE, f"{step.name}: {counted['0']} answers did not come.", None
    if counted != wanted["statuses"]:
        return Result.FAIL, f"{step.name}: expected {wanted['statuses']}, got {counted}", None
    return HELD


def _judge_journal(wanted: Mapping[str, Any], record: Record, equal: Equal) -> Verdict:
    meant = [item for item in record.journal if _matches(wanted["journal"], viewed(item), equal)]
    return _judge_many(wanted, meant, "exchanges", equal)


def viewed(exchange: Mapping[str, Any]) -> dict[str, Any]:
    """An exchange with its bodies as JSON, under `sent` and `answer`."""
    return {
        **exchange,
        "sent": json_of(exchange.get("requestBody")),
        "answer": json_of(exchange.get("responseBody")),
    }


def _judge_deliveries(wanted: Mapping[str, Any], record: Record, equal: Equal) -> Verdict:
    meant = [
        item
        for item in record.deliveries
        if _matches(wanted["deliveries"], json_of(item.get("requestBody")), equal)
        and ("status" not in wanted or _is_status(item["status"], wanted["status"]))
    ]
    asked = {f"/{name.lower()}": value for name, value in wanted.get("headers", {}).items()}
    for item in meant:
        wrong = next(_wrongs(asked, item["requestHeaders"], equal), "")
        if wrong:
            return Result.FAIL, f"header {wrong}", item
    if "signed" in wanted:
        step = record.step(wanted["signed"])
        if step is None or not step.exchanges:
            return Result.INCONCLUSIVE, f"The step {wanted['signed']} was not reached.", None
        served = json_of(step.exchanges[-1].get("responseBody"))
        for item in meant:
            wrong = wrong_with_signature(item, served)
            if wrong:
                return Result.FAIL, f"the signature of a delivery is not good: {wrong}", item
    return _judge_many(wanted, meant, "deliveries", equal)


def wrong_with_signature(delivery: Mapping[str, Any], served: Any) -> str:
    """Empty where a delivery is signed with one of the keys that are served (a JWK Set); else why it is not."""
    try:
        verify_kept(
            delivery["method"],
            delivery["url"],
            delivery["requestHeaders"],
            delivery["requestDigest"],
            read_key_set(served),
            from_text(delivery["startedAt"]),
        )
    except (SignatureInvalid, UnknownKey, ValueError) as problem:
        return str(problem)
    return ""


def _matches(filters: Mapping[str, Any], document: Any, equal: Equal) -> bool:
    return all(
        check(pointer, document, expected, equal) is None for pointer, expected in filters.items()
    )


def _judge_many(
    wanted: Mapping[str, Any], meant: list[dict[str, Any]], noun: str, equal: Equal
) -> Verdict:
    count = wanted.get("count", {"atLeast": 1})
    if isinstance(count, int):
        count = {"atLeast": count, "atMost": count}
    if len(meant) < count.get("atLeast", 0) or len(meant) > count.get("atMost", len(meant)):
        filters = wanted.get("journal", wanted.get("deliveries"))
        sentence = f"expected {_count_told(count)} {noun} with {filters}, saw {len(meant)}"
        return Result.FAIL, sentence, meant[0] if meant else None
    for item in meant:
        wrongs = [
            *_wrongs(wanted.get("sent", {}), json_of(item.get("requestBody")), equal),
            *_wrongs(wanted.get("body", {}), json_of(item.get("responseBody")), equal),
        ]
        if wrongs:
            return Result.FAIL, wrongs[0], item
    wrong = next(_wrong_together(wanted, [viewed(item) for item in meant], noun), "")
    return (Result.FAIL, wrong, meant[0]) if wrong else HELD


def _wrong_together(
    wanted: Mapping[str, Any], views: list[dict[str, Any]], noun: str
) -> Iterator[str]:
    """What is wrong with several that are each right: where they should agree, differ, or ascend."""
    for pointer in wanted.get("same", ()):
        values = {repr(pick(view, pointer)) for view in views}
        if len(values) > 1:
            found = ", ".join(sorted({str(each) for view in views for each in pick(view, pointer)}))
            yield f"expected all {noun} to have the same {pointer}, found {len(values)}: {found}"
    for pointer in wanted.get("distinct", ()):
        values = {repr(pick(view, pointer)) for view in views}
        if len(values) < len(views):
            yield f"expected {noun} to differ at {pointer}, found {sorted(values)}"
    if "ordered" in wanted:
        sequence = [value for view in views for value in pick(view, wanted["ordered"])]
        if sequence != sorted(sequence):
            yield f"expected {noun} in order of {wanted['ordered']}"


def _count_told(count: Mapping[str, int]) -> str:
    least, most = count.get("atLeast", 0), count.get("atMost")
    if least == most:
        return "no" if least == 0 else f"exactly {least}"
    return f"{least} or more" if most is None else f"{least} to {most}"


def _judge_view(wanted: Mapping[str, Any], record: Record, equal: Equal) -> Verdict:
    step = record.step(wanted["view"])
    if step is None or step.outcome in ("", "NO_ANSWER"):
        return Result.INCONCLUSIVE, f"The step {wanted['view']} brought no view.", None
    if step.outcome == "NOT_OFFERED":
        return Result.REVIEW, f"{step.name}: the subject cannot be asked; look at it there.", None
    allowed = wanted.get("status", "DONE")
    if step.outcome not in ([allowed] if isinstance(allowed, str) else allowed):
        return (
            Result.FAIL,
            f"{step.name}: expected {allowed}, the subject said {step.outcome}",
            None,
        )
    wrong = next(_wrongs(wanted.get("body", {}), step.view, equal), "")
    return (Result.FAIL, f"{step.name}: {wrong}", None) if wrong else HELD


def _judge_held(wanted: Mapping[str, Any], record: Record, equal: Equal) -> Verdict:
    step = record.step(wanted["held"])
    if step is None or step.held is None:
        return Result.INCONCLUSIVE, f"The step {wanted['held']} was not reached.", None
    if step.outcome == "NO_ANSWER":
        return Result.INCONCLUSIVE, f"{step.name}: the driver gave no answer.", None
    if step.outcome == "NOT_OFFERED":
        return Result.REVIEW, f"{step.name}: the subject cannot be asked; look at it there.", None
    exchange = step.exchanges[-1] if step.exchanges else None
    if step.held:
        wrong = check("", step.waited, wanted.get("waited", {}), equal)
        told = f"{step.name}: the seconds that it took: {wrong}"
        return (Result.FAIL, told, exchange) if wrong else HELD
    if exchange is not None and exchange["status"] == 0:
        return Result.INCONCLUSIVE, f"{step.name}: no answer came.", exchange
    told = wanted.get("awaited") or step.name
    return Result.FAIL, f"expected {told} within {step.waited:.1f} s; it did not come", exchange


def awaited_in_words(awaited: Mapping[str, Any]) -> str:
    """What a step waits for: an exchange, a delivery, an answer or a view, and what is looked for in it."""
    for noun, article in (("exchange", "an"), ("delivery", "a")):
        if noun in awaited:
            return f"{article} {noun} with {_conditions(awaited[noun])}"
    until = _conditions(awaited.get("until", {}))
    if "drive" in awaited:
        return f"the subject's {awaited['drive']} to show {until}"
    return f"{awaited['call']} to answer with {until}" if "call" in awaited else ""


def _conditions(wanted: Mapping[str, Any]) -> str:
    told = [
        f"{pointer} present" if value == {"present": True} else f"{pointer} {value}"
        for pointer, value in wanted.items()
    ]
    return ", ".join(told)


JUDGES: Mapping[str, Callable[[Mapping[str, Any], Record, Equal], Verdict]] = {
    "answer": _judge_answer,
    "tally": _judge_tally,
    "journal": _judge_journal,
    "deliveries": _judge_deliveries,
    "view": _judge_view,
    "held": _judge_held,
}
