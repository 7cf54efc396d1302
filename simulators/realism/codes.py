"""Diagnostics of coded values: each is a code in use of its national list."""

from collections.abc import Callable, Iterable

from simulators.realism.case import Case
from simulators.realism.diagnostic import Diagnostic

_PART = "Coded values"
_NATIONAL = "National Workforce Data Set"

_VALUES: dict[str, Callable[[Case], Iterable[str]]] = {
    "gender": lambda case: [case.person["gender"]],
    "ethnic-category": lambda case: [case.person["ethnicOrigin"]],
    "marital-status": lambda case: [case.person["maritalStatus"]],
    "disability": lambda case: [case.person["disability"]],
    "religious-belief": lambda case: [case.person["religiousBelief"]],
    "sexual-orientation": lambda case: [case.person["sexualOrientation"]],
    "staff-group": lambda case: [case.applicant["staffGroup"]],
    "job-role": lambda case: [case.applicant["jobRole"]],
    "contract-type": lambda case: [case.applicant["contractType"]],
    "assignment-type": lambda case: [case.applicant["assignmentType"]],
    "recruitment-source": lambda case: [case.applicant["recruitmentSource"]],
    "registration-body": lambda case: [item["body"] for item in case.registrations],
    "registration-type": lambda case: [
        item["type"] for item in case.registrations if "type" in item
    ],
    "registration-status": lambda case: [
        item["status"] for item in case.details("registration") if "status" in item
    ],
}
"""By national list: the values of an applicant that belong to it."""


def _in_use(code_list: str) -> Callable[[Case], bool | None]:
    def holds(case: Case) -> bool | None:
        values = list(_VALUES[code_list](case))
        return case.around.code_lists[code_list].issuperset(values) if values else None

    return holds


CODES = (
    *(
        Diagnostic(
            code_list.replace("-", " "),
            _PART,
            _in_use(code_list),
            "A code of the national list that is not retired.",
            _NATIONAL,
        )
        for code_list in _VALUES
    ),
    Diagnostic(
        "country",
        _PART,
        lambda case: (
            {
                case.person["nationality"],
                case.person["address"]["country"],
            }
            <= case.around.countries
        ),
        "Nationality and country of the address are assigned codes.",
        "ISO 3166-1",
    ),
)
