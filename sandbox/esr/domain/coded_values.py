"""Values in codes: ESR stores national codes, and its two doors write them differently.

The API takes the codes of the National Workforce Data Set, the files take the interface's own; that the two differ is public
("Mapped LOV"), which interface codes there are mostly is not. A value may be a code of the other door (mis-mapped), retired,
or a code of neither (unmapped). What ESR answers then is not public either: an employer carries one of two profiles.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from sandbox.errors import Code
from sandbox.esr.domain.doors import Door
from sandbox.esr.domain.profiles import CodedValues
from sandbox.rules import ERROR, WARNING, Finding


class Problem(StrEnum):
    """What is wrong with a value."""

    MISMAPPED = "MISMAPPED"
    RETIRED = "RETIRED"
    UNMAPPED = "UNMAPPED"
    """In neither list, where the national one has a code for what is not known."""
    UNMAPPABLE = "UNMAPPABLE"
    """In neither list, where the national one has no such code."""


@dataclass(frozen=True, slots=True)
class CodedList:
    """A national code list with what interfaces write for each code."""

    retired: Mapping[str, bool]
    """By national code: whether it is retired."""
    interface: Mapping[str, str]
    """By national code: the interface code; the same where interfaces have none of their own."""
    national: Mapping[str, str]
    """By interface code: the national code."""
    not_known: str | None = None
    """The national code for what is not known."""
    has_local_character: bool = False
    """Whether an employer's own character may follow a code (ethnic category)."""


_LONGEST_LOCAL = {Door.API: 2, Door.FILES: 3}
"""How long a code with a local character is at each door; `99` and the like take none."""


def _split(
    coded_list: CodedList, value: str, codes: Mapping[str, Any], door: Door
) -> tuple[str, str]:
    """A value as its code and the local character, which is empty where there is none."""
    head, tail = value[:-1], value[-1:]
    is_local = coded_list.has_local_character and len(value) == _LONGEST_LOCAL[door]
    return (head, tail) if value not in codes and is_local and head in codes else (value, "")


def national_value(
    coded_list: CodedList, value: str, door: Door
) -> tuple[str | None, Problem | None]:
    """The national code that is meant, and what is wrong with the value.

    A retired code is still what is meant. For a value of neither list it is the code for what is not known, if there is one.
    """
    if door is Door.API and coded_list.retired.get(value) is False:
        return value, None
    code, local = _split(coded_list, value, coded_list.retired, Door.API)
    own, own_local = _split(coded_list, value, coded_list.national, Door.FILES)
    is_national, is_interface = code in coded_list.retired, own in coded_list.national
    if is_interface and not (door is Door.API and is_national):
        code, local = coded_list.national[own], own_local
    elif not is_national:
        problem = Problem.UNMAPPED if coded_list.not_known else Problem.UNMAPPABLE
        return coded_list.not_known, problem
    if coded_list.retired[code]:
        return code + local, Problem.RETIRED
    is_right = is_national if door is Door.API else is_interface
    return code + local, None if is_right else Problem.MISMAPPED


def interface_value(coded_list: CodedList, value: str) -> str:
    """What interfaces write for a national code. Raises KeyError for what is none."""
    code, local = _split(coded_list, value, coded_list.retired, Door.API)
    return coded_list.interface[code] + local


@dataclass(frozen=True, slots=True)
class Answer:
    """What follows from a problem: what is said of it, and whether the national value is stored."""

    code: Code
    kind: str
    text: str
    basis: str
    source: str


_OURS = "ours: what ESR answers to a wrong code is not public"
_LOV = (
    "https://hee-tis.atlassian.net/wiki/spaces/NTCS/pages/1831370761/"
    "Bi-directional+fields+accepted+and+mapping (that the codes differ)"
)
_NWD = "NHS Data Model and Dictionary, National Workforce Data Set (that codes are retired)"

ANSWERS: dict[tuple[CodedValues, Problem], Answer] = {
    (CodedValues.STRICT_1, Problem.MISMAPPED): Answer(
        Code.CODE_MISMAPPED,
        ERROR,
        "The value is {other} of the list {list}; {door}.",
        "modelled",
        _LOV,
    ),
    (CodedValues.STRICT_1, Problem.RETIRED): Answer(
        Code.CODE_RETIRED, ERROR, "The code is retired in the list {list}.", "modelled", _NWD
    ),
    (CodedValues.STRICT_1, Problem.UNMAPPED): Answer(
        Code.CODE_UNKNOWN, ERROR, "The value is no code of the list {list}.", "assumed", _OURS
    ),
    (CodedValues.STRICT_1, Problem.UNMAPPABLE): Answer(
        Code.CODE_UNKNOWN, ERROR, "The value is no code of the list {list}.", "assumed", _OURS
    ),
    (CodedValues.LENIENT_1, Problem.MISMAPPED): Answer(
        Code.VALUE_REPLACED,
        WARNING,
        "The value is {other} of the list {list}; {door}. The code that is meant was stored.",
        "assumed",
        _OURS,
    ),
    (CodedValues.LENIENT_1, Problem.RETIRED): Answer(
        Code.CODE_RETIRED_KEPT,
        WARNING,
        "The code is retired in the list {list}; it was taken all the same.",
        "assumed",
        _OURS,
    ),
    (CodedValues.LENIENT_1, Problem.UNMAPPED): Answer(
        Code.VALUE_REPLACED,
        WARNING,
        "The value is no code of the list {list}; its code for what is not known was stored.",
        "assumed",
        _OURS,
    ),
    (CodedValues.LENIENT_1, Problem.UNMAPPABLE): Answer(
        Code.CODE_UNKNOWN,
        ERROR,
        "The value is no code of the list {list}, which has none for what is not known.",
        "assumed",
        _OURS,
    ),
}
"""(profile, problem) → what follows. An ERROR refuses; after a WARNING ESR stores the national value."""

_SIDES = {
    Door.API: ("an interface code", "the API takes national codes"),
    Door.FILES: ("a national code", "files take interface codes"),
}

COLUMNS: Mapping[str, str] = {
    "/person/gender": "gender",
    "/person/ethnicOrigin": "ethnic-category",
    "/person/maritalStatus": "marital-status",
    "/person/disability": "disability",
    "/person/religiousBelief": "religious-belief",
    "/person/sexualOrientation": "sexual-orientation",
    "/staffGroup": "staff-group",
    "/jobRole": "job-role",
    "/contractType": "contract-type",
    "/assignmentType": "assignment-type",
    "/recruitmentSource": "recruitment-source",
    "/registrations/*/body": "registration-body",
    "/registrations/*/type": "registration-type",
}
"""Where an applicant has a value in codes → of which list."""

_SAID_BY_A_RULE = frozenset({"job-role"})
"""Lists of which a rule of its own says that a value is unknown (JOB_ROLE_UNKNOWN)."""


def taken(
    lists: Mapping[str, CodedList], document: dict[str, Any], profile: str, door: str
) -> tuple[dict[str, Any], list[Finding]]:
    """A submission or an amendment with the values that ESR would store, and what it has to say of those that came.

    The document that is given stays as it is.
    """
    found: list[Finding] = []
    changes: list[tuple[str, str]] = []
    side = Door(door)
    for pointer, name, value in _values(document):
        right, problem = national_value(lists[name], value, side)
        if problem is not None:
            if name in _SAID_BY_A_RULE and right is None:
                continue
            answer = ANSWERS[CodedValues(profile), problem]
            other, takes = _SIDES[side]
            text = answer.text.format(list=name, other=other, door=takes)
            found.append(Finding(answer.code, pointer, text, answer.kind))
            if answer.kind == ERROR:
                continue
        if right is not None and right != value:
            changes.append((pointer, right))
    return _with(document, changes), found


def _values(document: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(pointer, list, value) of everything in codes; what is left out or taken away is passed over."""
    for column, name in COLUMNS.items():
        steps = _steps(column)
        if steps[0] == "registrations":
            for place, item in enumerate(document.get("registrations", ())):
                if steps[-1] in item:
                    yield f"/registrations/{place}/{steps[-1]}", name, item[steps[-1]]
            continue
        holder = document.get("person", {}) if len(steps) > 1 else document
        value = holder.get(steps[-1])
        if value is not None:
            yield column, name, value


@cache
def _steps(pointer: str) -> tuple[str, ...]:
    return tuple(pointer[1:].split("/"))


def _with(document: dict[str, Any], changes: list[tuple[str, str]]) -> dict[str, Any]:
    if not changes:
        return document
    result = dict(document)
    for pointer, value in changes:
        holder: Any = result
        *steps, last = pointer[1:].split("/")
        for step in steps:
            key: Any = int(step) if isinstance(holder, list) else step
            inner = holder[key]
            holder[key] = list(inner) if isinstance(inner, list) else dict(inner)
            holder = holder[key]
        holder[last] = value
    return result
