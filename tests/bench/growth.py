"""Whether a submission takes longer where ESR holds a million applicants: a sandbox with many of them beside one with few.

    python -m tests.bench.growth [--few 10000] [--many 1000000] [--rounds 5] [--requests 2000] [--connections 4]

What a submission reads, or writes beside, is filled by SQL: people, applicants, outcomes of request ids and exchanges, copies of
real rows under keys of their own. The two take turns; the first round warms up and does not count.
"""

import argparse
import os
import sqlite3
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from pathlib import Path

from tests.bench.client import drive
from tests.bench.measuring import Bench, NoFigure, strangers
from tests.bench.messages import submissions
from tests.bench.peers import Peers
from tests.bench.table import Row, Target, as_text, of_rounds
from tests.bench.targets import sandbox

FEW, MANY = 10_000, 1_000_000
_REAL = 50
_FIRST = 10_000  # the first record number of a copy
_BATCH = 100_000
# By table the columns of its keys: what stands there in a copy, as SQL over its number `n`.
_COPIES = {
    "esr_people": {
        "person_id": "n",
        "ni_number": "printf('ZZ%07d', n)",
        "name_key": "hex(randomblob(8)) || name_key",
    },
    "esr_applicants": {
        "applicant_number": "printf('%08d', 10000000 + n)",
        "person_id": "n",
        "supplier_reference": "hex(randomblob(6))",
    },
    "request_outcomes": {"request_id": "lower(hex(randomblob(16)))"},
    "exchanges": {"exchange_id": "n", "request_id": "lower(hex(randomblob(16)))"},
}


def measure(bench: Bench, few: int = FEW, many: int = MANY) -> list[Row]:
    """Milliseconds that a submission takes on the mean, among many applicants and among few."""
    world = strangers()
    times: dict[int, list[float]] = {few: [], many: []}
    with ExitStack() as stack:
        servers = {}
        for count in times:
            folder = bench.folder / f"{count}"
            database = folder / "sandbox.db"
            with sandbox(folder) as server:
                real = drive(server.url, submissions(world, server, 0, _REAL), bench.connections)
            if real.statuses != {201: _REAL}:
                raise NoFigure(f"not every applicant was taken: {dict(real.statuses)}")
            began = time.perf_counter()
            _fill(database, count)
            size = database.stat().st_size / 1e6
            bench.tell(
                f"{count:,} applicants in {time.perf_counter() - began:.0f} s: {size:,.0f} MB"
            )
            servers[count] = stack.enter_context(sandbox(folder))
        for turn in range(bench.rounds + 1):
            for count, server in servers.items():
                first = _REAL + turn * bench.requests
                sent = submissions(world, server, first, bench.requests)
                driven = drive(server.url, sent, bench.connections)
                if driven.statuses != {201: bench.requests}:
                    raise NoFigure(f"not every applicant was taken: {dict(driven.statuses)}")
                took = 1000 * bench.connections / driven.per_second
                if turn:
                    times[count].append(took)
                bench.tell_round(turn, f"among {count:,} applicants {took:.2f} ms")
    return [
        Row(
            f"submit_applicant among {many:,}",
            "ms",
            of_rounds(times[many]),
            f"among {few:,}",
            of_rounds(times[few]),
            Target(1.3, at_most=True),
        )
    ]


def _fill(database: Path, count: int) -> None:
    """Adds copies until ESR holds `count` applicants."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        for pragma in ("journal_mode=WAL", "synchronous=OFF", "cache_size=-262144"):
            connection.execute(f"PRAGMA {pragma}")
        for table, keys in _COPIES.items():
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            values = ", ".join(keys.get(name, name) for name in columns)
            connection.execute(
                f"CREATE TEMP TABLE real_{table} AS"
                f" SELECT row_number() OVER () - 1 AS place, * FROM {table}"
                + (" WHERE operation_id = 'submit_applicant'" if "operation_id" in columns else "")
            )
            for first in range(_FIRST, _FIRST + count - _REAL, _BATCH):
                last = min(first + _BATCH, _FIRST + count - _REAL) - 1
                connection.execute(
                    f"WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM numbers WHERE n < {last})"
                    f" INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM numbers"
                    f" JOIN real_{table} ON place = n % (SELECT count(*) FROM real_{table})"
                )
        connection.execute(
            "UPDATE workspaces SET last_record = ?, last_exchange = ?", [_FIRST + count] * 2
        )
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.growth", description=__doc__)
    parser.add_argument("--few", type=int, default=FEW)
    parser.add_argument("--many", type=int, default=MANY)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--connections", type=int, default=4)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="esr-sandbox-growth-") as folder:
        bench = Bench(
            options.rounds,
            options.requests,
            options.connections,
            Path(folder),
            Peers(None),
            tell=lambda line: print(line, flush=True),
            load=os.getloadavg()[0],
        )
        try:
            print(f"\n{as_text(measure(bench, options.few, options.many))}")
        except NoFigure as problem:
            sys.exit(str(problem))


if __name__ == "__main__":
    main()
