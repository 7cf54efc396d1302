"""The year: who is sent to ESR when, and everything that is sent about them afterwards.

A year follows from its seed, its world and its volume, and nothing else. Applicants are numbered in the order in
which they are sent, an event is named by its number, and any of them can be made alone; so workers that share a
year out by applicants' numbers need to agree on nothing but these few values.

>>> from simulators.world import World
>>> year = Year(5, World.make(5, 2, 10), applicants=100)
>>> year.event(6_401 - 64).applicant
99
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from heapq import heappop, heappush
from itertools import pairwise

from simulators.reference.job_roles import job_role, job_roles
from simulators.streams import Stream, Weighted
from simulators.world import TODAY, World
from simulators.year.assumptions import ASSUMPTIONS
from simulators.year.events import STEPS, Event, Kind
from simulators.year.histories import Submission, history
from simulators.year.hours import instant, moment_of_day
from simulators.year.seasons import (
    LONGEST_LEAD,
    Season,
    SubmissionDays,
    season_of,
    submission_days,
)

_HOUR = 3_600
_SECOND = 1_000_000
_LONGEST_HISTORY = (LONGEST_LEAD + 2) * 24 * _HOUR * _SECOND
_Group = tuple[Season, str]


@dataclass(frozen=True)
class Year:
    """A year of `applicants` strangers to ESR, sent on the working days of the 365 from `first_day`; their
    histories run on after it, for eleven weeks at most.

    Raises ValueError for a number of applicants below 1, a first applicant below 0, or a world without vacancies.
    """

    seed: int
    world: World = field(repr=False)
    """Whose vacancies are applied for. They and `hiring` may have been replaced by those that an ESR has confirmed:
    read are `vacancyReference`, `positionId` and `odsCode`.
    """
    applicants: int = 250_000
    first_day: date = TODAY
    first_applicant: int = 0
    """The index of the first person: two years that share no indexes share no people."""

    def __post_init__(self) -> None:
        if self.applicants < 1:
            raise ValueError(f"applicants must be 1 or more, not {self.applicants}")
        if self.first_applicant < 0:
            raise ValueError(f"first_applicant must be 0 or more, not {self.first_applicant}")
        if not self.world.vacancies:
            raise ValueError("the world has no vacancies, so nobody can apply")

    def history(self, applicant: int) -> tuple[Event, ...]:
        """Everything of one applicant, in the order of time; the first event is the submission.

        Raises IndexError for a number that no applicant of the year has.
        """
        return history(self.seed, self._strangers, self._submission(applicant))

    def event(self, number: int) -> Event:
        """The event with this number, made alone. Raises IndexError where there is none."""
        applicant, step = divmod(number, STEPS)
        return self.history(applicant)[step]

    def submitted(self, applicant: int) -> int:
        """When an applicant is sent, in microseconds since the epoch. It does not fall as numbers rise.

        Raises IndexError for a number that no applicant of the year has.
        """
        return self._sending(applicant)[1]

    def events(
        self, worker: int = 0, of: int = 1, start: int | None = None, end: int | None = None
    ) -> Iterator[Event]:
        """The events of the applicants whose number leaves `worker` when divided by `of`, in the order of
        (at, number); only those in [start, end), in microseconds since the epoch, where these are given.

        Held in memory are the histories under way, not the year. Raises ValueError unless 0 <= worker < of.
        """
        waiting: list[tuple[int, int, Event]] = []
        for applicant in self.share(worker, of, start, end):
            sent = self._submission(applicant)
            while waiting and waiting[0][0] < sent.at:
                yield heappop(waiting)[2]
            for event in history(self.seed, self._strangers, sent):
                if (start is None or event.at >= start) and (end is None or event.at < end):
                    heappush(waiting, (event.at, event.number, event))
        while waiting:
            yield heappop(waiting)[2]

    def by_hour(
        self, worker: int = 0, of: int = 1, start: int | None = None, end: int | None = None
    ) -> dict[int, Counter[Kind]]:
        """How many events of each kind are due in each hour that has any, by the second since the epoch at which
        the hour begins; of the same events as `events`. Makes every history once.
        """
        hours: dict[int, Counter[Kind]] = {}
        for applicant in self.share(worker, of, start, end):
            for event in self.history(applicant):
                if (start is None or event.at >= start) and (end is None or event.at < end):
                    second = event.at // _SECOND
                    hours.setdefault(second - second % _HOUR, Counter())[event.kind] += 1
        return dict(sorted(hours.items()))

    def share(
        self, worker: int = 0, of: int = 1, start: int | None = None, end: int | None = None
    ) -> Iterator[int]:
        """The applicants whose number leaves `worker` when divided by `of` and who may have an event in [start, end).

        Raises ValueError unless 0 <= worker < of.
        """
        if not 0 <= worker < of:
            raise ValueError(f"worker must be 0 or more and below {of}, not {worker}")
        everybody = range(worker, self.applicants, of)
        since = 0 if start is None else start - _LONGEST_HISTORY
        first = bisect_left(everybody, since, key=self.submitted)
        last = len(everybody)
        if end is not None:
            last = bisect_left(everybody, end, key=self.submitted)
        return iter(everybody[first:last])

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the year rests on, a sentence each with its source or "(assumed)", to be printed with a result."""
        return (
            f"{self.applicants:,} applicants are sent in the 365 days from {self.first_day}.",
            *ASSUMPTIONS,
        )

    def _sending(self, applicant: int) -> tuple[int, int]:
        """The day among those of submissions, and the moment."""
        if not 0 <= applicant < self.applicants:
            raise IndexError(f"applicants are 0 to {self.applicants - 1}; there is no {applicant}")
        bounds = self._days.bounds
        # Each applicant has an own slice of the year's volume and a chance place in it.
        word = Stream(self.seed, "sending", applicant).word()
        place = ((applicant << 32) + word) * bounds[-1] // self.applicants
        day = bisect_right(bounds, place >> 32) - 1
        within = (place - (bounds[day] << 32)) // (bounds[day + 1] - bounds[day])
        return day, instant(self._days.ordinals[day], moment_of_day(within))

    def _submission(self, applicant: int) -> Submission:
        day, at = self._sending(applicant)
        stream = Stream(self.seed, "submission", applicant)
        season, start = stream.weighted(self._days.starters[day])
        vacancy = self.world.vacancies[stream.weighted(self._hiring[season])]
        person = self.first_applicant + applicant
        return Submission(applicant, person, at, self._days.ordinals[day], start, vacancy)

    @cached_property
    def _strangers(self) -> World:
        # Whoever applies is unknown to ESR: nothing is assumed of whom it employs.
        return self.world.without_staff()

    @cached_property
    def _groups(self) -> Mapping[_Group, dict[int, int]]:
        """By season and staff group: the places of its vacancies with the share of each among those hired for."""
        found: dict[_Group, dict[int, int]] = {}
        hiring = self.world.hiring
        shares = (high - low for low, high in pairwise((0, *hiring.bounds)))
        for place, share in zip(hiring.values, shares, strict=True):
            position = self.world.position_by_id[self.world.vacancies[place]["positionId"]]
            role = job_role(position["jobRole"])
            found.setdefault((season_of(role), role.staff_group), {})[place] = share
        return found

    @cached_property
    def _joiners(self) -> Mapping[_Group, int]:
        """Of every thousand joiners, those of the groups that this world hires."""
        found: Counter[_Group] = Counter()
        for role in job_roles():
            found[season_of(role), role.staff_group] += role.weight
        return {group: found[group] for group in self._groups}

    @cached_property
    def _hiring(self) -> Mapping[Season, Weighted[int]]:
        """Which vacancy an applicant of a season is for: staff groups by their share of joiners, and within a group
        as the world hires.
        """
        weights: dict[Season, dict[int, float]] = {}
        for group, shares in self._groups.items():
            unit = self._joiners[group] / sum(shares.values())
            of_season = weights.setdefault(group[0], {})
            of_season.update({place: share * unit for place, share in shares.items()})
        return {season: Weighted.of(each) for season, each in weights.items()}

    @cached_property
    def _days(self) -> SubmissionDays:
        shares: Counter[Season] = Counter()
        for (season, _), joiners in self._joiners.items():
            shares[season] += joiners
        # In a fixed order: sums of fractions depend on theirs.
        whole = sum(shares.values())
        ordered = {season: shares[season] / whole for season in Season if season in shares}
        return submission_days(self.seed, self.first_day, ordered)
