"""How the suite calls what a supplier runs: nothing that it answers is unpacked.

A few kilobytes may stand for more than there is memory for (`Content-Encoding: gzip, gzip`), and no contract of ours packs.
"""

from typing import Any

import httpx


def plain_client(**options: Any) -> httpx.Client:
    """A client that takes each body as it came, without the environment's proxies."""
    return httpx.Client(
        trust_env=False,
        headers={**options.pop("headers", {}), "Accept-Encoding": "identity"},
        event_hooks={"response": [_as_sent]},
        **options,
    )


def _as_sent(answer: httpx.Response) -> None:
    # It is by this header that the library unpacks, once the body is read.
    answer.headers.pop("Content-Encoding", None)
