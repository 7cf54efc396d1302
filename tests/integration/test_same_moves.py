"""The same seed and the same moves give the same journal, wall time left out."""

import asyncio
from datetime import date
from pathlib import Path
from typing import Any

from harness import Workspace

from sandbox.journal.wall_time import without_wall_time
from sandbox.server import started
from simulators.actors.candidates import Candidate
from simulators.actors.connection import ActorRefused, Systems
from simulators.actors.recruiters import Recruiter
from simulators.applicants import applicant
from simulators.checks import check_history
from simulators.world import World

BEGIN = "2030-01-07T08:00:00Z"
SEED = 7
CONTROL = "/control/v1"


class Mover(Systems):
    """Makes one move after another, and waits for the end of each."""

    async def write(
        self, method: str, path: str, purpose: str, body: Any, employer: str | None = None
    ) -> Any:
        try:
            return await super().write(method, path, purpose, body, employer)
        except ActorRefused as refusal:
            if refusal.status >= 500:
                raise
            return None
        finally:
            settled = {"timeoutSeconds": 60}
            await super().write("POST", f"{CONTROL}/settle", f"settle {purpose}", settled)


async def story(move: Mover) -> None:
    """Applicants through ESR's API and one through NHS Jobs, each with checks; the clock goes on in between."""
    clock = f"{CONTROL}/clock"
    await move.write("PUT", clock, "freeze", {"mode": "FROZEN", "at": BEGIN})
    seeded = {"seed": SEED, "organisations": 2, "positionsPerOrganisation": 10}
    await move.write("POST", f"{CONTROL}/seed", "seed", seeded)
    world = World.make(SEED, 2, 10)
    for index in range(6):
        await tell_of_one(move, world, index)
        await move.write("POST", f"{clock}/advance", f"on {index}", {"by": f"PT{index + 1}H30M"})
    await tell_of_an_advert(move, world)
    await move.write("POST", f"{clock}/advance", "the end", {"by": "P9D"})


async def tell_of_one(move: Mover, world: World, index: int) -> None:
    submission = applicant(SEED, index, world)
    place = [item["vacancyReference"] for item in world.vacancies].index(
        submission["vacancyReference"]
    )
    employer = world.vacancies[place]["odsCode"]
    sent = await move.write("POST", "/esr/v1/applicants", f"send {index}", submission, employer)
    if sent is None:
        return
    number = sent["applicantNumber"]
    for step, check in enumerate(check_history(submission, SEED, index)):
        path = f"/esr/v1/applicants/{number}/employment-checks/{check.check_type}"
        await move.write("PUT", path, f"check {index}/{step}", check.update, employer)
    if index % 3 == 1:
        withdrawal = {"reason": "OTHER", "withdrawnDate": "2030-01-08"}
        path = f"/esr/v1/applicants/{number}/withdrawal"
        await move.write("POST", path, f"withdraw {index}", withdrawal, employer)
    else:
        path = f"{CONTROL}/esr/applicants/{number}/hire"
        await move.write("POST", path, f"hire {index}", {})


async def tell_of_an_advert(move: Mover, world: World) -> None:
    position = next(item for item in world.positions if item["hiringStatus"] == "ACTIVE")
    today = date.fromisoformat(BEGIN[:10])
    recruiter = Recruiter(move, position, today)
    advert = await recruiter.advertise("ADVERT-1", 2, SEED)
    candidate = Candidate.for_position(SEED, 900, position, today)
    application = await candidate.apply(move, advert["advertId"])
    number = application["applicationId"]
    await recruiter.offer(number)
    await candidate.accept(move, number)
    right_to_work = {
        "state": "COMPLETE",
        "outcome": "CLEAR",
        "requestedDate": "2030-01-07",
        "completedDate": "2030-01-08",
    }
    await recruiter.record_check(number, 1, "right-to-work", right_to_work)


async def journal(move: Mover) -> list[dict[str, Any]]:
    """Every exchange from the moment at which the clock stood still, without what hangs on the machine."""
    summaries = await move.read_all(f"{CONTROL}/exchanges", "exchanges")
    return [
        without_wall_time(await move.read(f"{CONTROL}/exchanges/{summary['exchangeId']}"))
        for summary in summaries
        if summary["worldTime"] >= BEGIN[:10]
    ]


def journal_of_a_run(folder: Path) -> list[dict[str, Any]]:
    async def run(url: str, token: str) -> list[dict[str, Any]]:
        async with Mover(url, token, "same", 2) as move:
            await story(move)
            return await journal(move)

    arguments = ("--world", "empty", "--token", "the-same-token")
    with started(*arguments, folder=folder) as running:
        return asyncio.run(run(running.url, running.token))


def test_the_same_seed_and_the_same_moves_give_the_same_journal(tmp_path: Path) -> None:
    first, second = (journal_of_a_run(tmp_path / name) for name in ("first", "second"))

    ways = {(exchange["system"], exchange["direction"]) for exchange in first}
    print(f"{len(first)} exchanges, the same in both runs but for what hangs on the machine")
    assert len(first) > 100
    assert ways >= {("esr", "IN"), ("esr", "OUT"), ("nhs-jobs", "IN"), ("nhs-jobs", "OUT")}
    for one, other in zip(first, second, strict=True):
        assert one == other


def test_what_an_exchange_says_is_not_left_out(workspace: Workspace) -> None:
    workspace.submit()
    [sent] = [
        workspace.control.get(f"/exchanges/{item['exchangeId']}").json()
        for item in workspace.control.get("/exchanges").json()["exchanges"]
        if item.get("operationId") == "submit_applicant"
    ]
    another_answer = {**sent, "responseBody": sent["responseBody"].replace("SUCCESS", "FAIL")}
    at_another_time = {**sent, "startedAt": BEGIN, "durationMilliseconds": 1}

    assert without_wall_time(another_answer) != without_wall_time(sent)
    assert without_wall_time({**sent, "worldTime": BEGIN}) != without_wall_time(sent)
    assert without_wall_time(at_another_time) == without_wall_time(sent)


def test_a_restored_world_goes_on_as_it_did(workspace: Workspace) -> None:
    workspace.freeze(BEGIN)
    submissions = [workspace.submission() for _ in range(4)]
    workspace.write("POST", "/applicants", submissions[0])
    kept = workspace.control.post("/snapshots", json={"name": "before"}).json()

    def go_on() -> list[Any]:
        answers = [workspace.write("POST", "/applicants", each).json() for each in submissions[1:]]
        position = workspace.world.positions[0]["positionId"]
        change = {"positionTitle": "Another title"}
        workspace.control.post(f"/esr/positions/{position}/change", json=change)
        workspace.advance(by="P8D")
        clock = workspace.control.get("/clock").json()
        feed = workspace.esr.get("/events", params={"limit": 100}).json()
        everybody = workspace.esr.get("/applicants", params={"limit": 100}).json()
        return [answers, clock, feed, everybody]

    first = go_on()
    workspace.control.post(f"/snapshots/{kept['snapshotId']}/restore").raise_for_status()
    second = go_on()

    assert first == second
