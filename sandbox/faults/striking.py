"""Finds the fault that strikes a request or a delivery, and counts it in the database: once, whichever process serves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sandbox.database import Database, Transaction
from sandbox.errors import Refusal
from sandbox.faults.rules import Chance, FaultRule, Strike, Struck
from sandbox.faults.store import count_strike, load_faults, meet_fault
from sandbox.policies import Policies
from sandbox.web.call import Unit, open_unit

FAULTS = "faults"
"""What the faults are called among what a workspace has set."""


@dataclass(frozen=True, slots=True)
class Faults:
    """The faults of every workspace."""

    database: Database
    policies: Policies
    are_on: bool = True
    """Whether any may strike; what is set waits until they may."""

    async def threaten(self, workspace: str, system: str) -> Sequence[FaultRule]:
        """The faults that are set for a system, as they were set: only where there is one is it worth asking which strikes."""
        if not self.are_on:
            return ()
        # As good as nobody has set a fault: then this is all that a request pays.
        rules: Sequence[FaultRule] = await self.policies.of(workspace, FAULTS) or ()
        return [rule for rule in rules if rule.document["system"] == system] if rules else rules

    async def strike(self, workspace: str, struck: Struck, wall: datetime) -> Strike | None:
        """The first fault that is due, which thereby has struck once more; None where all goes well.

        What is counted is durable when this answers. `wall` is wall time.
        """
        rules = await self.threaten(workspace, struck.system)
        if not any(rule.covers(struck) for rule in rules):
            return None

        def work(transaction: Transaction) -> Strike | None:
            try:
                return _strike(open_unit(transaction, workspace, wall), struck)
            except Refusal:  # The workspace has gone.
                return None

        found: Strike | None = await self.database.written(work, workspace)
        return found


def _strike(unit: Unit, struck: Struck) -> Strike | None:
    connection, name = unit.connection, unit.workspace.name
    for rule in load_faults(connection, name):
        if rule.is_spent or not rule.covers(struck) or not rule.is_on(unit.now):
            continue
        met, done = meet_fault(connection, name, rule.fault_id)
        chance = Chance(unit.workspace.seed, rule.fault_id, met)
        if replace(rule, done=done).strikes(chance):
            count_strike(connection, name, rule.fault_id)
            return Strike(rule, chance, unit.workspace.clock, unit.now)
    return None
