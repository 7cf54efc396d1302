"""How much a client may ask of the server: every bound on what comes in over a connection, with its name.

What a bound refuses is answered with the status that HTTP has for it and a problem that names the bound. The size of a body
is a setting (`Settings.maximum_body_bytes`), how deep it nests stands in `sandbox.nesting`, and the sizes of properties, lists
and pages are in the contracts.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """The bounds of one server. Sizes are in bytes, times in seconds of the wall clock."""

    target: int = 8_192
    """The path and the query together; beyond it 414 (RFC 9110 section 4.1 asks for 8,000 at least)."""
    header: int = 8_192
    """One header, its name and its value; beyond it 431 (RFC 6585 section 5)."""
    headers: int = 32_768
    """All headers; beyond it 431."""
    header_count: int = 100
    """How many headers; beyond it 431."""
    pipelined: int = 64
    """How many requests may wait on one connection behind the one that is served; beyond it the connection ends."""
    connections: int = 1_000
    """How many connections are served at once; a request on one more is answered with 503."""
    excess_connections: int = 200
    """How many more are told so; beyond that a connection is closed at once."""
    body_on_the_wire: int = 8_388_608
    """A body with all that its chunks add (their sizes, extensions and trailers); beyond it 413."""
    uploads: frozenset[str] = frozenset({"/console/register/packs"})
    """The paths of pages that take files: whoever may not use one is answered before its body is read."""
    upload_on_the_wire: int = 272_629_760
    """A body to one of them; beyond it 413. A pack may have 256 MiB."""
    head_seconds: float = 10.0
    """How long a request line and its headers may take; then 408."""
    grace_seconds: float = 10.0
    """How long a body, or the reading of an answer, may take whatever its size; then `rate` counts too."""
    rate: int = 8_192
    """The bytes a second, on average after the grace, below which a body is answered with 408 and an answer is given up."""
    idle_seconds: float = 30.0
    """How long a connection may be open with no request: longer than any client of ours keeps an idle one, so that none is closed
    under a request."""
    linger_seconds: float = 3.0
    """How long the rest of a refused request is read and thrown away, so that the client reads the refusal before the end."""


BOUNDS = Bounds()
