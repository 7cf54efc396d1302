"""The register of certificates as the console's settings name it, and what the pages tell of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import urlsplit

from sandbox.clock import wall_now
from sandbox.conformance.certificates.certificate import Certificate, State
from sandbox.conformance.certificates.register import Issued, Register
from sandbox.conformance.certificates.tokens import CERTIFICATE, TokenInvalid, read_token
from sandbox.conformance.evidence.keyring import Keyring, read_keyring
from sandbox.conformance.evidence.keys import key_id, read_private_key
from sandbox.conformance.evidence.manifest import sha256
from sandbox.console.door import BASE
from sandbox.contracts import CONTRACT_NAMES, load_contract
from sandbox.settings import Settings

PAGE = 50
KINDS = {
    "functional": "Functional: the suites on contract, behaviour, traffic and resilience. Nothing is said about volume.",
    "go-live": "Go-live: all suites, with a replay at the volume named here.",
}
ROLES = {
    "recruitment-system": "a recruitment system",
    "esr": "an ESR",
    "nhs-jobs": "an NHS Jobs",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One certificate, and whether it holds today."""

    issued: Issued
    state: State
    days_left: int

    @property
    def certificate(self) -> Certificate:
        """What it says."""
        return self.issued.certificate

    @property
    def digest(self) -> str:
        """The SHA-256 of the signed certificate."""
        return sha256(self.issued.token.encode())


@dataclass(frozen=True, slots=True)
class Registry:
    """The register of a sandbox, where there is one."""

    settings: Settings

    @property
    def register(self) -> Register | None:
        """The register; None where the settings name none."""
        return Register(self.settings.register) if self.settings.register else None

    @property
    def gives_certificates(self) -> bool:
        """Whether certificates can be issued here."""
        return None not in (
            self.settings.register,
            self.settings.register_key,
            self.settings.trusted_keys,
        )

    @property
    def keyring(self) -> Keyring:
        """The keys that count. Raises KeyUnusable."""
        folder = self.settings.trusted_keys
        return read_keyring(folder) if folder else Keyring()

    @property
    def public_pages(self) -> str:
        """The address below which the public pages of certificates are; empty where nobody but this machine reaches them."""
        given = self.settings.public_url
        is_ours = urlsplit(given).netloc == urlsplit(self.settings.own_url).netloc
        return "" if is_ours else f"{given}{BASE}/certificates"

    def entries(self) -> list[Entry]:
        """Every certificate, newest first. Raises RegisterUnusable."""
        held = self.register.issued() if self.register else ()
        return [_entry(item, _today(), _versions()) for item in reversed(held)]

    def find(self, name: str) -> Entry | None:
        """One certificate; None where there is none of this id. Raises RegisterUnusable."""
        found = self.register.find(name) if self.register else None
        return None if found is None else _entry(found, _today(), _versions())

    def signature(self, entry: Entry) -> str:
        """What is found of a certificate's signature, in a sentence."""
        if self.settings.register_key is None:
            return "Not looked at: no key of the issuer is configured here."
        key = read_private_key(self.settings.register_key).public_key()
        try:
            read_token(entry.issued.token, CERTIFICATE, {key_id(key): key})
        except TokenInvalid as problem:
            return f"Does not hold under the issuer's key that is configured here. {problem}"
        return "Holds, under the issuer's key that is configured here."

    def acts_about(self, entry: Entry) -> Iterator[Mapping[str, Any]]:
        """What the register says of a certificate, oldest first, and of the keys under whose signatures it was given."""
        names = {entry.certificate.id, *entry.certificate.signers}
        for act in self.register.acts() if self.register else ():
            if act.get("id") in names:
                yield act


def _entry(item: Issued, today: date, versions: Mapping[str, str]) -> Entry:
    held = item.certificate
    left = (date.fromisoformat(held.expires) - today).days
    return Entry(item, held.state(today, item.revoked is not None, versions), left)


def _today() -> date:
    return wall_now().astimezone(UTC).date()


def now() -> datetime:
    """The moment of an act of the register."""
    return wall_now()


def _versions() -> dict[str, str]:
    return {name: load_contract(name).version for name in CONTRACT_NAMES}
