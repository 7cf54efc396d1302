"""How the suite acts as the subject's recruiter: by the driver's hooks, by a person, or not at all.

All modes play the same cases. A driver never raises for what the subject does: whatever it answers, or does not, is an `Outcome`.
"""

from sandbox.conformance.driving.driver import (
    DONE,
    NO_ANSWER,
    NOT_OFFERED,
    REFUSED,
    Driver,
    NoDriver,
    Outcome,
)
from sandbox.conformance.driving.guided import GuidedDriver
from sandbox.conformance.driving.inbound import InboundDriver
from sandbox.conformance.driving.outbound import OutboundDriver

__all__ = [
    "DONE",
    "NOT_OFFERED",
    "NO_ANSWER",
    "REFUSED",
    "Driver",
    "GuidedDriver",
    "InboundDriver",
    "NoDriver",
    "OutboundDriver",
    "Outcome",
]
