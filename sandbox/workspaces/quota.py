"""How much a workspace may hold: what it has taken of each kind, and the most.

Counted are the numbers that were given out, which the workspace's own row keeps: nothing is counted up when a request comes.
A number that was given out is not given back when its record goes; a reset begins records and events anew, the journal goes on.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from sandbox.errors import Code, Refusal

if TYPE_CHECKING:
    from sandbox.workspaces.store import Workspace

_GENEROUS = 100_000_000
_RETRY_SECONDS = 3600
RELIEVING = frozenset(
    {
        "advance_clock",
        "change_client",
        "clear_faults",
        "delete_client",
        "delete_workspace",
        "reset_workspace",
        "restore_snapshot",
        "set_clock",
        "set_settings",
        "settle_world",
    }
)
"""Operations of the control API that a workspace takes however much it holds: they lead out of it, or add nothing."""


class Quota(NamedTuple):
    """Numbers of things, by kind. A year of every supplier's traffic stays far below the default."""

    records: int = _GENEROUS
    """Applicants, vacancies, positions, adverts, applications, subscriptions and messages together."""
    events: int = _GENEROUS
    """Events of ESR's feed."""
    exchanges: int = _GENEROUS
    """Exchanges of the journal."""
    snapshots: int = 100
    """Snapshots of the world."""


def check_room(workspace: "Workspace") -> None:
    """Raises Refusal QUOTA_REACHED where the workspace holds as much of a kind as it may."""
    held, most = workspace.held, workspace.quota
    if (
        held.records < most.records
        and held.events < most.events
        and has_room_for_exchanges(workspace)
    ):
        return
    kinds = ("records", "events", "exchanges")
    full = [kind for kind in kinds if getattr(held, kind) >= getattr(most, kind)]
    names = " and ".join(f"{getattr(most, kind):,} {kind}" for kind in full)
    raise Refusal(
        Code.QUOTA_REACHED,
        f"The workspace holds {names}, which is all that it may. Reset it, or ask the operator of the sandbox for more.",
        headers={"Retry-After": str(_RETRY_SECONDS)},
    )


def has_room_for_exchanges(workspace: "Workspace") -> bool:
    """Whether the journal may grow."""
    return workspace.held.exchanges < workspace.quota.exchanges


def quota_in(document: dict[str, Any], before: Quota) -> Quota:
    """The `Quota` that a document sets; what it leaves out stays."""
    return before._replace(**document)


def shown(quota: Quota) -> dict[str, int]:
    """The document of a quota, or of what is held."""
    return quota._asdict()
