"""The most memory that a process takes while a year of applicants and their histories streams through it.

`python tests/bench/memory.py 250000 25000` streams the first 25,000 applicants of a year of 250,000, in the order of
time, in this process and prints its peak resident set in KiB.
"""

import subprocess
import sys
from pathlib import Path

from simulators.year import Year
from tests.bench.measuring import SEED, Bench, strangers
from tests.bench.table import Row, Target

_YEAR, _FIRST = 250_000, 25_000
_LONGEST_SECONDS = 600


def measure(bench: Bench) -> list[Row]:
    """MiB for all of a year beside its first tenth, when as many are under way at once; one run of each, since nothing
    but the year decides it.
    """
    share = 100 if bench.smoke else 1
    first, whole = (peak(bench, _YEAR // share, count // share) for count in (_FIRST, _YEAR))
    return [
        Row(
            f"memory, {_YEAR // share:,} applicants with histories",
            "MiB",
            whole,
            f"the first {_FIRST // share:,}",
            first,
            Target(1.5, at_most=True),
        )
    ]


def peak(bench: Bench, applicants: int, first: int) -> float:
    """MiB at most of a process that streams the `first` applicants of a year of so many."""
    told = subprocess.run(
        [sys.executable, __file__, str(applicants), str(first)],
        check=True,
        capture_output=True,
        timeout=_LONGEST_SECONDS,
    )
    most = int(told.stdout) / 1024
    bench.tell(f"{first:,} applicants: {most:.0f} MiB at most")
    return most


def _stream(applicants: int, first: int) -> None:
    year = Year(SEED, strangers(), applicants)
    end = None if first == applicants else year.submitted(first)
    for _ in year.events(end=end):
        pass


def _peak_of_this_process() -> str:
    # Not getrusage: there the peak of a new process begins with that of the process that started it.
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(line.split()[1] for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    _stream(int(sys.argv[1]), int(sys.argv[2]))
    print(_peak_of_this_process())
