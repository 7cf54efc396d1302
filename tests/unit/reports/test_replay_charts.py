"""How a replay's measurements are folded before they are drawn."""

import math
from datetime import datetime
from itertools import pairwise

import pytest
from replays import FIRST, HOUR, TAKEN_US, encoded, measurements, result, with_a_capped_pace

from loadtests.measurements import Arrivals
from loadtests.pacer import Leg
from sandbox.reports.drawing import broken_at_gaps
from sandbox.reports.replay_calendar import Span, arrivals_charts, local, passed, span_of
from sandbox.reports.replay_charts import answer_charts, buckets

DAY = 86_400


# -- the year's calendar


@pytest.mark.parametrize(
    ("seconds", "span"),
    [(3 * DAY, Span.HOUR), (3 * DAY + 1, Span.DAY), (62 * DAY, Span.DAY), (63 * DAY, Span.MONTH)],
)
def test_a_window_is_told_by_hours_days_or_months(seconds: int, span: Span) -> None:
    assert span_of(seconds) is span


def test_a_months_worth_of_arrivals_is_told_by_hour_of_the_day_and_by_day_without_gaps() -> None:
    summer = FIRST
    winter = int(datetime.fromisoformat("2026-10-27T07:00:00+00:00").timestamp())
    arrivals = (Arrivals(summer, 3, 3), Arrivals(winter, 4, 5))

    by_hour, by_day = arrivals_charts(arrivals)

    told = {row[0]: row[1:] for row in by_hour.rows}
    assert (told["08:00"], told["07:00"]) == (("3", "3"), ("4", "5"))  # The clocks went back.
    assert len(by_hour.rows) == 24
    assert [by_day.rows[0][0], by_day.rows[-1][0]] == ["Tue 01 Sep 2026", "Tue 27 Oct 2026"]
    assert len(by_day.rows) == 57
    assert by_day.rows[1] == ("Wed 02 Sep 2026", "0", "0")
    assert "7 of 8 planned messages were sent, 1 were not" in by_day.says


def test_the_legs_of_a_day_make_one_row_with_its_slowest_and_fastest_hour() -> None:
    def leg(hour: int, messages: int, seconds: float) -> Leg:
        first = (FIRST + hour * HOUR) * 1_000_000
        return Leg(first, first + HOUR * 1_000_000, messages, seconds)

    first, second = passed((leg(0, 10, 0.5), leg(1, 20, 1.5), leg(24, 5, 0.5)), Span.DAY)

    assert first.begins == local(FIRST).replace(hour=0)
    assert (first.hours, first.messages, first.seconds) == (2, 30, 2.0)
    assert (first.slowest, first.overall, first.fastest) == (2_400.0, 3_600.0, 7_200.0)
    assert (second.hours, second.messages, second.overall) == (1, 5, 7_200.0)


def test_drawings_are_the_same_for_the_same_figures() -> None:
    given = with_a_capped_pace().measurements

    first, again = (
        [chart.svg for chart in (*arrivals_charts(given.arrivals), *answer_charts(given))]
        for _ in range(2)
    )

    assert first == again


# -- latency


def test_every_answer_is_in_the_one_bucket_that_holds_it() -> None:
    found = buckets(encoded(TAKEN_US))

    assert sum(bucket.count for bucket in found) == len(TAKEN_US)
    for bucket in found:
        held = [value for value in TAKEN_US if bucket.first <= value / 1000 < bucket.last]
        assert bucket.count == len(held)
    for earlier, later in pairwise(found):
        assert earlier.last == later.first
        assert later.last / later.first == pytest.approx(10**0.1)


def test_the_table_of_the_histogram_ends_with_all_messages() -> None:
    charts = {chart.title: chart for chart in answer_charts(measurements())}

    rows = charts["How long answers took"].rows
    assert rows[-1][-1] == "100.00%"
    assert sum(int(row[2]) for row in rows) == len(TAKEN_US)


def test_where_nothing_was_answered_nothing_is_drawn() -> None:
    assert answer_charts(result().measurements) == ()


def test_a_line_is_broken_where_nothing_was_measured() -> None:
    x, y = broken_at_gaps([0, 1, 2, 9, 10], [5, 6, 7, 8, 9])

    assert [place for place, value in enumerate(x) if math.isnan(value)] == [3]
    assert math.isnan(y[3])
    assert [value for value in x if not math.isnan(value)] == [0, 1, 2, 9, 10]
    assert [value for value in y if not math.isnan(value)] == [5, 6, 7, 8, 9]


@pytest.mark.parametrize("points", [[], [1.0], [1.0, 2.0], [1.0, 2.0, 3.0, 4.5]])
def test_a_line_without_gaps_stays_whole(points: list[float]) -> None:
    assert broken_at_gaps(points, points) == (points, points)
