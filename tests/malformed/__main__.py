"""`python -m tests.malformed --seed 1 --count 10000`: sends malformed requests and prints what came of them."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.malformed.running import run

_MOST_GROWTH = 0.05
_SHOWN = 30


def main() -> int:
    """Runs it; 0 where nothing failed, hung, mixed answers up or grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--warm-up", type=int, default=5_000)
    wanted = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = run(wanted.seed, wanted.count, Path(folder), warm_up=wanted.warm_up, tell=_tell)
        log = (Path(folder) / "sandbox.log").read_text("utf-8", "replace")
    for text in [*report.wrong, *report.neighbour_wrong][:_SHOWN]:
        print(text)
    print(log[-3000:], file=sys.stderr)
    print(f"{report}\n{time.monotonic() - began:.0f} s")
    failed = report.wrong or report.neighbour_wrong or report.growth > _MOST_GROWTH
    return 1 if failed else 0


def _tell(line: str) -> None:
    print(line.splitlines()[0], file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
