"""Candidates: who they are for a post, and what they do in NHS Jobs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from simulators import identifiers
from simulators.actors.connection import Systems
from simulators.people import person
from simulators.reference.job_roles import job_role
from simulators.registration import registration
from simulators.streams import Stream

# What NHS Jobs asks for only when the offer is accepted (NHSBSA article KA-25617).
_LATER = ("dateOfBirth", "niNumber")
_SOURCES = ("01", "03", "09", "13", "14", "17")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One candidate: the person in full, whatever of it was told so far."""

    index: int
    person: Mapping[str, Any]
    registrations: tuple[Mapping[str, Any], ...]
    recruitment_source: str
    consents: bool

    @classmethod
    def for_position(
        cls, seed: int, index: int, position: Mapping[str, Any], today: date
    ) -> "Candidate":
        """Candidate `index` of `seed`, who fits an ESR position."""
        stream = Stream(seed, "candidate", index)
        role = job_role(position["jobRole"])
        someone = person(seed, index, role, today)
        someone["niNumber"] = identifiers.national_insurance_number(seed, index)
        registrations: tuple[Mapping[str, Any], ...] = ()
        if role.register is not None:
            registrations = (registration(seed, index, role.register, today),)
        return cls(index, someone, registrations, stream.pick(_SOURCES), stream.chance(85))

    async def apply(self, systems: Systems, advert_id: int) -> dict[str, Any]:
        """Applies for an advert; answers the application."""
        candidate = {name: value for name, value in self.person.items() if name not in _LATER}
        body: dict[str, Any] = {
            "candidate": candidate,
            "recruitmentSource": self.recruitment_source,
        }
        if self.registrations:
            body["registrations"] = list(self.registrations)
        answer: dict[str, Any] = await systems.write(
            "POST",
            f"/control/v1/nhs-jobs/adverts/{advert_id}/applications",
            f"apply/{self.index}",
            body,
        )
        return answer

    async def accept(self, systems: Systems, application_id: int) -> dict[str, Any]:
        """Accepts the offer, with what is asked for then; answers the offer."""
        body: dict[str, Any] = {"answer": "ACCEPT", "dataSharingConsent": self.consents}
        for name in _LATER:
            body[name] = self.person[name]
        answer: dict[str, Any] = await systems.write(
            "POST",
            f"/control/v1/nhs-jobs/applications/{application_id}/answer",
            f"accept/{self.index}",
            body,
        )
        return answer
