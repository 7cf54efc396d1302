"""NHS Jobs as a client of ESR and as a receiver of its events: retries, waits, signatures, duplicates."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

from sandbox.conformance.gallery.deviation import Deviation, together
from sandbox.conformance.gallery.named.defect import defect
from sandbox.conformance.gallery.patching import attribute, instead
from sandbox.errors import Code, Refusal
from sandbox.nhsjobs import signing_keys
from sandbox.nhsjobs.connection import CLIENT, Connection
from sandbox.nhsjobs.service.events import apply_waiting
from sandbox.nhsjobs.signing_keys import SigningKeys
from sandbox.nhsjobs.store import events as event_store
from sandbox.outbox import sending
from sandbox.outbox.sending import Answer, Sender


def _nothing(*_given: Any) -> None:
    """Does nothing."""


def _forgiving(code: Code) -> Callable[[Any, Any], Any]:
    """Takes a delivery that would be refused with the code."""
    verify = Connection.verify

    async def verified(connection: Connection, call: Any) -> None:
        try:
            await verify(connection, call)
        except Refusal as refusal:
            if refusal.code != code:
                raise

    return verified


def _another_id(send: Callable[..., Any]) -> Callable[..., Any]:
    """Each attempt under an X-Request-ID of its own."""

    async def sent(sender: Sender, message: Any) -> Any:
        if message.sender == CLIENT:
            headers = {**message.headers, "X-Request-ID": str(uuid4())}
            message = replace(message, headers=headers)
        return await send(sender, message)

    return sent


def _read_once(refresh: Callable[..., Any]) -> Callable[..., Any]:
    async def refreshed(keys: SigningKeys, workspace: str, known: Any) -> None:
        if known.read_at is None:
            await refresh(keys, workspace, known)

    return refreshed


def _refused_again(is_known: Callable[..., bool]) -> Callable[..., bool]:
    def known(*given: Any) -> bool:
        if is_known(*given):
            raise Refusal(Code.ALREADY_EXISTS, "This event was received before.")
        return False

    return known


def _definite(decided: Callable[[int], bool]) -> property:
    return property(lambda answer: decided(answer.status))


DEFECTS: tuple[Deviation, ...] = (
    defect(
        "nhs-jobs.client.new-id-on-retry",
        "A message to ESR that is sent again has another X-Request-ID",
        ["ESR-REQ-002"],
        attribute(Sender, "send", _another_id(Sender.send)),
    ),
    defect(
        "nhs-jobs.client.retry-after-ignored",
        "A message to ESR is sent again before Retry-After has passed",
        ["ESR-REQ-030"],
        instead(sending._retry_after, lambda _read: lambda _response: None),  # noqa: SLF001
    ),
    defect(
        "nhs-jobs.client.gives-up",
        "A message that ESR answers 429 or 5xx is not sent again",
        ["ESR-REQ-030", "ESR-REQ-032", "NHSJ-APL-007"],
        attribute(Answer, "is_definite", _definite(lambda status: status > 0)),
    ),
    defect(
        "nhs-jobs.client.refusal-repeated",
        "A message that ESR refuses is sent again and again",
        ["NHSJ-APL-008"],
        attribute(Answer, "is_definite", _definite(lambda status: 0 < status < 400)),
    ),
    defect(
        "nhs-jobs.receiver.unsigned-taken",
        "A delivery that is not signed is taken",
        ["ESR-EVT-022"],
        attribute(Connection, "verify", _forgiving(Code.SIGNATURE_MISSING)),
    ),
    defect(
        "nhs-jobs.receiver.any-signature",
        "A delivery with a bad signature is taken",
        ["ESR-EVT-023"],
        attribute(Connection, "verify", _forgiving(Code.SIGNATURE_INVALID)),
    ),
    defect(
        "nhs-jobs.receiver.keys-read-once",
        "ESR's keys are read once and never again",
        ["ESR-EVT-024"],
        attribute(SigningKeys, "_refresh", _read_once(SigningKeys._refresh)),  # noqa: SLF001
    ),
    defect(
        "nhs-jobs.receiver.keys-read-each-time",
        "ESR's keys are read for each delivery",
        ["ESR-EVT-024"],
        together(
            attribute(signing_keys, "_FRESH_SECONDS", 0.0),
            attribute(signing_keys, "REFRESH_SECONDS", 0.0),
        ),
    ),
    defect(
        "nhs-jobs.receiver.duplicate-refused",
        "A delivery that comes a second time is refused as a conflict",
        ["ESR-EVT-027"],
        attribute(event_store, "is_known", _refused_again(event_store.is_known)),
    ),
    defect(
        "nhs-jobs.receiver.overtaking-lost",
        "An event that overtakes ESR's answer is never applied",
        ["NHSJ-APL-009", "NHSJ-CHK-009"],
        instead(apply_waiting, lambda _apply: _nothing),
    ),
)
