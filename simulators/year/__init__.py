"""A year of a recruitment system's messages to ESR, as a pure function of its seed."""

from simulators.year.events import STEPS, Event, Kind
from simulators.year.year import Year

__all__ = ["STEPS", "Event", "Kind", "Year"]
