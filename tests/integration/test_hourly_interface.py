"""The hourly interface of a running sandbox: files go in, the hour comes, files come out."""

import itertools
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from harness import Workspace

from sandbox.esr.files.supplier import Confirmation, inbound_file, read_confirmation, read_rows
from sandbox.server import Started, launch, started, stop
from simulators.applicants import applicant
from simulators.world import World

BEGIN = "2030-01-01T08:10:00Z"
WAIT = 60
"""Seconds after which what should have happened is taken not to."""

_numbers = itertools.count(1)


@dataclass
class Supplier:
    """A workspace of a sandbox with a hub, and the supplier's side of the first employer's folder."""

    workspace: Workspace
    hub: Path

    @property
    def employer(self) -> Mapping[str, Any]:
        return self.workspace.world.organisations[0]

    @property
    def folder(self) -> Path:
        return self.hub / self.workspace.name / str(self.employer["odsCode"])

    @property
    def now(self) -> datetime:
        return datetime.fromisoformat(self.workspace.control.get("/clock").json()["now"])

    def put(self, kind: str, sequence: int, rows: list[tuple[str, Mapping[str, Any]]]) -> str:
        """Writes a file as a supplier should: under another name first."""
        name, content = inbound_file(kind, str(self.employer["vpd"]), sequence, self.now, rows)
        growing = self.folder / "inbox" / f"{name}.part"
        growing.write_bytes(content)
        growing.rename(growing.with_suffix(""))
        return name

    def advance(self, by: str = "PT1H") -> None:
        self.workspace.advance(by=by)
        self.workspace.settle()

    def outbox(self, kind: str) -> list[bytes]:
        paths = sorted((self.folder / "outbox").glob(f"ER_*_{kind}_*.DAT"))
        return [path.read_bytes() for path in paths]

    def confirmation(self, kind: str = "APC") -> Confirmation:
        return read_confirmation(self.outbox(kind)[-1])

    def files(self, **filters: str) -> list[dict[str, Any]]:
        answer = self.workspace.control.get("/esr/files", params={"limit": "100", **filters})
        return list(answer.raise_for_status().json()["files"])

    def submissions(self, count: int) -> list[dict[str, Any]]:
        """Applicants of the first employer, none of whom works there."""
        world = self.workspace.world
        mine = {
            item["vacancyReference"]
            for item in world.vacancies
            if item["odsCode"] == self.employer["odsCode"]
        }
        found = (applicant(world.seed, index, world) for index in itertools.count())
        wanted = (
            item
            for item in found
            if item["vacancyReference"] in mine and not item.get("internalCandidate")
        )
        return list(itertools.islice(wanted, count))


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exchange") / "hub"


@pytest.fixture(scope="module")
def running(hub: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    folder = tmp_path_factory.mktemp("sandbox-with-hub")
    with started(
        "--validate-responses", "--world", "empty", "--hub", str(hub), folder=folder
    ) as sandbox:
        yield sandbox


def new_supplier(running: Started, hub: Path, positions: int = 12) -> Supplier:
    name = f"hub-{next(_numbers)}"
    control = f"{running.url}/w/{name}/control/v1"
    with httpx.Client(timeout=WAIT, trust_env=False) as client:
        made = client.post(f"{running.url}/control/v1/workspaces", json={"name": name})
        client.put(f"{control}/clock", json={"mode": "FROZEN", "at": BEGIN}).raise_for_status()
        wanted = {"seed": 1, "organisations": 1, "positionsPerOrganisation": positions}
        client.post(f"{control}/seed", json=wanted).raise_for_status()
    world = World.make(1, 1, positions)
    return Supplier(Workspace(name, running.url, made.json()["token"], world), hub)


@pytest.fixture
def supplier(running: Started, hub: Path) -> Supplier:
    return new_supplier(running, hub)


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"


def test_an_hour_of_the_interface(supplier: Supplier) -> None:
    workspace = supplier.workspace
    one, two = supplier.submissions(2)
    spoilt = {**two, "jobRole": "99999"}
    assert sorted(path.name for path in supplier.folder.iterdir()) == [
        "archive",
        "inbox",
        "outbox",
        "quarantine",
    ]

    name = supplier.put("APP", 1, [("APA", one), ("APA", spoilt)])
    supplier.advance()

    confirmation = supplier.confirmation()
    first, second = confirmation.outcomes
    assert confirmation.name == name
    assert [o.columns["loadStatusCode"] for o in (first, second)] == ["SUCCESS", "FAIL"]
    assert "JOB_ROLE_UNKNOWN" in [message["messageCode"] for message in second.messages]
    number = first.columns["applicantNumber"]
    assert workspace.read(number)["person"] == one["person"]
    assert workspace.read(number)["submittedAt"] == "2030-01-01T09:00:00.000Z"

    check = {"state": "IN_PROGRESS", "requestedDate": "2030-01-01", "checkType": "identity"}
    supplier.put("CHK", 1, [("ECA", {**check, "applicant": {"applicantNumber": number}})])
    act = f"/esr/applicants/{number}/occupational-health-clearance"
    workspace.control.post(act, json={"result": "FIT"}).raise_for_status()
    supplier.advance()

    assert supplier.confirmation("CKC").of(1).columns["loadStatusCode"] == "SUCCESS"
    path = f"/applicants/{number}/employment-checks/identity"
    assert workspace.esr.get(path).json()["state"] == "IN_PROGRESS"
    [told] = supplier.outbox("ECO")
    assert [(code, row["checkType"], row["updatedBy"]) for code, row in read_rows(told)] == [
        ("ECO", "work-health-assessment", "ESR")
    ]
    listed = [(file["direction"], file["fileType"], file["state"]) for file in supplier.files()]
    assert listed == [
        ("IN", "APP", "CONFIRMED"),
        ("OUT", "APC", "WRITTEN"),
        ("OUT", "POS", "WRITTEN"),
        ("OUT", "VAC", "WRITTEN"),
        ("IN", "CHK", "CONFIRMED"),
        ("OUT", "CKC", "WRITTEN"),
        ("OUT", "ECO", "WRITTEN"),
    ]
    assert all(file["filed"] for file in supplier.files(direction="IN"))
    assert supplier.files(odsCode="X9Z9Z") == []


def test_a_day_without_news_writes_nothing(supplier: Supplier) -> None:
    supplier.advance("PT2H")
    before = supplier.files()

    supplier.advance("P30D")

    assert supplier.files() == before


def test_a_quarantined_file_is_silent_to_the_supplier_and_listed_for_the_tester(
    supplier: Supplier,
) -> None:
    [first, *others] = supplier.submissions(41)
    same = {key: first[key] for key in ("vacancyReference", "positionId", "staffGroup", "jobRole")}
    rows = [("APA", {**item, **same, "registrations": []}) for item in (first, *others)]

    supplier.put("APP", 1, rows)
    supplier.advance()

    assert supplier.outbox("APC") == []
    [file] = supplier.files(direction="IN")
    assert (file["state"], file["code"]) == ("QUARANTINED", "FILE_POSITION_CROWDED")
    assert supplier.workspace.esr.get("/applicants").json()["applicants"] == []


def switch(supplier: Supplier, **doors: bool) -> None:
    supplier.workspace.change_organisation(interfaces=doors).raise_for_status()


def test_an_employer_has_one_door_open_or_the_other_or_both(supplier: Supplier) -> None:
    workspace = supplier.workspace
    by_api, by_file, again = supplier.submissions(3)
    number = workspace.write("POST", "/applicants", by_api).json()["applicantNumber"]

    switch(supplier, api=False)
    answer = workspace.write("POST", "/applicants", again)
    withdrawn = workspace.write(
        "POST",
        f"/applicants/{number}/withdrawal",
        {"reason": "OTHER", "withdrawnDate": "2030-01-01"},
    )
    assert workspace.read(number)["status"] != "TERMINATED"
    supplier.put("APP", 1, [("APA", by_file)])
    supplier.advance()

    assert (answer.status_code, withdrawn.status_code) == (422, 422)
    messages = answer.json()["confirmation"]["messages"]
    assert "INTERFACE_NOT_ENABLED" in [message["messageCode"] for message in messages]
    assert withdrawn.json()["code"] == "INTERFACE_NOT_ENABLED"
    assert supplier.confirmation().of(1).columns["loadStatusCode"] == "SUCCESS"

    switch(supplier, api=True, files=False)
    supplier.put("APP", 2, [("APA", again)])
    supplier.advance()

    assert supplier.files(direction="IN")[-1]["code"] == "FILE_INTERFACE_OFF"
    assert workspace.write("POST", "/applicants", again).status_code == 201


def test_the_hour_comes_by_itself_when_the_clock_runs(supplier: Supplier) -> None:
    [submission] = supplier.submissions(1)
    supplier.put("APP", 1, [("APA", submission)])

    clock = {"mode": "RUNNING", "factor": 3600}
    supplier.workspace.control.put("/clock", json=clock).raise_for_status()

    until(lambda: bool(supplier.outbox("APC")))
    assert supplier.confirmation().of(1).columns["loadStatusCode"] == "SUCCESS"


def test_a_snapshot_holds_where_the_files_have_come_to(supplier: Supplier) -> None:
    control = supplier.workspace.control
    one, two = supplier.submissions(2)
    kept = control.post("/snapshots", json={"name": "before"}).raise_for_status().json()
    supplier.put("APP", 1, [("APA", one)])
    supplier.advance()

    control.post(f"/snapshots/{kept['snapshotId']}/restore").raise_for_status()
    assert supplier.files() == []
    supplier.put("APP", 1, [("APA", two)])
    supplier.advance()

    assert [file["state"] for file in supplier.files(direction="IN")] == ["CONFIRMED"]
    found = supplier.workspace.esr.get("/applicants").json()["applicants"]
    assert [item["supplierReference"] for item in found] == [two["supplierReference"]]


def test_a_reset_workspace_begins_with_number_one_again(supplier: Supplier) -> None:
    [submission] = supplier.submissions(1)
    supplier.put("APP", 1, [("APA", submission)])
    supplier.advance()
    control = supplier.workspace.control

    control.post("/reset").raise_for_status()
    control.put("/clock", json={"mode": "FROZEN", "at": BEGIN}).raise_for_status()
    wanted = {"seed": 1, "organisations": 1, "positionsPerOrganisation": 12}
    control.post("/seed", json=wanted).raise_for_status()
    supplier.put("APP", 1, [("APA", submission)])
    supplier.advance()

    assert [file["state"] for file in supplier.files(direction="IN")] == ["CONFIRMED"]
    assert len(list((supplier.folder / "archive").iterdir())) == 2


@pytest.mark.parametrize("path", ["/snapshots/1/restore", "/reset"])
def test_an_hour_that_is_under_way_does_not_go_on_in_another_world(
    running: Started, hub: Path, path: str
) -> None:
    supplier = new_supplier(running, hub, positions=100)
    control = supplier.workspace.control
    control.post("/snapshots", json={"name": "begin"}).raise_for_status()
    name = supplier.put("APP", 1, [("APA", item) for item in supplier.submissions(600)])
    moving = threading.Thread(target=_advance_until_killed, args=(supplier,))
    moving.start()
    until(lambda: bool(_applicants(supplier, "1")))

    control.post(path).raise_for_status()
    moving.join(WAIT)
    supplier.workspace.settle()

    assert supplier.files() == []
    assert [item.name for item in (supplier.folder / "inbox").iterdir()] == [name]
    if path == "/reset":
        control.put("/clock", json={"mode": "FROZEN", "at": BEGIN}).raise_for_status()
        wanted = {"seed": 1, "organisations": 1, "positionsPerOrganisation": 100}
        control.post("/seed", json=wanted).raise_for_status()
    supplier.advance()
    assert [file["state"] for file in supplier.files(direction="IN")] == ["CONFIRMED"]


def test_a_kill_in_the_middle_of_a_file_loses_and_doubles_nothing(tmp_path: Path) -> None:
    hub, database = tmp_path / "hub", str(tmp_path / "sandbox.db")
    arguments = ("--world", "empty", "--hub", str(hub))
    process, running = launch(*arguments, folder=tmp_path, database=database)
    try:
        supplier = new_supplier(running, hub, positions=100)
        submissions = supplier.submissions(600)
        name = supplier.put("APP", 1, [("APA", item) for item in submissions])
        moving = threading.Thread(target=_advance_until_killed, args=(supplier,))
        moving.start()
        until(lambda: bool(_applicants(supplier, "1")))
        process.send_signal(signal.SIGKILL)
        process.wait()
        moving.join(WAIT)
        stop(process)
        with closing(sqlite3.connect(database)) as file:
            [(state, done)] = file.execute("SELECT state, rows_done FROM esr_files").fetchall()
        assert state == "LOADING"
        assert done > 0
        port = running.url.rsplit(":", 1)[1]
        process, again = launch(*arguments, "--port", port, folder=tmp_path, database=database)
        assert again == running

        supplier.workspace.settle()

        assert supplier.confirmation().name == name
        assert len(supplier.outbox("APC")) == 1
        outcomes = supplier.confirmation().outcomes
        taken = [o.columns for o in outcomes if o.columns["loadStatusCode"] == "SUCCESS"]
        assert len(outcomes) == 600
        held = _applicants(supplier, "100")
        assert sorted(item["applicantNumber"] for item in held) == sorted(
            columns["applicantNumber"] for columns in taken
        )
        assert len(taken) > 500
    finally:
        stop(process)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--hub", "a-file"], "is a file"),
        (["--hub", "a-file/hub"], "cannot be used as a hub"),
        (
            ["--hub", "hub", "--only", "nhs-jobs", "--esr-url", "http://127.0.0.1:9"],
            "The hub is ESR's",
        ),
        (["--console-folder", "a-file/console"], "cannot be used for what the console keeps"),
    ],
)
def test_a_folder_that_cannot_be_is_refused_at_the_start(
    tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    (tmp_path / "a-file").write_text("x")

    ended = subprocess.run(
        [sys.executable, "-m", "sandbox.cli", "up", "--port", "0", *arguments],
        cwd=tmp_path,
        capture_output=True,
        timeout=WAIT,
        check=False,
    )

    assert ended.returncode == 2
    assert sentence in ended.stderr.decode()
    assert [path.name for path in tmp_path.iterdir()] == ["a-file"]


def _advance_until_killed(supplier: Supplier) -> None:
    with httpx.Client(timeout=WAIT, trust_env=False) as client:
        url = f"{supplier.workspace.url}/w/{supplier.workspace.name}/control/v1/clock/advance"
        try:
            client.post(url, json={"by": "PT1H"}, headers={"X-Request-ID": str(uuid4())})
        except httpx.HTTPError:
            return


def _applicants(supplier: Supplier, limit: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    parameters = {"limit": limit}
    while True:
        page = supplier.workspace.esr.get("/applicants", params=parameters).json()
        found += page["applicants"]
        if not page["more"] or limit == "1":
            return found
        parameters["cursor"] = page["next"]
