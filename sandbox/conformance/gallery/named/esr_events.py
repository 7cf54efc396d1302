"""ESR tells of what happened wrongly: events that are wrong, lost, doubled or unsigned, and receivers that are not heeded."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson

from sandbox.conformance.gallery.deviation import Apply, Deviation, together
from sandbox.conformance.gallery.named.defect import defect
from sandbox.conformance.gallery.patching import attribute, instead, rebound
from sandbox.conformance.gallery.proxy import answers
from sandbox.errors import Code, Refusal
from sandbox.esr.domain import transfers
from sandbox.esr.domain.events import applicant_data, cloud_event
from sandbox.esr.service import events, signing_keys
from sandbox.esr.store import events as store
from sandbox.outbox import dispatcher, sending
from sandbox.outbox.dispatcher import Dispatcher
from sandbox.outbox.store import enqueue, revive
from sandbox.signatures import sign_request
from sandbox.web.call import Call
from sandbox.web.reply import Reply
from sandbox.workspaces.store import workspace_names

_NUMBERS = itertools.count(1)


def _of_event(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Apply:
    """Every event as `change` makes it, in the feed and in deliveries."""
    return instead(cloud_event, lambda made: lambda *given: change(made(*given)))


def _delivered(change: Callable[[dict[str, Any]], dict[str, Any] | None]) -> Apply:
    """The event that is delivered as `change` makes it; None delivers nothing. The feed stays as it is."""

    def make(deliver: Callable[..., None]) -> Callable[..., None]:
        def changed(unit: Any, subscription: dict[str, Any], event: dict[str, Any]) -> None:
            altered = change(event)
            if altered is not None:
                deliver(unit, subscription, altered)

        return changed

    return instead(events._deliver, make)  # noqa: SLF001


def _laned(lane_of: Callable[[str, dict[str, Any]], str]) -> Apply:
    def make(put: Callable[..., Any]) -> Callable[..., Any]:
        def enqueued(*given: Any, lane: str, **named: Any) -> Any:
            if named["kind"] == events.DELIVERY:
                lane = lane_of(lane, named)
            return put(*given, lane=lane, **named)

        return enqueued

    return attribute(events, "enqueue", make(enqueue))


def _signed(change: Callable[[dict[str, str]], dict[str, str]]) -> Apply:
    return instead(sign_request, lambda sign: lambda *given: change(sign(*given)))


def _other_digest(headers: dict[str, str]) -> dict[str, str]:
    empty = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
    return {
        name: empty if name.lower() == "content-digest" else value
        for name, value in headers.items()
    }


def _expired(sign: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *given: sign(*given[:-1], given[-1] - timedelta(minutes=10))


def _sticky(find: Callable[..., Any]) -> Callable[..., Any]:
    """The first key of a workspace for ever."""
    kept: dict[tuple[int, str], Any] = {}

    async def key(signer: Any, workspace: str) -> Any:
        at = (id(signer), workspace)
        if at not in kept:
            kept[at] = await find(signer, workspace)
        return kept[at]

    return key


def _signed_once(sign: Callable[..., Any]) -> Callable[..., Any]:
    kept: dict[tuple[str, bytes], Any] = {}
    return lambda *given: kept.setdefault((given[1], given[3]), sign(*given))


def _new_id_each_time(send: Callable[..., Any]) -> Callable[..., Any]:
    async def sent(sender: Any, message: Any) -> Any:
        if message.kind == events.DELIVERY:
            event = orjson.loads(message.body)
            event["id"] = f"{event['id'][:-6]}{next(_NUMBERS):06d}"
            message = replace(message, body=orjson.dumps(event))
        return await send(sender, message)

    return sent


def _token_for_keys(call: Call, reply: Reply) -> Reply:
    if "authorization" in call.headers:
        return reply
    return call.refused(Refusal(Code.TOKEN_MISSING, "Send a token."))


def _twice(deliver: Callable[..., None]) -> Callable[..., None]:
    def delivered(*given: Any) -> None:
        deliver(*given)
        deliver(*given)

    return delivered


def _leaking(data: Callable[..., Any]) -> Callable[..., Any]:
    return lambda applicant: {**data(applicant), "person": applicant["person"]}


def _taking_all(settle: Callable[..., str]) -> Callable[..., str]:
    def settled(sender: Any, unit: Any, message: Any, answer: Any) -> str:
        taken = replace(answer, status=200) if answer.status >= 500 else answer
        return settle(sender, unit, message, taken)

    return settled


def _reviving_all(sent: Callable[..., int]) -> Callable[..., int]:
    return lambda transaction, name, lanes, moment, _chosen: sent(transaction, name, lanes, moment)


def _anybodys(_find: Callable[..., Any]) -> Callable[..., Any]:
    """Whoever asks, in whatever workspace."""

    def found(connection: Any, _workspace: str, _client: str, identifier: str) -> Any:
        listed = (
            item
            for name in workspace_names(connection)
            for _, item in store.list_subscriptions(connection, name)
        )
        return next((item for item in listed if item["subscriptionId"] == identifier), None)

    return found


def _untyped(listed: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *given: [
        {key: value for key, value in item.items() if key != "types"} for item in listed(*given)
    ]


_waits = dispatcher.DELIVERY_WAITS

DEFECTS: tuple[Deviation, ...] = (
    defect(
        "esr.events.without-data",
        "Events come without what they are about",
        ["ESR-EVT-001", "ESR-EVT-002"],
        _of_event(lambda event: {**event, "data": {}}),
    ),
    defect(
        "esr.events.source-without-employer",
        "Events do not say whose they are",
        ["ESR-EVT-001"],
        _of_event(lambda event: {**event, "source": "/esr/v1"}),
    ),
    defect(
        "esr.events.old-specversion",
        "Events say that they are CloudEvents 0.3",
        ["ESR-EVT-001"],
        _of_event(lambda event: {**event, "specversion": "0.3"}),
    ),
    defect(
        "esr.events.time-of-wall",
        "Events are stamped with no more than the day",
        ["ESR-EVT-001"],
        _of_event(lambda event: {**event, "time": event["time"][:10]}),
    ),
    defect(
        "esr.events.personal-data",
        "Events about an applicant tell name, date of birth and NI number",
        ["ESR-EVT-005"],
        instead(applicant_data, _leaking),
    ),
    defect(
        "esr.events.portable-data",
        "The event about a transfer carries the data themselves",
        ["ESR-IAT-019"],
        instead(transfers.event_data, lambda _data: dict),
    ),
    defect(
        "esr.events.numbered-backwards",
        "Sequences count down",
        ["ESR-EVT-006"],
        _of_event(lambda event: {**event, "sequence": f"{10**9 - int(event['sequence']):012d}"}),
    ),
    defect(
        "esr.events.feed-has-more",
        "A subscription is not told of checks, which the feed has",
        ["ESR-EVT-008"],
        _delivered(lambda event: None if event["type"].startswith("employment-check") else event),
    ),
    defect(
        "esr.events.delivered-otherwise",
        "A delivery has another id than the event in the feed",
        ["ESR-EVT-008"],
        _delivered(lambda event: {**event, "id": f"0{event['id'][1:]}"}),
    ),
    defect(
        "esr.events.new-id-on-retry",
        "An event that is delivered again has another id",
        ["ESR-EVT-009"],
        attribute(
            sending.Sender,
            "send",
            _new_id_each_time(sending.Sender.send),
        ),
    ),
    defect(
        "esr.events.never-again",
        "A delivery that failed is not tried again",
        ["ESR-EVT-009", "ESR-EVT-011"],
        rebound(_waits, ()),
    ),
    defect(
        "esr.events.too-often",
        "A delivery that failed is tried again at once, without any wait",
        ["ESR-EVT-011"],
        rebound(_waits, (timedelta(seconds=0),) * len(_waits)),
    ),
    defect(
        "esr.events.retry-after-ignored",
        "Retry-After of a receiver is not heeded",
        ["ESR-EVT-012"],
        instead(sending._retry_after, lambda _read: lambda _response: None),  # noqa: SLF001
    ),
    defect(
        "esr.events.any-answer-is-good",
        "A receiver that answers 500 counts as having taken the event",
        ["ESR-EVT-009"],
        attribute(Dispatcher, "_settle", _taking_all(Dispatcher._settle)),  # noqa: SLF001
    ),
    defect(
        "esr.events.one-lane",
        "An event that is stuck holds up those of every other applicant",
        ["ESR-EVT-010"],
        _laned(lambda lane, _named: f"{lane.split('/', maxsplit=1)[0]}/all"),
    ),
    defect(
        "esr.events.no-order",
        "Events of one applicant do not wait for one another",
        ["ESR-EVT-010"],
        _laned(lambda lane, named: f"{lane}/{named['reference']}"),
    ),
    defect(
        "esr.events.types-ignored",
        "A subscription is delivered types that it does not ask for",
        ["ESR-EVT-015"],
        attribute(store, "subscriptions_for", _untyped(store.subscriptions_for)),
    ),
    defect(
        "esr.events.subscriptions-of-others",
        "A client is shown the subscriptions of another",
        ["ESR-EVT-017"],
        attribute(store, "find_subscription", _anybodys(store.find_subscription)),
    ),
    defect(
        "esr.events.delivered-after-end",
        "What waits for a subscription is delivered after it was deleted",
        ["ESR-EVT-016"],
        together(
            attribute(events, "cancel_lane", lambda *_given: None),
            attribute(store, "delete_subscription", lambda *_given: None),
        ),
    ),
    defect(
        "esr.events.delivered-twice",
        "Every event is delivered twice, though it was answered",
        ["ESR-EVT-008"],
        instead(events._deliver, _twice),  # noqa: SLF001
    ),
    defect(
        "esr.dead-letters.lost",
        "What was given up is gone",
        ["ESR-EVT-013"],
        attribute(events, "list_dead", lambda *_given: []),
    ),
    defect(
        "esr.dead-letters.answer-lost",
        "A dead letter does not tell what the receiver answered last",
        ["ESR-EVT-013"],
        instead(
            events._shown,  # noqa: SLF001
            lambda shown: lambda letter: {**shown(letter), "lastAnswer": ""},
        ),
    ),
    defect(
        "esr.dead-letters.all-replayed",
        "All dead letters are sent again, whichever are asked for",
        ["ESR-EVT-014"],
        attribute(events, "revive", _reviving_all(revive)),
    ),
    defect(
        "esr.dead-letters.not-replayed",
        "Dead letters that are to be sent again are not",
        ["ESR-EVT-014"],
        attribute(events, "revive", lambda *_given: 1),
    ),
    defect(
        "esr.signatures.unsigned",
        "Deliveries are not signed",
        ["ESR-EVT-018"],
        _signed(lambda _headers: {}),
    ),
    defect(
        "esr.signatures.wrong-digest",
        "The digest is that of another body",
        ["ESR-EVT-018"],
        _signed(_other_digest),
    ),
    defect(
        "esr.signatures.expired",
        "Deliveries are signed as of ten minutes ago",
        ["ESR-EVT-019", "ESR-EVT-018"],
        instead(sign_request, _expired),
    ),
    defect(
        "esr.signatures.signed-once",
        "A delivery that is made again bears the signature of the first attempt",
        ["ESR-EVT-019"],
        instead(sign_request, _signed_once),
    ),
    defect(
        "esr.signatures.old-key",
        "The old key is used after it was replaced",
        ["ESR-EVT-021"],
        attribute(signing_keys.Signer, "_key", _sticky(signing_keys.Signer._key)),  # noqa: SLF001
    ),
    defect(
        "esr.signatures.old-key-gone",
        "A key that was replaced is served no longer",
        ["ESR-EVT-021"],
        attribute(signing_keys, "_SERVED_AFTER_RETIREMENT", timedelta(0)),
    ),
    defect(
        "esr.signatures.keys-for-tokens",
        "The key set is not to be had without a token",
        ["ESR-EVT-020"],
        answers("read_event_signing_keys", _token_for_keys),
    ),
)
