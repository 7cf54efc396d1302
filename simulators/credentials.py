"""Who a client is: a token that somebody gave it, or a key with which it gets tokens, as clients of the NHS platform do.

    access = SignedTokens(ClientKey("acme", private_key, "acme-1", "https://host/oauth2/token"))
    headers = {"Authorization": authorization(access)}

An `Access` is one of the two. Both are asked in the same way whenever a request is made, and neither is ever written down.
"""

import asyncio
import json
import re
import threading
import time
from collections.abc import AsyncGenerator, Generator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

GRANT = "client_credentials"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHM = "RS512"
_ASSERTION_SECONDS = 240
"""The platform takes an assertion that expires within 5 minutes; a minute is left to clocks that differ."""
_MARGIN_SECONDS = 10.0
"""A token is not used in its last seconds: it would expire under way."""
_MARGIN_SHARE = 0.1
_TRIES = 5
_FIRST_WAIT_SECONDS = 0.2
_LONGEST_WAIT_SECONDS = 10.0
_KEY_BITS = 2048
_PRINTABLE = re.compile(r"[^\x20-\x7e]+")


class CredentialUnusable(Exception):
    """The key cannot be used; the message says which and why, and shows nothing of it."""


class TokenRefused(Exception):
    """The token endpoint gave no token; the message says in a sentence what it answered, or that it did not."""

    def __init__(self, sentence: str, status: int = 0, error: str = "", description: str = ""):
        """`status` is 0 where no answer came; `error` and `description` are the endpoint's own words."""
        super().__init__(sentence)
        self.status = status
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class ClientKey:
    """What a client of the platform has: its id, its RSA private key as PEM, the key's id, and where it gets tokens."""

    client_id: str
    private_key: str = field(repr=False)
    kid: str
    token_url: str


class SignedTokens:
    """Tokens got with assertions that the client signs itself (OAuth 2.0 client credentials with `private_key_jwt`).

    A token serves until shortly before it expires, for every thread that asks; then one of them gets the next one.
    """

    def __init__(self, key: ClientKey, timeout: float = 10.0) -> None:
        """Raises CredentialUnusable for what is no RSA private key."""
        self.key = key
        self._signer = _signing_key(key.private_key)
        self._timeout = timeout
        self._lock = threading.Lock()
        self._token = ""
        self._good_until = 0.0

    @property
    def is_at_hand(self) -> bool:
        """Whether `token` answers without asking anybody."""
        return time.monotonic() < self._good_until

    def token(self) -> str:
        """A token that is good now. Waits for the endpoint where it must; raises TokenRefused."""
        with self._lock:
            if not self.is_at_hand:
                self._renew()
            return self._token

    def forget(self, token: str) -> None:
        """This token was answered 401: it is not used again."""
        with self._lock:
            if token == self._token:
                self._good_until = 0.0

    def expired_token(self) -> str:
        """A token that was good and is so no more. Raises TokenRefused."""
        # The platform lets a client lower the lifetime, in milliseconds.
        answer = self._answer({"_access_token_expiry_ms": "1"})
        token, seconds = self._read(answer)
        time.sleep(min(seconds, _LONGEST_WAIT_SECONDS))
        return token

    def _renew(self) -> None:
        began = time.monotonic()
        token, seconds = self._read(self._answer({}))
        self._token = token
        self._good_until = began + seconds - min(_MARGIN_SECONDS, seconds * _MARGIN_SHARE)

    def _answer(self, more: Mapping[str, str]) -> httpx.Response:
        """What the endpoint answers, after some tries where it must be. Raises TokenRefused."""
        wait = _FIRST_WAIT_SECONDS
        for left in reversed(range(_TRIES)):
            try:
                # A fresh assertion for every try: the endpoint has spent the identifier of one that it has seen.
                answer = httpx.post(
                    self.key.token_url,
                    data={
                        "grant_type": GRANT,
                        "client_assertion_type": ASSERTION_TYPE,
                        "client_assertion": self.assertion(),
                        **more,
                    },
                    timeout=self._timeout,
                    trust_env=False,
                )
            except (httpx.HTTPError, httpx.InvalidURL) as problem:
                if left == 0 or isinstance(problem, httpx.InvalidURL | httpx.UnsupportedProtocol):
                    raise TokenRefused(
                        f"The token endpoint {self.key.token_url} does not answer ({type(problem).__name__})."
                    ) from problem
            else:
                if answer.status_code != 429 and answer.status_code < 500:
                    return answer
                if left == 0:
                    raise _refusal(self.key.token_url, answer)
                asked = answer.headers.get("retry-after", "")
                wait = max(wait, float(asked) if asked.isdecimal() else 0.0)
            time.sleep(min(wait, _LONGEST_WAIT_SECONDS))
            wait = min(wait * 2, _LONGEST_WAIT_SECONDS)
        raise AssertionError("unreachable")

    def _read(self, answer: httpx.Response) -> tuple[str, float]:
        """The token of an answer and the seconds that it is good for. Raises TokenRefused."""
        told = _document(answer)
        token = told.get("access_token")
        if answer.status_code != 200 or not isinstance(token, str) or not token.isascii():
            raise _refusal(self.key.token_url, answer)
        # The platform writes the number as a string.
        lifetime = str(told.get("expires_in", ""))
        return token, float(lifetime) if lifetime.isascii() and lifetime.isdecimal() else 0.0

    def assertion(self) -> str:
        """A new assertion, good once and for four minutes."""
        from joserfc import jwt

        claims = {
            "iss": self.key.client_id,
            "sub": self.key.client_id,
            "aud": self.key.token_url,
            "jti": str(uuid4()),
            "exp": int(time.time()) + _ASSERTION_SECONDS,
        }
        header = {"alg": ALGORITHM, "typ": "JWT", "kid": self.key.kid}
        return jwt.encode(header, claims, self._signer, algorithms=[ALGORITHM])


Access = str | SignedTokens
"""A token, or what gets them."""


def token_now(access: Access) -> str:
    """The token to send now. Raises TokenRefused."""
    return access if isinstance(access, str) else access.token()


def authorization(access: Access) -> str:
    """The `Authorization` header to send now. Raises TokenRefused."""
    return f"Bearer {token_now(access)}"


def is_at_hand(access: Access) -> bool:
    """Whether `authorization` answers at once: nobody has to be asked for a token first."""
    return isinstance(access, str) or access.is_at_hand


def refused(access: Access, sent: str) -> bool:
    """Takes note that a request with the header `sent` was answered 401; answers whether another token can be had."""
    if isinstance(access, str):
        return False
    access.forget(sent.removeprefix("Bearer "))
    return True


class BearerAuth(httpx.Auth):
    """Shows an `Access` with every request of an `httpx` client; one that is answered 401 is sent once more with another token.

    What is sent may raise TokenRefused.
    """

    def __init__(self, access: Access) -> None:
        self._access = access

    def sync_auth_flow(
        self, request: httpx.Request
    ) -> Generator[httpx.Request, httpx.Response, None]:
        """As httpx asks for it."""
        shown = request.headers["Authorization"] = authorization(self._access)
        answer = yield request
        if answer.status_code == httpx.codes.UNAUTHORIZED and refused(self._access, shown):
            request.headers["Authorization"] = authorization(self._access)
            yield request

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """As httpx asks for it; others go on while the token endpoint is asked."""
        shown = request.headers["Authorization"] = await self._shown()
        answer = yield request
        if answer.status_code == httpx.codes.UNAUTHORIZED and refused(self._access, shown):
            request.headers["Authorization"] = await self._shown()
            yield request

    async def _shown(self) -> str:
        if is_at_hand(self._access):
            return authorization(self._access)
        return await asyncio.to_thread(authorization, self._access)


def written(access: Access) -> str:
    """The whole secret as text, for a file that only its owner may read."""
    return access if isinstance(access, str) else json.dumps(asdict(access.key))


def read(text: str) -> Access:
    """The access of which `text` is the `written`. Raises CredentialUnusable."""
    if not text.startswith("{"):
        return text
    try:
        return SignedTokens(ClientKey(**json.loads(text)))
    except (ValueError, TypeError) as problem:
        raise CredentialUnusable("This is no client's id, key and token URL.") from problem


def client_access(
    client_id: str, private_key: str, token_url: str, kid: str | None = None
) -> SignedTokens:
    """A client that gets its own tokens; without a `kid` the key is known by its thumbprint (RFC 7638).

    Raises CredentialUnusable.
    """
    kid = kid or _signing_key(private_key).thumbprint()
    return SignedTokens(ClientKey(client_id, private_key, kid, token_url))


def key_in(path: Path) -> str:
    """The private key of a PEM file. Raises CredentialUnusable."""
    try:
        text = path.read_text(encoding="ascii")
    except OSError as problem:
        raise CredentialUnusable(
            f"The key file {path} cannot be read ({problem.strerror})."
        ) from problem
    except UnicodeDecodeError as problem:
        raise CredentialUnusable(f"The key file {path} is no PEM file.") from problem
    try:
        _signing_key(text)
    except CredentialUnusable as problem:
        raise CredentialUnusable(f"The key file {path} cannot be used. {problem}") from problem
    return text


@cache
def own_key() -> tuple[str, str, Mapping[str, Any]]:
    """A key pair for the clients that this process makes for itself: PEM, kid and the key set of its public half.

    It is made when it is first asked for, and is gone with the process.
    """
    from joserfc.jwk import RSAKey

    key = RSAKey.generate_key(_KEY_BITS, private=True)
    kid = key.thumbprint()
    public = {**key.as_dict(private=False), "kid": kid, "use": "sig"}
    return key.as_pem(private=True).decode(), kid, {"keys": [public]}


def _signing_key(pem: str) -> Any:
    from joserfc.errors import JoseError
    from joserfc.jwk import RSAKey

    try:
        key = RSAKey.import_key(pem)
    except (JoseError, ValueError, TypeError) as problem:
        raise CredentialUnusable(
            "It holds no RSA key as PEM that is open without a password."
        ) from problem
    if not key.is_private:
        raise CredentialUnusable(
            "It holds a public key; assertions are signed with the private one."
        )
    return key


def _document(answer: httpx.Response) -> dict[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _refusal(url: str, answer: httpx.Response) -> TokenRefused:
    told = _document(answer)
    error, described = (
        _PRINTABLE.sub("?", value)[:300] if isinstance(value, str) else ""
        for value in (told.get("error"), told.get("error_description"))
    )
    if answer.status_code == 200:
        sentence = f"{url} was answered 200 without a token: is it the token endpoint?"
    elif error:
        sentence = f"{url} was answered {answer.status_code} {error}: {described}."
    else:
        sentence = f"{url} was answered {answer.status_code}: is it the token endpoint?"
    return TokenRefused(sentence, answer.status_code, error, described)
