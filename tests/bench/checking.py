"""`record_employment_check` through the whole stack."""

import orjson

from tests.bench.client import drive
from tests.bench.measuring import Bench, NoFigure, strangers
from tests.bench.messages import check_updates, submissions
from tests.bench.table import Row, of_rounds
from tests.bench.targets import sandbox

# An applicant has 4.8 updates on average; with one for each four of them there are enough, and the last few, which would
# be of the same applicants, are cut off.
_UPDATES_FOR_EACH = 4


def measure(bench: Bench) -> list[Row]:
    """Requests a second; new applicants in each round, of which the first warms up and does not count."""
    rates = []
    world = strangers()
    applicants = bench.requests // _UPDATES_FOR_EACH
    with sandbox(bench.folder / "checking") as server:
        for turn in range(bench.rounds + 1):
            first = turn * applicants
            taken = drive(
                server.url, submissions(world, server, first, applicants), bench.connections
            )
            if taken.statuses != {201: applicants}:
                raise NoFigure(f"not every applicant was taken: {dict(taken.statuses)}")
            numbers = [orjson.loads(body)["applicantNumber"] for body in taken.bodies]
            updates = check_updates(world, server, numbers, first, bench.requests)
            driven = drive(server.url, updates, bench.connections)
            if not set(driven.statuses) <= {200, 201}:
                raise NoFigure(f"not every update was taken: {dict(driven.statuses)}")
            if turn:
                rates.append(driven.per_second)
            bench.tell_round(turn, f"{driven.per_second:,.0f} updates/s")
    return [Row("record_employment_check", "requests/s", of_rounds(rates))]
