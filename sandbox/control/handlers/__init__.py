"""One function per operation of the control contract that is not an act of ESR or of NHS Jobs."""

from sandbox.control.handlers.clients import (
    change_client,
    create_client,
    delete_client,
    list_clients,
    read_client,
)
from sandbox.control.handlers.clocks import advance_clock, read_clock, set_clock
from sandbox.control.handlers.exchanges import list_exchanges, read_exchange
from sandbox.control.handlers.faults import add_fault, clear_faults, list_faults
from sandbox.control.handlers.scenarios import list_scenarios
from sandbox.control.handlers.workspaces import (
    create_workspace,
    delete_workspace,
    list_workspaces,
    read_settings,
    read_workspace,
    set_settings,
)
from sandbox.control.handlers.worlds import (
    create_snapshot,
    list_snapshots,
    reset_workspace,
    restore_snapshot,
    seed_world,
    settle_world,
)

__all__ = [
    "add_fault",
    "advance_clock",
    "change_client",
    "clear_faults",
    "create_client",
    "create_snapshot",
    "create_workspace",
    "delete_client",
    "delete_workspace",
    "list_clients",
    "list_exchanges",
    "list_faults",
    "list_scenarios",
    "list_snapshots",
    "list_workspaces",
    "read_client",
    "read_clock",
    "read_exchange",
    "read_settings",
    "read_workspace",
    "reset_workspace",
    "restore_snapshot",
    "seed_world",
    "set_clock",
    "set_settings",
    "settle_world",
]
