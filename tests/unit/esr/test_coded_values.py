"""Values in codes: every list, problem, profile and door; and that no code is lost on its way through either door."""

from copy import deepcopy
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from sandbox.errors import Code, status_of
from sandbox.esr.domain import coded_values
from sandbox.esr.domain.coded_values import (
    ANSWERS,
    COLUMNS,
    Problem,
    interface_value,
    national_value,
    taken,
)
from sandbox.esr.domain.doors import Door
from sandbox.esr.domain.profiles import CodedValues
from sandbox.esr.reference import code_lists, coded_lists, interface_code, interface_codes

LISTS = coded_lists()
ERROR, WARNING = "ERROR", "WARNING"
RIGHT, KEPT, NOT_KNOWN, NOTHING = "right", "kept", "not known", "nothing"

# Written out here once more, so that a row that goes or changes in the code is seen.
EXPECTED = {
    ("strict-1", "MISMAPPED"): ("CODE_MISMAPPED", ERROR, NOTHING),
    ("strict-1", "RETIRED"): ("CODE_RETIRED", ERROR, NOTHING),
    ("strict-1", "UNMAPPED"): ("CODE_UNKNOWN", ERROR, NOTHING),
    ("strict-1", "UNMAPPABLE"): ("CODE_UNKNOWN", ERROR, NOTHING),
    ("lenient-1", "MISMAPPED"): ("VALUE_REPLACED", WARNING, RIGHT),
    ("lenient-1", "RETIRED"): ("CODE_RETIRED_KEPT", WARNING, KEPT),
    ("lenient-1", "UNMAPPED"): ("VALUE_REPLACED", WARNING, NOT_KNOWN),
    ("lenient-1", "UNMAPPABLE"): ("CODE_UNKNOWN", ERROR, NOTHING),
}
# List → pointer in a submission, a current code and its interface code, a retired pair, the code for what is not known.
CASES: dict[str, tuple[str, tuple[str, str], tuple[str, str] | None, str | None]] = {
    "gender": ("/person/gender", ("1", "M"), None, "X"),
    "ethnic-category": ("/person/ethnicOrigin", ("A", "01"), None, "99"),
    "marital-status": ("/person/maritalStatus", ("9", "NK"), ("1", "SR"), "9"),
    "disability": ("/person/disability", ("02", "20"), None, "99"),
    "religious-belief": ("/person/religiousBelief", ("C", "Christianity"), None, "N"),
    "sexual-orientation": ("/person/sexualOrientation", ("3", "Bisexual"), None, "9"),
    "staff-group": ("/staffGroup", ("03", "NMR"), None, None),
    "job-role": ("/jobRole", ("03007", "03007"), ("03012", "03012"), None),
    "contract-type": ("/contractType", ("05", "PERM"), None, None),
    "assignment-type": ("/assignmentType", ("01", "FT"), None, None),
    "recruitment-source": ("/recruitmentSource", ("17", "NONE"), None, None),
    "registration-body": ("/registrations/1/body", ("03", "GMC"), ("06", "SSSC"), None),
    "registration-type": ("/registrations/1/type", ("33", "33"), ("01", "01"), None),
}
# List → its national codes, and the interface code of each.
INTERFACE: dict[str, tuple[str, list[str]]] = {
    "gender": (
        "1 2 9 X",
        "M F I U".split(),
    ),
    "ethnic-category": (
        "A B C D E F G H J K L M N P R S Z 99",
        "01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18".split(),
    ),
    "marital-status": (
        "S M D W P N 1 2 3 4 8 9",
        "S M D W P N SR MR DR WR NA NK".split(),
    ),
    "disability": (
        "01 02 97 98 99",
        "10 20 30 40 50".split(),
    ),
    "religious-belief": (
        "A B C D E F G H I J K L M N",
        [
            "Bahai Faith",
            "Buddhism",
            "Christianity",
            "Hinduism",
            "Jainism",
            "Judaism",
            "Islam",
            "Paganism",
            "Sikhism",
            "Zoroastrianism",
            "Other religion or belief",
            "No religion or belief",
            "Not disclosed",
            "Not known",
        ],
    ),
    "sexual-orientation": (
        "1 2 3 4 U Z 9",
        [
            "Heterosexual or straight",
            "Gay or lesbian",
            "Bisexual",
            "Other sexual orientation",
            "Undecided",
            "Not disclosed",
            "Not known",
        ],
    ),
    "contract-type": (
        "01 02 03 04 05 06 07 08 09",
        "BANK FTT HON LOC PERM RET NED PEC WID".split(),
    ),
    "assignment-type": (
        "01 02",
        "FT PT".split(),
    ),
    "recruitment-source": (
        "01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18",
        "NHS SOC PRIV GP PRIS ARMY EDUC PUBL PRVT SELF EU NEU STUD NQF NQP RTP NONE THRD".split(),
    ),
    "staff-group": (
        "01 02 03 04 05 06 07 08 09 10",
        "MED STU NMR AHP APST HCS ACS ADM EST SUP".split(),
    ),
    "registration-body": (
        "01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18",
        "GCC GDC GMC GOC SCW SSSC GSCC HCPC NMC RPS BPS AODP ACCA CIPD CIMA GPHC GOSC SWE".split(),
    ),
}
UNKNOWN = "ZZ9"
SAME_AT_BOTH_DOORS = ("job-role", "registration-type")


def submission(door: str) -> dict[str, Any]:
    """A submission that is right at the door."""
    place = 0 if door == "API" else 1
    found: dict[str, Any] = {
        "supplierReference": "APP-1",
        "person": {"lastName": "Fielding"},
        "registrations": [{}, {}],
    }
    for pointer, current, _, _ in CASES.values():
        put(found, pointer, current[place])
        put(found, pointer.replace("/1/", "/0/"), current[place])
    return found


def put(document: Any, pointer: str, value: str) -> None:
    *steps, last = pointer[1:].split("/")
    for step in steps:
        document = document[int(step)] if isinstance(document, list) else document[step]
    document[last] = value


def sent(name: str, problem: str, door: str) -> tuple[str, str] | None:
    """A value with the problem at the door, and the national code that is meant; None where the list has no such problem."""
    _, (national, interface), retired, not_known = CASES[name]
    if problem == "MISMAPPED":
        value = interface if door == "API" else national
        return None if name in SAME_AT_BOTH_DOORS else (value, national)
    if problem == "RETIRED":
        return retired and (retired[0 if door == "API" else 1], retired[0])
    if (problem == "UNMAPPED") is (not_known is None):
        return None
    return UNKNOWN, not_known or ""


MATRIX = [
    (name, problem, profile, door)
    for name, problem, profile, door in product(CASES, Problem, CodedValues, Door)
    if sent(name, problem, door)
]


def check(name: str, problem: str, profile: str, door: str) -> None:
    pointer = CASES[name][0]
    wrong = sent(name, problem, door)
    assert wrong is not None
    value, meant = wrong
    given = submission(door)
    put(given, pointer, value)
    before = deepcopy(given)
    code, kind, stores = EXPECTED[profile, problem]
    right = deepcopy(submission("API"))
    put(right, pointer, value if stores == NOTHING else meant)

    stored, found = taken(LISTS, given, profile, door)

    assert given == before
    assert stored == right
    if (name, problem) == ("job-role", "UNMAPPABLE"):
        # JOB_ROLE_UNKNOWN, a rule of its own, says so.
        assert found == []
    else:
        assert [(item.code, item.pointer, item.kind) for item in found] == [(code, pointer, kind)]
        assert name in found[0].text
        assert "{" not in found[0].text
        assert len(found[0].text) <= 200


@pytest.mark.parametrize(("name", "problem", "profile", "door"), MATRIX)
def test_a_wrong_value_is_answered_as_the_profile_says(
    name: str, problem: str, profile: str, door: str
) -> None:
    check(name, problem, profile, door)


def test_every_answer_and_every_column_has_its_cases() -> None:
    assert {(str(profile), str(problem)) for profile, problem in ANSWERS} == set(EXPECTED)
    assert set(product(CodedValues, Problem)) == set(ANSWERS)
    assert {(profile, problem) for _, problem, profile, _ in MATRIX} == set(EXPECTED)
    assert {name: case[0].replace("/1/", "/*/") for name, case in CASES.items()} == {
        name: pointer for pointer, name in COLUMNS.items()
    }


def test_a_row_that_is_taken_away_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    survivors: list[Any] = []
    tables: dict[str, Any] = {"ANSWERS": ANSWERS, "COLUMNS": COLUMNS}
    for name, table in tables.items():
        for row in table:
            rest = {key: value for key, value in table.items() if key != row}
            monkeypatch.setattr(coded_values, name, rest)
            if not breaks():
                survivors.append(row)
        monkeypatch.setattr(coded_values, name, table)

    print(f"{len(ANSWERS) + len(COLUMNS)} rows taken away in turn, survivors: {len(survivors)}")
    assert survivors == []


def breaks() -> bool:
    for case in MATRIX:
        try:
            check(*case)
        except (AssertionError, KeyError):
            return True
    return False


def mapping(name: str, rows: list[dict[str, str]]) -> dict[str, str]:
    """What the rows of a list make of its interface codes at the files' door."""
    coded = LISTS[name]
    national = {row["interface"]: row["national"] for row in rows}
    less = replace(coded, national=national)
    return {
        value: str(national_value(less, value, Door.FILES))
        for value in (*INTERFACE[name][1], *coded.retired)
    }


def test_every_interface_code_stands_for_its_national_code_and_none_can_be_taken_away() -> None:
    survivors, count = [], 0
    assert set(INTERFACE) == set(interface_codes())
    for name, item in interface_codes().items():
        rows = item["codes"]
        pairs = [(row["national"], row["interface"]) for row in rows]
        assert pairs == list(zip(INTERFACE[name][0].split(), INTERFACE[name][1], strict=True))
        for row in rows:
            count += 1
            if mapping(name, [other for other in rows if other != row]) == mapping(name, rows):
                survivors.append((name, row["interface"]))

    print(f"{count} interface codes taken away in turn, survivors: {len(survivors)}")
    assert survivors == []


@pytest.mark.parametrize("door", Door)
def test_a_submission_that_is_right_at_its_door_is_stored_in_national_codes(door: Door) -> None:
    stored, found = taken(LISTS, submission(door), "strict-1", door)

    assert found == []
    assert stored == submission("API")


@pytest.mark.parametrize("name", LISTS)
def test_every_code_of_a_list_goes_through_either_door_and_comes_back(name: str) -> None:
    coded = LISTS[name]
    for code, retired in coded.retired.items():
        problem = Problem.RETIRED if retired else None
        written = interface_value(coded, code)

        assert written == interface_code(name, code)
        assert national_value(coded, written, Door.FILES) == (code, problem)
        assert national_value(coded, code, Door.API) == (code, problem)
    assert len(coded.national) == len(coded.interface) == len(coded.retired)


@pytest.mark.parametrize(
    ("value", "door", "expected"),
    [
        ("A1", Door.API, ("A1", None)),
        ("S9", Door.API, ("S9", None)),
        ("011", Door.FILES, ("A1", None)),
        ("16K", Door.FILES, ("SK", None)),
        ("A1", Door.FILES, ("A1", Problem.MISMAPPED)),
        ("011", Door.API, ("A1", Problem.MISMAPPED)),
        ("991", Door.API, ("99", Problem.UNMAPPED)),
        ("AAA", Door.API, ("99", Problem.UNMAPPED)),
        ("I", Door.API, ("99", Problem.UNMAPPED)),
        ("0", Door.FILES, ("99", Problem.UNMAPPED)),
    ],
)
def test_an_employers_own_character_follows_an_ethnic_category(
    value: str, door: Door, expected: tuple[str, Problem | None]
) -> None:
    assert national_value(LISTS["ethnic-category"], value, door) == expected
    if door is Door.FILES and expected[1] is None:
        assert interface_value(LISTS["ethnic-category"], str(expected[0])) == value


def test_an_amendment_is_looked_at_where_it_changes_something() -> None:
    patch = {"person": {"gender": "M", "title": None, "lastName": "Ash"}, "startDate": "2026-06-01"}

    stored, found = taken(LISTS, patch, "lenient-1", "API")

    assert stored == {**patch, "person": {**patch["person"], "gender": "1"}}  # type: ignore[dict-item]
    assert [item.pointer for item in found] == ["/person/gender"]
    assert taken(LISTS, {"startDate": "2026-06-01"}, "strict-1", "API") == (
        {"startDate": "2026-06-01"},
        [],
    )


def test_every_wrong_value_of_a_submission_is_named() -> None:
    given = submission("API") | {"contractType": "XX", "staffGroup": "NMR"}
    given["registrations"][0]["body"] = "06"

    _, found = taken(LISTS, given, "strict-1", "API")

    assert [(item.code, item.pointer) for item in found] == [
        (Code.CODE_MISMAPPED, "/staffGroup"),
        (Code.CODE_UNKNOWN, "/contractType"),
        (Code.CODE_RETIRED, "/registrations/0/body"),
    ]


def test_every_answer_and_every_interface_code_says_what_it_rests_on() -> None:
    for answer in ANSWERS.values():
        assert answer.basis in ("public", "modelled", "assumed")
        assert answer.source
        assert status_of(answer.code) == 422
    for item in interface_codes().values():
        assert item["source"]
        assert {row["basis"] for row in item["codes"]} <= {"public", "modelled"}
        assert item.get("notKnown") in (None, *LISTS[item["codeListId"]].retired)
    public = {
        (name, row["interface"])
        for name, item in interface_codes().items()
        for row in item["codes"]
        if row["basis"] == "public"
    }
    assert public == {("gender", "M"), ("gender", "F"), ("marital-status", "D")}


def test_a_code_list_shows_the_interface_codes_beside_the_national_ones() -> None:
    shown = {item["code"]: item for item in code_lists()["gender"]["codes"]}

    assert (shown["1"]["interfaceCode"], shown["1"]["interfaceBasis"]) == ("M", "public")
    assert (shown["X"]["interfaceCode"], shown["X"]["interfaceBasis"]) == ("U", "modelled")
    assert all("interfaceCode" not in item for item in code_lists()["job-role"]["codes"])
