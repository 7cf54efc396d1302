"""How long it took from an event to ESR: waiting, which the world's clock decides, apart from processing, which is measured."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

from hdrh.histogram import HdrHistogram

from simulators.working_day import WorkingDay

_LONGEST_US = 86_400_000_000
"""The histogram's range: a microsecond to a day, three significant figures."""

CLAIM = "processing inside ESR went from hours to seconds, 99 % faster"
CLAIMED_IN = (
    "https://esrnews.nhs.uk/march-2022/programme-news/"
    "modernising-esr-integration-services-to-deliver-benefits-to-recruiters/print"
)


@dataclass(frozen=True, slots=True)
class Spread:
    """Seconds. The figures of a histogram are exact to three digits."""

    count: int
    median: float
    p95: float
    max: float


@dataclass(frozen=True, slots=True)
class DoorTimes:
    """From an event to ESR by one door."""

    waiting: Spread
    """World time until ESR could take it: at the files, until the full hour."""
    processing: Spread
    """Wall time that ESR then took."""


NO_WAITING = Spread(0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Timing:
    """What was measured at both doors."""

    files: DoorTimes
    api: DoorTimes
    rate: float
    """Messages a second for which the API was asked."""

    @property
    def over_the_busiest_hour(self) -> float:
        """How many times the busiest hour of a busy day of the whole country that is."""
        return self.rate / (WorkingDay().busiest_hour / 3600)

    def to_dict(self) -> dict[str, object]:
        """As JSON takes it, in seconds."""
        return {
            "files": asdict(self.files),
            "api": asdict(self.api),
            "messagesPerSecond": self.rate,
            "overTheBusiestHour": round(self.over_the_busiest_hour, 1),
            "claimed": {"text": CLAIM, "source": CLAIMED_IN, "confirmed": False},
        }


def spread(seconds: Iterable[float]) -> Spread:
    """The spread of durations; all zero when there is none."""
    histogram = HdrHistogram(1, _LONGEST_US, 3)
    greatest = 0.0
    for value in seconds:
        histogram.record_value(min(_LONGEST_US, max(1, round(value * 1e6))))
        greatest = max(greatest, value)
    count = int(histogram.get_total_count())
    if count == 0:
        return NO_WAITING
    found = histogram.get_percentile_to_value_dict([50, 95])
    # A bucket may reach past the greatest value that lies in it.
    median, p95 = (min(found[share] / 1e6, greatest) for share in (50, 95))
    return Spread(count, median, p95, greatest)
