"""Charts of a rehearsal: how long a record took by each door, and the conversation hour by hour."""

from datetime import datetime

import matplotlib as mpl
from matplotlib import pyplot as plt

from sandbox.rehearsal.timing import CLAIM, CLAIMED_IN, DoorTimes, Spread, Timing
from sandbox.reports.drawing import BLUE, GREY, ORANGE, STYLE, as_svg
from sandbox.reports.verdicts import Figure

_SIZE = (9.0, 3.4)
_SHORTEST, _LONGEST = 0.001, 20_000
_WRITTEN_TO_THE_LEFT_FROM = 10.0
"""Seconds; what lies farther right has its words on the left."""


def from_event_to_esr(timing: Timing) -> Figure:
    """Median, 95th percentile and longest of each part, on a logarithmic scale."""
    rows = [
        ("files: waiting", timing.files.waiting, ORANGE),
        ("files: processing", timing.files.processing, BLUE),
        ("API: processing", timing.api.processing, BLUE),
    ]
    with mpl.rc_context(STYLE):
        drawing, axes = plt.subplots(figsize=_SIZE)
        for place, (_, spread, colour) in enumerate(rows):
            held = [max(_SHORTEST, value) for value in _values(spread)]
            axes.plot(held, [place] * 3, color=colour, linewidth=2, zorder=1)
            for value, marker, fill in zip(
                held, ("o", "D", "|"), (colour, "white", colour), strict=True
            ):
                axes.scatter(
                    [value],
                    [place],
                    marker=marker,
                    s=70,
                    color=colour,
                    facecolor=fill,
                    linewidths=2,
                    zorder=2,
                )
            told = zip(("median", "95 %", "longest"), _values(spread), strict=True)
            at_the_right = held[0] > _WRITTEN_TO_THE_LEFT_FROM
            axes.annotate(
                ", ".join(f"{name} {_told(value)}" for name, value in told),
                (held[-1] if at_the_right else held[0], place),
                textcoords="offset points",
                xytext=(0, 12),
                color=GREY,
                ha="right" if at_the_right else "left",
            )
        axes.set_xscale("log")
        axes.set_xlim(_SHORTEST, _LONGEST)
        axes.set_ylim(len(rows) - 0.5, -0.8)
        axes.set_yticks(range(len(rows)), [name for name, _, _ in rows])
        axes.tick_params(axis="y", length=0)
        axes.set_xticks(
            [0.001, 0.01, 0.1, 1, 60, 3600], ["1 ms", "10 ms", "0.1 s", "1 s", "1 min", "1 h"]
        )
        axes.set_xticks([], minor=True)
        axes.set_xlabel("from the event to ESR (log): circle median, diamond 95 %, bar longest")
        svg = as_svg(drawing)
    return Figure(
        title="From an event to ESR, by each door",
        svg=svg,
        says=(
            "Waiting is time of the world, until the full hour; a message of the API waits for nothing. Processing is wall "
            "time. By files it runs from the stroke of the hour until the confirmation that names the record lies in the "
            "outbox, so a little longer than until it is stored. By the API it runs from the moment a message is due to its "
            f"answer, at {timing.rate:.0f} messages a second whatever the answers do: "
            f"{timing.over_the_busiest_hour:,.0f} times the busiest hour of a busy day of the whole country. The owners claim "
            f"of their own systems: {CLAIM} ({CLAIMED_IN}). This measures a sandbox on one machine and confirms nothing of "
            "that."
        ),
        headings=("door and part (seconds)", "records", "median", "95th percentile", "longest"),
        rows=tuple(
            _row(door, part, spread)
            for door, times in (("files", timing.files), ("API", timing.api))
            for part, spread in _parts(times)
        ),
    )


def conversation_by_hour(hours: tuple[tuple[datetime, int, int], ...]) -> Figure:
    """Messages by the hour of the world in which their events happen."""
    first = hours[0][0].replace(hour=0)
    places = [round((hour - first).total_seconds() / 3600) for hour, _, _ in hours]
    applicants = [count for _, count, _ in hours]
    checks = [count for _, _, count in hours]
    with mpl.rc_context(STYLE):
        drawing, axes = plt.subplots(figsize=_SIZE)
        axes.bar(places, checks, color=BLUE, width=0.9, label="check updates")
        axes.bar(
            places,
            applicants,
            bottom=checks,
            color=ORANGE,
            hatch="//",
            edgecolor="white",
            width=0.9,
            label="applicants",
        )
        ticks = range(0, max(places) + 12, 12)
        axes.set_xticks(ticks, [f"{place % 24:02d}:00" for place in ticks])
        axes.set_xlabel(f"hour of the world, from {first:%d %B %Y}")
        axes.set_ylabel("messages")
        axes.legend(frameon=False, loc="upper left")
        svg = as_svg(drawing)
    hour, busiest = max(
        ((hour, some + others) for hour, some, others in hours), key=lambda each: each[1]
    )
    return Figure(
        title="The conversation, hour by hour",
        svg=svg,
        says=(
            f"{sum(applicants) + sum(checks):,} messages; the busiest hour begins on {hour:%d %B at %H:%M} with {busiest:,}. "
            "The first day takes the applicants; the weeks that their checks take are pressed into the two days after it."
        ),
        headings=("hour from", "applicants", "check updates"),
        rows=tuple(
            (f"{hour:%Y-%m-%d %H:%M}", f"{some:,}", f"{others:,}") for hour, some, others in hours
        ),
    )


def _values(spread: Spread) -> tuple[float, float, float]:
    return spread.median, spread.p95, spread.max


def _told(seconds: float) -> str:
    if seconds >= 60:
        return f"{seconds / 60:.0f} min"
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


def _parts(times: DoorTimes) -> tuple[tuple[str, Spread], ...]:
    return ("waiting", times.waiting), ("processing", times.processing)


def _row(door: str, part: str, spread: Spread) -> tuple[str, ...]:
    return (
        f"{door}: {part}",
        f"{spread.count:,}",
        *(f"{value:,.3f}" for value in _values(spread)),
    )
