"""Gives tokens to clients that sign for themselves (OAuth 2.0 client credentials, a signed JWT) as the NHS platform does."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.database import Database, Transaction
from sandbox.identity.assertions import (
    ALLOWANCE_SECONDS,
    Assertion,
    check,
    check_audience,
    is_too_far,
    read_assertion,
)
from sandbox.identity.faults import ASSERTION_TYPE, Fault, TokenRefused
from sandbox.identity.keys import PublicKey, is_signed, read_key_set
from sandbox.identity.published_keys import KeysUnreachable, PublishedKeys
from sandbox.identity.store import (
    ClientState,
    Registration,
    find_registration,
    forget_expired,
    insert_token,
    is_spent,
    keep_spent,
    new_token,
    spend,
)
from sandbox.limits.counting import RequestLimits
from sandbox.limits.windows import Quota

GRANT = "client_credentials"
_CLIENT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
_GRANTS_WITH_SECRET = frozenset({"authorization_code", "refresh_token"})
_LIFETIME_MS = 600_000
_SPENT_SECONDS = 30 * 86_400
_MOST_STRANGERS = 10_000
_CLEANING_SECONDS = 60
_REFUSALS = {
    ClientState.USER_RESTRICTED: Fault.ACCESS_LEVEL,
    ClientState.REVOKED: Fault.NOT_APPROVED,
    ClientState.NOT_SUBSCRIBED: Fault.NOT_SUBSCRIBED,
    ClientState.COMPANY_INACTIVE: Fault.COMPANY_INACTIVE,
    ClientState.DEVELOPER_INACTIVE: Fault.DEVELOPER_INACTIVE,
    ClientState.FAILING: Fault.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Issued:
    """A token as it was just given."""

    token: str
    seconds: int
    """How long it is good."""
    issued_at: int
    """Milliseconds since 1970."""


@dataclass(slots=True)
class Asked:
    """One request for a token; who asks is filled in as it becomes known."""

    form: Mapping[str, str]
    token_url: str
    workspace: str | None
    """The workspace that the path names, where it names one."""
    now: float
    """Wall time in seconds since 1970."""
    client: Registration | None = None
    """Whom the assertion names."""
    is_proven: bool = False
    """Whether it is signed with a key of that client."""
    quota: Quota | None = None
    """What is left to a client that is limited."""


class QuotaExceeded(Exception):
    """The client has asked for as many tokens as it may."""


class Issuer:
    """The token endpoint behind its door. What is spent stands in the database, so that every process knows of it."""

    def __init__(self, database: Database, keys: PublishedKeys, limits: RequestLimits) -> None:
        self._database = database
        self._limits = limits
        self._keys = keys
        self._strangers: dict[str, int] = {}
        self._cleaned = 0.0

    async def issue(self, asked: Asked) -> Issued:
        """A fresh token, once it is durable. Raises TokenRefused with the first fault in the table's order, or QuotaExceeded."""
        assertion = read_assertion(_assertion_in(asked.form))
        check(assertion, asked.now)
        named = await self._registration(assertion.subject)
        if named is None or (asked.workspace is not None and named.workspace != asked.workspace):
            self._spend_strangers(assertion, int(asked.now))
            raise TokenRefused(Fault.CLIENT_UNKNOWN)
        asked.client = named
        # Before anything is written: whoever knows a client's id can ask in its name.
        asked.quota = await self._limits.take(named.workspace, named.client_id, "identity")
        if asked.quota is not None and asked.quota.exceeded:
            raise QuotaExceeded
        await self._spend(assertion, named, int(asked.now))
        keys = await self._keys_of(named)
        key = keys.get(assertion.kid)
        if key is None:
            raise TokenRefused(Fault.KID_UNKNOWN)
        if not await asyncio.to_thread(is_signed, assertion.text, key):
            raise TokenRefused(Fault.SIGNATURE)
        asked.is_proven = True
        check_audience(assertion, asked.token_url, asked.now)
        return await self._give(assertion, named, asked)

    async def _registration(self, client_id: str) -> Registration | None:
        if not _CLIENT_ID.fullmatch(client_id):
            return None
        found: Registration | None = await asyncio.wrap_future(
            self._database.read(
                lambda transaction: find_registration(transaction.connection, client_id)
            )
        )
        return None if found is None or found.is_internal else found

    async def _spend(self, assertion: Assertion, client: Registration, now: int) -> None:
        """Spends the jti, whatever comes of the rest.

        Until the signature is found good it is kept for no longer than the assertion lasts, so that nobody can fill the
        database with what they did not sign.
        """
        identity, kept_until = assertion.identity, assertion.expiry + ALLOWANCE_SECONDS
        if is_too_far(assertion, now):
            spent = await asyncio.wrap_future(
                self._database.read(
                    lambda transaction: is_spent(transaction.connection, identity, now)
                )
            )
            raise TokenRefused(Fault.JTI_REUSED if spent else Fault.EXP_TOO_FAR)

        def work(transaction: Transaction) -> bool:
            return spend(transaction.connection, identity, kept_until, now)

        if not await self._database.written(work, client.workspace):
            raise TokenRefused(Fault.JTI_REUSED)

    def _spend_strangers(self, assertion: Assertion, now: int) -> None:
        """As `_spend` for a subject that nobody knows: remembered by this process, and only so many."""
        identity = assertion.identity
        if self._strangers.get(identity, 0) >= now:
            raise TokenRefused(Fault.JTI_REUSED)
        if is_too_far(assertion, now):
            raise TokenRefused(Fault.EXP_TOO_FAR)
        if len(self._strangers) >= _MOST_STRANGERS:
            del self._strangers[next(iter(self._strangers))]
        self._strangers[identity] = now + _SPENT_SECONDS

    async def _keys_of(self, client: Registration) -> Mapping[str, PublicKey]:
        if client.jwks is not None:
            return read_key_set(client.jwks, is_lenient=True)
        if client.jwks_url is None:
            raise TokenRefused(Fault.NO_PUBLIC_KEY)
        try:
            return await self._keys.read(client.jwks_url)
        except KeysUnreachable as problem:
            raise TokenRefused(Fault.KEYS_UNREACHABLE) from problem

    async def _give(self, assertion: Assertion, client: Registration, asked: Asked) -> Issued:
        seconds = _lifetime_seconds(asked.form.get("_access_token_expiry_ms", ""))
        issued = Issued(new_token(), seconds, int(asked.now * 1000))
        now = int(asked.now)

        def work(transaction: Transaction) -> str:
            connection = transaction.connection
            # As it stands now: it may have been revoked since it was read.
            held = find_registration(connection, client.client_id)
            if held is None:
                raise TokenRefused(Fault.CLIENT_UNKNOWN)
            keep_spent(connection, assertion.identity, now + _SPENT_SECONDS)
            if held.state == ClientState.ACTIVE:
                expires_at = issued.issued_at + issued.seconds * 1000
                insert_token(connection, held.client_id, issued.token, expires_at)
            if asked.now - self._cleaned > _CLEANING_SECONDS:
                forget_expired(connection, now)
                self._cleaned = asked.now
            return held.state

        state = await self._database.written(work, client.workspace)
        if state != ClientState.ACTIVE:
            raise TokenRefused(_REFUSALS[ClientState(state)])
        return issued


def _assertion_in(form: Mapping[str, str]) -> str:
    """The assertion of a form that is as it should be. Raises TokenRefused."""
    grant = form.get("grant_type")
    if not grant:
        raise TokenRefused(Fault.GRANT_TYPE_MISSING)
    if grant in _GRANTS_WITH_SECRET:
        raise TokenRefused(Fault.CLIENT_SECRET)
    if grant != GRANT:
        raise TokenRefused(Fault.GRANT_TYPE_INVALID)
    if form.get("client_assertion_type") != ASSERTION_TYPE:
        raise TokenRefused(Fault.ASSERTION_TYPE)
    assertion = form.get("client_assertion")
    if not assertion:
        raise TokenRefused(Fault.ASSERTION_MISSING)
    return assertion


def _lifetime_seconds(wanted: str) -> int:
    """How long a token is good: a second less than is asked for or allowed, as the platform tells it. What is asked for lowers it
    only, and is ignored where it is no number.
    """
    is_number = wanted.isascii() and wanted.isdecimal() and len(wanted) < 16 and int(wanted) > 0
    milliseconds = min(int(wanted), _LIFETIME_MS) if is_number else _LIFETIME_MS
    return max(milliseconds // 1000 - 1, 1)
