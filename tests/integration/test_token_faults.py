"""Every row of the token endpoint's fault table, on the wire, and the order in which the rows are looked for.

The client is built on PyJWT and on bytes put together by hand; the server is built on joserfc.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import jwt
import pytest
from assertions import FORM, LEFT_OUT, TestClient, by_hand, encoded, key, key_set
from harness import Workspace

from sandbox.identity.faults import Fault, Proof

Send = Callable[[TestClient], httpx.Response]


@pytest.fixture(scope="module")
def control(make_workspace: Callable[..., Workspace]) -> httpx.Client:
    return make_workspace().control


def _new_client(control: httpx.Client) -> TestClient:
    wanted = {"name": "A client", "jwks": key_set(**{"test-1": "one"})}
    made = control.post("/clients", json=wanted)
    assert made.status_code == 201, made.text
    return TestClient(made.json()["clientId"], made.json()["tokenUrl"])


@pytest.fixture(scope="module")
def client(control: httpx.Client) -> TestClient:
    """One client for all, since nothing that is refused changes it."""
    return _new_client(control)


@pytest.fixture(scope="module")
def restricted(control: httpx.Client) -> TestClient:
    """One that is not ACTIVE."""
    client = _new_client(control)
    changed = control.patch(f"/clients/{client.client_id}", json={"state": "USER_RESTRICTED"})
    assert changed.status_code == 200
    return client


def _post(client: TestClient, content: str, media_type: str) -> httpx.Response:
    headers = {"Content-Type": media_type} if media_type else {}
    return client.http.post(client.token_url, content=content, headers=headers)


def _spent(client: TestClient) -> httpx.Response:
    assertion = client.assertion()
    assert client.ask(assertion).status_code == 200
    return client.ask(assertion)


# Each row of the table: one way at least to meet it. Those that a client's state or keys bring about are below.
WAYS: dict[Fault, dict[str, Send]] = {
    Fault.PATH_UNKNOWN: {
        "other": lambda c: c.http.post(c.token_url.replace("/token", "/authorize")),
        "slash": lambda c: c.http.post(f"{c.token_url}/"),
        "base": lambda c: c.http.get(c.token_url.replace("/token", "")),
        "below": lambda c: c.http.get(f"{c.token_url}/more"),
    },
    Fault.CONTENT_TYPE: {
        "none": lambda c: _post(c, "grant_type=client_credentials", ""),
        "json": lambda c: _post(c, "{}", "application/json"),
        "charset": lambda c: _post(c, "", "application/x-www-form-urlencoded; charset=utf-8"),
        "capitals": lambda c: _post(c, "", "Application/X-WWW-Form-Urlencoded"),
    },
    Fault.GRANT_TYPE_MISSING: {
        "absent": lambda c: c.ask(grant_type=LEFT_OUT),
        "empty": lambda c: c.ask(grant_type=""),
        "no form": lambda c: _post(
            c, "\udcff".encode("utf-8", "surrogateescape").decode("latin-1"), FORM
        ),
    },
    Fault.GRANT_TYPE_INVALID: {
        "unknown": lambda c: c.ask(grant_type="password"),
        "capitals": lambda c: c.ask(grant_type="CLIENT_CREDENTIALS"),
    },
    Fault.CLIENT_SECRET: {
        "code": lambda c: c.ask(grant_type="authorization_code", client_id="x", client_secret="y"),
        "refresh": lambda c: c.ask(grant_type="refresh_token"),
    },
    Fault.ASSERTION_TYPE: {
        "absent": lambda c: c.ask(client_assertion_type=LEFT_OUT),
        "wrong": lambda c: c.ask(
            client_assertion_type="urn:ietf:params:oauth:client-assertion-type:saml2-bearer"
        ),
    },
    Fault.ASSERTION_MISSING: {
        "absent": lambda c: c.ask(client_assertion=LEFT_OUT),
        "empty": lambda c: c.ask(client_assertion=""),
    },
    Fault.ASSERTION_MALFORMED: {
        "words": lambda c: c.ask("no token"),
        "two parts": lambda c: c.ask(c.assertion().rpartition(".")[0]),
        "five parts": lambda c: c.ask("a.b.c.d.e"),
        "padded": lambda c: c.ask(f"{c.assertion()}="),
        "detached": lambda c: c.ask("{0}..{2}".format(*c.assertion().split("."))),
        "header is no JSON": lambda c: c.ask(by_hand("{", c.claims(), "one")),
        "header is a list": lambda c: c.ask(by_hand("[]", c.claims(), "one")),
        "claims are a text": lambda c: c.ask(by_hand(c.header(), '"x"', "one")),
        "claims are bytes": lambda c: c.ask(
            f"{encoded(c.header())}.{encoded(bytes(range(256)))}.AA"
        ),
        "claims are compressed": lambda c: c.ask(c.made({"zip": "DEF"}).replace(".", ".eJw", 1)),
        "a name twice": lambda c: c.ask(by_hand('{"alg":"RS512","alg":"none"}', c.claims(), "one")),
        "not a number": lambda c: c.ask(by_hand(c.header(), '{"exp":NaN}', "one")),
        "too large a number": lambda c: c.ask(by_hand(c.header(), '{"exp":1e999}', "one")),
        "too many digits": lambda c: c.ask(
            by_hand(c.header(), '{"exp":' + "9" * 5000 + "}", "one")
        ),
        "too deep": lambda c: c.ask(by_hand(c.header(), "[" * 6000, "one")),
        "half a character": lambda c: c.ask(by_hand(c.header(), r'{"jti":"\ud800"}', "one")),
        "crit": lambda c: c.ask(c.made({"crit": ["exp"]})),
        "b64": lambda c: c.ask(c.made({"b64": False, "crit": ["b64"]})),
        "huge": lambda c: c.ask(c.assertion(more="x" * 20_000)),
    },
    Fault.ALG: {
        "RS256": lambda c: c.ask(
            jwt.encode(c.claims(), key("one"), "RS256", headers={"kid": "test-1"})
        ),
        "PS512": lambda c: c.ask(
            jwt.encode(c.claims(), key("one"), "PS512", headers={"kid": "test-1"})
        ),
        "HS512 with the public key": lambda c: c.ask(_keyed_by_the_public_half(c)),
        "none": lambda c: c.ask(jwt.encode(c.claims(), "", "none", headers={"kid": "test-1"})),
        "None": lambda c: c.ask(c.made({"alg": "None"})),
        "absent": lambda c: c.ask(c.made({"alg": LEFT_OUT})),
        "null": lambda c: c.ask(c.made({"alg": None})),
        "a list": lambda c: c.ask(c.made({"alg": ["RS512"]})),
        "small letters": lambda c: c.ask(c.made({"alg": "rs512"})),
    },
    Fault.EXPIRED: {
        "past": lambda c: c.ask(c.assertion(exp=int(time.time()) - 1)),
        "long past": lambda c: c.ask(c.assertion(exp=1)),
        "before 1970": lambda c: c.ask(c.made({}, exp=-(10**30))),
        "past with a fraction": lambda c: c.ask(c.made({}, exp=1.5)),
    },
    Fault.KID_MISSING: {
        "absent": lambda c: c.ask(jwt.encode(c.claims(), key("one"), "RS512")),
        "empty": lambda c: c.ask(c.made({"kid": ""})),
        "null": lambda c: c.ask(c.made({"kid": None})),
        "a number": lambda c: c.ask(c.made({"kid": 1})),
    },
    Fault.TYP: {
        "absent": lambda c: c.ask(c.made({"typ": LEFT_OUT})),
        "null": lambda c: c.ask(c.made({"typ": None})),
        "other": lambda c: c.ask(c.made({"typ": "at+jwt"})),
        "a number": lambda c: c.ask(c.made({"typ": 7})),
    },
    Fault.EXP_MISSING: {
        "absent": lambda c: c.ask(c.assertion(exp=LEFT_OUT)),
        "null": lambda c: c.ask(c.made({}, exp=None)),
    },
    Fault.EXP_TYPE: {
        "a text": lambda c: c.ask(c.made({}, exp=str(int(time.time()) + 100))),
        "a fraction": lambda c: c.ask(c.made({}, exp=time.time() + 100.5)),
        "true": lambda c: c.ask(c.made({}, exp=True)),
        "a list": lambda c: c.ask(c.made({}, exp=[1])),
    },
    Fault.SUBJECT_MISSING: {
        "no iss": lambda c: c.ask(c.assertion(iss=LEFT_OUT)),
        "no sub": lambda c: c.ask(c.assertion(sub=LEFT_OUT)),
        "neither": lambda c: c.ask(c.assertion(iss=LEFT_OUT, sub=LEFT_OUT)),
        "unequal": lambda c: c.ask(c.assertion(iss="another")),
        "a number": lambda c: c.ask(c.made({}, iss=1, sub=1)),
        "empty": lambda c: c.ask(c.assertion(iss="", sub="")),
    },
    Fault.JTI_MISSING: {
        "absent": lambda c: c.ask(c.assertion(jti=LEFT_OUT)),
        "empty": lambda c: c.ask(c.assertion(jti="")),
    },
    Fault.JTI_TYPE: {
        "a number": lambda c: c.ask(c.made({}, jti=7)),
        "an object": lambda c: c.ask(c.made({}, jti={})),
    },
    Fault.JTI_REUSED: {"after a token": _spent},
    Fault.EXP_TOO_FAR: {
        "six minutes": lambda c: c.ask(c.assertion(exp=int(time.time()) + 360)),
        "never": lambda c: c.ask(c.made({}, exp=10**400)),
    },
    Fault.CLIENT_UNKNOWN: {
        "nobody": lambda c: c.ask(c.assertion(iss="nobody", sub="nobody")),
        "NUL": lambda c: c.ask(c.assertion(iss="a\x00b", sub="a\x00b")),
        "long": lambda c: c.ask(c.assertion(iss="x" * 3000, sub="x" * 3000)),
        "one of ours": lambda c: c.ask(c.assertion(iss="nhs-jobs-default", sub="nhs-jobs-default")),
    },
    Fault.KID_UNKNOWN: {
        "other": lambda c: c.ask(c.made({"kid": "test-2"})),
        "a path": lambda c: c.ask(c.made({"kid": "../../../../dev/null"})),
        "its own key beside it": lambda c: c.ask(
            by_hand({**c.header(kid="x"), "jwk": key_set(x="two")["keys"][0]}, c.claims(), "two")
        ),
    },
    Fault.SIGNATURE: {
        "another key": lambda c: c.ask(by_hand(c.header(), c.claims(), "two")),
        "none": lambda c: c.ask(c.assertion().rpartition(".")[0] + "."),
        "short": lambda c: c.ask(f"{c.assertion().rpartition('.')[0]}.{encoded(b'x' * 64)}"),
        "nought": lambda c: c.ask(f"{c.assertion().rpartition('.')[0]}.{encoded(bytes(256))}"),
        "its own key beside it": lambda c: c.ask(
            by_hand({**c.header(), "jwk": key_set(x="two")["keys"][0]}, c.claims(), "two")
        ),
        "its own address beside it": lambda c: c.ask(
            by_hand(
                {
                    **c.header(),
                    "jku": "https://attacker.example/jwks.json",
                    "x5u": "https://attacker.example/",
                },
                c.claims(),
                "two",
            )
        ),
        "of other claims": lambda c: c.ask(_with_claims_of(c.assertion(), c.claims(admin=True))),
    },
    Fault.AUD: {
        "absent": lambda c: c.ask(c.assertion(aud=LEFT_OUT)),
        "another": lambda c: c.ask(c.assertion(aud="https://api.service.nhs.uk/oauth2/token")),
        "with a slash": lambda c: c.ask(c.assertion(aud=f"{c.token_url}/")),
        "a list without it": lambda c: c.ask(c.assertion(aud=["x"])),
        "a number": lambda c: c.ask(c.made({}, aud=1)),
    },
    Fault.UNKNOWN: {
        "not yet": lambda c: c.ask(c.assertion(nbf=int(time.time()) + 60)),
    },
}
STATES = {
    Fault.ACCESS_LEVEL: "USER_RESTRICTED",
    Fault.NOT_APPROVED: "REVOKED",
    Fault.NOT_SUBSCRIBED: "NOT_SUBSCRIBED",
    Fault.COMPANY_INACTIVE: "COMPANY_INACTIVE",
    Fault.DEVELOPER_INACTIVE: "DEVELOPER_INACTIVE",
    Fault.UNKNOWN: "FAILING",
}
KEYS = {Fault.NO_PUBLIC_KEY, Fault.KEYS_UNREACHABLE}


def _keyed_by_the_public_half(client: TestClient) -> str:
    """The classic confusion of algorithms: an HMAC whose secret is the public key."""
    import hashlib
    import hmac

    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = key("one").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    signed = f"{encoded(client.header(alg='HS512'))}.{encoded(client.claims())}"
    return f"{signed}.{encoded(hmac.digest(public, signed.encode(), hashlib.sha512))}"


def _with_claims_of(assertion: str, claims: dict[str, Any]) -> str:
    header, _, signature = assertion.split(".")
    return f"{header}.{encoded(claims)}.{signature}"


def _cases() -> Iterator[Any]:
    for fault, ways in WAYS.items():
        for name, send in ways.items():
            yield pytest.param(fault, send, id=_named(fault, name))


def _named(fault: Fault, way: str) -> str:
    """A row whose status is not proven says so in the name of its test."""
    unproven = fault.value.proof is Proof.STATUS_NOT_PROVEN
    return f"{fault.name}-{way}{'-status-not-proven' if unproven else ''}"


def _expect(answer: httpx.Response, fault: Fault) -> None:
    row, told = fault.value, answer.json()
    assert (answer.status_code, told["error"], told["error_description"]) == (
        row.status,
        row.error,
        row.description,
    )
    assert set(told) == {"error", "error_description", "message_id"}
    assert told["message_id"].startswith("rrt-")
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(("fault", "send"), list(_cases()))
def test_a_fault_is_answered_by_its_row(client: TestClient, fault: Fault, send: Send) -> None:
    answer = send(client)

    _expect(answer, fault)


@pytest.mark.parametrize(
    ("fault", "state"), [pytest.param(f, s, id=_named(f, s)) for f, s in STATES.items()]
)
def test_a_client_that_is_not_active_gets_no_token(
    control: httpx.Client, fault: Fault, state: str
) -> None:
    client = _new_client(control)
    changed = control.patch(f"/clients/{client.client_id}", json={"state": state})
    assert changed.status_code == 200

    _expect(client.ask(), fault)


def test_a_client_without_keys_is_told_to_register_one(control: httpx.Client) -> None:
    made = control.post("/clients", json={"name": "Without keys"}).json()

    _expect(TestClient(made["clientId"], made["tokenUrl"]).ask(), Fault.NO_PUBLIC_KEY)


def test_keys_that_cannot_be_fetched_are_said_to_be_out_of_reach(control: httpx.Client) -> None:
    wanted = {"name": "Nowhere", "jwksUrl": "http://127.0.0.1:9/jwks.json"}
    made = control.post("/clients", json=wanted).json()

    _expect(TestClient(made["clientId"], made["tokenUrl"]).ask(), Fault.KEYS_UNREACHABLE)


def test_every_row_is_met() -> None:
    assert {*WAYS, *STATES, *KEYS} == set(Fault)


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])
def test_another_method_is_refused_without_a_body(client: TestClient, method: str) -> None:
    answer = client.http.request(method, client.token_url)

    assert (answer.status_code, answer.headers["allow"], answer.content) == (405, "POST", b"")
    assert answer.headers["content-type"] == "text/plain"


# What each row takes to be met beside the row after it: what is sent, and what the client is, for both at once.
Bad = dict[str, Any]
ORDER: list[tuple[Fault, Bad]] = [
    (Fault.CONTENT_TYPE, {"media_type": "text/plain"}),
    (Fault.GRANT_TYPE_INVALID, {"form": {"grant_type": "x"}}),
    (Fault.ASSERTION_TYPE, {"form": {"client_assertion_type": "x"}}),
    (Fault.ASSERTION_MALFORMED, {"malformed": True}),
    (Fault.ALG, {"header": {"alg": "RS256"}}),
    (Fault.EXPIRED, {"claims": {"exp": 1}}),
    (Fault.KID_MISSING, {"header": {"kid": LEFT_OUT}}),
    (Fault.TYP, {"header": {"typ": LEFT_OUT}}),
    (Fault.EXP_TYPE, {"claims": {"exp": "x"}}),
    (Fault.SUBJECT_MISSING, {"claims": {"iss": LEFT_OUT}}),
    (Fault.JTI_TYPE, {"claims": {"jti": 7}}),
    (Fault.EXP_TOO_FAR, {"claims": {"exp": 10**12}}),
    (Fault.CLIENT_UNKNOWN, {"claims": {"iss": "nobody", "sub": "nobody"}}),
    (Fault.KID_UNKNOWN, {"header": {"kid": "x"}}),
    (Fault.SIGNATURE, {"signer": "two"}),
    (Fault.AUD, {"claims": {"aud": "x"}}),
    (Fault.ACCESS_LEVEL, {"restricted": True}),
]


def _merged(one: Bad, other: Bad) -> Bad:
    """Both at once; where the two set the same thing, the one."""
    merged = dict(other)
    for name, value in one.items():
        merged[name] = {**other.get(name, {}), **value} if isinstance(value, dict) else value
    return merged


def _send(client: TestClient, bad: Bad) -> httpx.Response:
    header, claims = client.header(**bad.get("header", {})), client.claims(**bad.get("claims", {}))
    assertion = by_hand(header, claims, bad.get("signer", client.signer))
    form = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": "x" if bad.get("malformed") else assertion,
        **bad.get("form", {}),
    }
    headers = {"Content-Type": bad["media_type"]} if "media_type" in bad else {}
    return client.http.post(client.token_url, data=form, headers=headers)


_PAIRS = [
    (first, later, _merged(first_bad, later_bad))
    for position, (first, first_bad) in enumerate(ORDER)
    for later, later_bad in ORDER[position + 1 :]
    # The two cannot both be where they are about one and the same value.
    if not {*first_bad.get("claims", {})} & {*later_bad.get("claims", {})}
    and not {*first_bad.get("header", {})} & {*later_bad.get("header", {})}
]


@pytest.mark.parametrize(
    ("first", "bad"), [pytest.param(f, b, id=f"{f.name}-{s.name}") for f, s, b in _PAIRS]
)
def test_of_two_faults_the_one_that_is_checked_first_is_answered(
    client: TestClient, restricted: TestClient, first: Fault, bad: Bad
) -> None:
    sender = restricted if "restricted" in bad else client

    _expect(_send(sender, bad), first)


def test_a_spent_jti_is_told_before_an_expiry_too_far_ahead(client: TestClient) -> None:
    claims = client.claims()
    assert client.ask(by_hand(client.header(), claims, "one")).status_code == 200

    answer = client.ask(by_hand(client.header(), {**claims, "exp": 10**12}, "one"))

    _expect(answer, Fault.JTI_REUSED)


def test_the_order_is_that_of_the_table() -> None:
    positions = [list(Fault).index(fault) for fault, _ in ORDER]

    assert positions == sorted(positions)
    # Of each pair of neighbours: those that two faults can be made of at once are.
    assert len(_PAIRS) > 100
