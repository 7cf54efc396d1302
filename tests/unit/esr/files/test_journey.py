"""An applicant who came by files has a journey too, and so has a row that was refused."""

from hub_office import Office

from sandbox.console.journeys.step import Result
from sandbox.console.journeys.story import steps_of
from sandbox.console.store.journey_facts import facts_of_applicant, facts_of_refused


def test_an_applicant_who_came_by_files_is_told_of_row_by_row(office: Office) -> None:
    sent = office.submission()
    office.send("APP", [("APA", sent)])
    [held] = office.applicants()

    facts = office.do(lambda unit: facts_of_applicant(unit, held["applicantNumber"]))
    told = [(step.says, step.result) for step in steps_of(facts)]

    [(row, result)] = [each for each in told if "in row 1 of the file" in each[0]]
    assert row.startswith("The recruitment system sent an applicant")
    assert row.endswith("ESR took it.")
    assert result in (Result.DONE, Result.WARNED)
    assert any(f"as number {held['applicantNumber']}" in says for says, _ in told)


def test_a_refused_row_is_found_by_the_suppliers_reference(office: Office) -> None:
    sent = office.submission(positionId=1)
    office.send("APP", [("APA", sent)])
    assert office.applicants() == []

    facts = office.do(lambda unit: facts_of_refused(unit, sent["supplierReference"]))

    [step] = steps_of(facts)
    assert step.result is Result.REFUSED
    assert "ESR did not take it." in step.says
    assert any(note.startswith("Error POSITION_UNKNOWN") for note in step.notes)
    assert office.do(lambda unit: facts_of_refused(unit, "NOBODY")) is None
