"""`python -m tests.durability --kills 200 --seed 7`: kills a sandbox under load and prints what was lost."""

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

# What tests share lies beside this folder, as pytest is told in pyproject.toml.
sys.path.append(str(Path(__file__).resolve().parents[1]))

import postgres

from tests.durability.crashing import Crashing
from tests.durability.victim import FileVictim, ServerVictim


def main() -> int:
    """Runs it; 0 where nothing was lost, doubled or halved."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--postgresql", action="store_true", help="three processes on a server")
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    wanted = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        victim: FileVictim | ServerVictim
        if wanted.postgresql:
            server = stack.enter_context(postgres.running(is_durable=True))
            victim = ServerVictim(Path(folder), server)
        else:
            victim = FileVictim(Path(folder))
        try:
            counts = Crashing(victim, wanted.seed, victim.hub, _tell).run(wanted.kills)
        finally:
            victim.stop()
    print(f"seed {wanted.seed}, {time.monotonic() - began:.0f} s\n{counts}")
    return 0


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
