"""NHS Jobs as a client of ESR: its credentials, the address of ESR, its subscription to ESR's events, and how it knows them."""

import asyncio
import logging
import ssl
from uuid import UUID, uuid5

import httpx

from sandbox.database import Database, Transaction
from sandbox.errors import Code, Refusal
from sandbox.identity.signed_access import SignedAccess
from sandbox.identity.store import ensure_client, ensure_token, new_token
from sandbox.nhsjobs.signing_keys import SigningKeys
from sandbox.outgoing import NoAnswer
from sandbox.settings import Settings
from sandbox.signatures import PublicKey, SignatureInvalid, UnknownKey, read_key_set
from sandbox.web.call import Call
from sandbox.workspaces.store import find_workspace

logger = logging.getLogger(__name__)

CLIENT = "nhs-jobs"
SCHEME = "esr:"
"""What an outbox message of ours has in place of ESR's address, which may differ from one start to the next."""

_NAMESPACE = UUID("0b1c9a52-7d0e-5a71-8a4f-2b1a3c4d5e6f")
UNAUTHORISED = 401
_FIRST_WAIT_SECONDS = 0.05
_LONGEST_WAIT_SECONDS = 5.0
_SIGNATURE = ("content-digest", "signature-input", "signature")


class WorkspaceGone(Exception):
    """The workspace was taken away."""


class Connection:
    """Reaches ESR for every workspace."""

    def __init__(
        self, settings: Settings, database: Database, own_context: ssl.SSLContext | None = None
    ) -> None:
        """`own_context` knows the sandbox's own certificate, where it serves HTTPS and ESR is our own."""
        self._settings = settings
        self._database = database
        self._esr = settings.esr_url or f"{settings.own_url}/esr/v1"
        self._tokens: dict[str, str] = {}
        context = own_context if settings.esr_url is None else None
        self._client = httpx.AsyncClient(
            timeout=settings.request_seconds, trust_env=False, verify=context or True
        )
        self._access = _access(settings, self._client, self._esr)
        self._signing_keys = SigningKeys(self._read_keys)

    async def close(self) -> None:
        """Ends every connection."""
        await self._client.aclose()

    def address(self, url: str) -> str:
        """Where a message goes that was written for `esr:/path`; any other address is answered as it is."""
        return self._esr + url.removeprefix(SCHEME) if url.startswith(SCHEME) else url

    async def authorization(self, workspace: str) -> dict[str, str]:
        """The header that names us to ESR. The token is made anew by each process and never stored.

        Raises NoAnswer where tokens come from ESR's token endpoint and none is to be had.
        """
        if self._access is not None:
            return {"Authorization": f"Bearer {await self._access.token()}"}
        if workspace not in self._tokens:
            token = self._settings.esr_token or new_token()
            if self._settings.esr_token is None:
                await asyncio.wrap_future(
                    self._database.write(
                        lambda transaction: _ensure(transaction, workspace, token), workspace
                    )
                )
            self._tokens[workspace] = token
        return {"Authorization": f"Bearer {self._tokens[workspace]}"}

    def renew(self, workspace: str) -> bool:
        """Takes note that our token was answered 401; answers whether another can be had."""
        if self._access is not None:
            self._access.forget()
            return True
        return self._settings.esr_token is None and self._tokens.pop(workspace, None) is not None

    def forget(self, workspace: str) -> None:
        """Forgets our token and ESR's keys of a workspace."""
        self._tokens.pop(workspace, None)
        self._signing_keys.forget(workspace)

    async def subscribe(self, workspace: str) -> None:
        """Has ESR deliver its events to our receiver, and to no former address of ours; waits until ESR answers.

        Nothing is left to do where the workspace is taken away meanwhile.
        """
        receiver = self._receiver(workspace)
        wait = _FIRST_WAIT_SECONDS
        while True:
            try:
                await self._subscribe(workspace, receiver)
            except (httpx.HTTPError, NoAnswer) as problem:
                logger.debug("ESR does not answer yet: %s", problem)
                if (
                    isinstance(problem, httpx.HTTPStatusError)
                    and problem.response.status_code == UNAUTHORISED
                ):
                    self.renew(workspace)
                await asyncio.sleep(wait)
                wait = min(_LONGEST_WAIT_SECONDS, wait * 2)
            except WorkspaceGone:
                return
            else:
                return

    async def verify(self, call: Call) -> None:
        """Raises Refusal SIGNATURE_MISSING or SIGNATURE_INVALID where a delivery is not what ESR signed and sent to us."""
        for name in _SIGNATURE:
            if name not in call.headers:
                raise Refusal(
                    Code.SIGNATURE_MISSING,
                    f"The header {name} is missing. Deliveries are signed (RFC 9421); ESR signs each that it sends.",
                )
        # Nothing is remembered of a workspace that there is not, nor ESR asked for its keys.
        if not self._signing_keys.has(call.workspace) and not await self._exists(call.workspace):
            raise _unsigned(f"there is no workspace {call.workspace}")
        # As ESR knows it: whatever a Host header says.
        address = self._receiver(call.workspace)
        url = f"{address}?{call.query_text}" if call.query_text else address
        try:
            await self._signing_keys.verify(
                call.workspace, call.method, url, call.headers, call.raw_body
            )
        except WorkspaceGone as problem:
            self._signing_keys.forget(call.workspace)
            raise _unsigned(f"there is no workspace {call.workspace}") from problem
        except (SignatureInvalid, UnknownKey) as problem:
            raise _unsigned(str(problem)) from problem

    async def _exists(self, workspace: str) -> bool:
        found: bool = await asyncio.wrap_future(
            self._database.read(
                lambda transaction: find_workspace(transaction.connection, workspace) is not None
            )
        )
        return found

    async def _read_keys(self, workspace: str) -> dict[str, PublicKey]:
        """ESR's keys. Raises Refusal SERVICE_UNAVAILABLE when they are not to be had."""
        try:
            address = f"{self._esr}/event-signing-keys"
            answer = await self._client.get(address, headers=await self.authorization(workspace))
            if answer.status_code == UNAUTHORISED and self.renew(workspace):
                # Another process has taken the workspace away, and one of its name was made since.
                answer = await self._client.get(
                    address, headers=await self.authorization(workspace)
                )
            answer.raise_for_status()
            return read_key_set(answer.json())
        except (httpx.HTTPError, NoAnswer, ValueError) as problem:
            raise Refusal(
                Code.SERVICE_UNAVAILABLE,
                "The keys of ESR cannot be read at present, so no delivery can be checked.",
                headers={"Retry-After": "5"},
            ) from problem

    def _receiver(self, workspace: str) -> str:
        return f"{self._settings.own_url}/w/{workspace}/receiver/v1/events"

    async def _subscribe(self, workspace: str, receiver: str) -> None:
        headers = await self.authorization(workspace)
        address = f"{self._esr}/event-subscriptions"
        answer = await self._client.get(address, headers=headers, params={"limit": 100})
        answer.raise_for_status()
        held = answer.json()["eventSubscriptions"]
        for subscription in held:
            if subscription["url"] != receiver:
                identifier = subscription["subscriptionId"]
                await self._client.delete(
                    f"{address}/{identifier}", headers=headers | _request_id("end", identifier)
                )
        if not any(subscription["url"] == receiver for subscription in held):
            # A world that was reset has forgotten the id; one that was not answers as before.
            seen = ",".join(sorted(item["subscriptionId"] for item in held))
            answer = await self._client.post(
                address,
                headers=headers | _request_id("begin", f"{workspace}/{receiver}/{seen}"),
                json={"url": receiver},
            )
            answer.raise_for_status()


def _access(settings: Settings, client: httpx.AsyncClient, esr: str) -> SignedAccess | None:
    """How we get tokens from another's token endpoint, where the settings name a client and its key."""
    if settings.esr_client_id is None or settings.esr_key is None:
        return None
    token_url = settings.esr_token_url or f"{esr.removesuffix('/esr/v1')}/oauth2/token"
    pem = settings.esr_key.read_text(encoding="ascii")
    return SignedAccess(client, settings.esr_client_id, pem, token_url)


def _unsigned(reason: str) -> Refusal:
    return Refusal(Code.SIGNATURE_INVALID, f"The signature is not good: {reason}.")


def _ensure(transaction: Transaction, workspace: str, token: str) -> None:
    if find_workspace(transaction.connection, workspace) is None:
        raise WorkspaceGone(workspace)
    client_id = f"{CLIENT}-{workspace}"
    ensure_client(transaction.connection, client_id, workspace, "NHS Jobs", is_internal=True)
    ensure_token(transaction.connection, client_id, token)


def _request_id(purpose: str, name: str) -> dict[str, str]:
    return {"X-Request-ID": str(uuid5(_NAMESPACE, f"{purpose}/{name}"))}
