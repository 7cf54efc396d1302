from typing import Any

import pytest

from simulators.applicants import applicant
from simulators.world import World

SEED = 5


@pytest.fixture(scope="session")
def world() -> World:
    return World.make(SEED, organisations=5, positions_per_organisation=80)


@pytest.fixture(scope="session")
def crowd(world: World) -> list[dict[str, Any]]:
    return [applicant(SEED, index, world) for index in range(20_000)]
