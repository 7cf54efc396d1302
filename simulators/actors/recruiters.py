"""Recruiters of one employer: they advertise, offer, check, and see to it that people are hired."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from simulators import identifiers, pools
from simulators.actors.connection import Systems
from simulators.check_details import AWAITING_ANSWER, COMPLETE, REGISTRATION, WORK_HEALTH
from simulators.checks import CheckStep
from simulators.streams import Stream

_NHS_JOBS = "/nhs-jobs/v1"
_ACTS = "/control/v1/nhs-jobs"
_OPEN_FOR = timedelta(days=28)
_NOTICE = timedelta(days=56)
_FULL_TIME_HOURS = 37.5
_PERMANENT, _FULL_TIME, _PART_TIME = "05", "01", "02"


@dataclass(frozen=True, slots=True)
class Recruiter:
    """A recruiter who fills one position of an employer."""

    systems: Systems
    position: Mapping[str, Any]
    today: date

    @property
    def employer(self) -> str:
        """The employer's ODS code."""
        return str(self.position["odsCode"])

    async def advertise(self, reference: str, openings: int, seed: int) -> dict[str, Any]:
        """Pushes an advert for the position and publishes it; answers the advert."""
        stream = Stream(seed, "advert", self.position["positionId"] % 2**31)
        town = stream.pick(pools.towns())
        title = self.position["positionTitle"]
        draft = await self.systems.write(
            "POST",
            f"{_NHS_JOBS}/adverts",
            f"push/{reference}",
            {
                "supplierReference": reference,
                "title": title,
                "description": f"{title}: join our team in {town.name}. {self.position['areaOfWork']}.",
                "staffGroup": self.position["staffGroup"],
                "jobRole": self.position["jobRole"],
                "areaOfWork": self.position["areaOfWork"],
                "payBand": self.position["payScale"],
                "contractType": "Permanent",
                "workingPattern": ["full-time" if self._is_full_time else "part-time"],
                "salary": {"text": "Depends on experience"},
                "locations": [{"town": town.name, "postcode": identifiers.postcode(stream, town)}],
                "openings": openings,
                "closeDate": (self.today + _OPEN_FOR).isoformat(),
                "positionId": self.position["positionId"],
            },
            self.employer,
        )
        published: dict[str, Any] = await self.systems.write(
            "POST",
            f"{_ACTS}/adverts/{draft['advertId']}/publication",
            f"publish/{reference}",
            None,
        )
        return published

    async def offer(self, application_id: int) -> dict[str, Any]:
        """Offers the post; answers the offer."""
        start = self.today + _NOTICE
        start += timedelta(days=-start.weekday() % 7)
        offer: dict[str, Any] = await self.systems.write(
            "POST",
            f"{_ACTS}/applications/{application_id}/offer",
            f"offer/{application_id}",
            {
                "offerDate": self.today.isoformat(),
                "startDate": start.isoformat(),
                "contractType": _PERMANENT,
                "assignmentType": _FULL_TIME if self._is_full_time else _PART_TIME,
                "hoursPerWeek": self.position["contractedHours"],
            },
        )
        return offer

    async def record_check(
        self, application_id: int, place: int, check_type: str, update: Mapping[str, Any]
    ) -> None:
        """Records update number `place` of an application's checks."""
        await self.systems.write(
            "PUT",
            f"{_NHS_JOBS}/applications/{application_id}/pre-employment-checks/{check_type}",
            f"check/{application_id}/{place}",
            dict(update),
            self.employer,
        )

    @property
    def _is_full_time(self) -> bool:
        return bool(self.position["contractedHours"] >= _FULL_TIME_HOURS)


@dataclass(frozen=True, slots=True)
class Casework:
    """Who does what of an applicant's checks: the recruiter's updates, and what others answer."""

    updates: tuple[tuple[str, Mapping[str, Any]], ...]
    occupational_health: str | None
    """What occupational health concludes (a result of the contract), where it is asked."""
    regulator_answers: bool

    @classmethod
    def shared_out(cls, history: list[CheckStep]) -> "Casework":
        """Leaves to occupational health and to the regulator what they answer in life.

        Whoever only asked after a registration waits for the regulator; whoever asked occupational health leaves the
        last word to it.
        """
        updates = [(step.check_type, step.update) for step in history]
        result = None
        asked = [step for step in history if step.check_type == WORK_HEALTH]
        if len(asked) > 1 and asked[-1].update["state"] == COMPLETE:
            result = asked[-1].update["workHealth"]["result"]
            updates.remove((WORK_HEALTH, asked[-1].update))
        registrations = [step.update for step in history if step.check_type == REGISTRATION]
        waits = bool(registrations) and registrations[-1]["state"] != COMPLETE
        if waits:
            updates.append((REGISTRATION, {**registrations[-1], "state": AWAITING_ANSWER}))
        return cls(tuple(updates), result, waits)

    @property
    def stands_in_the_way(self) -> bool:
        """Whether a check says that this person must not be employed."""
        unfit = self.occupational_health == "UNFIT"
        return unfit or any(update.get("outcome") == "NOT_CLEAR" for _, update in self.updates)
