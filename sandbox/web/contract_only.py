"""Mode contract-only: what is left where nothing but the contracts of ESR, NHS Jobs and the token endpoint is served.

A list of what is served, not of what is not: a power that is added later is absent without being thought of. All else is
answered as what does not exist.
"""

from collections.abc import Callable

from sandbox.web.token_door import is_at_door

SERVED_BESIDE_CONTRACTS = frozenset({"/health", "/ready", "/metrics"})
"""What tells whoever runs the process how it is. It gives no power, and metrics are there only where a setting asks for them."""
PREFIXED = "/receiver/"
"""Before these paths alone `/w/<workspace>` stands: it is the address under which NHS Jobs has events delivered."""

_MARK = "x-sandbox-"


def is_served(path: str, is_operation: Callable[[str], bool]) -> bool:
    """Whether anything is served at a path; `is_operation` says whether an operation of a contract stands there."""
    return path in SERVED_BESIDE_CONTRACTS or is_at_door(path) or is_operation(path)


def unmarked(headers: dict[str, str]) -> dict[str, str]:
    """Headers of a request by their names in lower case, without those that only a sandbox knows."""
    return {name: value for name, value in headers.items() if not name.startswith(_MARK)}
