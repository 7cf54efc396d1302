"""Results of replays that never ran, to write reports of."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hdrh.histogram import HdrHistogram

from loadtests.discrepancies import Discrepancy, Reconciliation
from loadtests.measurements import (
    Arrivals,
    Distribution,
    Latency,
    LatencyPoint,
    Measurements,
    RatePoint,
    Recovery,
    WaitingPoint,
)
from loadtests.pacer import Leg
from loadtests.results import ReplayResult, SetUp
from loadtests.verdict import Counts, Finding, Outcome

HOUR = 3600
FIRST = int(datetime(2026, 9, 1, 7, tzinfo=UTC).timestamp())
"""08:00 in the United Kingdom, where it is summer."""
TAKEN_US = (900, 1_500, 40_000, 40_001, 3_000_000)
"""How long the answers of the synthetic replay took."""
NOTHING = Distribution(0, 0.0, 0.0, 0.0, 0.0)


def encoded(microseconds: tuple[int, ...]) -> str:
    histogram = HdrHistogram(1, 86_400_000_000, 3)
    for value in microseconds:
        histogram.record_value(value)
    text: str = histogram.encode().decode()
    return text


def measurements(**changes: Any) -> Measurements:
    """Of a morning of three hours, in the last of which one planned message was not sent."""
    taken = Distribution(5, 40.0, 3000.0, 3000.0, 3000.0)
    known = Measurements(
        latency={"all": Latency(taken, Distribution(5, 30.0, 90.0, 90.0, 90.0))},
        lateness=Distribution(5, 1.0, 2.0, 3.0, 4.0),
        arrivals=(
            Arrivals(FIRST, 3, 3),
            Arrivals(FIRST + HOUR, 1, 1),
            Arrivals(FIRST + 2 * HOUR, 1, 2),
        ),
        latency_over_time=(
            LatencyPoint(FIRST, 4, 40.0, 90.0, 90.0, 30.0, 80.0),
            LatencyPoint(FIRST + 2 * HOUR, 1, 3000.0, 3000.0, 3000.0, 30.0, 90.0),
        ),
        rate_over_time=(RatePoint(0.0, 8.0, 30.0, 2), RatePoint(0.5, 2.0, 90.0, 0)),
        recovery=None,
        histogram=encoded(TAKEN_US),
        wall_seconds=1.0,
        simulated_seconds=10_800.0,
        growth=0.0,
    )
    return replace(known, **changes)


def nothing_to_draw() -> Measurements:
    """Of the morning without its series, for reports that are written in no time."""
    return measurements(arrivals=(), latency_over_time=(), rate_over_time=())


def result(**changes: Any) -> ReplayResult:
    """Of the morning, at one constant factor, with nothing wrong and nothing to draw."""
    known = ReplayResult(
        outcome=Outcome.PASS,
        findings=(
            Finding("every message sent", Outcome.PASS, "5 of 5 sent", "all"),
            Finding("lost", Outcome.PASS, "0", "0"),
        ),
        counts=Counts(6, 5, 4321, 0, 0, 0, 1, 7, {"applicant": 1, "check": 4320}),
        set_up=SetUp(vacancies=212, caught_up=1_234),
        measurements=nothing_to_draw(),
        propagation=None,
        reconciliation=Reconciliation(acknowledged=5, confirmed=5, state=2**255),
        assumptions=("Nothing is sent on Sundays (assumed).",),
        profile="morning",
        title="A morning",
        factor=10_800.0,
        legs=(),
        calibration=None,
        seed=5,
        scope={
            "seed": 5,
            "world": {"seed": 1, "organisations": 40, "positions_per_organisation": 60},
            "applicants": 2_500,
            "first_applicant": 0,
            "window": (FIRST * 1_000_000, (FIRST + 3 * HOUR) * 1_000_000),
            "hourly": False,
            "closed": None,
            "sent_on": None,
        },
        run="R0123456789",
        senders=1,
        lost_senders=0,
        ledger=Path("reports/replay/ledger.ndjson"),
        messages_digest="d1" * 32,
        started=datetime(2026, 11, 26, 9, tzinfo=UTC).timestamp(),
        seconds=12.0,
        interrupted=None,
    )
    return replace(known, **changes)


def with_a_capped_pace() -> ReplayResult:
    """Of a whole year: twelve hours of each of 365 days, every second one stretched."""
    hours = [FIRST + 86_400 * day + HOUR * hour for day in range(365) for hour in range(12)]
    microseconds = 1_000_000
    legs = tuple(
        Leg(hour * microseconds, (hour + HOUR) * microseconds, 40, 0.005 * (1 + place % 2))
        for place, hour in enumerate(hours)
    )
    arrivals = tuple(Arrivals(hour, 40, 40) for hour in hours)
    return result(
        profile="year",
        factor=None,
        legs=legs,
        calibration={"per_second": 500.0, "cap": 425.0},
        measurements=measurements(arrivals=arrivals, growth=1.25),
    )


def after_a_closure() -> ReplayResult:
    """ESR was closed, and three messages waited for it to open."""
    drain = tuple(WaitingPoint(10.0 + step / 10, max(0, 3 - step)) for step in range(8))
    return result(measurements=measurements(recovery=Recovery(3, 0.3, 3_240.0, 10.0, drain)))


def lost(number: int) -> Discrepancy:
    return Discrepancy(
        what="ESR acknowledged this check and does not hold it.",
        kind="check",
        number=number,
        supplierReference=f"R0123456789-{number:07d}",
        requestId=f"0000{number:04d}-0000-4000-8000-000000000000",
        applicantNumber=f"{number:08d}",
        checkType="IDENTITY",
    )
