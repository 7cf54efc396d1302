"""Announces what happened, in the feed and to every subscription, in the transaction in which it happened."""

from collections.abc import Collection
from typing import Any

import orjson

from sandbox.errors import Code, Place, Refusal, not_found
from sandbox.esr.domain.events import cloud_event, dead_letter, event_id, source_of
from sandbox.esr.service.signing_keys import DELIVERED_AS
from sandbox.esr.store import events as store
from sandbox.faults.scenarios import HEADER as SCENARIO
from sandbox.identity.bearer import ANYBODY
from sandbox.identity.store import ClientState, find_registration
from sandbox.outbox.sending import Answer
from sandbox.outbox.store import (
    WORLD,
    DeadLetter,
    Message,
    cancel_lane,
    drop_unwanted,
    enqueue,
    known_dead,
    list_dead,
    revive,
)
from sandbox.timestamps import to_text
from sandbox.web.call import Unit
from sandbox.web.cursor import feed_page_of, page_of
from sandbox.workspaces.store import next_event, next_record

DELIVERY = "esr-event"
_MOST = 100
"""Subscriptions of one client. Every event is written once for each."""


def announce(
    unit: Unit, kind: str, subject: str, ods_code: str | None, data: dict[str, Any]
) -> dict[str, Any]:
    """Publishes a `CloudEvent` of type `kind` and answers it."""
    event = _publish(unit, kind, subject, ods_code, data)
    for subscription in store.subscriptions_for(unit.connection, unit.workspace.name, ods_code):
        if kind in subscription.get("types", [kind]):
            _deliver(unit, subscription, event)
    return event


def list_events(unit: Unit, after: int, limit: int, ods_code: str | None) -> dict[str, Any]:
    """A page of the feed; `next` is always there."""
    rows = store.list_events(unit.connection, unit.workspace.name, after, limit + 1, ods_code)
    return feed_page_of("events", rows, limit, after)


def create_event_subscription(unit: Unit, wanted: dict[str, Any]) -> dict[str, Any]:
    """Adds an `EventSubscription`, whose address was checked: every event from now on is delivered to it.

    Raises Refusal STATE_FORBIDS where the client has as many as it may.
    """
    name = unit.workspace.name
    if len(store.list_subscriptions(unit.connection, name, unit.client)) >= _MOST:
        detail = f"A client has {_MOST} subscriptions at most: delete one first."
        raise Refusal(Code.STATE_FORBIDS, detail)
    record = next_record(unit.connection, name)
    subscription = {
        "subscriptionId": event_id(name, unit.workspace.seed, -record),
        "url": wanted["url"],
        **({"types": wanted["types"]} if "types" in wanted else {}),
        "createdAt": to_text(unit.now),
    }
    store.insert_subscription(unit.connection, name, unit.client, record, subscription)
    return subscription


def address_refused(reason: str) -> Refusal:
    """The refusal of an address to which nothing may be delivered."""
    return Refusal(
        Code.SUBSCRIPTION_ADDRESS_REFUSED,
        f"Events are not delivered to this address: {reason}.",
        places=(Place("body", "/url", reason),),
    )


def list_event_subscriptions(unit: Unit, after: int, limit: int) -> dict[str, Any]:
    """A page of `EventSubscription`."""
    rows = store.list_subscriptions(unit.connection, unit.workspace.name, unit.client)
    later = [row for row in rows if row[0] > after]
    return page_of("eventSubscriptions", later[: limit + 1], limit)


def read_event_subscription(unit: Unit, subscription_id: str) -> dict[str, Any]:
    """The `EventSubscription`. Raises Refusal NOT_FOUND."""
    found = store.find_subscription(
        unit.connection, unit.workspace.name, unit.client, subscription_id
    )
    if found is None:
        raise not_found("event subscription", subscription_id)
    return found


def delete_event_subscription(unit: Unit, subscription_id: str) -> None:
    """Ends a subscription; what waits to be delivered to it, and what was given up, is dropped. Raises Refusal NOT_FOUND."""
    found = read_event_subscription(unit, subscription_id)
    name = unit.workspace.name
    store.delete_subscription(unit.connection, name, found["subscriptionId"])
    cancel_lane(unit.transaction, name, _lanes(found))


def withdraw_deliveries(unit: Unit, client: str, employers: Collection[str] | None) -> None:
    """Drops what waits, and what was given up, for a client that may hear of these employers only; None is every employer.

    The feed still has the events, for whoever may read them.
    """
    if employers is None:
        return
    # A ping is about no employer.
    sources = {source_of(ods_code) for ods_code in (*employers, None)} if employers else set()

    def is_wanted(body: bytes) -> bool:
        return orjson.loads(body)["source"] in sources

    name = unit.workspace.name
    for _, subscription in store.list_subscriptions(unit.connection, name, client):
        drop_unwanted(unit.transaction, name, _lanes(subscription), is_wanted)


def review_deliveries(unit: Unit) -> None:
    """Drops what waits for clients that may not have it any more: a world that was put back can be older than that."""
    name = unit.workspace.name
    for client in store.subscribers(unit.connection, name):
        held = find_registration(unit.connection, client)
        if held is not None and held.workspace == name:
            is_active = held.state == ClientState.ACTIVE
            withdraw_deliveries(unit, client, held.employers if is_active else ())
        elif client != ANYBODY:
            end_subscriptions(unit, client)


def end_subscriptions(unit: Unit, client: str) -> None:
    """Ends every subscription of a client that goes, and drops what waits for it."""
    name = unit.workspace.name
    for _, subscription in store.list_subscriptions(unit.connection, name, client):
        store.delete_subscription(unit.connection, name, subscription["subscriptionId"])
        cancel_lane(unit.transaction, name, _lanes(subscription))


def ping_event_subscription(unit: Unit, subscription_id: str) -> dict[str, Any]:
    """Sends a `ping` to one subscription. Raises Refusal NOT_FOUND."""
    subscription = read_event_subscription(unit, subscription_id)
    identifier = subscription["subscriptionId"]
    data = {"subscriptionId": identifier}
    event = _publish(unit, "ping", f"event-subscriptions/{identifier}", None, data)
    _deliver(unit, subscription, event)
    return {"subscriptionId": identifier, "eventId": event["id"]}


def list_dead_letters(unit: Unit, subscription_id: str, after: int, limit: int) -> dict[str, Any]:
    """A page of `DeadLetter` of one subscription, in the order of their events. Raises Refusal NOT_FOUND."""
    lanes = _lanes(read_event_subscription(unit, subscription_id))
    found = list_dead(unit.connection, unit.workspace.name, lanes, after, limit + 1)
    rows = [(letter.message_id, _shown(letter)) for letter in found]
    return page_of("deadLetters", rows, limit)


def replay_dead_letters(
    unit: Unit, subscription_id: str, event_ids: list[str] | None
) -> dict[str, Any]:
    """Has dead letters delivered again, all of them or those of `event_ids`, and answers the `DeadLetterReplay`.

    Raises Refusal NOT_FOUND, with nothing changed, for an event that is no dead letter of the subscription.
    """
    lanes, name = _lanes(read_event_subscription(unit, subscription_id)), unit.workspace.name
    chosen = None
    if event_ids is not None:
        chosen = [item.lower() for item in event_ids]
        known = known_dead(unit.connection, name, lanes, chosen)
        for identifier in chosen:
            if identifier not in known:
                raise not_found("dead letter", identifier)
    return {"replayed": revive(unit.transaction, name, lanes, unit.now, chosen)}


def delivered(_unit: Unit, _message: Message, _answer: Answer) -> None:
    """A delivery was acknowledged: nothing more is to be done."""


def _publish(
    unit: Unit, kind: str, subject: str, ods_code: str | None, data: dict[str, Any]
) -> dict[str, Any]:
    name = unit.workspace.name
    sequence = next_event(unit.connection, name)
    identifier = event_id(name, unit.workspace.seed, sequence)
    event = cloud_event(identifier, sequence, kind, subject, ods_code, unit.now, data)
    store.insert_event(unit.connection, name, sequence, ods_code, event)
    return event


def _deliver(unit: Unit, subscription: dict[str, Any], event: dict[str, Any]) -> None:
    # One lane per subscription and applicant: their events arrive in order, and a stuck one holds up no other.
    thing = "/".join(event["subject"].split("/")[:2])
    enqueue(
        unit.transaction,
        unit.workspace.name,
        sender="esr",
        kind=DELIVERY,
        reference=event["id"],
        lane=f"{_lanes(subscription)}{thing}",
        method="POST",
        url=subscription["url"],
        headers={"Content-Type": DELIVERED_AS} | _named(unit.scenario),
        body=event,
        due_clock=WORLD,
        due_at=unit.now,
    )


def _named(scenario: str | None) -> dict[str, str]:
    """The scenario that a delivery is to meet, on its way to whoever sends it; it goes no further."""
    return {} if scenario is None else {SCENARIO: scenario}


def _lanes(subscription: dict[str, Any]) -> str:
    """What every lane of a subscription begins with."""
    return f"{subscription['subscriptionId']}/"


def _shown(letter: DeadLetter) -> dict[str, Any]:
    event = orjson.loads(letter.body)
    return dead_letter(event, letter.attempts, letter.last_answer, letter.given_up_at)
