"""The requests that the bench sends, as bytes, made before the clock runs."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

import orjson

from simulators.applicants import applicant
from simulators.checks import check_history
from simulators.world import World
from tests.bench.measuring import SEED
from tests.bench.targets import Target

_NAMESPACE = UUID("f1a4b7d2-6c55-5c7e-9a49-0c1d2e3f4a5b")


def submissions(world: World, target: Target, first: int, count: int) -> list[bytes]:
    """`submit_applicant` for the applicants from index `first` on."""
    return [
        _request(
            target,
            "POST",
            "/applicants",
            applicant(SEED, index, world),
            world,
            str(uuid5(_NAMESPACE, str(index))),
        )
        for index in range(first, first + count)
    ]


def broken_submission(world: World, target: Target) -> bytes:
    """`submit_applicant` with a body that breaks the contract."""
    body = applicant(SEED, 0, world) | {"startDate": "soon", "hoursPerWeek": -4}
    name = str(uuid5(_NAMESPACE, "broken"))
    return _request(target, "POST", "/applicants", body, world, name)


def check_updates(
    world: World, target: Target, numbers: Sequence[str], first: int, count: int
) -> list[bytes]:
    """`record_employment_check`, `count` at most, for applicants from index `first` on whom ESR knows by `numbers`.

    Everybody's first update, then everybody's second, and so on: those of one applicant stay far enough apart that none
    overtakes another on the way.
    """
    found: list[tuple[int, int, bytes]] = []
    for place, number in enumerate(numbers):
        index = first + place
        sent = applicant(SEED, index, world)
        for turn, step in enumerate(check_history(sent, SEED, index, world.today)):
            path = f"/applicants/{number}/employment-checks/{step.check_type}"
            name = str(uuid5(_NAMESPACE, f"{index}/{turn}"))
            found.append((turn, index, _request(target, "PUT", path, step.update, world, name)))
    return [request for _, _, request in sorted(found)][:count]


def _request(
    target: Target, method: str, path: str, body: Mapping[str, Any], world: World, name: str
) -> bytes:
    content = orjson.dumps(body)
    head = (
        f"{method} {target.base_path}{path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Authorization: Bearer {target.token}\r\nContent-Type: application/json\r\n"
        f"X-Request-ID: {name}\r\n"
        f"NHSD-End-User-Organisation-ODS: {world.organisations[0]['odsCode']}\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content
