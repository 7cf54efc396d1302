"""How a system of ours gets tokens from another's token endpoint: by assertions that it signs, and again before each expires."""

import asyncio
import time
from uuid import uuid4

import httpx

from sandbox.identity.faults import ASSERTION_TYPE
from sandbox.identity.issuing import GRANT
from sandbox.identity.keys import read_private_key, sign_claims
from sandbox.outgoing import NoAnswer

_ASSERTION_SECONDS = 240
_MARGIN_SECONDS = 10.0
"""A token is not used in its last seconds: it would expire under way."""


class SignedAccess:
    """The tokens of one client."""

    def __init__(self, client: httpx.AsyncClient, client_id: str, pem: str, token_url: str) -> None:
        """Raises KeysUnusable for what is no private key."""
        self._client = client
        self._client_id = client_id
        self._pem = pem
        self._kid, _ = read_private_key(pem)
        self._token_url = token_url
        self._token = ""
        self._good_until = 0.0
        self._asking = asyncio.Lock()

    async def token(self) -> str:
        """A token that is good now. Raises NoAnswer where none is to be had."""
        async with self._asking:
            if time.monotonic() >= self._good_until:
                await self._renew()
            return self._token

    def forget(self) -> None:
        """The token was answered 401: it is not used again."""
        self._good_until = 0.0

    async def _renew(self) -> None:
        began = time.monotonic()
        try:
            answer = await self._client.post(
                self._token_url,
                data={
                    "grant_type": GRANT,
                    "client_assertion_type": ASSERTION_TYPE,
                    "client_assertion": await asyncio.to_thread(self._assertion),
                },
            )
            told = answer.json()
            if answer.status_code != 200:
                raise NoAnswer(
                    f"{self._token_url} gives no token: {answer.status_code} {told.get('error_description', '')}"
                )
            self._token = str(told["access_token"])
            self._good_until = began + float(told["expires_in"]) - _MARGIN_SECONDS
        except (httpx.HTTPError, ValueError, KeyError, AttributeError, TypeError) as problem:
            raise NoAnswer(
                f"{self._token_url} gives no token ({type(problem).__name__})"
            ) from problem

    def _assertion(self) -> str:
        claims = {
            "iss": self._client_id,
            "sub": self._client_id,
            "aud": self._token_url,
            "jti": str(uuid4()),
            "exp": int(time.time()) + _ASSERTION_SECONDS,
        }
        return sign_claims(claims, self._pem, self._kid)
