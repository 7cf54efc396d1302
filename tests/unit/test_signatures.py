"""A signature covers the whole delivery, for five minutes, by a key that is known."""

import hashlib
import re
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.signatures import (
    LIFETIME,
    SignatureInvalid,
    UnknownKey,
    key_set,
    new_private_key,
    read_key_set,
    read_private_key,
    sign_request,
    verify_kept,
    verify_request,
)

PEM = new_private_key()
KEY = read_private_key(PEM)
KEYS = read_key_set(key_set({"one": PEM}))
URL = "http://127.0.0.1:9000/events"
BODY = b'{"a":1}'
TYPE = {"Content-Type": "application/cloudevents+json"}
SKEW = timedelta(seconds=6)
"""More than two clocks may differ by."""


def signed(
    moment: datetime | None = None, key_id: str = "one", body: bytes = BODY
) -> dict[str, str]:
    wall = moment or datetime.now(UTC)
    return TYPE | sign_request("POST", URL, TYPE, body, key_id, KEY, wall)


def verify(headers: dict[str, str], body: bytes = BODY, url: str = URL) -> None:
    verify_request("POST", url, headers, body, KEYS)


def test_what_was_signed_verifies() -> None:
    verify(signed())
    verify({name.lower(): value for name, value in signed().items()})


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000", "http://127.0.0.1:9000/"])
def test_an_address_without_a_path_is_that_of_its_root(url: str) -> None:
    headers = TYPE | sign_request("POST", url, TYPE, BODY, "one", KEY, datetime.now(UTC))

    verify(headers, url="http://127.0.0.1:9000/")


def test_a_signature_lives_for_five_minutes() -> None:
    now = datetime.now(UTC)

    verify(signed(now - LIFETIME + SKEW))
    for moment in (now - LIFETIME - SKEW, now + SKEW):
        with pytest.raises(SignatureInvalid):
            verify(signed(moment))


@pytest.mark.parametrize("parameter", ["created", "expires", "keyid", "alg", "nonce", "tag"])
def test_every_parameter_is_asked_for(parameter: str) -> None:
    headers = signed()
    parts = headers["Signature-Input"].split(";")
    headers["Signature-Input"] = ";".join(
        part for part in parts if not part.startswith(f"{parameter}=")
    )

    with pytest.raises(SignatureInvalid):
        verify(headers)


def test_a_signature_of_an_unknown_key_names_it() -> None:
    with pytest.raises(UnknownKey) as refused:
        verify(signed(key_id="two"))

    assert refused.value.key_id == "two"


def test_an_old_signature_of_an_unknown_key_is_old_first() -> None:
    with pytest.raises(SignatureInvalid):
        verify(signed(datetime.now(UTC) - timedelta(hours=1), key_id="two"))


def test_another_key_of_the_same_name_does_not_do() -> None:
    other = read_key_set(key_set({"one": new_private_key()}))

    with pytest.raises(SignatureInvalid):
        verify_request("POST", URL, signed(), BODY, other)


@pytest.mark.parametrize(
    "value",
    ["", "sig1", "sig1=1", "sig1=()", "sig1=(1);tag=\"esr-events\"", "sig1=();tag=1", "=", "é", "sig1=(" * 400, "\x00"],
)  # fmt: skip
@pytest.mark.parametrize("name", ["Signature-Input", "Signature", "Content-Digest"])
def test_what_is_no_signature_is_refused_in_words(name: str, value: str) -> None:
    with pytest.raises(SignatureInvalid) as refused:
        verify(signed() | {name: value})

    assert str(refused.value)


def test_a_header_that_is_missing_is_a_bad_signature() -> None:
    for name in signed():
        headers = signed()
        del headers[name]
        with pytest.raises(SignatureInvalid):
            verify(headers)


@pytest.mark.parametrize(
    "document",
    [None, [], {}, "x", {"keys": None}, {"keys": [1]}, {"keys": [{"kty": "EC", "crv": "P-384"}]}],
)
def test_what_is_no_key_set_is_told(document: object) -> None:
    with pytest.raises(ValueError, match="JWK Set"):
        read_key_set(document)


def test_keys_of_other_kinds_are_left_out_of_a_key_set() -> None:
    symmetric = {"kty": "oct", "kid": "secret", "k": "AAAA"}

    held = read_key_set({"keys": [symmetric, *key_set({"one": PEM})["keys"]]})

    assert held.keys() == {"one"}


def test_a_key_set_holds_no_private_key() -> None:
    [key] = key_set({"one": PEM})["keys"]

    assert key.keys() == {"kty", "crv", "x", "y", "use", "alg", "kid"}


def verify_without_body(
    headers: dict[str, str], moment: datetime | None = None, body: bytes = BODY
) -> None:
    digest = hashlib.sha256(body).hexdigest()
    verify_kept("POST", URL, headers, digest, KEYS, moment or datetime.now(UTC))


def test_a_request_that_was_kept_without_its_body_is_verified_for_the_moment_at_which_it_came() -> (
    None
):
    long_ago = datetime.now(UTC) - timedelta(days=400)
    headers = signed(long_ago)

    verify_without_body(headers, long_ago + timedelta(minutes=4))

    for moment in (long_ago - timedelta(minutes=1), long_ago + timedelta(minutes=6), None):
        with pytest.raises(SignatureInvalid):
            verify_without_body(headers, moment)


def test_another_body_is_not_the_one_that_was_signed() -> None:
    with pytest.raises(SignatureInvalid, match="digest"):
        verify_without_body(signed(), body=BODY + b" ")


def test_a_signature_that_says_no_time_or_another_lifetime_is_not_good() -> None:
    headers = signed()
    stated = headers["Signature-Input"]
    longer = re.sub(r"expires=(\d+)", lambda found: f"expires={int(found[1]) + 1}", stated)
    timeless = re.sub(r";created=\d+", "", stated)

    for value in (longer, timeless, stated.replace("created=1", "created=99999999999999")):
        with pytest.raises(SignatureInvalid):
            verify_without_body(headers | {"Signature-Input": value})
