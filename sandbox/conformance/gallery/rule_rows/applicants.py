"""Rows about the applicant: its life cycle, what tells of each act, and the rules for sending and amending one."""

from collections.abc import Iterator, Mapping
from typing import Any

from sandbox.conformance.gallery.deviation import Apply, Deviation, together
from sandbox.conformance.gallery.patching import attribute, instead, row, rule_gone, unguarded
from sandbox.conformance.gallery.rule_rows.generated import ESR, deviation, of_code
from sandbox.errors import Code
from sandbox.esr.domain import applicant_life_cycle as life
from sandbox.esr.domain import applicants
from sandbox.esr.domain.applicant_life_cycle import Act, Status
from sandbox.esr.service.applicants import read_applicant

NI_NUMBER = "/person/niNumber"
_ALLOWED: Mapping[Act, tuple[str, ...]] = {
    Act.AMEND: ("ESR-APP-022",),
    Act.CHANGE_START: ("ESR-APP-030", "ESR-APP-022"),
    Act.ACCEPT: ("ESR-APP-025", "ESR-APP-024"),
    Act.QUESTION: ("ESR-PER-025",),
    Act.IDENTIFY: ("ESR-PER-022",),
    Act.WITHDRAW: ("ESR-APP-033",),
    Act.HIRE: ("ESR-APP-034", "ESR-APP-035"),
    Act.MOVE: ("ESR-APP-038",),
}
_OPERATIONS: Mapping[Act, str] = {
    Act.AMEND: "amend_applicant",
    Act.CHANGE_START: "amend_applicant",
    Act.ACCEPT: "amend_applicant",
    Act.QUESTION: "amend_applicant",
    Act.IDENTIFY: "decide_match",
    Act.WITHDRAW: "withdraw_applicant",
    Act.HIRE: "hire_applicant",
    Act.MOVE: "hire_applicant",
}
_LEADS_TO: Mapping[Act, Status] = {
    Act.ACCEPT: Status.ACCEPTED,
    Act.IDENTIFY: Status.OFFER,
    Act.WITHDRAW: Status.TERMINATED,
    Act.HIRE: Status.HIRED,
    Act.MOVE: Status.HIRED,
}
"""Where an act leads that is allowed though it must not be; the others leave the status as it is."""


class _Accepted(dict[str, Any]):
    """An applicant who counts as having accepted on the start date, so that a hire before the acceptance does not merely fail."""

    def __missing__(self, name: str) -> Any:
        if name == "offerAcceptedDate":
            return self["startDate"]
        raise KeyError(name)


WHOEVER_ACCEPTED = instead(read_applicant, lambda read: lambda *given: _Accepted(read(*given)))
"""Nobody is asked on which day the offer was accepted."""


def rows() -> Iterator[Deviation]:
    """Every row."""
    yield from _life_cycle()
    yield from _events()
    yield from _rules()


def _life_cycle() -> Iterator[Deviation]:
    for (status, act), follows in life.LIFE_CYCLE.items():
        if isinstance(follows, Status):
            turned: Status | Code = Code.STATE_FORBIDS
            title = f"An applicant in status {status} cannot be {act}"
            names = [*_ALLOWED[act]]
            if status is Status.ACTIVE_APPLICATION:
                names.append("ESR-PER-021")
        else:
            turned = _LEADS_TO.get(act, status)
            title = f"An applicant in status {status} can be {act}"
            names = of_code(follows, _OPERATIONS[act])
        yield deviation(
            ESR, "life-cycle", (status, act.name), title, names, _moved(status, act, turned)
        )


def _moved(status: Status, act: Act, turned: Status | Code) -> Apply:
    switched = row(life.LIFE_CYCLE, (status, act), turned)
    if act not in (Act.HIRE, Act.MOVE):
        return switched
    return together(switched, WHOEVER_ACCEPTED)


def _events() -> Iterator[Deviation]:
    for act, told in life.EVENTS.items():
        other = "applicant.accepted" if told == "applicant.amended" else "applicant.amended"
        names = ["ESR-EVT-002", *(["ESR-PER-022"] if act is Act.IDENTIFY else [])]
        title = f"That an applicant was {act} is announced as {other}"
        yield deviation(ESR, "act-events", (act.name,), title, names, row(life.EVENTS, act, other))


def _rules() -> Iterator[Deviation]:
    for rule in applicants.SUBMISSION_RULES:
        title = f"A submission that breaks {rule.code} is not told so"
        names = of_code(rule.code, "submit_applicant")
        gone = _where_the_contract_says_so_too(rule.code, rule_gone(rule))
        yield deviation(ESR, "submission-rules", (rule.code,), title, names, gone)
    for rule in applicants.AMENDMENT_RULES:
        rest = tuple(item for item in applicants.AMENDMENT_RULES if item is not rule)
        title = f"An amendment that breaks {rule.code} is taken"
        names = ["ESR-APP-023", *of_code(rule.code, "amend_applicant")]
        less = attribute(applicants, "AMENDMENT_RULES", rest)
        gone = _where_the_contract_says_so_too(rule.code, less)
        yield deviation(ESR, "amendment-rules", (rule.code,), title, names, gone)


def _where_the_contract_says_so_too(code: Code, gone: Apply) -> Apply:
    return together(gone, unguarded(NI_NUMBER)) if code is Code.NI_NUMBER_INVALID else gone
