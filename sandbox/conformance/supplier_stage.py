"""The stage of a supplier: a sandbox of ours is its ESR, in one workspace, for a supplier is connected once for all cases.

Each case has vacancies and people that no other has, and its own slice of the journal; what it changed of the employer and what
faults it set are put back at its end. The world's clock is only ever moved forward.
"""

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, Self

import httpx

from sandbox.conformance.bodies import person_of
from sandbox.conformance.case import Case
from sandbox.conformance.driving import Driver, NoDriver
from sandbox.conformance.plain import plain_client
from sandbox.conformance.receiver import EventReceiver
from sandbox.conformance.scene import (
    POSITIONS,
    CannotArrange,
    SandboxJournal,
    Scene,
    Unbound,
    arrange,
    good,
    world_of,
)
from simulators.credentials import Access, TokenRefused, authorization
from simulators.workspaces import as_operator, new_workspace, signed_access_to

AGENT = "esr-sandbox-suite"
"""How the suite's own calls are told from the subject's."""
EMPLOYERS = 4
"""Of the world that a stage fills its workspace with; each has `POSITIONS`."""
_PROFILES: Mapping[int, Mapping[str, str]] = {
    3: {"employmentChecks": "2015", "sendWindow": "dit-13w-1", "occupancy": "single-1"},
    4: {"employmentChecks": "2015", "sendWindow": "dit-12w-1", "occupancy": "single-1"},
}
"""What an employer carries for the whole run, by its place; the others carry what a new employer does."""
_VACANCIES = 2
_EMPLOYER_FACTS = ("ruleProfiles", "interfaces", "autoIat")


@dataclass(slots=True)
class SupplierStage:
    """One workspace of a sandbox, which a supplier is connected to."""

    url: str
    control: str
    supplier_access: Access
    seed: int
    receiver: EventReceiver
    client: httpx.Client
    workspace: str
    driver: Driver = field(default_factory=NoDriver)
    receiver_url: str = ""
    """The base of the subject's receiver."""
    control_access: Access | None = None
    """What the sandbox's powers ask for, where they do."""
    _places: "itertools.count[int]" = field(default_factory=itertools.count)
    _journal: "SandboxJournal | None" = None
    _goes_on: bool = False
    """Whether the subject was there before the world was emptied, and may know still what it learned then."""

    @classmethod
    @contextmanager
    def opened(
        cls,
        url: str,
        seed: int,
        receiver: EventReceiver,
        workspace: str = "certification",
        access: Access | None = None,
        operator: Access | None = None,
        *,
        only_looks: bool = False,
    ) -> Iterator[Self]:
        """A stage in a workspace that is made for it; with an `access`, in one that is there and empty.

        `operator` is what the sandbox's powers ask for; without it the client's own access is shown. One that `only_looks`
        says whether the workspace will do, and leaves it as it is. Raises CannotArrange.
        """
        with plain_client(timeout=20.0, headers={"User-Agent": AGENT}) as client:
            is_made_for_it = access is None
            if access is None:
                made = client.post(
                    f"{url}/control/v1/workspaces",
                    json=new_workspace(workspace, operator, signs=True),
                    headers=as_operator(operator),
                )
                access = signed_access_to(good(made, 201))
            control = f"{url}/w/{workspace}/control/v1"
            stage = cls(url, control, access, seed, receiver, client, workspace)
            stage.control_access = operator or access
            try:
                stage._check()
                if not only_looks:
                    stage._fill()
                    stage._goes_on = not is_made_for_it and stage.journal.begin_at_the_last_reset()
            except TokenRefused as problem:
                raise CannotArrange(str(problem)) from problem
            yield stage

    def _asked(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = as_operator(self.control_access)
        return self.client.request(method, f"{self.control}{path}", headers=headers, **more)

    def _check(self) -> None:
        shown = {"Authorization": authorization(self.supplier_access)}
        try:
            looked = self.client.get(f"{self.url}/esr/v1/organisations", headers=shown)
        except httpx.HTTPError as problem:
            raise CannotArrange(
                f"{self.url} does not answer. Start the sandbox, or mend addresses.control."
            ) from problem
        if looked.status_code == 401:
            raise CannotArrange(
                f"{self.url} does not know the token of ESR. Give the one that your system uses there, as tokens.esr."
            )
        if "ratelimit" in looked.headers:
            raise CannotArrange(
                f"The workspace {self.workspace} limits how much its client may ask, and the suite asks as that client too. Have "
                'the operator turn the limits off for the run: PUT /control/v1/settings with "limits": {"mode": "OFF"}.'
            )
        if self.client.get(f"{self.url}/nhs-jobs/v1/openapi.json").status_code == 200:
            raise CannotArrange(
                f"NHS Jobs runs at {self.url} too: it would be sent the same events, and meet the faults that are meant for "
                "your system. Begin with esr-sandbox up --only esr --fresh --world empty."
            )
        if looked.status_code == 200 and looked.json()["organisations"]:
            raise self._holds_a_world()

    def _holds_a_world(self) -> CannotArrange:
        return CannotArrange(
            f"The workspace {self.workspace} holds a world already; the suite needs one that it knows. Begin with "
            "esr-sandbox up --only esr --fresh --world empty, or reset the workspace."
        )

    def _fill(self) -> None:
        answer = self._asked(
            "POST",
            "/seed",
            json={
                "seed": self.seed,
                "organisations": EMPLOYERS,
                "positionsPerOrganisation": POSITIONS,
            },
        )
        if answer.status_code == 409:
            raise self._holds_a_world()
        good(answer, 200)
        for place, profiles in _PROFILES.items():
            own = world_of(self.seed, EMPLOYERS).organisations[place - 1]["odsCode"]
            path = f"/esr/organisations/{own}/change"
            good(self._asked("POST", path, json={"ruleProfiles": dict(profiles)}), 200)
        # It runs as wall time does, and can be moved forward.
        running = {"mode": "RUNNING", "factor": 1}
        good(self._asked("PUT", "/clock", json=running), 200)

    @contextmanager
    def scene(self, case: Case, seed: int) -> Iterator[Scene]:
        """As `Stage` says."""
        today = self._today()
        bound = self._bindings(case, seed, today)
        addresses = {"esr": f"{self.url}/esr/v1", "control": self.control}
        if self.receiver_url:
            addresses["receiver"] = self.receiver_url
        scene = Scene(
            addresses,
            {
                "esr": self.supplier_access,
                **({} if self.control_access is None else {"control": self.control_access}),
            },
            bound,
            today,
            f"{self.workspace}/{self.seed}",
            self.client,
            f"s{next(self._places)}",
            self.receiver,
            self.driver,
            self.journal,
        )
        given = case.given
        clock = given.get("clock", "real")
        if clock != "real":
            raise Unbound("a supplier's clock is not the suite's to set")
        arrange(scene, given)
        try:
            yield scene
        finally:
            self._put_back(given, bound)

    def _put_back(self, given: Mapping[str, Any], bound: Mapping[str, Any]) -> None:
        self._asked("DELETE", "/faults")
        for noun, name in (("organisation", "employer"), ("organisation2", "employer2")):
            if noun in given:
                own = bound[name]
                kept = {
                    fact: own[fact]
                    for fact in _EMPLOYER_FACTS
                    if fact in own and fact in given[noun]
                }
                path = f"/esr/organisations/{own['odsCode']}/change"
                self._asked("POST", path, json=kept)

    def _bindings(self, case: Case, seed: int, today: date) -> dict[str, Any]:
        world = world_of(self.seed, EMPLOYERS)
        employer, other, third, fourth = world.organisations
        bound: dict[str, Any] = {
            "employer": dict(employer),
            "employer2": dict(other),
            "employer3": dict(third),
            "employer4": dict(fourth),
        }
        for noun, owner, place_noun in (
            ("vacancy", employer, "position"),
            ("elsewhere", other, "elsewherePosition"),
            ("third", third, "thirdPosition"),
            ("fourth", fourth, "fourthPosition"),
        ):
            if noun in ("third", "fourth") and int(case.given.get("employers", 1)) < 3:
                continue
            positions = [
                item
                for item in world.positions
                if item["odsCode"] == owner["odsCode"] and item["hiringStatus"] == "ACTIVE"
            ]
            for place in range(1, _VACANCIES + 1):
                position, vacancy = self._vacancy(positions)
                bound[noun if place == 1 else f"{noun}{place}"] = vacancy
                bound[place_noun if place == 1 else f"{place_noun}{place}"] = dict(position)
        for place in range(1, int(case.given.get("people", 1)) + 1):
            name = "person" if place == 1 else f"person{place}"
            bound[name] = person_of(seed, case.id, place - 1, today)
        return bound

    def _vacancy(
        self, positions: list[Mapping[str, Any]]
    ) -> tuple[Mapping[str, Any], dict[str, Any]]:
        """A fresh vacancy, for the next position that is still there."""
        answer = None
        for _ in positions:
            position = positions[next(self._places) % len(positions)]
            answer = self._asked(
                "POST",
                "/esr/vacancies",
                json={"positionId": position["positionId"], "openings": 3},
            )
            if answer.status_code not in (409, 422):
                return position, good(answer, 200, 201)
        raise CannotArrange("no position is left that a vacancy can be made for")

    @property
    def journal(self) -> "SandboxJournal":
        """The subject's traffic so far."""
        if self._journal is None:
            self._journal = SandboxJournal(
                self.client, self.control, _is_its_own, self.control_access
            )
        return self._journal

    def _today(self) -> date:
        clock = good(self._asked("GET", "/clock"), 200)
        return date.fromisoformat(clock["now"][:10])

    def traffic(self) -> list[dict[str, Any]]:
        """Everything that the subject and its ESR said to each other."""
        return self.journal.since(0)

    def facts(self) -> dict[str, dict[str, Any]]:
        """What the judge of traffic has to be told of the workspace."""
        world = world_of(self.seed, EMPLOYERS)
        return {
            self.workspace: {
                "enabled": [item["odsCode"] for item in world.organisations],
                "profiles": {
                    item["odsCode"]: {**item["ruleProfiles"], **_PROFILES.get(place, {})}
                    for place, item in enumerate(world.organisations, 1)
                },
                "receiver": self.receiver_url,
                "closed": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                **({"complete": False} if self._goes_on else {}),
            }
        }


def _is_its_own(exchange: Mapping[str, Any]) -> bool:
    """Whether the suite did not make the call itself. What ESR delivers is the subject's, too."""
    agent = exchange.get("requestHeaders", {}).get("user-agent", "")
    if exchange["direction"] == "OUT":
        return "/events/s" not in exchange["path"]
    return bool(agent != AGENT)
