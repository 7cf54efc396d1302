"""Which requirements a finding of a replay is about."""

from collections.abc import Mapping

ESR, SUPPLIER = "esr", "recruitment-system"
BUSIEST: Mapping[str, tuple[str, ...]] = {ESR: ("peak-hour", "day"), SUPPLIER: ("supplier",)}
"""By role: the profiles at whose rate and within whose limits a certificate for going live asks for answers."""
IN_TIME = "latency from intended time"
TOLD_IN_TIME = "from a change to the receiver"

SENT = "every message sent"
_READ_BACK = "reconciliation"
_PACE = (SENT, "error rate", "the driver kept pace", IN_TIME)
_ABOUT: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    ESR: {
        "ESR-VOL-001": (
            SENT,
            _READ_BACK,
            "lost",
            "duplicated",
            "altered",
            "held against ESR's own answer",
            "acknowledged messages found once",
        ),
        "ESR-VOL-002": _PACE,
        "ESR-VOL-003": ("recovery after the closure",),
        "ESR-VOL-004": (SENT, TOLD_IN_TIME),
    },
    SUPPLIER: {
        "ESR-VOL-005": (
            SENT,
            _READ_BACK,
            "lost (sender)",
            "doubled (sender)",
            "altered (sender)",
            "reordered (sender)",
            "told to ESR without an order",
            "orders found at ESR once",
        ),
        "ESR-VOL-006": (*_PACE, "stalled (sender)"),
        "ESR-VOL-007": (
            SENT,
            _READ_BACK,
            "lost (receiver)",
            "doubled (receiver)",
            "altered (receiver)",
            "reordered (receiver)",
            "events acknowledged",
        ),
        "ESR-VOL-008": (SENT, TOLD_IN_TIME, "stalled (receiver)"),
    },
}
"""By role and requirement: how the findings begin that it rests on. What was not sent shows nothing."""
_TIMED = frozenset({"ESR-VOL-002", "ESR-VOL-004", "ESR-VOL-006", "ESR-VOL-008"})


def judged_requirements() -> tuple[str, ...]:
    """Every requirement that a replay can show."""
    return tuple(name for about in _ABOUT.values() for name in about)


def requirements_of(finding: str, profile: str, role: str) -> tuple[str, ...]:
    """The requirements that a finding of a profile of this release is about.

    Of profiles that are not of the busiest hours the limits of time are laxer, or about something else: they show none.
    """
    return tuple(
        name
        for name, beginnings in _ABOUT[role].items()
        if finding.startswith(beginnings) and (name not in _TIMED or profile in BUSIEST[role])
    )
