"""`submit_applicant`: the whole stack beside the floor, and beside Prism and Specmatic, which answer from the contract alone."""

from collections.abc import Sequence
from contextlib import ExitStack

from tests.bench.client import drive
from tests.bench.measuring import Bench, NoFigure, strangers
from tests.bench.messages import broken_submission, submissions
from tests.bench.peers import PeerMissing
from tests.bench.table import Row, Target, of_rounds
from tests.bench.targets import CONTRACT, floor, free_port, sandbox, started
from tests.bench.targets import Target as Server

OURS, FLOOR, PRISM, SPECMATIC = "sandbox", "bare handler, same SQL", "Prism", "Specmatic"
# Java compiles what it has run often enough: the second round is still slower than those that follow.
_WARM_UP_ROUNDS = 2
_PEERS = (PRISM, SPECMATIC)
_TARGETS = {FLOOR: Target(0.35, 0.5), PRISM: Target(2), SPECMATIC: Target(2)}


def measure(bench: Bench) -> list[Row]:
    """Requests a second of each, in turns; the first two rounds warm up and do not count."""
    rates: dict[str, list[float]] = {}
    warm_up = 1 if bench.smoke else _WARM_UP_ROUNDS
    left_out: dict[str, str] = {}
    world = strangers()
    with ExitStack() as stack:
        servers = _servers(bench, stack, left_out)
        for turn in range(1 - warm_up, bench.rounds + 1):
            first = (turn + warm_up - 1) * bench.requests
            for name, server in list(servers.items()):
                sent = submissions(world, server, first, bench.requests)
                try:
                    rate = _rate(name, server, sent, bench.connections)
                except (NoFigure, OSError) as problem:
                    if name not in _PEERS:
                        raise
                    # What a peer does not do is no reason to have no figure of ours.
                    del servers[name]
                    rates.pop(name, None)
                    left_out[name] = str(problem) or type(problem).__name__
                    bench.tell(f"{name} is left out: {left_out[name]}")
                    continue
                if turn > 0:
                    rates.setdefault(name, []).append(rate)
                bench.tell_round(turn, f"{name} {rate:,.0f} requests/s")
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
    _expect_refusal(OURS, found[OURS])
    commands = (bench.peers.prism, bench.peers.specmatic)
    for name, command in zip(_PEERS, commands, strict=True):
        port = free_port()
        log = bench.folder / f"{name}.log"
        try:
            serving = started(command(CONTRACT, port), port, log, {})
            server = stack.enter_context(serving)
            _expect_refusal(name, server)
            found[name] = server
        except (PeerMissing, NoFigure, OSError) as problem:
            left_out[name] = str(problem)
            bench.tell(f"{name} is left out: {problem}")
    return found


def _expect_refusal(name: str, server: Server) -> None:
    """Raises NoFigure unless the server holds bodies against the contract: a mock that does not is no peer."""
    statuses = drive(server.url, [broken_submission(strangers(), server)], 1).statuses
    if not set(statuses) <= {400, 422}:
        raise NoFigure(f"{name} does not refuse a body that breaks the contract: {dict(statuses)}")


def _rate(name: str, server: Server, requests: Sequence[bytes], connections: int) -> float:
    driven = drive(server.url, requests, connections)
    if driven.statuses != {201: len(requests)}:
        raise NoFigure(f"{name} did not take every applicant: {dict(driven.statuses)}")
    return driven.per_second
