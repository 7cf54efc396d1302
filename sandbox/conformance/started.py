"""How a sandbox that was started for a command is reached."""

import httpx

from sandbox.server import CannotStart, Started
from simulators.credentials import Access, client_access, key_in
from simulators.workspaces import as_operator


def access_of(running: Started) -> Access:
    """The ready client of the default workspace: by its token, or at level `platform` by its key, and then without limits.

    Raises CannotStart.
    """
    if running.client_id is None or running.key_file is None:
        return running.token
    _lift_limits(running)
    return client_access(running.client_id, key_in(running.key_file), running.token_url)


def _lift_limits(running: Started) -> None:
    settings = f"{running.url}/control/v1/settings"
    headers = as_operator(running.operator_token)
    with httpx.Client(headers=headers, timeout=30, trust_env=False) as client:
        try:
            held = client.get(settings).raise_for_status().json()
            client.put(settings, json={**held, "limits": {"mode": "OFF"}}).raise_for_status()
        except httpx.HTTPError as problem:
            raise CannotStart(
                f"The sandbox that was started keeps its limits: {problem}"
            ) from problem
