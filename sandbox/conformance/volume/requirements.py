"""Which requirement a finding of a replay is about."""

FOUND_ONCE, IN_TIME, RECOVERS, TELLS_IN_TIME = (
    "ESR-VOL-001",
    "ESR-VOL-002",
    "ESR-VOL-003",
    "ESR-VOL-004",
)
BUSIEST = ("peak-hour", "day")
"""The profiles at whose rate and within whose limits a certificate for going live asks for answers."""
_FOUND_ONCE = (
    "reconciliation",
    "lost",
    "duplicated",
    "altered",
    "held against ESR's own answer",
    "acknowledged messages found once, unaltered",
)
IN_TIME_FINDING = "latency from intended time"
_IN_TIME = ("error rate", "the driver kept pace", IN_TIME_FINDING)


def judged_requirements() -> tuple[str, ...]:
    """Every requirement that a replay can show."""
    return (FOUND_ONCE, IN_TIME, RECOVERS, TELLS_IN_TIME)


def requirement_of(finding: str, profile: str) -> str | None:
    """The requirement that a finding of a profile of this release is about; None where it is about none."""
    if finding in _FOUND_ONCE:
        return FOUND_ONCE
    if finding.startswith("recovery"):
        return RECOVERS
    if profile not in BUSIEST:
        return None
    if finding.startswith(_IN_TIME):
        return IN_TIME
    return TELLS_IN_TIME if finding.startswith("from a change to the receiver") else None
