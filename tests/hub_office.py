"""A workspace with a hub and a clock that stands still, without a server: its hours are run by hand."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox.clock import Clock, ClockMode, wall_now
from sandbox.database import Database, Transaction
from sandbox.esr.files.hub import Hub
from sandbox.esr.files.run import HOURLY_RUN, HourlyInterface
from sandbox.esr.files.supplier import Confirmation, inbound_file, read_confirmation, read_rows
from sandbox.esr.service.applicants import list_applicants
from sandbox.esr.service.files import list_files
from sandbox.jobs.store import Job, next_job
from sandbox.timestamps import from_text
from sandbox.web.call import Unit, open_unit
from sandbox.workspaces.store import set_clock
from simulators.applicants import applicant
from simulators.checks import CheckStep, check_history
from simulators.world import World

BEGIN = datetime(2030, 1, 1, 8, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
SEED = 1


class Office:
    """One workspace: its ESR, its hub, and the first employer's supplier."""

    def __init__(self, database: Database, hub: Path, name: str, world: World) -> None:
        self.database, self.name, self.world = database, name, world
        self.employer: Mapping[str, Any] = world.organisations[0]
        self.ods_code = str(self.employer["odsCode"])
        self.vpd = str(self.employer["vpd"])
        self.hourly = HourlyInterface(Hub(hub), database)
        self.folder = hub / name / self.ods_code
        self.sequences = {"APP": 0, "CHK": 0}
        self._people = iter(range(10_000))
        self._indices: dict[str, int] = {}
        asyncio.run(self.hourly.open(name))

    def do(self, work: Callable[[Unit], Any]) -> Any:
        """Work in a transaction of its own, through the API's door."""

        def run(transaction: Transaction) -> Any:
            return work(open_unit(transaction, self.name, wall_now(), "supplier"))

        return self.database.write(run).result(60)

    @property
    def now(self) -> datetime:
        return self.do(lambda unit: unit.now)

    def stand(self, moment: datetime) -> None:
        """Freezes the clock at a moment."""
        clock = Clock(ClockMode.FROZEN, moment, wall_now())
        self.do(lambda unit: set_clock(unit.connection, self.name, clock))

    def job(self) -> Job:
        """The hour that is set."""
        found = self.do(lambda unit: next_job(unit.connection, self.name))
        assert found is not None
        assert found.kind == HOURLY_RUN
        return found

    def hour(self) -> datetime:
        """Moves the clock to the hour that is set and runs it."""
        job = self.job()
        self.stand(from_text(job.due_at))
        asyncio.run(self.hourly.run(job))
        return from_text(job.due_at)

    def file(
        self,
        file_type: str,
        rows: list[tuple[str, Mapping[str, Any]]],
        created: datetime | None = None,
    ) -> tuple[str, bytes]:
        """The next file of a type."""
        number = self.sequences[file_type] + 1
        return inbound_file(file_type, self.vpd, number, created or self.now, rows)

    def put(self, name: str, content: bytes) -> None:
        """Puts a file into the inbox."""
        (self.folder / "inbox" / name).write_bytes(content)

    def send(
        self,
        file_type: str,
        rows: list[tuple[str, Mapping[str, Any]]],
        created: datetime | None = None,
    ) -> Confirmation:
        """Sends the next file, lets the hour come and answers the confirmation."""
        name, content = self.file(file_type, rows, created)
        self.put(name, content)
        self.hour()
        self.sequences[file_type] += 1
        return self.confirmation(name)

    def confirmation(self, name: str) -> Confirmation:
        [found] = [item for item in self.confirmations() if item.name == name]
        return found

    def confirmations(self) -> list[Confirmation]:
        names = [name for name in self.names("outbox") if "_APC_" in name or "_CKC_" in name]
        return [read_confirmation((self.folder / "outbox" / name).read_bytes()) for name in names]

    def names(self, folder: str) -> list[str]:
        return sorted(path.name for path in (self.folder / folder).iterdir())

    def outbox(self, file_type: str) -> list[list[tuple[str, dict[str, Any]]]]:
        """The rows of each file of a type, in order."""
        return [
            read_rows((self.folder / "outbox" / name).read_bytes())
            for name in self.names("outbox")
            if f"_{file_type}_" in name
        ]

    def applicants(self) -> list[dict[str, Any]]:
        """The applicants whom ESR holds."""
        return list(self.do(lambda unit: list_applicants(unit, 0, 1000))["applicants"])

    def files(self, direction: str | None = None) -> list[dict[str, Any]]:
        """The files as the control contract shows them."""
        page = self.do(lambda unit: list_files(unit, 0, 1000, None, direction))
        return list(page["files"])

    def submission(self, **changes: Any) -> dict[str, Any]:
        """The next applicant of the first employer whom nobody has sent."""
        while True:
            index = next(self._people)
            found = applicant(SEED, index, self.world)
            mine = any(
                item["vacancyReference"] == found["vacancyReference"]
                and item["odsCode"] == self.ods_code
                for item in self.world.vacancies
            )
            if mine and not found.get("internalCandidate"):
                self._indices[found["supplierReference"]] = index
                return {**found, **changes}

    def steps(self, submission: Mapping[str, Any]) -> list[CheckStep]:
        """What a supplier sends of an applicant's checks, in order."""
        index = self._indices[submission["supplierReference"]]
        return check_history(submission, SEED, index)
