"""Windows of a second and of a minute, and what a client is told of them.

A window opens with a client's first request and ends after its length; then the next request opens another. A request that the
second refuses is not counted in the minute.

What is left is told in the headers RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-10): they name both
windows, which the older three headers of one limit each cannot.
"""

import math
from dataclasses import dataclass

Key = tuple[str, str, str]
"""Workspace, client id and API: whose requests are counted together."""
SECOND, MINUTE = 1, 60
MOST = 1_000_000
"""The largest limit that may be set."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How many requests one client may make at one API."""

    per_second: int
    per_minute: int

    def of(self, seconds: int) -> int:
        """The limit of a window of this length."""
        return self.per_second if seconds == SECOND else self.per_minute

    def are_within(self, most: "Limits") -> bool:
        """Whether neither limit is above that of `most`."""
        return self.per_second <= most.per_second and self.per_minute <= most.per_minute

    @property
    def policy(self) -> str:
        """The value of the header RateLimit-Policy."""
        return f'"second";q={self.per_second};w={SECOND}, "minute";q={self.per_minute};w={MINUTE}'


PLATFORM = Limits(per_second=5, per_minute=300)
"""As on the NHS platform (https://developer.community.nhs.uk/t/rate-limiting-specifically-content-syndication-api/3047)."""


@dataclass(frozen=True, slots=True)
class Window:
    """One window as it stands after a request was counted."""

    requests: int
    ends_at: int
    """Wall time in milliseconds since 1970."""

    def is_over(self, seconds: int, now: int) -> bool:
        """Whether the next request opens another; also where the clock has been set back since this one was opened."""
        return self.ends_at <= now or self.ends_at > now + seconds * 1000


@dataclass(frozen=True, slots=True)
class Quota:
    """What one request left of a client's limits."""

    limits: Limits
    second: Window
    minute: Window | None
    """None where the second refused it."""
    now: int

    @property
    def exceeded(self) -> int | None:
        """The length of the window whose limit the request is beyond; None where it may be served."""
        if self.second.requests > self.limits.per_second:
            return SECOND
        if self.minute is not None and self.minute.requests > self.limits.per_minute:
            return MINUTE
        return None

    @property
    def limit(self) -> int:
        """The limit that the request is beyond; that of the second where it is beyond none."""
        return self.limits.of(self.exceeded or SECOND)

    @property
    def ends_at(self) -> int:
        """When the window ends that refused the request: wall time in milliseconds since 1970."""
        return self._refusing.ends_at

    @property
    def retry_after(self) -> int:
        """Whole seconds until then."""
        return self._seconds_left(self._refusing)

    @property
    def is_noise(self) -> bool:
        """Whether as many requests as the limit allows were refused before it in this window: it is told to nobody else."""
        return self._refusing.requests > 2 * self.limit

    @property
    def _refusing(self) -> Window:
        return self.minute if self.exceeded == MINUTE and self.minute else self.second

    @property
    def headers(self) -> dict[str, str]:
        """The headers that tell of it."""
        parts = [self._told("second", self.second, self.limits.per_second)]
        if self.minute is not None:
            parts.append(self._told("minute", self.minute, self.limits.per_minute))
        return {"RateLimit-Policy": self.limits.policy, "RateLimit": ", ".join(parts)}

    def _told(self, name: str, window: Window, limit: int) -> str:
        remaining = max(limit - window.requests, 0)
        return f'"{name}";r={remaining};t={self._seconds_left(window)}'

    def _seconds_left(self, window: Window) -> int:
        return max(math.ceil((window.ends_at - self.now) / 1000), 1)
