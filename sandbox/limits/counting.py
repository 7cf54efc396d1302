"""Counts the requests of every client, in this process or, where several share the database, in the database."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.database import Database, Transaction
from sandbox.errors import Code, Refusal
from sandbox.limits.store import count_request
from sandbox.limits.windows import MINUTE, SECOND, Key, Limits, Quota, Window
from sandbox.policies import Policies
from sandbox.workspaces.store import policy_version

LIMITS = "limits"
"""The kind of the policy."""
_MOST_WINDOWS = 50_000
MOST_AT_ONCE = 250
"""How many requests of one client a process serves at once, a quarter of its connections: each may be held for minutes."""


@dataclass(slots=True)
class RequestLimits:
    """The limits of every workspace's clients."""

    database: Database
    policies: Policies
    default: Limits | None
    """What holds in a workspace that has set nothing; None for no limit."""
    _windows: dict[tuple[Key, int], Window] = field(default_factory=dict)
    _at_once: Counter[tuple[str, str]] = field(default_factory=Counter)

    async def enter(self, workspace: str, client_id: str) -> Callable[[], None] | None:
        """Lets one more request of a client be served, the control API's too; what is to be called once it has ended.

        None where nothing limits it. Raises Refusal RATE_LIMITED where too many are being served.
        """
        if self.default is None or await self.policies.of(workspace, LIMITS) == "OFF":
            return None
        key = workspace, client_id
        if self._at_once[key] >= MOST_AT_ONCE:
            raise Refusal(
                Code.RATE_LIMITED,
                f"{MOST_AT_ONCE} requests of your client are being served. Wait for answers, then send this one again.",
                headers={"Retry-After": "1"},
            )
        self._at_once[key] += 1
        return lambda: self._leave(key)

    def _leave(self, key: tuple[str, str]) -> None:
        self._at_once[key] -= 1
        if not self._at_once[key]:
            del self._at_once[key]

    async def take(self, workspace: str, client_id: str, api: str) -> Quota | None:
        """Counts one request of a client at an API; None where it is not limited."""
        found = await self.policies.of(workspace, LIMITS)
        limits = self.default if found == "DEFAULT" else found
        if not isinstance(limits, Limits):
            return None
        key, now = (workspace, client_id, api), int(time.time() * 1000)
        if self.database.is_shared:

            def count(transaction: Transaction, seconds: int) -> Window:
                return count_request(transaction.connection, key, seconds, now)

            def work(transaction: Transaction) -> Quota | None:
                if policy_version(transaction.connection, workspace) is None:
                    return None  # It was taken away since its limits were read.
                second = count(transaction, SECOND)
                is_taken = second.requests <= limits.per_second
                return Quota(limits, second, count(transaction, MINUTE) if is_taken else None, now)

            quota: Quota | None = await self.database.written(work, workspace)
            return quota
        second = self._count(key, SECOND, now)
        is_taken = second.requests <= limits.per_second
        return Quota(limits, second, self._count(key, MINUTE, now) if is_taken else None, now)

    def forget(self, workspace: str) -> None:
        """Forgets what this process has counted in a workspace."""
        self._windows = {key: held for key, held in self._windows.items() if key[0][0] != workspace}

    def _count(self, key: Key, seconds: int, now: int) -> Window:
        window = self._windows.get((key, seconds))
        if window is None or window.is_over(seconds, now):
            if len(self._windows) >= _MOST_WINDOWS:
                self._windows = {
                    name: held for name, held in self._windows.items() if held.ends_at > now
                }
            window = Window(0, now + seconds * 1000)
        window = Window(window.requests + 1, window.ends_at)
        self._windows[key, seconds] = window
        return window


def refusal_of(quota: Quota) -> Refusal:
    """The refusal of a request that is beyond a limit."""
    unit, wait = "minute" if quota.exceeded == MINUTE else "second", quota.retry_after
    return Refusal(
        Code.RATE_LIMITED,
        f"A client may make {quota.limit} requests a {unit} at this API, and yours has made them. Wait {wait} "
        f"second{'s' * (wait != 1)}, then send it again with the same X-Request-ID.",
        headers={"Retry-After": str(wait)},
    )
