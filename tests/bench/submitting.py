"""`submit_applicant`: the whole stack beside the floor, and beside Prism and Specmatic, which answer from the contract alone."""

from collections.abc import Sequence
from contextlib import ExitStack

from tests.bench.client import drive
from tests.bench.measuring import Bench, NoFigure, strangers
from tests.bench.messages import submissions
from tests.bench.peers import PeerMissing
from tests.bench.table import Row, Target, of_rounds
from tests.bench.targets import CONTRACT, floor, free_port, sandbox, started
from tests.bench.targets import Target as Server

OURS, FLOOR, PRISM, SPECMATIC = "sandbox", "bare handler, same SQL", "Prism", "Specmatic"
_TARGETS = {FLOOR: Target(0.35, 0.5), PRISM: Target(2), SPECMATIC: Target(2)}


def measure(bench: Bench) -> list[Row]:
    """Requests a second of each, in turns; the first round warms up and does not count."""
    rates: dict[str, list[float]] = {}
    left_out: dict[str, str] = {}
    world = strangers()
    with ExitStack() as stack:
        servers = _servers(bench, stack, left_out)
        for turn in range(bench.rounds + 1):
            for name, server in servers.items():
                sent = submissions(world, server, turn * bench.requests, bench.requests)
                rate = _rate(name, server, sent, bench.connections)
                if turn:
                    rates.setdefault(name, []).append(rate)
                bench.tell(f"round {turn or 'warm-up'}: {name} {rate:,.0f} requests/s")
    return [
        Row(
            "submit_applicant",
            "requests/s",
            of_rounds(rates[OURS]),
            name,
            of_rounds(rates.get(name, [])),
            target,
            left_out=left_out.get(name, ""),
        )
        for name, target in _TARGETS.items()
    ]


def _servers(bench: Bench, stack: ExitStack, left_out: dict[str, str]) -> dict[str, Server]:
    found = {
        OURS: stack.enter_context(sandbox(bench.folder / "submitting")),
        FLOOR: stack.enter_context(floor(bench.folder / "submitting")),
    }
    for name, command in ((PRISM, bench.peers.prism), (SPECMATIC, bench.peers.specmatic)):
        port = free_port()
        log = bench.folder / f"{name}.log"
        try:
            serving = started(command(CONTRACT, port), port, log, {})
            found[name] = stack.enter_context(serving)
        except (PeerMissing, NoFigure, OSError) as problem:
            left_out[name] = str(problem)
            bench.tell(f"{name} is left out: {problem}")
    return found


def _rate(name: str, server: Server, requests: Sequence[bytes], connections: int) -> float:
    driven = drive(server.url, requests, connections)
    if driven.statuses != {201: len(requests)}:
        raise NoFigure(f"{name} did not take every applicant: {dict(driven.statuses)}")
    return driven.per_second
