"""Charts of a replay over the year's calendar: when messages were due, and at which factor its time passed.

Hours, days and months are those of the United Kingdom. A long window is folded, so that no table has more than some 70 rows.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from itertools import groupby
from typing import TypeVar
from zoneinfo import ZoneInfo

import matplotlib as mpl
from matplotlib import dates
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from loadtests.measurements import Arrivals
from loadtests.pacer import Leg
from sandbox.reports.drawing import BLUE, GREY, ORANGE, STYLE, as_svg, plain_numbers
from sandbox.reports.verdicts import Figure

_UK = ZoneInfo("Europe/London")
_SIZE = (9.0, 3.4)
_HOUR, _DAY = 3600, 86_400
_MICROSECONDS = 1_000_000
_Key = TypeVar("_Key", int, datetime)


class Span(Enum):
    """What a table has a row for; its value is how a row is named."""

    HOUR = "%a %d %b %Y %H:%M"
    DAY = "%a %d %b %Y"
    MONTH = "%B %Y"

    @property
    def noun(self) -> str:
        """Its name in a heading."""
        return self.name.lower()

    def begins(self, moment: datetime) -> datetime:
        """Where the span that holds a moment begins."""
        whole = moment.replace(minute=0, second=0, microsecond=0)
        if self is Span.HOUR:
            return whole
        return whole.replace(hour=0, day=1 if self is Span.MONTH else moment.day)


def local(seconds: float) -> datetime:
    """A moment of the year (seconds since the Unix epoch) by the clocks of the United Kingdom."""
    return datetime.fromtimestamp(seconds, _UK)


def span_of(seconds: float) -> Span:
    """What a window of this length is told by: hours up to three days, days up to two months, else months."""
    if seconds <= 3 * _DAY:
        return Span.HOUR
    return Span.DAY if seconds <= 62 * _DAY else Span.MONTH


def drawn_at(seconds: float) -> float:
    """Where a moment of the year (seconds since the Unix epoch) stands on an axis that `mark_time` marked."""
    return seconds / _DAY


def mark_time(axes: Axes, first: float) -> None:
    """Has the horizontal axis, in days since the Unix epoch, tell times of the year; `first` is shown, in seconds."""
    locator = dates.AutoDateLocator(tz=_UK, maxticks=10)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    formatter = dates.ConciseDateFormatter(locator, tz=_UK, show_offset=False)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(formatter)
    axes.set_xlabel(f"the year's calendar from {local(first):%d %B %Y}, UK time")


# Arrivals.


def arrivals_charts(arrivals: tuple[Arrivals, ...]) -> tuple[Figure, ...]:
    """What was sent beside what was planned: by hour, and in a longer window by hour of the day and by day or month."""
    span = span_of(arrivals[-1].hour - arrivals[0].hour)
    if span is Span.HOUR:
        return (_by_hour(arrivals),)
    return _by_hour_of_the_day(arrivals), _by_day_or_month(arrivals, span)


def _by_hour(arrivals: tuple[Arrivals, ...]) -> Figure:
    counted = _without_gaps(arrivals)
    moments = [local(item.hour) for item in counted]
    return _bars(
        "Messages by hour",
        [moment.strftime(Span.HOUR.value) for moment in moments],
        [moment.strftime("%H:%M") for moment in moments],
        counted,
        f"hour in which they were due, from {moments[0]:%d %B %Y}, UK time",
        max(1, -(-len(counted) // 12)),
    )


def _without_gaps(arrivals: tuple[Arrivals, ...]) -> list[Arrivals]:
    """Every hour from the first to the last."""
    known = {item.hour: item for item in arrivals}
    hours = range(arrivals[0].hour, arrivals[-1].hour + _HOUR, _HOUR)
    return [known.get(hour, Arrivals(hour, 0, 0)) for hour in hours]


def _by_hour_of_the_day(arrivals: tuple[Arrivals, ...]) -> Figure:
    folded = _folded(arrivals, lambda moment: moment.hour)
    counted = [folded.get(hour, Arrivals(hour, 0, 0)) for hour in range(24)]
    names = [f"{hour:02d}:00" for hour in range(24)]
    return _bars(
        "Messages by hour of the day",
        names,
        names,
        counted,
        "hour of the day in which they were due, all days together, UK time",
        2,
    )


def _by_day_or_month(arrivals: tuple[Arrivals, ...], span: Span) -> Figure:
    folded = _folded(_without_gaps(arrivals), span.begins)
    short = "%d %b" if span is Span.DAY else "%b\n%Y"
    return _bars(
        f"Messages by {span.noun}",
        [begin.strftime(span.value) for begin in folded],
        [begin.strftime(short) for begin in folded],
        list(folded.values()),
        f"{span.noun} in which they were due",
        1 if span is Span.MONTH else max(1, len(folded) // 10),
    )


def _folded(arrivals: Iterable[Arrivals], key: Callable[[datetime], _Key]) -> dict[_Key, Arrivals]:
    """Put together by `key`, in the order in which its values first come."""
    folded: dict[_Key, Arrivals] = {}
    for item in arrivals:
        place = key(local(item.hour))
        before = folded.get(place, Arrivals(item.hour, 0, 0))
        folded[place] = Arrivals(
            before.hour, before.sent + item.sent, before.planned + item.planned
        )
    return folded


def _bars(
    title: str,
    names: Sequence[str],
    short: Sequence[str],
    counted: Sequence[Arrivals],
    axis: str,
    every: int,
) -> Figure:
    """`short` names stand below every so many bars, `names` in the table."""
    places = range(len(counted))
    with mpl.rc_context(STYLE):
        drawing, axes = plt.subplots(figsize=_SIZE)
        axes.bar(places, [item.sent for item in counted], color=BLUE, width=0.8, label="sent")
        axes.plot(
            places,
            [item.planned for item in counted],
            color=GREY,
            linestyle="--",
            marker="o",
            markersize=4,
            label="planned",
        )
        axes.set_xticks(places[::every], short[::every])
        axes.set_xlabel(axis)
        axes.set_ylabel("messages")
        axes.set_ylim(bottom=0)
        axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2)
        svg = as_svg(drawing)
    busiest = max(places, key=lambda place: counted[place].planned)
    missing = sum(max(0, item.planned - item.sent) for item in counted)
    return Figure(
        title=title,
        svg=svg,
        says=(
            f"{sum(item.sent for item in counted):,} of {sum(item.planned for item in counted):,} planned messages were sent"
            f"{f', {missing:,} were not' if missing else ''}. The most are planned for {names[busiest]}: "
            f"{counted[busiest].planned:,}. Bars are what was sent, the dashed line what the year's model plans."
        ),
        headings=(title.removeprefix("Messages by "), "sent", "planned"),
        rows=tuple(
            (name, f"{item.sent:,}", f"{item.planned:,}")
            for name, item in zip(names, counted, strict=True)
        ),
    )


# The factor of a capped pace.


@dataclass(frozen=True, slots=True)
class Passed:
    """How the time of one span was made to pass. Factors are simulated seconds per wall second."""

    begins: datetime
    hours: int
    """Hours with messages; the others were skipped."""
    messages: int
    seconds: float
    """Of wall time."""
    slowest: float
    """The factor of the hour that was stretched most."""
    overall: float
    """The factor of its hours together, skipped ones left out."""
    fastest: float


def passed(legs: Iterable[Leg], span: Span) -> list[Passed]:
    """The legs of a replay, folded by span."""
    folded = []
    by_span = groupby(legs, lambda leg: span.begins(local(leg.first / _MICROSECONDS)))
    for begins, group in by_span:
        within = list(group)
        seconds = sum(leg.seconds for leg in within)
        simulated = sum(leg.last - leg.first for leg in within) / _MICROSECONDS
        folded.append(
            Passed(
                begins=begins,
                hours=len(within),
                messages=sum(leg.messages for leg in within),
                seconds=seconds,
                slowest=min(leg.factor for leg in within),
                overall=simulated / seconds if seconds else 0.0,
                fastest=max(leg.factor for leg in within),
            )
        )
    return folded


def factor_chart(legs: tuple[Leg, ...]) -> Figure:
    """The factor of each hour or day, and a table that is folded further where the window is long."""
    length = (legs[-1].last - legs[0].first) / _MICROSECONDS
    span = span_of(length)
    drawn = passed(legs, Span.DAY if span is Span.MONTH else span)
    moments = [drawn_at(item.begins.timestamp()) for item in drawn]
    with mpl.rc_context(STYLE):
        drawing, axes = plt.subplots(figsize=_SIZE)
        if span is not Span.HOUR:
            axes.fill_between(
                moments,
                [item.slowest for item in drawn],
                [item.fastest for item in drawn],
                color=BLUE,
                alpha=0.2,
                linewidth=0,
                label="from the most to the least stretched hour",
            )
        axes.plot(
            moments,
            [item.overall for item in drawn],
            color=ORANGE,
            marker="o",
            markersize=3,
            linewidth=1,
            label="of the hour" if span is Span.HOUR else "of the day",
        )
        axes.set_yscale("log")
        plain_numbers(axes.yaxis)
        axes.set_ylabel("simulated seconds\nper second (log)")
        mark_time(axes, legs[0].first / _MICROSECONDS)
        axes.legend(frameon=False, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2)
        svg = as_svg(drawing)
    least = min(legs, key=lambda leg: leg.factor)
    skipped = max(0, round(length / _HOUR) - len(legs))
    return Figure(
        title="How fast the year's time passed",
        svg=svg,
        says=(
            f"{len(legs):,} hours had messages; {skipped:,} idle hours between them were skipped. The hour from "
            f"{local(least.first / _MICROSECONDS):%a %d %b %Y %H:%M} was stretched most, to a factor of {least.factor:,.0f}. "
            "Stretching keeps the order of the messages. replay.json has the factor of every hour."
        ),
        headings=(
            span.noun,
            "hours with messages",
            "messages",
            "wall seconds",
            "lowest factor",
            "factor overall",
            "highest factor",
        ),
        rows=tuple(
            (
                item.begins.strftime(span.value),
                f"{item.hours:,}",
                f"{item.messages:,}",
                f"{item.seconds:,.1f}",
                f"{item.slowest:,.0f}",
                f"{item.overall:,.0f}",
                f"{item.fastest:,.0f}",
            )
            for item in passed(legs, span)
        ),
    )
