"""Applicants on their way from an advert to the hire, with every check, through both systems.

>>> plan = JourneyPlan("http://127.0.0.1:8080", token="...", hires=200)  # doctest: +SKIP
>>> run_journeys(plan, print).holds  # doctest: +SKIP
True
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from simulators.actors.agreement import Finished, disagreements
from simulators.actors.candidates import Candidate
from simulators.actors.connection import ActorRefused, Systems
from simulators.actors.plan import Failure, JourneyPlan, JourneyResult, Progress
from simulators.actors.recruiters import Casework, Recruiter
from simulators.checks import check_history
from simulators.reference.job_roles import job_roles
from simulators.streams import Stream

_PER_ADVERT = 5
_ROUNDS = 5
_POLL_SECONDS = 0.05
_CONTROL_ESR = "/control/v1/esr"

__all__ = ["JourneyPlan", "JourneyResult", "Progress", "journeys", "run_journeys"]


def run_journeys(plan: JourneyPlan, progress: Callable[[Progress], None]) -> JourneyResult:
    """Runs the plan and reads both systems back. Raises SystemAbsent when a system does not answer, ActorRefused
    when there is no world to act in.
    """
    return asyncio.run(journeys(plan, progress))


async def journeys(plan: JourneyPlan, progress: Callable[[Progress], None]) -> JourneyResult:
    """As `run_journeys`, within a running event loop."""
    began = time.monotonic()
    async with Systems(plan.url, plan.token, plan.run, plan.at_once + 2) as systems:
        stage = _Stage(plan, systems, progress)
        await stage.prepare()
        for _ in range(_ROUNDS):
            missing = plan.hires - stage.hired
            if missing <= 0 or stage.failures:
                break
            await stage.run(missing)
        stage.tell("waiting until everything has arrived")
        settlement = await systems.write(
            "POST", "/control/v1/settle", "settle", {"timeoutSeconds": min(300.0, plan.patience)}
        )
        stage.tell("reading both systems back")
        found = await disagreements(systems, stage.finished, plan.at_once)
    return JourneyResult(
        hires=plan.hires,
        hired=stage.hired,
        withdrawn=stage.withdrawn,
        adverts=stage.adverts,
        check_updates=dict(sorted(stage.check_updates.items())),
        answers_from_esr=dict(sorted(stage.answers.items())),
        failures=tuple(stage.failures),
        disagreements=tuple(found),
        unsettled=len(settlement["waiting"]),
        seconds=time.monotonic() - began,
    )


@dataclass(frozen=True, slots=True)
class _Opening:
    recruiter: Recruiter
    advert_id: int


class _Stage:
    """The journeys that are under way, and what came of the others."""

    def __init__(
        self, plan: JourneyPlan, systems: Systems, progress: Callable[[Progress], None]
    ) -> None:
        self._plan = plan
        self._systems = systems
        self._progress = progress
        self._today = date.min
        self._positions: list[dict[str, Any]] = []
        self._next_index = 0
        self.hired = 0
        self.withdrawn = 0
        self.adverts = 0
        self.check_updates: Counter[str] = Counter()
        self.answers: Counter[str] = Counter()
        self.failures: list[Failure] = []
        self.finished: list[Finished] = []

    def tell(self, doing: str) -> None:
        """Tells how far the journeys are."""
        self._progress(
            Progress(self.hired, self.withdrawn, len(self.failures), self._plan.hires, doing)
        )

    async def prepare(self) -> None:
        """Reads the world's date and the positions that people may be hired into."""
        clock = await self._systems.read("/control/v1/clock")
        self._today = date.fromisoformat(clock["now"][:10])
        known = {role.code for role in job_roles()}
        for organisation in await self._systems.read_all("/esr/v1/organisations", "organisations"):
            found = await self._positions_of(organisation["odsCode"])
            self._positions += [
                position
                for position in found
                if position["hiringStatus"] == "ACTIVE"
                and position["changeDeleteIndicator"] != "D"
                and position["jobRole"] in known
            ]
        if not self._positions:
            raise ActorRefused(
                "GET", "/esr/v1/positions", 200, "no position takes people; seed the world first"
            )

    async def _positions_of(self, ods_code: str) -> list[dict[str, Any]]:
        page = await self._systems.read("/esr/v1/positions", organisation=ods_code, limit=100)
        found: list[dict[str, Any]] = list(page["positions"])
        while page["more"]:
            page = await self._systems.read(
                "/esr/v1/positions", organisation=ods_code, limit=100, since=page["next"]
            )
            found += page["positions"]
        return found

    async def run(self, count: int) -> None:
        """Sends `count` more applicants on their way; returns when each has come to an end."""
        first, self._next_index = self._next_index, self._next_index + count
        openings = await self._advertise(first, -(-count // _PER_ADVERT))
        waiting = iter(range(first, first + count))

        async def work() -> None:
            for index in waiting:
                await self._journey(index, openings[(index - first) % len(openings)])

        await asyncio.gather(*(work() for _ in range(min(self._plan.at_once, count))))

    async def _advertise(self, first: int, count: int) -> list[_Opening]:
        openings = []
        for ordinal in range(count):
            stream = Stream(self._plan.seed, "journey-position", first * _PER_ADVERT + ordinal)
            recruiter = Recruiter(self._systems, stream.pick(self._positions), self._today)
            reference = f"J{self._plan.run[-16:]}-{first + ordinal}"
            advert = await recruiter.advertise(reference, _PER_ADVERT, self._plan.seed)
            openings.append(_Opening(recruiter, advert["advertId"]))
            self.adverts += 1
            self.tell("advertising")
        return openings

    async def _journey(self, index: int, opening: _Opening) -> None:
        application_id = None
        try:
            candidate = Candidate.for_position(
                self._plan.seed, index, opening.recruiter.position, self._today
            )
            application = await candidate.apply(self._systems, opening.advert_id)
            application_id = application["applicationId"]
            hired = await self._from_application_to_end(candidate, application_id, opening)
        except (ActorRefused, TimeoutError) as problem:
            self.failures.append(Failure(index, application_id, str(problem)))
        else:
            self.hired += hired
            self.withdrawn += not hired
            self.finished.append(Finished(application_id, candidate.person))
        self.tell("applying, checking and hiring")

    async def _from_application_to_end(
        self, candidate: Candidate, application_id: int, opening: _Opening
    ) -> bool:
        """Whether the candidate was hired; else the application was withdrawn."""
        recruiter = opening.recruiter
        offer = await recruiter.offer(application_id)
        await candidate.accept(self._systems, application_id)
        case = self._casework(candidate, recruiter, offer)
        # Begun while the applicant may still be on the way to ESR, as a recruiter would.
        for place, (check_type, update) in enumerate(case.updates):
            await recruiter.record_check(application_id, place, check_type, update)
            self.check_updates[check_type] += 1
        number = await self._applicant_number(application_id)
        await self._until(
            lambda: self._checks_arrived(application_id),
            f"the checks of application {application_id} did not reach ESR",
        )
        await self._others_answer(case, number)
        await self._settle_who_it_is(number)
        if case.stands_in_the_way:
            await self._withdraw(recruiter, number)
        else:
            await self._systems.write(
                "POST", f"{_CONTROL_ESR}/applicants/{number}/hire", f"hire/{number}", {}
            )
        end = "WITHDRAWN" if case.stands_in_the_way else "HIRED"
        await self._until(
            lambda: self._has_status(application_id, end),
            f"application {application_id} did not become {end} in NHS Jobs",
        )
        return not case.stands_in_the_way

    def _casework(
        self, candidate: Candidate, recruiter: Recruiter, offer: Mapping[str, Any]
    ) -> Casework:
        applicant = {
            "jobRole": recruiter.position["jobRole"],
            "startDate": offer["startDate"],
            "person": candidate.person,
            "registrations": list(candidate.registrations),
        }
        history = check_history(applicant, self._plan.seed, candidate.index, self._today)
        return Casework.shared_out(history)

    async def _others_answer(self, case: Casework, number: str) -> None:
        applicant = f"{_CONTROL_ESR}/applicants/{number}"
        if case.occupational_health is not None:
            await self._systems.write(
                "POST",
                f"{applicant}/occupational-health-clearance",
                f"health/{number}",
                {"result": case.occupational_health},
            )
            self.answers["occupational health"] += 1
        if case.regulator_answers:
            await self._systems.write(
                "POST",
                f"{applicant}/registration-answer",
                f"regulator/{number}",
                {"answer": "FOUND"},
            )
            self.answers["regulator"] += 1

    async def _settle_who_it_is(self, number: str) -> None:
        """Has an ESR user decide an uncertain match: who shares an NI number is the same person, others are new."""
        applicant = await self._systems.read(f"/esr/v1/applicants/{number}")
        if applicant["status"] != "ACTIVE_APPLICATION":
            return
        shared = [
            candidate["personId"]
            for candidate in applicant["match"].get("candidates", [])
            if candidate["grade"] != "NAME_AND_BIRTH"
        ]
        decision: dict[str, Any] = {"decision": "NEW_PERSON"}
        if shared:
            decision = {"decision": "LINK", "personId": shared[0]}
        await self._systems.write(
            "POST",
            f"{_CONTROL_ESR}/applicants/{number}/match-decision",
            f"match/{number}",
            decision,
        )
        self.answers["matches decided"] += 1

    async def _withdraw(self, recruiter: Recruiter, number: str) -> None:
        await self._systems.write(
            "POST",
            f"/esr/v1/applicants/{number}/withdrawal",
            f"withdraw/{number}",
            {"reason": "CHECKS_NOT_SATISFIED", "withdrawnDate": self._today.isoformat()},
            recruiter.employer,
        )

    async def _applicant_number(self, application_id: int) -> str:
        async def arrived() -> bool:
            application = await self._application(application_id)
            if application["status"] == "ESR_REJECTED":
                messages = application.get("esr", {}).get("confirmation", {}).get("messages", [])
                raise ActorRefused("POST", "/esr/v1/applicants", 422, str(messages))
            return "applicantNumber" in application.get("esr", {})

        await self._until(arrived, f"application {application_id} did not reach ESR")
        return str((await self._application(application_id))["esr"]["applicantNumber"])

    async def _checks_arrived(self, application_id: int) -> bool:
        held = await self._systems.read(
            f"/nhs-jobs/v1/applications/{application_id}/pre-employment-checks"
        )
        for check in held["preEmploymentChecks"]:
            if check["sentToEsr"] == "REFUSED":
                raise ActorRefused(
                    "PUT",
                    check["checkType"],
                    check["problem"]["status"],
                    check["problem"]["detail"],
                )
        return all(check["sentToEsr"] != "PENDING" for check in held["preEmploymentChecks"])

    async def _has_status(self, application_id: int, status: str) -> bool:
        return bool((await self._application(application_id))["status"] == status)

    async def _application(self, application_id: int) -> dict[str, Any]:
        found: dict[str, Any] = await self._systems.read(
            f"/nhs-jobs/v1/applications/{application_id}"
        )
        return found

    async def _until(self, holds: Callable[[], Awaitable[bool]], otherwise: str) -> None:
        """Waits until something holds. Raises TimeoutError with `otherwise` when patience ends."""
        deadline = time.monotonic() + self._plan.patience
        while not await holds():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{otherwise} within {self._plan.patience:g} seconds")
            await asyncio.sleep(_POLL_SECONDS)
