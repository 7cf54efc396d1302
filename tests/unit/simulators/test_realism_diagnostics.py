"""Each diagnostic holds for the applicants that are made, and finds the damage that is done to one of them."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from sandbox.cli.realism import _surroundings
from simulators.checks import CheckStep
from simulators.realism.case import Case, Surroundings
from simulators.realism.diagnostic import Diagnostic, Examination
from simulators.realism.histories import UNIQUE
from simulators.realism.measure import DIAGNOSTICS, case_of
from simulators.world import World

CROWD = 800
Damage = Callable[[Case], Case]


def person(**changes: Any) -> Damage:
    return lambda case: applicant(person=dict(case.person) | changes)(case)


def applicant(**changes: Any) -> Damage:
    return lambda case: replace(case, applicant=dict(case.applicant) | changes)


def without(name: str) -> Damage:
    return lambda case: replace(
        case, applicant={key: value for key, value in case.applicant.items() if key != name}
    )


def address(**changes: Any) -> Damage:
    return lambda case: person(address=dict(case.person["address"]) | changes)(case)


def registered(**changes: Any) -> Damage:
    return lambda case: applicant(registrations=[dict(case.registrations[0]) | changes])(case)


def position(**changes: Any) -> Damage:
    def done(case: Case) -> Case:
        held = dict(case.position) | changes
        world = replace(
            case.around.world,
            position_by_id={**case.around.world.position_by_id, held["positionId"]: held},
        )
        return replace(case, around=replace(case.around, world=world))

    return done


def steps(change: Callable[[CheckStep], CheckStep]) -> Damage:
    return lambda case: replace(case, history=tuple(change(step) for step in case.history))


def update(change: Callable[[dict[str, Any]], Any]) -> Damage:
    """Changes each update of the history, in a copy."""

    def changed(step: CheckStep) -> CheckStep:
        copy = deepcopy(step.update)
        change(copy)
        return replace(step, update=copy)

    return steps(changed)


def detail(name: str, **changes: Any) -> Damage:
    def change(held: dict[str, Any]) -> None:
        if name in held:
            held[name] |= changes

    return update(change)


def completed(**changes: Any) -> Damage:
    def change(held: dict[str, Any]) -> None:
        if held["state"] == "COMPLETE":
            held |= changes

    return update(change)


def backwards(case: Case) -> Case:
    return replace(case, history=tuple(reversed(case.history)))


def asks_what_the_role_does_not(case: Case) -> Case:
    role = position(jobRole="08003", staffGroup="08")(case)
    return steps(lambda step: replace(step, check_type="alert-notice"))(role)


TOMORROW = "2026-04-02"
DAMAGE: Mapping[str, Damage] = {
    "NI number": person(niNumber="DQ123456A"),
    "NI number of nobody": person(niNumber="AB123456A"),
    "postcode": address(postcode="EA1 1CC"),
    "postcode of nobody": address(postcode="LS1 1AA"),
    "ODS code": applicant(previousEmployer={"odsCode": "x1", "endDate": "2026-01-01"}),
    "supplier's reference": applicant(supplierReference="with a space"),
    "vacancy reference": applicant(vacancyReference="AB-1"),
    "position id": lambda case: replace(
        case,
        applicant={**case.applicant, "positionId": 10**15},
        around=replace(
            case.around,
            world=replace(
                case.around.world,
                position_by_id={**case.around.world.position_by_id, 10**15: case.position},
            ),
        ),
    ),
    "registration number": registered(number="1"),
    "e-mail address of nobody": person(emailAddress="a.b.1@nhs.net"),
    "telephone numbers of nobody": person(mobileNumber="07911 123456"),
    "DBS certificate number": detail("dbs", certificateNumber="123"),
    "share code": detail("rightToWork", shareCode="123"),
    "certificate of sponsorship": detail("rightToWork", certificateOfSponsorship="1"),
    "applicant keeps the contract": applicant(unheard="of"),
    "checks keep the contract": completed(unheard="of"),
    "gender": person(gender="0"),
    "ethnic category": person(ethnicOrigin="0"),
    "marital status": person(maritalStatus="1"),
    "disability": person(disability="00"),
    "religious belief": person(religiousBelief="0"),
    "sexual orientation": person(sexualOrientation="0"),
    "staff group": applicant(staffGroup="00"),
    "job role": applicant(jobRole="00000"),
    "contract type": applicant(contractType="00"),
    "assignment type": applicant(assignmentType="00"),
    "recruitment source": applicant(recruitmentSource="00"),
    "registration body": registered(body="00"),
    "registration type": registered(type="00"),
    "registration status": detail("registration", status="00"),
    "country": person(nationality="XX"),
    "dates in order": applicant(offerDate=TOMORROW),
    "sent within the window": applicant(startDate=TOMORROW),
    "old enough to start": person(dateOfBirth="2011-01-01"),
    "age fits the role": person(dateOfBirth="1936-01-01"),
    "title fits gender": person(title="Mrs", gender="1"),
    "only doctors are called so": lambda case: person(
        title="Mr" if case.person.get("title") == "Dr" else "Dr"
    )(case),
    "job role in its staff group": applicant(staffGroup="10"),
    "job role of the position": applicant(jobRole="03001"),
    "pay band of the role": position(payScale="BAND_9"),
    "no Band 1": position(payScale="BAND_1"),
    "registration where the role needs one": lambda case: (
        applicant(registrations=[])
        if case.registrations
        else applicant(
            registrations=[{"body": "03", "number": "9000000", "expiryDate": "2027-03-31"}]
        )
    )(case),
    "registration of the profession": registered(type="00"),
    "registration lasts": registered(expiryDate="2026-03-31"),
    "NI number after acceptance": lambda case: without("offerAcceptedDate")(
        person(niNumber="MW123456A")(case)
    ),
    "consent after acceptance": lambda case: (
        without("dataSharingConsent")
        if "dataSharingConsent" in case.applicant
        else applicant(dataSharingConsent=True)
    )(case),
    "route fits nationality": lambda case: person(
        nationality="IN" if case.person["nationality"] in ("GB", "IE") else "GB"
    )(case),
    "permission fits route": detail("rightToWork", permissionExpiryDate="2026-01-01"),
    "previous employer fits source": lambda case: (
        applicant(recruitmentSource="09")
        if "previousEmployer" in case.applicant
        else applicant(previousEmployer={"odsCode": case.employer, "endDate": "2026-01-01"})
    )(case),
    "an employee is the same person": person(lastName="Somebody-Else"),
    "internal candidate works here": person(niNumber="CR000000A"),
    "a fixed term has an end": lambda case: (
        without("endDate") if "endDate" in case.applicant else applicant(endDate="2027-01-01")
    )(case),
    "full time means standard hours": lambda case: applicant(
        hoursPerWeek=1 if case.applicant["assignmentType"] == "01" else 40
    )(case),
    "previous name differs": lambda case: person(previousLastName=case.person["lastName"])(case),
    "address in one place": address(town="Nowhere"),
    "states follow the table": lambda case: replace(
        case, history=(replace(case.history[0], update={"state": "CANCELLED"}),)
    ),
    "moments rise": backwards,
    "in office hours": steps(lambda step: replace(step, second=18 * 3_600)),
    "before the start": steps(lambda step: replace(step, day=step.day + 365)),
    "asked before done": completed(requestedDate="2027-01-01"),
    "outcome when complete": update(lambda held: held.pop("outcome", None)),
    "detail of the check's type": completed(workHealth={}, identity={}),
    "checks of the role": asks_what_the_role_does_not,
    "DBS level of the role": detail("dbs", workforce="NOBODY"),
    "certificate in time": detail("dbs", issueDate="2027-01-01"),
    "registration is the applicant's": detail("registration", number="1"),
    "follow-up before the permission ends": update(
        lambda held: held.__setitem__("followUpDate", "2999-01-01")
        if "followUpDate" in held
        else None
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def around() -> Surroundings:
    return _surroundings(World.make(1, 5, 60), 1)


@pytest.fixture(scope="module")
def cases(around: Surroundings) -> list[Case]:
    return [case_of(index, around) for index in range(CROWD)]


def found(row: Diagnostic, cases: list[Case]) -> bool:
    """Whether the damage makes the row fail for somebody to whom it applies, and only the damage does."""
    for case in cases:
        if row.holds(case):
            return row.holds(DAMAGE[row.name](case)) is False
    return False


def test_every_diagnostic_has_damage_of_its_own() -> None:
    assert list(DAMAGE) != []
    assert {row.name for row in DIAGNOSTICS} == set(DAMAGE)
    assert len({row.name for row in DIAGNOSTICS}) == len(DIAGNOSTICS)


@pytest.mark.parametrize("row", DIAGNOSTICS, ids=lambda row: row.name)
def test_a_diagnostic_finds_its_damage(row: Diagnostic, cases: list[Case]) -> None:
    assert found(row, cases)


def test_a_diagnostic_that_is_taken_away_misses_its_damage(cases: list[Case]) -> None:
    survivors = []
    for place, row in enumerate(DIAGNOSTICS):
        rest = (*DIAGNOSTICS[:place], *DIAGNOSTICS[place + 1 :])
        case = next(case for case in cases if row.holds(case))
        examination = Examination(rest, ())
        examination.look_at(DAMAGE[row.name](case))
        if any(finding.name == row.name and finding.failed for finding in examination.findings):
            survivors.append(row.name)

    print(f"{len(DIAGNOSTICS)} diagnostics taken away in turn, survivors: {len(survivors)}")
    assert survivors == []


def test_all_hold_for_those_who_are_made(cases: list[Case]) -> None:
    examination = Examination(DIAGNOSTICS, UNIQUE)
    for case in cases:
        examination.look_at(case)

    assert [finding for finding in examination.findings if not finding.holds] == []
    assert all(finding.checked for finding in examination.findings)


@pytest.mark.parametrize("row", UNIQUE, ids=lambda row: row.name)
def test_what_comes_twice_is_found(row: Any, cases: list[Case]) -> None:
    case = next(case for case in cases if list(row.keys(case)))
    examination = Examination((), (row,))

    examination.look_at(case)
    examination.look_at(replace(case, index=99_999))

    [finding] = examination.findings
    assert (finding.checked, finding.failed, finding.examples) == (2, 1, [99_999])


def test_the_first_failing_applicants_are_named(cases: list[Case]) -> None:
    row = next(row for row in DIAGNOSTICS if row.name == "gender")
    examination = Examination((row,), ())
    for case in cases[:20]:
        examination.look_at(DAMAGE["gender"](case))

    [finding] = examination.findings
    assert (finding.checked, finding.failed, finding.examples) == (20, 20, [0, 1, 2, 3, 4])


def test_dates_of_a_case_are_days(cases: list[Case]) -> None:
    case = cases[0]

    assert case.start - case.today > timedelta(days=2)
    assert case.day("nothing", date(2026, 1, 1)) == date(2026, 1, 1)
