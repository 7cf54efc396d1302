"""Whether a ledger can be what it claims: of its plan, whole, each message as the plan makes it, each time possible. Pure.

Times are what the sender's machine said, and cannot be proven. But when a message is due follows from the plan and the
pace, no message goes before it is due, and no answer comes before the question. So latency can be made to look better
only by moving an answer towards its question, and the driver's own lateness not at all.
"""

from pathlib import Path
from typing import Any

import numpy as np

from loadtests.discrepancies import Reconciliation
from loadtests.ledger import Ledger
from loadtests.measurements import Rows, window_rows
from loadtests.plan import Census, Plan, Scope, WorldParameters
from loadtests.profiles import Pacing, Profile
from loadtests.results import ReplayPlan
from loadtests.runner import scope_of
from sandbox.conformance.evidence.refusals import Code, PackRefused
from simulators.year import STEPS

_ROUNDING = 0.001
"""Seconds by which two times that were noted apart may differ."""


def prove_scope(asked: dict[str, Any], profile: Profile) -> Scope:
    """The scope of a plan. Raises PackRefused where it is not what the profile and the numbers that were asked make."""
    scope = Scope.from_dict(asked["scope"])
    made = scope_of(
        ReplayPlan(
            base_url="",
            token="",
            profile=profile,
            world=WorldParameters(**asked["world"]),
            seed=asked["seed"],
            ledger=Path(),
            applicants=asked["applicants"],
            sandbox_url=None if asked["clock"] == "wall" else "",
            sent_on=scope.sent_on,
        )
    )
    if made != scope:
        raise PackRefused(
            Code.PLAN_DIFFERS,
            "The plan's scope is not what its profile, its seed and its number of applicants make.",
        )
    return scope


def prove_planned(asked: dict[str, Any], census: Census) -> None:
    """Raises PackRefused where a plan says that it has other messages than are made of its scope here."""
    made = planned(census)
    if asked["planned"] != made:
        told = (asked["planned"] or {}).get("messages", 0)
        raise PackRefused(
            Code.PLAN_DIFFERS,
            f"The plan counts {told:,} messages or sorts them otherwise; its scope makes {made['messages']:,}.",
        )


def planned(census: Census) -> dict[str, Any]:
    """How many messages a plan has, as `plan.json` says it."""
    return {
        "messages": census.messages,
        "byKind": census.by_kind,
        "caughtUp": census.caught_up,
    }


def prove_ledger(ledger: Ledger, plan: Plan, profile: Profile, senders: int) -> None:
    """Raises PackRefused for a ledger of another plan, or one that cannot be."""
    if ledger.header.get("scope") != _as_read(plan.scope):
        raise PackRefused(
            Code.LEDGER_FOREIGN,
            "The ledger belongs to another replay: its scope is not the plan's.",
        )
    if ledger.header.get("profile") != profile.name:
        raise PackRefused(
            Code.LEDGER_FOREIGN, "The ledger was written with another profile than the pack has."
        )
    _prove_messages(ledger, plan)
    _prove_order(ledger.rows)
    _prove_lateness(ledger.rows)
    _prove_pace(ledger, plan.scope, profile, senders)


def prove_reconciliation(acknowledged: int, wrong: int, found: Reconciliation) -> None:
    """Raises PackRefused where what was read back is about other messages than the ledger has as acknowledged.

    `wrong` is how many of them are told as lost, doubled, altered or out of their order.
    """
    if acknowledged < found.acknowledged:
        raise PackRefused(
            Code.LEDGER_CUT,
            f"The ledger has {acknowledged:,} acknowledged messages, and {found.acknowledged:,} were read back: "
            "lines are missing.",
        )
    if acknowledged != found.acknowledged or found.confirmed != acknowledged - wrong:
        raise PackRefused(
            Code.RECONCILIATION_DIFFERS,
            f"Read back were {found.acknowledged:,} acknowledged messages, of which {found.confirmed:,} are as they should "
            f"be; by the ledger there are {acknowledged:,}, of which {acknowledged - wrong:,}.",
        )


def numbers_told(found: Reconciliation) -> set[int]:
    """The messages that are told as lost, doubled, altered or out of their order."""
    listed = (*found.lost, *found.duplicated, *found.altered, *found.reordered)
    return {item.number for item in listed if item.number is not None}


def acknowledged_numbers(ledger: Ledger) -> set[int]:
    """The messages that were acknowledged."""
    status = ledger.rows["status"]
    return set(ledger.rows["number"][(status >= 200) & (status < 300)].tolist())


def _as_read(scope: Scope) -> dict[str, Any]:
    """A scope as JSON gives it back: its pairs are lists."""
    told = scope.to_dict()
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in told.items()
    }


def _edited(number: int, what: str) -> PackRefused:
    return PackRefused(Code.LEDGER_EDITED, f"The ledger's message {number} {what}.")


def _prove_messages(ledger: Ledger, plan: Plan) -> None:
    """Every message is one of the plan, with its bytes: all of them are made anew."""
    applicants = np.unique(ledger.rows["number"] // STEPS).tolist()
    if applicants and not 0 <= applicants[0] <= applicants[-1] < plan.scope.applicants:
        raise PackRefused(
            Code.LEDGER_FOREIGN, "The ledger has messages about applicants whom the plan has not."
        )
    for applicant in applicants:
        made = {message.number: message for message in plan.conversation(applicant)}
        for number, entry in ledger.of(applicant).items():
            message = made.get(number)
            if message is None:
                raise _edited(number, "is none of the plan")
            if entry.digest != message.digest:
                raise _edited(number, "is not the one that the plan makes: its digest is another")
            if (entry.kind, entry.intended) != (message.counted, message.intended):
                raise _edited(number, "is of another kind or moment than in the plan")


def _prove_order(rows: Rows) -> None:
    """No message goes before it is due, and no answer comes before its question."""
    cut_off = rows["status"] == -1
    times = np.stack([rows[name] for name in ("due", "sent", "last", "answered")])
    steps = np.diff(times, axis=0)
    # Of a message that was cut off nothing is known but when it was due and sent.
    wrong = (steps[0] < -_ROUNDING) | (~cut_off & ~(steps[1:] >= -_ROUNDING).all(axis=0))
    wrong |= ~np.isfinite(steps[0]) | (rows["attempts"] < 1)
    if wrong.any():
        raise _edited(
            int(rows["number"][wrong][0]),
            "was sent before it was due, or answered before it was sent",
        )


def _prove_lateness(rows: Rows) -> None:
    """The driver's own lateness is not less than what it was, after the answer before for the same applicant."""
    applicants = rows["number"] // STEPS
    ready = np.zeros(len(rows))
    follows = applicants[1:] == applicants[:-1]
    ready[1:][follows] = np.nan_to_num(rows["answered"][:-1][follows])
    late = rows["sent"] - np.maximum(rows["due"], ready)
    hidden = rows["late"] < late - _ROUNDING
    if hidden.any():
        number, by = int(rows["number"][hidden][0]), float(late[hidden][0])
        raise _edited(number, f"was sent {by:.3f} s late, and owns up to less")


def _prove_pace(ledger: Ledger, scope: Scope, profile: Profile, senders: int) -> None:
    """What was sent at a pace was due by it: each sender's own beginning aside, to the millisecond."""
    if profile.pace.kind is Pacing.CONSTANT:
        _prove_constant(ledger, scope, profile)
    if not ledger.stretches:
        return
    lasts = np.array([stretch["legs"][-1]["last"] for stretch in ledger.stretches])
    rows = ledger.rows[ledger.rows["intended"] >= ledger.stretches[0]["legs"][0]["first"]]
    # What is intended at the very end goes with the last stretch.
    places = np.searchsorted(lasts, rows["intended"], side="right").clip(max=len(lasts) - 1)
    for place, stretch in enumerate(ledger.stretches):
        within = rows[places == place]
        begun = within["due"] - _since(stretch["legs"], within["intended"])
        for sender in range(senders):
            own = begun[within["number"] // STEPS % senders == sender]
            if len(own) and float(own.max() - own.min()) > _ROUNDING:
                odd = int(np.abs(own - np.median(own)).argmax())
                number = within["number"][within["number"] // STEPS % senders == sender][odd]
                raise _edited(int(number), "was not due when the pace of the replay says")


def _since(legs: list[dict[str, Any]], intended: Rows) -> Rows:
    """Seconds from the beginning of a stretch until messages are due."""
    moments: list[int] = []
    seconds: list[float] = []
    begun = 0.0
    for leg in legs:
        moments += [leg["first"], leg["last"]]
        seconds += [begun, begun + leg["seconds"]]
        begun += leg["seconds"]
    # Between two legs nothing passes: what falls there is due when the next one begins.
    since: Rows = np.interp(intended, moments, seconds)
    return since


def _prove_constant(ledger: Ledger, scope: Scope, profile: Profile) -> None:
    """A constant pace is one leg to the end of the window, from its first message on, at the profile's factor."""
    legs = [leg for stretch in ledger.stretches for leg in stretch["legs"]]
    sent = window_rows(ledger, scope)["intended"]
    if not legs and not len(sent):
        return
    _, end = scope.window or (0, 0)
    begin, seconds = (legs[0]["first"], legs[0]["seconds"]) if len(legs) == 1 else (0, 0.0)
    if (
        len(legs) != 1
        or legs[0]["last"] != end
        or (len(sent) and begin > sent.min())
        or abs(seconds - (end - begin) / 1_000_000 / profile.pace.factor) > _ROUNDING
    ):
        raise PackRefused(
            Code.LEDGER_EDITED,
            f"The ledger's time did not pass at the profile's factor of {profile.pace.factor:g} throughout.",
        )
