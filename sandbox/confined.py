"""A process that reaches no address but those that a sandbox may send to, and takes no more than its share of the machine.

A hosted sandbox runs the suite for suppliers, against addresses that they name. An address is checked when it is given; but a
name may resolve to something else by the time it is called, and the libraries that call it are not ours. So the process itself is
confined: an audit hook (PEP 578), which nothing can take away again, looks at every connection as it is made. And since what they
answer may be made to fill memory or disk (answers that unpack to a thousand times their size), both are bounded.

    environment = {VARIABLE: confinement(settings)}     # in the server
    confine(os.environ[VARIABLE])                       # first of all in the process
"""

import json
import os
import resource
import socket
import sys
from contextlib import suppress
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakSet

from sandbox.outgoing import AddressRefused, Outgoing
from sandbox.settings import Settings

VARIABLE = "ESR_SANDBOX_CONFINED"
_BOUNDS = {
    resource.RLIMIT_AS: 8 * 1024**3,
    resource.RLIMIT_FSIZE: 1024**3,
    resource.RLIMIT_CORE: 0,
}
"""In bytes: the address space of the process, each file that it writes, and what it leaves where it breaks down."""
_NICE = 5
_CONNECTS = ("socket.connect", "socket.sendto", "socket.sendmsg")


def confinement(settings: Settings) -> str:
    """What a process has to be told of the sandbox that it belongs to."""
    return json.dumps(
        {
            "own": [urlsplit(settings.own_url).hostname, settings.port],
            "networks": [str(network) for network in settings.networks],
            "isPublic": settings.reaches_public,
        }
    )


def confine(told: str) -> None:
    """Confines this process for good: to its sandbox, to what that may send to, and to what listens in the process itself.

    Any other connection fails with PermissionError; beyond its bounds it meets MemoryError and OSError.
    """
    held = json.loads(told)
    _bound()
    sandbox = (
        ip_address("127.0.0.1" if held["own"][0] == "localhost" else held["own"][0]),
        held["own"][1],
    )
    outgoing = Outgoing(
        tuple(ip_network(network) for network in held["networks"]), is_public=held["isPublic"]
    )
    own: WeakSet[socket.socket] = WeakSet()

    def look(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.bind":
            own.add(arguments[0])
        elif event in _CONNECTS:
            _check(*arguments[:2])

    def _check(opened: socket.socket, place: Any) -> None:
        if place is None:
            return
        if opened.family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(place, tuple):
            raise PermissionError("Only internet addresses are reached from here.")
        try:
            address, port = ip_address(str(place[0]).partition("%")[0]), int(place[1])
        except ValueError:
            raise PermissionError(f"{place[0]} is not resolved.") from None
        if (address, port) == sandbox or (address.is_loopback and port in _ports(own)):
            return
        try:
            outgoing.check_socket(address, port, is_plain=False)
        except AddressRefused as problem:
            raise PermissionError(f"{place[0]} is not reached from here: {problem}") from problem

    sys.addaudithook(look)


def _bound() -> None:
    """Bounds what the process may take; where the machine runs out of memory all the same, it is the one to be ended."""
    for what, most in _BOUNDS.items():
        resource.setrlimit(what, (most, most))
    os.nice(_NICE)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", "ascii")


def _ports(own: "WeakSet[socket.socket]") -> set[int]:
    found = set()
    for each in list(own):
        try:
            found.add(each.getsockname()[1])
        except (OSError, IndexError):
            continue
    return found
