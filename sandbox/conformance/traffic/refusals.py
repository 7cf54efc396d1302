"""The general rule: a requirement that names codes is broken by whoever is refused with one of them.

It is exercised by each call of one of its operations that succeeds. A call whose refusal the suite provoked says nothing.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

from sandbox.conformance.operations import Operation
from sandbox.conformance.traffic.recording import Call
from sandbox.conformance.traffic.rule import Context, Tally
from sandbox.contracts.requirements import Requirement

_EVERYWHERE = {"esr": "ESR-REQ-", "nhs-jobs": "NHSJ-REQ-"}
"""What holds for every request to a system is broken at any of its operations, whichever the record names."""
_NOT_BY_CODE = frozenset(
    {
        # CONTRACT_VIOLATION is the code of many; each has a rule of its own that looks at the place.
        "ESR-REQ-010",
        "ESR-REQ-020",
        "ESR-REQ-027",
        "ESR-REQ-028",
        "NHSJ-REQ-003",
        "NHSJ-REQ-004",
        "NHSJ-REQ-007",
        # To be told that a version is stale is no fault; what follows is judged.
        "ESR-REQ-016",
        # NOT_FOUND is answered for an unknown applicant as well.
        "ESR-REQ-026",
    }
)


def by_code(requirements: Iterable[Requirement]) -> tuple[Requirement, ...]:
    """The requirements that this rule judges: duties of a recruitment system in its calls, with codes. A MAY is no duty."""
    return tuple(
        item
        for item in requirements
        if item.actor == "recruitment-system"
        and item.level != "MAY"
        and item.codes
        and item.operations
        and "receive_event" not in item.operations
        and item.id not in _NOT_BY_CODE
    )


class Refusals:
    """Sees every call of the subject; tallies all requirements with codes at once."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._judged = by_code(context.requirements.values())
        self._successes: Counter[tuple[str, str | None]] = Counter()
        self.tallies = {item.id: Tally() for item in self._judged}
        self._of = {
            operation.name: [item for item in self._judged if _is_about(item, operation)]
            for system in ("esr", "nhs-jobs")
            for operation in context.operations.of(system)
        }

    def see(self, call: Call) -> None:
        """Takes the subject's next call."""
        if call.operation not in self._of:
            return
        if call.succeeded:
            self._successes[call.operation, call.employer] += 1
        told = _codes(call)
        if not told or self._context.provoked(call):
            return
        for item in self._of[call.operation]:
            shown = told.keys() & set(item.codes)
            if self._may_apply(item, call.employer) and any(
                _weighs(told[code], item) for code in shown
            ):
                self.tallies[item.id].breach(
                    f"Expected an answer without {' or '.join(item.codes)}, but {call} was answered {call.status} with "
                    f"{', '.join(sorted(shown))}.",
                    call,
                )

    def close(self) -> None:
        """Counts how often each was exercised."""
        for (operation, employer), count in self._successes.items():
            for item in self._of[operation]:
                # What may be broken everywhere is exercised where the record says: a read sends no body.
                if operation in item.operations and self._does_apply(item, employer):
                    self.tallies[item.id].held += count

    def _may_apply(self, item: Requirement, employer: str | None) -> bool:
        """Whether the condition holds at this employer, or may, since the profile is not known."""
        name, version = _condition(item)
        carried = self._context.facts.profiles.get(employer or "", {}).get(name)
        return name == "" or carried in (None, version)

    def _does_apply(self, item: Requirement, employer: str | None) -> bool:
        name, version = _condition(item)
        profiles: Mapping[str, str] = self._context.facts.profiles.get(employer or "", {})
        return name == "" or profiles.get(name) == version


def _condition(item: Requirement) -> tuple[str, str]:
    """The name of the profile and its version; two empty texts where none is asked for."""
    name, colon, version = (item.condition or "").partition(": ")
    return (name, version) if colon else ("", "")


def _is_about(item: Requirement, operation: Operation) -> bool:
    return operation.name in item.operations or item.id.startswith(_EVERYWHERE[operation.system])


def _weighs(kind: str, item: Requirement) -> bool:
    """A warning tells of a breach of what should be, never of what must be."""
    return kind == "ERROR" or item.level == "SHOULD"


def _codes(call: Call) -> dict[str, str]:
    """Every code that an answer tells, with the type of its message."""
    answer = call.answer
    if not isinstance(answer, dict):
        return {}
    found: dict[str, str] = {}
    confirmation = answer.get("confirmation") if call.status >= 400 else answer
    if isinstance(confirmation, dict):
        messages = confirmation.get("messages")
        for message in messages if isinstance(messages, list) else ():
            if isinstance(message, dict) and message.get("messageType") in ("ERROR", "WARNING"):
                found[str(message.get("messageCode"))] = message["messageType"]
    if call.status >= 400:
        errors = answer.get("errors")
        for told in [answer, *(errors if isinstance(errors, list) else ())]:
            if isinstance(told, dict) and isinstance(told.get("code"), str):
                found[told["code"]] = "ERROR"
    return found
