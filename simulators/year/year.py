"""The year: who is sent to ESR when, and everything that is sent about them afterwards.

A year follows from its seed, its world and its volume, and nothing else. Applicants are numbered in the order in
which they are sent, an event is named by its number, and any of them can be made alone; so workers that share a
year out by applicants' numbers need to agree on nothing but these few values.

>>> from simulators.world import World
>>> year = Year(5, World.make(5, 2, 10), applicants=100)
>>> year.event(6_401 - 64).applicant
99
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache
from itertools import chain, pairwise
from operator import attrgetter

import numpy as np

from simulators.draws import Draws, Ints, Tables
from simulators.reference.job_roles import job_role, job_roles
from simulators.streams import Weighted
from simulators.world import TODAY, World
from simulators.year.assumptions import ASSUMPTIONS
from simulators.year.diary import Diary
from simulators.year.events import STEPS, Event, Kind
from simulators.year.histories import Submissions, histories
from simulators.year.hours import moments_of_day
from simulators.year.seasons import (
    DAYS,
    LONGEST_LEAD,
    Season,
    SubmissionDays,
    season_of,
    submission_days,
)

_HOUR = 3_600
_SECOND = 1_000_000
_SLOT = 300 * _SECOND
"""Events are put in order by so much time at once: so few of them that the collector has no cause to look."""
_BLOCK, _SPAN = 512, 4_096
"""Applicants of a block, and the numbers over which it may reach, since draws are made for all of them."""
_NEIGHBOURS, _NEIGHBOURHOODS = 16, 8
"""Applicants whom `history` makes at once, and how many times as many it keeps."""
_FRACTIONS = 1 << 24
"""Of an applicant's slice of the year: as fine as numbers of 53 bits hold beside any applicant's number."""
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

        It is made with its neighbours, for whoever goes through a year asks for them next. Raises IndexError for a
        number that no applicant of the year has.
        """
        self._alone(applicant)
        neighbourhood, place = divmod(applicant, _NEIGHBOURS)
        return self._neighbours(neighbourhood)[place]

    def histories(
        self, worker: int = 0, of: int = 1, start: int | None = None, end: int | None = None
    ) -> Iterator[tuple[Event, ...]]:
        """The `history` of each applicant of a `share`, in full, in the order of their numbers."""
        for block in self._blocks(worker, of, start, end):
            yield from self._made(block)

    def event(self, number: int) -> Event:
        """The event with this number, made alone. Raises IndexError where there is none."""
        applicant, step = divmod(number, STEPS)
        return next(self._made(self._alone(applicant)))[step]

    def submitted(self, applicant: int) -> int:
        """When an applicant is sent, in microseconds since the epoch. It does not fall as numbers rise.

        Raises IndexError for a number that no applicant of the year has.
        """
        return int(self._sendings(self._alone(applicant))[1][0])

    def events(
        self, worker: int = 0, of: int = 1, start: int | None = None, end: int | None = None
    ) -> Iterator[Event]:
        """The events of the applicants whose number leaves `worker` when divided by `of`, in the order of
        (at, number); only those in [start, end), in microseconds since the epoch, where these are given.

        Held in memory are the histories under way, not the year. Raises ValueError unless 0 <= worker < of.
        """
        # By slots, those of each in the order of their numbers; no applicant has an event before the submission.
        waiting: dict[int, list[Event]] = {}
        done: int | None = None
        for history in self.histories(worker, of, start, end):
            now = history[0].at // _SLOT
            for slot in range(now if done is None else done, now):
                yield from sorted(waiting.pop(slot, ()), key=attrgetter("at"))
            done = now
            for event in history:
                if (start is None or event.at >= start) and (end is None or event.at < end):
                    waiting.setdefault(event.at // _SLOT, []).append(event)
        for slot in sorted(waiting):
            yield from sorted(waiting.pop(slot), key=attrgetter("at"))

    def by_hour(
        self, worker: int = 0, of: int = 1, start: int | None = None, end: int | None = None
    ) -> dict[int, Counter[Kind]]:
        """How many events of each kind are due in each hour that has any, by the second since the epoch at which
        the hour begins; of the same events as `events`. Makes every history once.
        """
        hours: dict[int, Counter[Kind]] = {}
        for event in chain.from_iterable(self.histories(worker, of, start, end)):
            if (start is None or event.at >= start) and (end is None or event.at < end):
                second = event.at // _SECOND
                hours.setdefault(second - second % _HOUR, Counter())[event.kind] += 1
        return dict(sorted(hours.items()))

    def share(
        self, worker: int = 0, of: int = 1, start: int | None = None, end: int | None = None
    ) -> range:
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
        return everybody[first:last]

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What the year rests on, a sentence each with its source or "(assumed)", to be printed with a result."""
        return (
            f"{self.applicants:,} applicants are sent in the 365 days from {self.first_day}.",
            *ASSUMPTIONS,
        )

    def _alone(self, applicant: int) -> Ints:
        if not 0 <= applicant < self.applicants:
            raise IndexError(f"applicants are 0 to {self.applicants - 1}; there is no {applicant}")
        return np.array([applicant])

    def _blocks(self, worker: int, of: int, start: int | None, end: int | None) -> Iterator[Ints]:
        """The applicants of a share by blocks."""
        share = self.share(worker, of, start, end)
        rows = max(1, min(_BLOCK, _SPAN // of))
        for first in range(0, len(share), rows):
            yield np.array(share[first : first + rows])

    @cached_property
    def _neighbours(self) -> Callable[[int], list[tuple[Event, ...]]]:
        @lru_cache(maxsize=_NEIGHBOURHOODS)
        def made(neighbourhood: int) -> list[tuple[Event, ...]]:
            first = neighbourhood * _NEIGHBOURS
            last = min(first + _NEIGHBOURS, self.applicants)
            return list(self._made(np.arange(first, last)))

        return made

    def _made(self, applicants: Ints) -> Iterator[tuple[Event, ...]]:
        return histories(self.seed, self._strangers, self._diary, self._submissions(applicants))

    def _sendings(self, applicants: Ints) -> tuple[Ints, Ints]:
        """The place of the day among those of submissions, and the moment."""
        bounds = self._days.bounds
        # Each applicant has an own slice of the year's volume and a chance place in it.
        chance = Draws(self.seed, "sending", applicants, 1).below(_FRACTIONS) / _FRACTIONS
        places = (applicants + chance) / self.applicants * bounds[-1]
        days = bounds.searchsorted(places, side="right") - 1
        within = (places - bounds[days]) / (bounds[days + 1] - bounds[days])
        moments = moments_of_day((within * (1 << 32)).astype(np.int64))
        return days, self._diary.instants(self._days.ordinals[days], moments)

    def _submissions(self, applicants: Ints) -> Submissions:
        days, at = self._sendings(applicants)
        draws = Draws(self.seed, "submission", applicants, 2)
        seasons, starts = self._starters[1][self._starters[0].places(draws.words(), days)].T
        vacancies = [
            self.world.vacancies[place] for place in draws.weighted(self._hiring, seasons).tolist()
        ]
        return Submissions(
            applicants,
            self.first_applicant + applicants,
            at,
            self._days.ordinals[days],
            starts,
            vacancies,
        )

    @cached_property
    def _diary(self) -> Diary:
        first = self.first_day.toordinal()
        # A start may be put off by four weeks, and by the days that follow which nobody works on.
        return Diary.of(range(first, first + DAYS + LONGEST_LEAD + 42))

    @cached_property
    def _starters(self) -> tuple[Tables[tuple[int, int]], Ints]:
        """Who is sent, by the place of the day, and the values of that table as rows."""
        tables = Tables(*self._days.starters)
        return tables, np.array(tables.values.tolist())

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
    def _hiring(self) -> Tables[int]:
        """Which vacancy an applicant is for, by the place of the season: staff groups by their share of joiners, and
        within a group as the world hires.
        """
        weights: dict[Season, dict[int, float]] = {season: {} for season in self._seasons}
        for group, shares in self._groups.items():
            unit = self._joiners[group] / sum(shares.values())
            weights[group[0]].update({place: share * unit for place, share in shares.items()})
        return Tables(*(Weighted.of(each) for each in weights.values()))

    @cached_property
    def _seasons(self) -> Mapping[Season, float]:
        """Those of this world, each with its share of the joiners."""
        shares: Counter[Season] = Counter()
        for (season, _), joiners in self._joiners.items():
            shares[season] += joiners
        # In a fixed order: sums of fractions depend on theirs.
        whole = sum(shares.values())
        return {season: shares[season] / whole for season in Season if season in shares}

    @cached_property
    def _days(self) -> SubmissionDays:
        return submission_days(self.seed, self.first_day, self._seasons)
