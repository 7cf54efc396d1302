"""The requirements register: one record for each rule, and no rule without one.

What the rule tables can answer is held against the records by operation, code and rule profile; a record's basis and
source against the row that it stands for.
"""

import re
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.cli import run
from sandbox.contracts import CONTRACT_NAMES, ContractError, load_contract
from sandbox.contracts.requirements import Requirement, given_ids, load_requirements
from sandbox.errors import Code
from sandbox.esr.domain.applicant_life_cycle import LIFE_CYCLE, REFUSALS
from sandbox.esr.domain.applicant_life_cycle import Act as ApplicantAct
from sandbox.esr.domain.applicants import AMENDMENT_RULES, SUBMISSION_RULES
from sandbox.esr.domain.check_profiles import CELLS, PRECONDITIONS, Deed, Party
from sandbox.esr.domain.coded_values import ANSWERS
from sandbox.esr.domain.employment_checks import UPDATE_RULES
from sandbox.esr.domain.matching import OUTCOMES
from sandbox.esr.domain.positions import (
    BY_PERIOD,
    BY_STATUS,
    NEW_POSITION,
    OCCUPANCY_RULES,
    SEND_WINDOWS,
    START_RULES,
)
from sandbox.esr.domain.positions import Act as PositionAct
from sandbox.esr.domain.profiles import PROFILES, EmploymentChecks
from sandbox.esr.domain.registers import REGULATORS
from sandbox.esr.domain.transfers import APPROVER_REASONS, DECISIONS
from sandbox.esr.files.faults import FILE_FAULTS
from sandbox.nhsjobs.domain.adverts import PUSH_RULES
from sandbox.nhsjobs.domain.applications import APPLY_RULES
from sandbox.nhsjobs.domain.offers import ANSWER_RULES, OFFER_RULES
from sandbox.nhsjobs.domain.pre_employment_checks import UPDATE_RULES as NHS_JOBS_CHECK_RULES

ROOT = Path(__file__).parents[3]
HOME = ROOT / "openapi" / "requirements"
REGISTER = load_requirements()
BY_ID = {item.id: item for item in REGISTER}
DOCUMENTED = yaml.safe_load((ROOT / "openapi/components/problem-codes.yaml").read_text("utf-8"))[
    "problemCodes"
]

POWERS = {
    "CLOCK_BACKWARDS": "a world's clock is the sandbox's",
    "OPERATOR_ONLY": "who is let into a sandbox is its operator's to say",
    "QUOTA_REACHED": "how much a workspace may hold is the sandbox's",
    "SNAPSHOT_OF_ANOTHER_VERSION": "snapshots are the sandbox's",
    "SUBSCRIPTION_ADDRESS_REFUSED": "the sandbox keeps its events on this machine; ESR would not",
}
"""Codes that tell of what only a sandbox can do, which no recruitment system has to know of: with the reason."""

FILE = "a file"
OCCUPANCY = {Code.POSITION_HELD: "advisory-1", Code.POSITION_FULL: "single-1"}
AMEND, WITHDRAW, HIRE = "amend_applicant", "withdraw_applicant", "hire_applicant"
BY_ACT = {
    ApplicantAct.AMEND: AMEND,
    ApplicantAct.CHANGE_START: AMEND,
    ApplicantAct.ACCEPT: AMEND,
    ApplicantAct.QUESTION: AMEND,
    ApplicantAct.IDENTIFY: "decide_match",
    ApplicantAct.WITHDRAW: WITHDRAW,
    ApplicantAct.HIRE: HIRE,
    ApplicantAct.MOVE: HIRE,
}


@dataclass(frozen=True)
class Row:
    """What a row of a rule table can answer, and where; None for what the row does not say."""

    where: str
    """The operation, or FILE."""
    code: Code
    profile: str | None = None
    source: str | None = None
    basis: str | None = None

    def is_told_by(self, record: Requirement) -> bool:
        """Whether the record is about this row."""
        here = (
            record.operations if self.where != FILE else (FILE,) * record.id.startswith("ESR-FIL")
        )
        return (
            self.code in record.codes
            and self.where in here
            and record.condition in (None, self.profile)
        )


def rules(where: str, *tables: Iterable[Any]) -> Iterator[Row]:
    for table in tables:
        for rule in table:
            yield Row(where, rule.code, source=rule.source)


def rows() -> Iterator[Row]:
    yield from applicant_rows()
    yield from life_cycle_rows()
    yield from position_rows()
    yield from check_rows()
    for fault in FILE_FAULTS:
        yield Row(FILE, fault.code, None, fault.source, fault.basis)
    yield from rules("push_advert", PUSH_RULES)
    yield from rules("apply_for_advert", APPLY_RULES)
    yield from rules("make_offer", OFFER_RULES)
    yield from rules("answer_offer", ANSWER_RULES)
    yield from rules("record_pre_employment_check", NHS_JOBS_CHECK_RULES)


def applicant_rows() -> Iterator[Row]:
    submit = "submit_applicant"
    yield from rules(submit, SUBMISSION_RULES, START_RULES)
    yield from rules(AMEND, AMENDMENT_RULES, START_RULES)
    for rule in OCCUPANCY_RULES:
        yield Row(submit, rule.code, f"occupancy: {OCCUPANCY[rule.code]}", rule.source)
    for profile, window in SEND_WINDOWS.items():
        for code in (Code.SENT_TOO_EARLY, Code.SENT_TOO_LATE):
            if window is not None:
                yield Row(submit, code, f"sendWindow: {profile}", window.source)
    for (matching, *_), ruling in OUTCOMES.items():
        for where in (submit, AMEND):
            if ruling.code is not None:
                profile = f"matching: {matching}"
                yield Row(where, ruling.code, profile, ruling.source, ruling.basis)
    for (coded, _), answer in ANSWERS.items():
        for where in (submit, AMEND):
            profile = f"codedValues: {coded}"
            yield Row(where, answer.code, profile, answer.source, answer.basis)


def life_cycle_rows() -> Iterator[Row]:
    for (_, act), follows in LIFE_CYCLE.items():
        if isinstance(follows, Code):
            _, basis, source = REFUSALS[follows]
            # The decision of a review has refusals of its own under the same code.
            said = (None, None) if act is ApplicantAct.IDENTIFY else (source, basis)
            yield Row(BY_ACT[act], follows, None, *said)


def position_rows() -> Iterator[Row]:
    for table in (BY_STATUS, BY_PERIOD):
        for (_, act_on_position), code in table.items():
            if code is not None and act_on_position is PositionAct.VACANCY:
                yield from (Row("create_vacancy", code), Row("publish_esr_vacancy", code))
            elif code is not None:
                yield Row(HIRE, code)


def check_rows() -> Iterator[Row]:
    record, in_esr = "record_employment_check", "record_check_in_esr"
    yield from rules(record, UPDATE_RULES)
    yield from rules(in_esr, UPDATE_RULES)
    for (checks, _, party, _), cell in CELLS.items():
        where = record if party is Party.SUPPLIER else in_esr
        if cell.refused is not None:
            yield Row(where, cell.refused, f"employmentChecks: {checks}", cell.source, cell.basis)
    for (checks, _), codes in PRECONDITIONS.items():
        yield from (Row(record, code, f"employmentChecks: {checks}") for code in codes)


ROWS = tuple(dict.fromkeys(rows()))


def uncovered(register: Iterable[Requirement]) -> set[str]:
    """What has no record: rows of the rule tables, and documented codes that are no powers of the sandbox."""
    records = tuple(register)
    told = {code for record in records for code in record.codes}
    silent = {
        f"{row.where} {row.code} {row.profile}"
        for row in ROWS
        if not any(row.is_told_by(record) for record in records)
    }
    return silent | ({item["code"] for item in DOCUMENTED} - told - POWERS.keys())


def test_every_code_that_a_rule_can_answer_and_every_documented_one_has_a_record() -> None:
    assert uncovered(REGISTER) == set()


def test_a_record_that_is_taken_away_is_missed_where_nobody_else_has_its_code() -> None:
    counts = Counter(code for record in REGISTER for code in record.codes)
    alone = [record for record in REGISTER if any(counts[code] == 1 for code in record.codes)]

    survivors = [
        record.id for record in alone if not uncovered(item for item in REGISTER if item != record)
    ]

    print(f"{len(alone)} records taken away in turn, survivors: {len(survivors)}")
    assert len(alone) > 50
    assert survivors == []


def test_a_power_of_the_sandbox_is_no_requirement() -> None:
    assert POWERS.keys() <= {str(code) for code in Code}
    assert not POWERS.keys() & {code for record in REGISTER for code in record.codes}


def test_ids_are_given_once_and_kept() -> None:
    given = given_ids(HOME)

    assert len(set(given)) == len(given)
    assert len(BY_ID) == len(REGISTER)
    assert set(BY_ID) <= set(given)


def test_a_record_says_who_must_do_what_in_one_sentence() -> None:
    for record in REGISTER:
        subject = {
            "recruitment-system": f"The recruitment system {record.level} ",
            "esr": "ESR ",
            "nhs-jobs": "NHS Jobs ",
        }

        assert record.text.startswith(subject[record.actor]), record.id
        assert record.text.endswith("."), record.id
        assert not re.search(r"\. [A-Z]", record.text), record.id


def test_what_is_ours_is_not_called_public() -> None:
    ours = [record for record in REGISTER if record.source.startswith("ours")]

    assert {record.basis for record in ours} == {"assumed", "modelled"}


def test_a_condition_is_a_profile_that_there_is_or_says_where() -> None:
    for record in REGISTER:
        if record.condition and not record.condition.startswith("where "):
            name, version = record.condition.split(": ")
            assert version in {str(profile) for profile in PROFILES[name]}, record.id


OPERATIONS = {name for contract in CONTRACT_NAMES for name in load_contract(contract).operation_ids}


def test_the_codes_and_operations_of_a_record_are_there() -> None:
    for record in REGISTER:
        assert set(record.codes) <= {str(code) for code in Code}, record.id
        assert set(record.operations) <= OPERATIONS, record.id


def test_the_tests_of_a_record_are_there_and_speak_of_its_codes() -> None:
    texts = {
        name: (ROOT / name).read_text("utf-8")
        for name in sorted({name for record in REGISTER for name in record.tests})
    }
    for record in REGISTER:
        mentioned = set()
        for name in record.tests:
            here = {code for code in record.codes if re.search(rf"\b{code}\b", texts[name])}
            assert here or not record.codes, f"{record.id}: {name} mentions none of {record.codes}"
            mentioned |= here
        assert mentioned == set(record.codes) or record.untested, record.id


def test_basis_and_source_are_those_of_the_row() -> None:
    for row in ROWS:
        records = [record for record in REGISTER if row.is_told_by(record)]
        if row.source is not None:
            assert row.source in {record.source for record in records}, row
        if row.basis is not None:
            assert {record.basis for record in records} == {row.basis}, row


SENDS, ANSWERS_BACK = Party.SUPPLIER, Party.ESR
BOTH, START, UPDATE = tuple(Deed), (Deed.START,), (Deed.UPDATE,)
DIRECTIONS = {
    "ESR-CHK-025": ("identity", SENDS, BOTH),
    "ESR-CHK-026": ("identity", ANSWERS_BACK, BOTH),
    "ESR-CHK-027": ("right-to-work", SENDS, START),
    "ESR-CHK-060": ("right-to-work", SENDS, UPDATE),
    "ESR-CHK-028": ("right-to-work", ANSWERS_BACK, START),
    "ESR-CHK-029": ("right-to-work", ANSWERS_BACK, UPDATE),
    "ESR-CHK-030": ("registration-and-qualifications", SENDS, START),
    "ESR-CHK-031": ("registration-and-qualifications", SENDS, UPDATE),
    "ESR-CHK-032": ("registration-and-qualifications", ANSWERS_BACK, START),
    "ESR-CHK-033": ("registration-and-qualifications", ANSWERS_BACK, UPDATE),
    "ESR-CHK-034": ("employment-history-and-references", SENDS, BOTH),
    "ESR-CHK-035": ("employment-history-and-references", ANSWERS_BACK, BOTH),
    "ESR-CHK-036": ("dbs", SENDS, START),
    "ESR-CHK-061": ("dbs", SENDS, UPDATE),
    "ESR-CHK-037": ("dbs", ANSWERS_BACK, START),
    "ESR-CHK-038": ("dbs", ANSWERS_BACK, UPDATE),
    "ESR-CHK-039": ("work-health-assessment", SENDS, BOTH),
    "ESR-CHK-040": ("work-health-assessment", ANSWERS_BACK, BOTH),
    "ESR-CHK-041": ("alert-notice", SENDS, BOTH),
    "ESR-CHK-042": ("alert-notice", ANSWERS_BACK, BOTH),
}
"""Record → the cells of the profile 2015 that it stands for."""


def test_every_cell_of_the_profile_2015_has_one_record_that_says_the_same() -> None:
    told = []
    for name, (check_type, party, deeds) in DIRECTIONS.items():
        record = BY_ID[name]
        for deed in deeds:
            key = (EmploymentChecks.NHS_EMPLOYERS_2015, check_type, party, deed)
            cell = CELLS[key]
            told.append(key)
            assert record.condition == "employmentChecks: 2015"
            assert record.codes == ((cell.refused,) if cell.refused else ())
            assert (record.basis, record.source) == (cell.basis, cell.source), name

    assert Counter(told) == Counter(
        key for key in CELLS if key[0] is EmploymentChecks.NHS_EMPLOYERS_2015
    )


def test_the_profile_api_1_has_one_record_for_all_its_cells() -> None:
    cells = {cell for key, cell in CELLS.items() if key[0] is EmploymentChecks.API_1}
    record = BY_ID["ESR-CHK-024"]

    assert {(cell.refused, cell.basis, cell.source) for cell in cells} == {
        (None, record.basis, record.source)
    }
    assert record.condition == "employmentChecks: api-1"


@pytest.mark.parametrize(("table", "first"), [(DECISIONS, 1), (APPROVER_REASONS, 11)])
def test_every_row_about_transfers_has_its_record_in_the_order_of_the_table(
    table: tuple[Any, ...], first: int
) -> None:
    for number, row in enumerate(table, start=first):
        record = BY_ID[f"ESR-IAT-{number:03d}"]

        assert (record.basis, record.source) == (row.basis, row.source), record.id


def test_every_profile_of_new_positions_and_every_regulator_has_its_record() -> None:
    for profile, rule in NEW_POSITION.items():
        [record] = [item for item in REGISTER if item.condition == f"newPosition: {profile}"]
        assert (record.basis, record.source) == (rule.basis, rule.source)
    for regulator in REGULATORS.values():
        days = regulator.within.days
        time = "seven days" if days == 7 else "24 hours"
        records = [item for item in REGISTER if f"within {time} for the " in item.text]
        assert [(item.basis, item.source) for item in records] == [("public", regulator.source)]


RECORD = """\
  - id: ESR-APP-001
    level: MUST
    actor: esr
    text: ESR answers.
    source: ours
    basis: assumed
    tests: [tests/one.py]
"""


@pytest.mark.parametrize(
    ("records", "ids", "where", "message"),
    [
        (RECORD + RECORD, "ESR-APP-001\n", "some.yaml:9", "stands twice"),
        (RECORD, "ESR-APP-002\n", "some.yaml:2", "not in ids.txt"),
        (RECORD + "    colour: red\n", "ESR-APP-001\n", "some.yaml:2", "'colour' was unexpected"),
        (
            RECORD.replace("    tests: [tests/one.py]\n", ""),
            "ESR-APP-001\n",
            "some.yaml:2",
            "either tests or untested",
        ),
        (
            RECORD + "    untested: Why?\n",
            "ESR-APP-001\n",
            "some.yaml:2",
            "either tests or untested",
        ),
        (RECORD.replace("[tests/one.py]", "[]"), "ESR-APP-001\n", "some.yaml:8", "[]"),
        (RECORD.replace("assumed", "guessed"), "ESR-APP-001\n", "some.yaml:7", "guessed"),
        (RECORD.replace("ESR-APP-001", "APP-1"), "ESR-APP-001\n", "some.yaml:2", "APP-1"),
        (RECORD.replace("level: MUST", "level: 'MUST"), "ESR-APP-001\n", "some.yaml:", "YAML"),
        (RECORD, "ESR-APP-001\nESR-APP-001\n", "ids.txt:2", "given before"),
        (RECORD, "ESR-APP-001 ESR-APP-002\n", "ids.txt:1", "is no id"),
        (RECORD, None, "ids.txt:1", "cannot be read"),
    ],
)
def test_a_bad_register_is_refused_with_file_and_line(
    tmp_path: Path, records: str, ids: str | None, where: str, message: str
) -> None:
    (tmp_path / "some.yaml").write_text("requirements:\n" + records, encoding="utf-8")
    if ids is not None:
        (tmp_path / "ids.txt").write_text(ids, encoding="utf-8")

    with pytest.raises(ContractError) as caught:
        load_requirements(tmp_path)

    told = [str(fault) for fault in caught.value.faults]
    assert any(f"{tmp_path}/{where}" in text and message in text for text in told), told


def test_a_record_that_went_leaves_its_id_behind(tmp_path: Path) -> None:
    (tmp_path / "some.yaml").write_text("requirements: []\n", encoding="utf-8")
    (tmp_path / "ids.txt").write_text("ESR-APP-001\n", encoding="utf-8")

    assert load_requirements(tmp_path) == ()
    assert given_ids(tmp_path) == ("ESR-APP-001",)


def test_the_check_of_the_contracts_judges_the_register(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "openapi"
    shutil.copytree(ROOT / "openapi", folder, ignore=shutil.ignore_patterns("node_modules"))
    check = ["contracts", "check", "--folder", str(folder)]

    good = run(check)
    (folder / "requirements" / "ids.txt").write_text("", encoding="ascii")
    bad = run(check)

    said = capsys.readouterr()
    assert (good, bad) == (0, 2)
    assert f"{len(REGISTER)} requirements are well formed" in said.out
    assert f"{folder}/requirements/applicants.yaml:3: ESR-APP-001 is not in ids.txt" in said.err
