"""What can stop a replay, grouped by who can put it right. Each message is one sentence that says what to do."""


class ReplayError(Exception):
    """A replay could not be started or judged."""


class PlanError(ReplayError):
    """What was asked for is impossible: a profile, a number, a ledger that belongs to something else."""


class TargetError(ReplayError):
    """ESR does not answer, or answers what its contract does not say."""


class LedgerError(ReplayError):
    """The ledger cannot be written or read."""
