"""The hourly run: an hour follows another, and one that is broken off does nothing twice."""

import asyncio
import json
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from hub_office import BEGIN, HOUR, Office

from sandbox.clock import Clock, ClockMode, wall_now
from sandbox.database import Database
from sandbox.esr.files import exchange, inbound
from sandbox.esr.files.hub import EmployerFolder
from sandbox.esr.files.run import HOURLY_RUN, HourlyInterface, next_hour, without_hub
from sandbox.jobs.store import Job, schedule
from sandbox.timestamps import from_text
from sandbox.workspaces.store import set_clock

MakeOffice = Callable[..., Office]


def test_the_hour_after_the_present_is_set_and_every_run_sets_the_next(office: Office) -> None:
    assert from_text(office.job().due_at) == next_hour(BEGIN)

    hours = [office.hour() for _ in range(3)]

    assert hours == [next_hour(BEGIN) + count * HOUR for count in range(3)]


def test_opening_a_workspace_again_changes_nothing(office: Office) -> None:
    office.hour()
    before = office.job()

    asyncio.run(office.hourly.open(office.name))
    asyncio.run(office.hourly.open("no such workspace"))

    assert office.job() == before
    assert office.names(".") == ["archive", "inbox", "outbox", "quarantine"]


def test_folders_that_were_removed_are_there_again_after_an_hour_in_which_nothing_happens(
    office: Office,
) -> None:
    for _ in range(3):
        office.hour()
    shutil.rmtree(office.folder.parent)

    office.hour()

    assert office.names(".") == ["archive", "inbox", "outbox", "quarantine"]


def test_an_inbox_that_cannot_be_read_is_no_trouble_of_another_employer(
    make_office: MakeOffice,
) -> None:
    office = make_office(organisations=2)
    other = office.folder.parent / str(office.world.organisations[1]["odsCode"])
    office.hour()
    (other / "inbox").rmdir()
    (other / "inbox").symlink_to("inbox")

    confirmation = office.send("APP", [("APA", office.submission())])

    assert confirmation.result == "LOADED"


def test_a_sandbox_without_a_hub_lets_the_hour_go(office: Office) -> None:
    asyncio.run(without_hub(office.job()))

    assert office.names("outbox") == []


def test_a_run_that_is_late_is_done_once_and_not_for_each_hour_that_was_missed(
    office: Office,
) -> None:
    job = office.job()
    office.stand(BEGIN + 50 * HOUR)

    asyncio.run(office.hourly.run(job))

    assert from_text(office.job().due_at) == next_hour(BEGIN + 50 * HOUR)


def moving(office: Office, now: datetime, to: datetime) -> None:
    """Has the clock stand at a moment, on its way to another."""
    clock = Clock(ClockMode.FROZEN, now, wall_now())
    office.do(lambda unit: set_clock(unit.connection, office.name, clock, to))


def standing(office: Office) -> Job:
    """The hour that is set, whatever else is due before it."""

    def read(unit: Any) -> Any:
        return unit.connection.exec_driver_sql(
            "SELECT due_at, payload FROM jobs WHERE workspace = ? AND job_id = 0", (office.name,)
        ).one()

    row = office.do(read)
    return Job(office.name, 0, row.due_at, HOURLY_RUN, "", json.loads(row.payload))


@pytest.mark.parametrize(
    ("hours", "job_after", "expected"),
    [(100, None, 100), (100, 7.5, 8), (0.5, None, 1), (100, 0.1, 1), (7, 7, 7), (1, None, 1)],
)
def test_a_moving_clock_passes_over_hours_in_which_nothing_can_happen(
    office: Office, hours: float, job_after: float | None, expected: int
) -> None:
    begin = office.hour()
    if job_after is not None:
        due_at = begin + timedelta(hours=1 + job_after)
        office.do(
            lambda unit: schedule(
                unit.transaction, office.name, kind="other", reference="", due_at=due_at
            )
        )
    # Numbers were given out since: one run looks round, and the next finds nothing.
    asyncio.run(office.hourly.run(standing(office)))
    begin = from_text(standing(office).due_at)
    moving(office, begin, begin + hours * HOUR)

    asyncio.run(office.hourly.run(standing(office)))

    assert from_text(standing(office).due_at) == begin + expected * HOUR


class Killed(BaseException):
    """As when the process is killed: nothing catches it."""


def test_a_run_that_is_killed_between_its_transactions_does_nothing_twice(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "ROWS_AT_ONCE", 5)
    applicants = [office.submission(registrations=[]) for _ in range(23)]
    rows = [("APA", item) for item in applicants]
    name, content = office.file("APP", rows)
    office.put(name, content)
    job = office.job()
    office.stand(from_text(job.due_at))
    written, kills = Database.written, 0

    for survived in range(1, 100):
        calls = 0

        async def dying(
            database: Database, work: Any, workspace: str | None, survived: int = survived
        ) -> Any:
            nonlocal calls
            calls += 1
            if calls > survived:
                raise Killed
            return await written(database, work, workspace)

        with monkeypatch.context() as killing:
            killing.setattr(Database, "written", dying)
            try:
                asyncio.run(HourlyInterface(office.hourly._hub, office.database).run(job))
                break
            except Killed:
                kills += 1
    print(f"killed {kills} times")

    assert kills > 3
    assert sorted(item["supplierReference"] for item in office.applicants()) == sorted(
        item["supplierReference"] for item in applicants
    )
    assert len(office.confirmations()) == 1
    assert len(office.confirmation(name).outcomes) == 23
    assert office.names("archive") == [name]
    assert len(office.outbox("POS")) == len(office.outbox("VAC")) == 1
    assert all(file["filed"] for file in office.files())


@pytest.mark.parametrize("moment", ["keep", "send"])
def test_a_run_that_is_killed_while_it_moves_files_goes_on_where_it_was(
    office: Office, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    name, content = office.file("APP", [("APA", office.submission())])
    office.put(name, content)
    real = getattr(EmployerFolder, moment)

    def dying(folder: EmployerFolder, *arguments: Any) -> None:
        real(folder, *arguments)
        raise Killed

    with monkeypatch.context() as killing:
        killing.setattr(EmployerFolder, moment, dying)
        with pytest.raises(Killed):
            office.hour()
    office.hour()

    assert (office.names("inbox"), office.names("archive")) == ([], [name])
    assert len(office.applicants()) == len(office.confirmations()) == 1
    assert all(file["filed"] for file in office.files())


def test_a_file_that_was_put_there_meanwhile_is_not_taken_for_the_one_that_was_loaded(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, content = office.file("APP", [("APA", office.submission())])
    office.put(name, content)

    def dying(_folder: EmployerFolder, _name: str) -> None:
        raise Killed

    with monkeypatch.context() as killing:
        killing.setattr(EmployerFolder, "keep", dying)
        with pytest.raises(Killed):
            office.hour()
    other = content.replace(b"TRL~", b"TRL~9")
    office.put(name, other)
    office.hour()
    office.hour()

    assert office.names("archive") == []
    assert (office.folder / "quarantine" / name).read_bytes() == other
    assert [file["state"] for file in office.files("IN")] == ["CONFIRMED", "REJECTED"]


def test_a_row_on_which_the_sandbox_fails_is_told_and_the_others_are_loaded(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = inbound.applicants.submit_applicant
    bad = office.submission()

    def failing(unit: Any, ods_code: str, document: dict[str, Any]) -> Any:
        if document["supplierReference"] == bad["supplierReference"]:
            raise ZeroDivisionError
        return real(unit, ods_code, document)

    monkeypatch.setattr(inbound.applicants, "submit_applicant", failing)

    confirmation = office.send("APP", [("APA", bad), ("APA", office.submission())])

    codes = [[m["messageCode"] for m in o.messages] for o in confirmation.outcomes]
    assert codes[0] == ["INTERNAL_ERROR"]
    assert confirmation.outcomes[1].columns["loadStatusCode"] == "SUCCESS"
    assert "ZeroDivisionError" in caplog.text


def test_the_hours_go_on_when_one_fails(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def failing(_unit: Any, _employer: Any) -> bool:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(exchange, "tell", failing)
        office.hour()
    assert "ZeroDivisionError" in caplog.text

    office.hour()

    assert len(office.outbox("POS")) == 1


def test_a_file_on_which_the_sandbox_fails_does_not_hold_up_the_others(
    office: Office, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    name, content = office.file("APP", [("APA", office.submission())])
    office.put(name, content)
    office.put("A-notes.txt", b"x")
    real = exchange.receive

    def failing(unit: Any, employer: Any, found: str, *arguments: Any) -> tuple[int, bool]:
        if found == name:
            raise ZeroDivisionError
        return real(unit, employer, found, *arguments)

    with monkeypatch.context() as broken:
        broken.setattr(exchange, "receive", failing)
        office.hour()
    assert office.names("inbox") == [name]
    assert "A-notes.txt" in office.names("quarantine")
    assert len(office.outbox("POS")) == 1

    office.hour()

    assert office.names("archive") == [name]
