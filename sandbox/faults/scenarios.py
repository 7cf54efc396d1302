"""Named scenarios: what one request may ask for by a header, for a quick test by hand.

Each is a few faults of that request alone. Nothing is set, and nothing is left behind.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sandbox.clock import Clock, ClockMode
from sandbox.errors import Code, Place, Refusal
from sandbox.faults.rules import DELIVERIES, Chance, FaultRule, Strike

HEADER = "X-Sandbox-Scenario"


@dataclass(frozen=True, slots=True)
class Scenario:
    """What a request meets that names it, in one sentence and as faults that strike in this order."""

    name: str
    sentence: str
    faults: tuple[Mapping[str, Any], ...]
    """Each as a `FaultCreation` of the control contract has what a fault does; with `system` where it strikes deliveries."""

    def strikes(self, wall: datetime) -> list[Strike]:
        """Its faults of a request, as they strike one at the moment `wall`."""
        return [each for each in self._strikes(wall) if each.document.get("system") != DELIVERIES]

    def delivery_strike(self, wall: datetime) -> Strike | None:
        """Its fault of the deliveries that a request causes, if it has one."""
        found = (each for each in self._strikes(wall) if each.document.get("system") == DELIVERIES)
        return next(found, None)

    def _strikes(self, wall: datetime) -> list[Strike]:
        clock = Clock(ClockMode.REAL, wall, wall)
        return [
            Strike(FaultRule(number, document, ""), Chance(0, number, 1), clock, wall)
            for number, document in enumerate(self.faults)
        ]


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            "rate-limited",
            "Nothing is done; 429 with `Retry-After: 2`.",
            ({"kind": "STATUS", "status": 429, "retryAfterSeconds": 2},),
        ),
        Scenario(
            "unavailable",
            "Nothing is done; 503 with `Retry-After: 5`.",
            ({"kind": "STATUS", "status": 503, "retryAfterSeconds": 5},),
        ),
        Scenario(
            "maintenance",
            "Nothing is done; 503 with `Retry-After: 3600`, as when the system is closed for an hour.",
            ({"kind": "STATUS", "status": 503, "retryAfterSeconds": 3600},),
        ),
        Scenario("server-error", "Nothing is done; 500.", ({"kind": "STATUS", "status": 500},)),
        Scenario(
            "token-expired",
            "Nothing is done; 401, as if the token had just expired.",
            ({"kind": "STATUS", "status": 401},),
        ),
        Scenario(
            "connection-reset",
            "Nothing is done; the connection is reset with no answer.",
            ({"kind": "RESET"},),
        ),
        Scenario(
            "bad-gateway",
            "Nothing is done; 502 with an HTML page of a proxy.",
            ({"kind": "PROXY_ERROR", "status": 502},),
        ),
        Scenario(
            "gateway-timeout",
            "The request waits five seconds and is served, and the answer is 504 with an HTML page of a proxy.",
            (
                {"kind": "DELAY", "delaySeconds": 5},
                {"kind": "PROXY_ERROR", "status": 504},
            ),
        ),
        Scenario(
            "slow",
            "The request waits five seconds and is served as usual.",
            ({"kind": "DELAY", "delaySeconds": 5},),
        ),
        Scenario(
            "timeout-after-work",
            "The request is served at once; its answer comes after a minute.",
            ({"kind": "DELAY_ANSWER", "delaySeconds": 60},),
        ),
        Scenario(
            "slow-answer",
            "The request is served; the body of the answer comes in pieces over ten seconds.",
            ({"kind": "SLOW_BODY", "delaySeconds": 10},),
        ),
        Scenario(
            "lost-answer",
            "The request is served; the connection is reset with no answer.",
            ({"kind": "DROP"},),
        ),
        Scenario(
            "cut-answer",
            "The request is served; the connection ends in the middle of the answer.",
            ({"kind": "TRUNCATE"},),
        ),
        Scenario(
            "malformed-answer",
            "The request is served; the body of the answer is not well formed.",
            ({"kind": "MALFORMED"},),
        ),
        Scenario(
            "empty-answer",
            "The request is served; the answer has its status and no body.",
            ({"kind": "EMPTY_BODY"},),
        ),
        Scenario(
            "html-answer",
            "The request is served; the answer is a page of HTML with a good status.",
            ({"kind": "GARBAGE"},),
        ),
        Scenario(
            "incomplete-answer",
            "The request is served; the answer lacks its first property.",
            ({"kind": "MISSING_PROPERTY"},),
        ),
        Scenario(
            "unknown-property",
            "The request is served; every object of the answer has a property `addedLater` more.",
            ({"kind": "ADD_PROPERTY"},),
        ),
        Scenario(
            "unknown-value",
            "The request is served; every `status` in the answer is `ADDED_LATER`.",
            ({"kind": "NEW_ENUM_VALUE", "property": "status"},),
        ),
        Scenario(
            "duplicate-delivery",
            "The request is served; every event that ESR publishes in serving it is delivered twice.",
            ({"system": DELIVERIES, "kind": "DUPLICATE"},),
        ),
        Scenario(
            "forged-delivery",
            "The request is served; every event that ESR publishes in serving it comes with a bad signature at first.",
            ({"system": DELIVERIES, "kind": "BAD_SIGNATURE"},),
        ),
    )
}
"""By name, in the order in which they are listed."""


def scenario_named(name: str) -> Scenario:
    """The scenario that a request names. Raises Refusal CONTRACT_VIOLATION for one that does not exist."""
    found = SCENARIOS.get(name)
    if found is None:
        detail = f"There is no scenario {name[:60]!r}; there are {', '.join(SCENARIOS)}."
        raise Refusal(Code.CONTRACT_VIOLATION, detail, places=(Place("header", HEADER, detail),))
    return found
