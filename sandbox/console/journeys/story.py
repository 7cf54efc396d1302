"""The whole journey: every step of both systems and between them, in the order in which it happened."""

from sandbox.console.journeys.events import steps_of_deliveries, steps_of_events
from sandbox.console.journeys.exchanges import steps_of_exchanges
from sandbox.console.journeys.facts import Facts
from sandbox.console.journeys.rows import steps_of_rows
from sandbox.console.journeys.step import Step


def steps_of(facts: Facts) -> list[Step]:
    """The steps, the first first; what is still to happen stands at the end, the next first.

    The order is that of the journal: what has no exchange of its own stands after what caused it, or by the world's time.
    """
    steps = [
        *steps_of_rows(facts),
        *steps_of_exchanges(facts),
        *steps_of_events(facts),
        *steps_of_deliveries(facts),
    ]
    done = sorted((each for each in steps if not each.is_ahead), key=lambda step: step.place)
    ahead = sorted((each for each in steps if each.is_ahead), key=lambda step: step.world)
    return [*done, *ahead]
