"""How a sandbox that was started for a command is reached."""

from sandbox.server import Started
from simulators.credentials import Access, client_access, key_in


def access_of(running: Started) -> Access:
    """The ready client of the default workspace: by its token, or at level `platform` by its key."""
    if running.token or running.client_id is None or running.key_file is None:
        return running.token
    return client_access(running.client_id, key_in(running.key_file), running.token_url)
