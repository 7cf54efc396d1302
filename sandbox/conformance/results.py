"""The words of every verdict here, and how many of them make one.

A run has a `Status` (where it is) and a `Result` (what it found); the two are never mixed. `rolled_up` is the only place
where results are put together, so that a suite, a requirement and a whole run mean the same by the same word.
"""

from collections.abc import Iterable
from enum import StrEnum


class Status(StrEnum):
    """Where a run or a case is."""

    CREATED = "created"
    RUNNING = "running"
    WAITING = "waiting"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"


class Result(StrEnum):
    """What was found."""

    PASS = "pass"
    FAIL = "fail"
    """The subject did something else than it must."""
    WARN = "warn"
    """The subject did something else than it should; this never stands in the way."""
    REVIEW = "review"
    """Only a person can tell: a named reviewer decides."""
    SKIP = "skip"
    """It was left out on purpose, though the subject offers it."""
    OMIT = "omit"
    """It is about something that the subject declared it does not offer."""
    ERROR = "error"
    """The suite itself broke."""
    INCONCLUSIVE = "inconclusive"
    """Too little was seen to say anything."""


_PRIORITY = (
    Result.ERROR,
    Result.FAIL,
    Result.INCONCLUSIVE,
    Result.SKIP,
    Result.REVIEW,
    Result.PASS,
)
EXIT_CODES = {
    Result.PASS: 0,
    Result.FAIL: 1,
    Result.INCONCLUSIVE: 3,
    Result.SKIP: 3,
    Result.REVIEW: 3,
    Result.ERROR: 4,
}


def rolled_up(results: Iterable[Result]) -> Result:
    """The result of the whole: the first of the priority that occurs; a warning counts as a pass, what is omitted not at all.

    Nothing at all is inconclusive, never a pass.
    """
    seen = {Result.PASS if result is Result.WARN else result for result in results}
    return next((result for result in _PRIORITY if result in seen), Result.INCONCLUSIVE)
