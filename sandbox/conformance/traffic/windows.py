"""The send window: from when and until when before the start date an employer takes an applicant."""

from datetime import date
from typing import ClassVar

from sandbox.conformance.traffic.recording import Call
from sandbox.conformance.traffic.rule import Rule

WINDOWS = {"dit-13w-1": (91, 2), "dit-12w-1": (84, 2)}
"""By profile: how many days before the start date at most, and how many at least."""


class SendWindow(Rule):
    """One bound of one profile's window; nothing is said of an employer whose profile is not known."""

    codes_count = True
    profile: ClassVar[str]
    is_early: ClassVar[bool]

    def see(self, call: Call) -> None:
        if call.operation != "submit_applicant" or not isinstance(call.sent, dict):
            return
        carried = self.facts.profiles.get(call.employer or "", {}).get("sendWindow")
        days = _days_to_start(call)
        if carried != self.profile or days is None:
            return
        most, least = WINDOWS[self.profile]
        kept = days <= most if self.is_early else days >= least
        if kept:
            self.tally.held += call.succeeded
        elif not self.context.provoked(call):
            bound = f"at most {most}" if self.is_early else f"at least {least}"
            self.tally.breach(
                f"Expected an applicant {bound} days before the start date, but {call} came {days} days before.",
                call,
            )


def _days_to_start(call: Call) -> int | None:
    try:
        start = date.fromisoformat(call.sent["startDate"])
        return (start - date.fromisoformat(call.exchange["worldTime"][:10])).days
    except (KeyError, TypeError, ValueError):
        return None


class NotTooEarlyFor13Weeks(SendWindow):
    judges = ("ESR-POS-016",)
    profile, is_early = "dit-13w-1", True


class NotTooLateFor13Weeks(SendWindow):
    judges = ("ESR-POS-017",)
    profile, is_early = "dit-13w-1", False


class NotTooEarlyFor12Weeks(SendWindow):
    judges = ("ESR-POS-018",)
    profile, is_early = "dit-12w-1", True


class NotTooLateFor12Weeks(SendWindow):
    judges = ("ESR-POS-019",)
    profile, is_early = "dit-12w-1", False


RULES: tuple[type[Rule], ...] = (
    NotTooEarlyFor13Weeks,
    NotTooLateFor13Weeks,
    NotTooEarlyFor12Weeks,
    NotTooLateFor12Weeks,
)
