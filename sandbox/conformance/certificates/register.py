"""The register: every challenge given, certificate issued and certificate or key revoked, in the order in which it happened.

A folder: `register.ndjson`, one act on each line and nothing ever changed; `certificates/<id>.jws` and `.html`. Each line bears
the SHA-256 of the line before it, so that no line can be changed, taken out or put between without everything after it being
rewritten too; who wants to notice that keeps the digest of the last line, which `list` prints. One writer at a time; each
write is whole or is not.
"""

import os
import secrets
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from filelock import FileLock, Timeout

from sandbox.conformance.certificates.certificate import Certificate
from sandbox.conformance.certificates.tokens import TokenInvalid, look_into
from sandbox.conformance.evidence.known import Revocations
from sandbox.conformance.evidence.manifest import sha256
from sandbox.timestamps import from_text, to_text

CHALLENGE, ISSUE, REVOKE, REVOKE_KEY = "challenge", "issue", "revoke", "revoke-key"
FIRST = "0" * 64
_PATIENCE = 10.0
_NONCE_BYTES = 24


class RegisterUnusable(Exception):
    """The register is damaged, busy or no register, or what is asked of it cannot be; the text says why."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate of the register: what it says, and why it was revoked; None where it was not."""

    certificate: Certificate
    token: str
    revoked: str | None


@dataclass(frozen=True, slots=True)
class Register:
    """One folder."""

    folder: Path

    @property
    def path(self) -> Path:
        """The file of acts."""
        return self.folder / "register.ndjson"

    def acts(self) -> tuple[Mapping[str, Any], ...]:
        """Every act, oldest first. Raises RegisterUnusable where the chain is broken."""
        return self._read()[0]

    def head(self) -> str:
        """The digest of the last line."""
        return self._read()[1]

    def challenge(self, now: datetime, purpose: str = "") -> str:
        """A new challenge, which no certificate has used."""
        nonce = secrets.token_urlsafe(_NONCE_BYTES)
        with self._writing():
            self._append({"act": CHALLENGE, "nonce": nonce, "for": purpose}, now)
        return nonce

    def open_since(self, nonce: str) -> datetime | None:
        """When a challenge was given; None where it was not given here, or a certificate has used it."""
        acts = self.acts()
        if any(act["act"] == ISSUE and act.get("nonce") == nonce for act in acts):
            return None
        given = [a for a in acts if a["act"] == CHALLENGE and a["nonce"] == nonce]
        return from_text(given[0]["at"]) if given else None

    def issue(
        self,
        make: Callable[[str], tuple[Certificate, str, str]],
        now: datetime,
        nonce: str | None = None,
    ) -> Issued:
        """Enters a certificate. `make` is given its id, and answers the certificate, its token and its page.

        Raises RegisterUnusable where the same evidence has a certificate already, or another has used the challenge.
        """
        with self._writing():
            acts = self.acts()
            number = 1 + sum(act["act"] == ISSUE for act in acts)
            certificate, token, page = make(f"CERT-{now.year}-{number:04}")
            for held in self.issued():
                if (
                    held.certificate.manifestSha256 == certificate.manifestSha256
                    and held.revoked is None
                ):
                    raise RegisterUnusable(
                        f"This evidence has a certificate already: {held.certificate.id}."
                    )
            if nonce is not None and self.open_since(nonce) is None:
                raise RegisterUnusable("The challenge was used meanwhile.")
            folder = self.folder / "certificates"
            folder.mkdir(exist_ok=True)
            # The act comes last: a certificate counts when it stands in the chain.
            _write_whole(folder / f"{certificate.id}.jws", token.encode() + b"\n")
            _write_whole(folder / f"{certificate.id}.html", page.encode())
            act = {"act": ISSUE, "id": certificate.id, "sha256": sha256(token.encode())}
            self._append(act | ({"nonce": nonce} if nonce else {}), now)
        return Issued(certificate, token, None)

    def revoke(self, name: str, reason: str, by: str, now: datetime) -> None:
        """Takes a certificate back, or a signer's key by its id. Raises RegisterUnusable where that cannot be."""
        is_key = len(name) == 64 and set(name) <= set("0123456789abcdef")
        with self._writing():
            acts = self.acts()
            act = {"act": REVOKE_KEY if is_key else REVOKE, "id": name, "reason": reason, "by": by}
            if any(held["act"] == act["act"] and held["id"] == name for held in acts):
                raise RegisterUnusable(f"{name} is revoked already.")
            if not is_key and not any(a["act"] == ISSUE and a["id"] == name for a in acts):
                raise RegisterUnusable(f"There is no certificate {name} in {self.folder}.")
            self._append(act, now)

    def issued(self) -> tuple[Issued, ...]:
        """Every certificate, oldest first. Raises RegisterUnusable where one is gone or was altered."""
        acts = self.acts()
        revoked = _revoked(acts)
        return tuple(
            self._issued(act, revoked.get(act["id"])) for act in acts if act["act"] == ISSUE
        )

    def find(self, name: str) -> Issued | None:
        """One certificate; None where none of this id was issued. Raises RegisterUnusable as `issued` does."""
        acts = self.acts()
        held = next((act for act in acts if act["act"] == ISSUE and act["id"] == name), None)
        return None if held is None else self._issued(held, _revoked(acts).get(name))

    def _issued(self, act: Mapping[str, Any], revoked: str | None) -> Issued:
        path = self.folder / "certificates" / f"{act['id']}.jws"
        try:
            token = path.read_text(encoding="ascii").strip()
            if sha256(token.encode()) != act["sha256"]:
                raise ValueError("it was altered")
            certificate = Certificate.from_dict(look_into(token))
        except (OSError, ValueError, TokenInvalid) as problem:
            raise RegisterUnusable(
                f"{path} is not the certificate that was issued: {problem}"
            ) from problem
        return Issued(certificate, token, revoked)

    def revocations(self) -> Revocations:
        """What was taken back, for the verification of packs.

        Evidence is revoked with the certificate that was given on it: another one takes another run.
        """
        packs = {
            item.certificate.manifestSha256: f"{item.revoked} ({item.certificate.id})"
            for item in self.issued()
            if item.revoked is not None
        }
        keys = {act["id"]: act["reason"] for act in self.acts() if act["act"] == REVOKE_KEY}
        return Revocations(packs, keys)

    def _read(self) -> tuple[tuple[Mapping[str, Any], ...], str]:
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            if self.folder.exists() and not self.folder.is_dir():
                raise RegisterUnusable(f"{self.folder} is no folder.") from None
            return (), FIRST
        except OSError as problem:
            raise RegisterUnusable(f"{self.path} cannot be read: {problem}") from problem
        acts, previous = [], FIRST
        for number, line in enumerate(content.split(b"\n")[:-1], start=1):
            act = _act(line)
            if act is None or act["number"] != number or act["previous"] != previous:
                raise RegisterUnusable(
                    f"{self.path}:{number}: the chain is broken: this line, or one before it, was altered."
                )
            acts.append(act)
            previous = sha256(line)
        if content and not content.endswith(b"\n"):
            raise RegisterUnusable(f"{self.path}: the last line is not whole.")
        return tuple(acts), previous

    def _append(self, act: Mapping[str, Any], now: datetime) -> None:
        acts, previous = self._read()
        line = orjson.dumps(
            {"number": len(acts) + 1, "at": to_text(now), **act, "previous": previous}
        )
        held = self.path.read_bytes() if self.path.exists() else b""
        _write_whole(self.path, held + line + b"\n")

    @contextmanager
    def _writing(self) -> Iterator[None]:
        self.folder.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.folder / ".lock", timeout=_PATIENCE):
                yield
        except Timeout as problem:
            raise RegisterUnusable(
                f"Somebody else is writing to {self.folder}; try again."
            ) from problem


def _revoked(acts: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {act["id"]: act["reason"] for act in acts if act["act"] == REVOKE}


def _act(line: bytes) -> dict[str, Any] | None:
    try:
        act = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    is_act = isinstance(act, dict) and {"number", "previous", "act", "at"} <= act.keys()
    return act if is_act else None


def _write_whole(path: Path, content: bytes) -> None:
    """Writes a file so that it is there whole, or as it was."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
