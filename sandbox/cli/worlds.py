"""The worlds that a sandbox can be filled with."""

from dataclasses import replace
from typing import Any

from sandbox.app import DEFAULT_CLIENT
from sandbox.clock import wall_now
from sandbox.control.service.worlds import seed_world as fill_world
from sandbox.database import Transaction
from sandbox.esr.store.organisations import list_organisations
from sandbox.identity.store import ensure_token
from sandbox.runtime import Runtime
from sandbox.web.call import open_unit
from sandbox.workspaces.store import DEFAULT_WORKSPACE

WORLDS = {"small": (1, 60), "trust": (5, 60), "region": (40, 60)}
"""By name: organisations, positions of each."""
DEFAULT_WORLD = "trust"


def make_world(seed: int, organisations: int, positions: int) -> dict[str, list[dict[str, Any]]]:
    """A seeded world in the records of the contract.

    It stands on one fixed day (`simulators.world.TODAY`), whatever the clock says: closing dates and employments are
    the same whenever it is made.
    """
    from simulators.world import World

    world = World.make(seed, organisations, positions)
    return {
        "organisations": [dict(item) for item in world.organisations],
        "positions": [dict(item) for item in world.positions],
        "vacancies": [dict(item) for item in world.vacancies],
        "employees": [dict(item) for item in world.employees],
    }


def admit(runtime: Runtime, token: str) -> None:
    """Has the default workspace's client known by `token`, which becomes the runtime's own."""
    runtime.database.write(
        lambda transaction: ensure_token(transaction.connection, DEFAULT_CLIENT, token)
    ).result()
    runtime.settings = replace(runtime.settings, token=token)


def fill_default(runtime: Runtime, name: str) -> None:
    """Fills the default workspace with the world `name`, unless it holds one already."""

    def held(transaction: Transaction) -> bool:
        return bool(list_organisations(transaction.connection, DEFAULT_WORKSPACE))

    if runtime.database.read(held).result():
        return
    seed = runtime.settings.seed
    world = make_world(seed, *WORLDS[name])

    def fill(transaction: Transaction) -> None:
        unit = open_unit(transaction, DEFAULT_WORKSPACE, wall_now())
        fill_world(unit, seed, world)

    runtime.database.write(fill, DEFAULT_WORKSPACE).result()
