"""Keys are named by what they are; the private half is its owner's alone."""

import hashlib
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sandbox.conformance.evidence.keys import (
    KeyUnusable,
    PrivateKey,
    fingerprint,
    key_id,
    key_name,
    new_key_pair,
    read_private_key,
    read_public_key,
)


def test_a_pair_is_written_and_read_again(tmp_path: Path) -> None:
    written = new_key_pair(tmp_path / "keys", "supplier")

    private, public = read_private_key(written.private), read_public_key(written.public)

    assert key_id(private.public_key()) == key_id(public) == written.id
    assert stat.S_IMODE(written.private.stat().st_mode) == 0o600
    assert key_name(written.private) == key_name(written.public) == "supplier"


def test_an_id_is_the_digest_of_the_public_half() -> None:
    key = PrivateKey.generate().public_key()
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)

    assert key_id(key) == hashlib.sha256(der).hexdigest()
    assert fingerprint(key).replace(" ", "") == key_id(key)


@pytest.mark.parametrize("gone", [".private.pem", ".public.pem"])
def test_a_key_is_never_written_over_another(tmp_path: Path, gone: str) -> None:
    new_key_pair(tmp_path, "a")
    (tmp_path / f"a{gone}").unlink()
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    with pytest.raises(FileExistsError):
        new_key_pair(tmp_path, "a")

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize("name", ["", "../a", "a/b", ".a", "a b", "a" * 65])
def test_a_name_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(KeyUnusable):
        new_key_pair(tmp_path, name)


def test_what_is_no_key_is_told_as_such(tmp_path: Path) -> None:
    written = new_key_pair(tmp_path, "a")
    other = tmp_path / "other.pem"
    other.write_bytes(
        generate_private_key(SECP256R1())
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    (tmp_path / "text.pem").write_text("hello")

    for path, sentence in (
        (written.private, "holds a private key; name the public one"),
        (other, "not Ed25519"),
        (tmp_path / "text.pem", "no public key"),
        (tmp_path / "none.pem", "cannot be read"),
    ):
        with pytest.raises(KeyUnusable, match=sentence):
            read_public_key(path)
    with pytest.raises(KeyUnusable, match="no private key"):
        read_private_key(written.public)
