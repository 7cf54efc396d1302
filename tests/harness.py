"""A tenant of a running sandbox, as a supplier and as a test see it."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from simulators.applicants import applicant
from simulators.identifiers import national_insurance_number
from simulators.world import World

_EMPLOYER = "NHSD-End-User-Organisation-ODS"


@dataclass
class Workspace:
    """A tenant of the running sandbox with a seeded world, as a supplier and as a test see it."""

    name: str
    url: str
    token: str
    world: World
    _people: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self._strangers = self.world.without_staff()
        self.esr = self._client(f"{self.url}/esr/v1", self.token)
        self.nhs_jobs = self._client(f"{self.url}/nhs-jobs/v1", self.token)
        self.control = self._client(f"{self.url}/w/{self.name}/control/v1")
        self.receiver = self._client(f"{self.url}/w/{self.name}/receiver/v1")

    @staticmethod
    def _client(url: str, token: str | None = None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False)

    @property
    def employer(self) -> str:
        """The ODS code of the world's first employer."""
        return str(self.world.organisations[0]["odsCode"])

    def write(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        employer: str | None = None,
        headers: Mapping[str, str] | None = None,
        client: httpx.Client | None = None,
    ) -> httpx.Response:
        """One write to ESR (or to the system of `client`) under a fresh request id, for the world's first employer."""
        sent = {
            "X-Request-ID": str(uuid4()),
            _EMPLOYER: employer or self.employer,
            **(headers or {}),
        }
        return (client or self.esr).request(method, path, json=body, headers=sent)

    def submission(self, **changes: Any) -> dict[str, Any]:
        """The next applicant whom nobody has sent and ESR does not know, for a vacancy of the first employer.

        Everybody has a National Insurance number, whatever the seed gives: ESR says something of those who lack one.
        """
        index = next(self._people)
        found = applicant(self.world.seed, index, self._strangers)
        number = national_insurance_number(self.world.seed, index)
        return {**found, "person": {"niNumber": number, **found["person"]}, **changes}

    def submit(self, **changes: Any) -> str:
        """Sends an applicant who is taken; answers the applicant number."""
        answer = self.write("POST", "/applicants", self.submission(**changes))
        assert answer.status_code == 201, answer.text
        return str(answer.json()["applicantNumber"])

    def read(self, applicant_number: str) -> dict[str, Any]:
        """The applicant as ESR holds it."""
        return dict(self.esr.get(f"/applicants/{applicant_number}").raise_for_status().json())

    def amend(
        self, applicant_number: str, patch: dict[str, Any], version: str | None = None
    ) -> httpx.Response:
        """Amends for the applicant's employer, with the current version unless another is given."""
        held = {} if version else self.read(applicant_number)
        headers = {
            "If-Match": version or f'"{held["version"]}"',
            "Content-Type": "application/merge-patch+json",
        }
        path = f"/applicants/{applicant_number}"
        return self.write("PATCH", path, patch, employer=held.get("odsCode"), headers=headers)

    def walk(
        self, path: str, begin: str | None = None, **parameters: Any
    ) -> tuple[list[Any], str | None]:
        """All that a list of ESR has from `begin` on, page by page, and where to go on."""
        name = "since" if path == "/positions" else "cursor"
        found: list[Any] = []
        while True:
            asked = {**parameters, **({name: begin} if begin else {})}
            page = self.esr.get(path, params=asked).raise_for_status().json()
            begin, more = page.pop("next", begin), page.pop("more")
            [items] = page.values()
            found += items
            if not more:
                return found, begin

    def hire(self, applicant_number: str, **body: Any) -> httpx.Response:
        """ESR hires the applicant."""
        return self.control.post(f"/esr/applicants/{applicant_number}/hire", json=body)

    def change_organisation(self, ods_code: str | None = None, **changes: Any) -> httpx.Response:
        """ESR switches what an employer carries, the first one's unless another is named."""
        path = f"/esr/organisations/{ods_code or self.employer}/change"
        return self.control.post(path, json=changes)

    def carry(self, **profiles: str) -> None:
        """Has the first employer carry rule profiles."""
        self.change_organisation(ruleProfiles=profiles).raise_for_status()

    def freeze(self, moment: str | None = None) -> None:
        """Stops the clock, at `moment` where one is given."""
        clock = {"mode": "FROZEN", **({"at": moment} if moment else {})}
        self.control.put("/clock", json=clock).raise_for_status()

    def advance(self, **move: str) -> None:
        """Moves the clock `by` a duration or `to` a moment."""
        self.control.post("/clock/advance", json=move).raise_for_status()

    def settle(self) -> None:
        """Waits until nothing that is due is left unsent."""
        answer = self.control.post("/settle", json={"timeoutSeconds": 30})
        assert answer.json().get("settled"), answer.text
