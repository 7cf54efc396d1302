"""`make bench`: what the sandbox and the simulators do in a second, beside others, in one table.

Those that are compared take turns, so that a machine whose speed drifts slows all of them; the medians are shown.
Nothing here fails because a machine is slow, or because a target is not met. A run of everything writes
docs/performance.md.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.bench import (
    checking,
    deliveries,
    generating,
    growth,
    memory,
    starting,
    submitting,
    verifying,
)
from tests.bench.document import DOCUMENT, document
from tests.bench.measuring import Bench
from tests.bench.peers import Peers
from tests.bench.table import Row, as_text


def _growth(bench: Bench) -> list[Row]:
    return growth.measure(bench, 100, 1_000) if bench.smoke else growth.measure(bench)


MEASUREMENTS: dict[str, Callable[[Bench], list[Row]]] = {
    "submit": submitting.measure,
    "checks": checking.measure,
    "start": starting.measure,
    "generation": generating.measure,
    "memory": memory.measure,
    "events": deliveries.measure,
    "verification": verifying.measure,
}
LONG: dict[str, Callable[[Bench], list[Row]]] = {"growth": _growth}
"""Measured when they are asked for."""
_PEERS = Path(sys.prefix) / "bench-peers"


def measure(names: Sequence[str], bench: Bench) -> list[Row]:
    """The rows of the measurements that are named. One that fails has a row that says so."""
    rows: list[Row] = []
    for place, name in enumerate(names, 1):
        bench.tell(f"== {name} ({place} of {len(names)})")
        try:
            rows += (MEASUREMENTS | LONG)[name](bench)
        except Exception as problem:  # noqa: BLE001 - whatever it is, the figures of the others are not lost
            told = " ".join(str(problem).split())[:300]
            rows.append(Row(name, "", failed=f"{type(problem).__name__} {told}".strip()))
            bench.tell(f"{name} {rows[-1].verdict}")
    return rows


def main(arguments: Sequence[str] | None = None) -> list[Row]:
    """Measures, prints the table and, after a run of everything, writes the document; answers the rows."""
    options = _options(arguments)
    names = [*(options.only or MEASUREMENTS), *(LONG if options.growth else ())]
    began, load = time.monotonic(), os.getloadavg()[0]

    def tell(line: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {line}", flush=True)

    with tempfile.TemporaryDirectory(prefix="esr-sandbox-bench-") as folder:
        bench = Bench(
            rounds=1 if options.smoke else options.rounds,
            requests=120 if options.smoke else options.requests,
            connections=4 if options.smoke else options.connections,
            folder=Path(folder),
            peers=Peers(None if options.smoke or options.no_peers else _PEERS),
            tell=tell,
            load=load,
            smoke=options.smoke,
        )
        rows = measure(names, bench)
        print(f"\n{as_text(rows)}")
        failed = [row.measure for row in rows if row.failed]
        if failed:
            print(f"\n{DOCUMENT.name} is as it was, for want of {', '.join(failed)}.")
        elif not (options.smoke or options.only):
            DOCUMENT.write_text(document(rows, bench), encoding="utf-8")
            print(f"\n{DOCUMENT}")
    return rows


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python tests/bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=4000, help="of each, in each round")
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument(
        "--only", nargs="+", choices=MEASUREMENTS, metavar="NAME", help=", ".join(MEASUREMENTS)
    )
    parser.add_argument(
        "--growth", action="store_true", help="also among a million applicants: minutes, gigabytes"
    )
    parser.add_argument("--no-peers", action="store_true", help="install and measure no peers")
    parser.add_argument(
        "--smoke",
        action="store_true",
        help="see that it works, in seconds; the figures mean nothing",
    )
    options = parser.parse_args(arguments)
    if options.rounds < 1 or options.connections < 1 or options.requests < 4 * options.connections:
        parser.error(
            "--rounds and --connections must be 1 or more, and --requests four for each connection or more"
        )
    return options


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(f"\nInterrupted: there is no table, and {DOCUMENT.name} is as it was.")
