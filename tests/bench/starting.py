"""From the start of the process to the first answer: the sandbox beside Prism, on the same contract."""

from contextlib import AbstractContextManager

from tests.bench.measuring import Bench, NoFigure
from tests.bench.peers import PeerMissing
from tests.bench.table import Row, Target, of_rounds
from tests.bench.targets import CONTRACT, free_port, sandbox, started
from tests.bench.targets import Target as Server


def measure(bench: Bench) -> list[Row]:
    """Seconds, in turns. The sandbox makes its database and fills it with a world in that time; Prism has neither."""
    ours: list[float] = []
    theirs: list[float] = []
    left_out = ""
    for turn in range(1, bench.rounds + 1):
        ours.append(_seconds(sandbox(bench.folder / f"starting-{turn}")))
        bench.tell_round(turn, f"sandbox ready in {ours[-1]:.2f} s")
        if left_out:
            continue
        try:
            port = free_port()
            command = bench.peers.prism(CONTRACT, port)
            theirs.append(_seconds(started(command, port, bench.folder / "Prism.log", {})))
            bench.tell_round(turn, f"Prism ready in {theirs[-1]:.2f} s")
        except (PeerMissing, NoFigure, OSError) as problem:
            left_out = str(problem)
            bench.tell(f"Prism is left out: {problem}")
    target = Target(1, at_most=True)
    return [
        Row("start-up to ready", "s", of_rounds(ours), "Prism", of_rounds(theirs), target, left_out)
    ]


def _seconds(server: AbstractContextManager[Server]) -> float:
    with server as ready:
        return ready.seconds_to_ready
