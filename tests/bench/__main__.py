"""`make bench`: applicants a second through the whole stack, beside the floor, in one run.

The two take turns, so that a machine whose speed drifts slows both; the median of the rounds is shown. Nothing here
fails because a machine is slow.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from uuid import UUID, uuid5

import orjson
from client import drive

from sandbox.server import Started, launch, stop
from simulators.applicants import applicant
from simulators.world import World

_SEED = 7
_NAMESPACE = UUID("f1a4b7d2-6c55-5c7e-9a49-0c1d2e3f4a5b")


def _requests(world: World, first: int, count: int, token: str) -> list[bytes]:
    vacancies = {item["vacancyReference"]: item["odsCode"] for item in world.vacancies}
    made = []
    for index in range(first, first + count):
        submission = applicant(_SEED, index, world)
        body = orjson.dumps(submission)
        head = (
            "POST /esr/v1/applicants HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
            f"X-Request-ID: {uuid5(_NAMESPACE, str(index))}\r\n"
            f"NHSD-End-User-Organisation-ODS: {vacancies[submission['vacancyReference']]}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


def _floor(folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    # The floor writes to tables made by a sandbox of its own, so that both have the same schema and the same world.
    database = folder / "floor.db"
    process, _ = launch(
        "--only",
        "esr",
        "--seed",
        str(_SEED),
        "--world",
        "small",
        folder=folder,
        database=str(database),
    )
    stop(process)
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("floor.py")), str(database)],
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    return process, process.stdout.readline().decode().strip()


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=4000, help="of each, in each round")
    parser.add_argument("--connections", type=int, default=16)
    options = parser.parse_args()
    world = World.make(_SEED, 1, 60).without_staff()
    rates: dict[str, list[float]] = {"sandbox": [], "floor": []}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sandbox, started = launch(
            "--only", "esr", "--seed", str(_SEED), "--world", "small", folder=folder / "sandbox",
            database=str(folder / "sandbox.db"),
        )  # fmt: skip
        floor, floor_url = _floor(folder)
        targets = {"sandbox": started, "floor": Started(floor_url, "none")}
        try:
            for turn in range(options.rounds + 1):
                for kind, target in targets.items():
                    requests = _requests(
                        world, turn * options.requests, options.requests, target.token
                    )
                    rate, statuses = asyncio.run(drive(target.url, requests, options.connections))
                    if statuses != {201: options.requests}:
                        sys.exit(f"{kind} did not take every applicant: {statuses}")
                    if turn:  # the first round warms both up
                        rates[kind].append(rate)
                        print(f"round {turn}  {kind:<8} {rate:8.0f} applicants/s", flush=True)
        finally:
            stop(sandbox)
            stop(floor)
    sandbox_rate, floor_rate = (statistics.median(rates[kind]) for kind in ("sandbox", "floor"))
    print(f"\n{'':24}{'applicants/s (median)':>22}")
    print(f"{'whole stack':<24}{sandbox_rate:22.0f}")
    print(f"{'bare handler, same SQL':<24}{floor_rate:22.0f}")
    print(f"{'ratio':<24}{sandbox_rate / floor_rate:22.2f}   (to be met: 0.30)")


if __name__ == "__main__":
    main()
