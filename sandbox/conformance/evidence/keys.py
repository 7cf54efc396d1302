"""Ed25519 keys: made, written, read, and named by what they are.

A key's id is the SHA-256 of its public half (SubjectPublicKeyInfo, DER) in hexadecimal, so that nobody can give a key the
id of another. The private half is written for its owner alone, and never over another file.
"""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey as PrivateKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PublicKey as PublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

__all__ = [
    "KeyUnusable",
    "PrivateKey",
    "PublicKey",
    "WrittenKeys",
    "fingerprint",
    "key_id",
    "key_name",
    "new_key_pair",
    "private_pem",
    "public_pem",
    "read_private_key",
    "read_public_key",
]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_LARGEST = 64 * 1024
PRIVATE, PUBLIC = ".private.pem", ".public.pem"


class KeyUnusable(Exception):
    """A file holds no key that can be used here; the text says why."""


@dataclass(frozen=True, slots=True)
class WrittenKeys:
    """Where a new pair of keys is, and what it is called."""

    private: Path
    public: Path
    id: str
    fingerprint: str


def new_key_pair(folder: Path, name: str) -> WrittenKeys:
    """Makes a pair of keys and writes `<name>.private.pem` (readable by its owner alone) and `<name>.public.pem`.

    Raises KeyUnusable for a name that is none, and FileExistsError where one of the files exists already.
    """
    if not _NAME.fullmatch(name):
        raise KeyUnusable(f"{name!r} is no name for a key: use letters, digits, dot, dash and _.")
    folder.mkdir(parents=True, exist_ok=True)
    private, public = folder / f"{name}{PRIVATE}", folder / f"{name}{PUBLIC}"
    if public.exists():
        raise FileExistsError(17, "a key is there already", str(public))
    key = PrivateKey.generate()
    _write_new(private, private_pem(key), 0o600)
    _write_new(public, public_pem(key.public_key()), 0o644)
    return WrittenKeys(private, public, key_id(key.public_key()), fingerprint(key.public_key()))


def _write_new(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def private_pem(key: PrivateKey) -> bytes:
    """The private key as PEM, without a password."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(key: PublicKey) -> bytes:
    """The public key as PEM."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def key_id(key: PublicKey) -> str:
    """What tells the key from every other: 64 hexadecimal digits."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def fingerprint(key: PublicKey) -> str:
    """The key's id in groups of four, to be read out over a telephone."""
    whole = key_id(key)
    return " ".join(whole[place : place + 4] for place in range(0, len(whole), 4))


def read_private_key(path: Path) -> PrivateKey:
    """The private key that a file holds. Raises KeyUnusable."""
    try:
        key = load_pem_private_key(_content(path), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as problem:
        raise KeyUnusable(f"{path} holds no private key as PEM without a password.") from problem
    if not isinstance(key, PrivateKey):
        raise KeyUnusable(f"{path} holds a private key that is not Ed25519.")
    return key


def read_public_key(path: Path) -> PublicKey:
    """The public key that a file holds. Raises KeyUnusable, above all for a private key: that is not to be handed round."""
    content = _content(path)
    if b"PRIVATE KEY" in content:
        raise KeyUnusable(
            f"{path} holds a private key; name the public one, which ends in {PUBLIC}."
        )
    try:
        key = load_pem_public_key(content)
    except (ValueError, TypeError, UnsupportedAlgorithm) as problem:
        raise KeyUnusable(f"{path} holds no public key as PEM.") from problem
    if not isinstance(key, PublicKey):
        raise KeyUnusable(f"{path} holds a public key that is not Ed25519.")
    return key


def key_name(path: Path) -> str:
    """What a key is called: the name of its file without the ending."""
    return path.name.removesuffix(PRIVATE).removesuffix(PUBLIC).removesuffix(".pem")


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST)
    except OSError as problem:
        raise KeyUnusable(f"{path} cannot be read: {problem.strerror or problem}.") from problem
