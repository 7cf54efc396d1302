"""Before a run: whether everything is in place. What fails here is a matter of configuration, never a failure of the product."""

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from sandbox.conformance.case import Case
from sandbox.conformance.subject import INBOUND, Subject
from sandbox.contracts import Contract
from simulators.credentials import SignedTokens, TokenRefused, authorization, token_now

_CLOCKS_APART_SECONDS = 30
_ROOM_BYTES = 200 * 1024 * 1024
_PATIENCE = httpx.Timeout(10.0)
_LOOKS = {"esr": "/organisations?limit=1", "nhs-jobs": "/adverts?limit=1"}
"""By contract: what is read to see whether address and token work."""
_TOKEN_FAULTS = (
    (
        "'kid'",
        "Give as tokens.{name}.kid the id of this key in your key set, or register the key: it was {kid}.",
    ),
    ("signature", "tokens.{name}.keyFile is another key than the one that is registered as {kid}."),
    ("'iss'/'sub'", "Mend tokens.{name}.clientId: no client has this id."),
    (
        "'aud'",
        "tokens.{name}.tokenUrl must be the address that the endpoint has for itself, to the letter.",
    ),
    (
        "'exp'",
        "Set this machine's clock by NTP: the assertion was good for four minutes by this clock.",
    ),
    ("JWKS endpoint", "See that the address of your key set can be reached from there."),
    (
        "register a public key",
        "Register a public key, or the address of your key set, for this client.",
    ),
    ("not approved or revoked", "Have the client approved, or use another."),
    ("does not have access", "Subscribe the client to this interface."),
    ("inactive status", "Have the client's organisation and developer made active."),
    ("not configured to use", "Have the client configured for signed assertions (access level 3)."),
)
"""Words of the token endpoint's description of a fault, and what to do about it; the first that fits counts."""
_BOUND = ("employer", "vacancy", "position")
"""What a case needs of a world that cannot be seeded."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at."""

    name: str
    ok: bool
    found: str
    to_do: str = ""
    """What to change, where it is not well, or may not be."""


def check_all(
    subject: Subject,
    cases: tuple[Case, ...],
    contracts: Mapping[str, Contract],
    folder: Path,
    client: httpx.Client,
) -> list[Check]:
    """Every check that applies to the subject."""
    checks = list(_addresses(subject, client))
    if subject.driving == INBOUND and "driver" in subject.addresses:
        checks += _driver(subject, cases, contracts, client)
    if "receiver" in subject.addresses:
        checks.append(_receiver(subject, client))
    if subject.role != "recruitment-system" and "control" not in subject.addresses:
        checks.append(_bindings(subject))
    checks.append(_room(folder))
    return checks


def _addresses(subject: Subject, client: httpx.Client) -> Iterator[Check]:
    for name, look in _LOOKS.items():
        address = subject.addresses.get(name)
        if address is None:
            continue
        access = subject.tokens.get(name, "")
        what = f"{name} answers"
        if isinstance(access, SignedTokens):
            got = check_client(name, access)
            yield got
            if not got.ok:
                continue
        headers = {"Authorization": authorization(access)} if access else {}
        answer = _asked(partial(client.get, address + look, headers=headers, timeout=_PATIENCE))
        if isinstance(answer, str):
            yield Check(what, False, answer, f"Start it, or mend addresses.{name} ({address}).")
            continue
        if answer.status_code in (401, 403):
            yield Check(what, True, f"{address} answered {answer.status_code}")
            yield Check(
                f"the token of {name} works",
                False,
                f"it was answered {answer.status_code}",
                f"Give a good token under tokens.{name}.",
            )
            continue
        good = answer.status_code == 200
        yield Check(
            what,
            good,
            f"{address}{look} was answered {answer.status_code}",
            ""
            if good
            else f"addresses.{name} must be the base of the contract, such as https://host/{name}/v1.",
        )
        yield from _clock(name, answer)


def check_client(name: str, access: SignedTokens) -> Check:
    """Whether the client of a system gets a token."""
    what = f"the client of {name} gets a token"
    try:
        token_now(access)
    except TokenRefused as problem:
        advice = [to_do for words, to_do in _TOKEN_FAULTS if words in problem.description]
        to_do = advice[0] if advice else "Mend tokenUrl, or start what gives tokens there."
        return Check(what, False, str(problem), to_do.format(name=name, kid=access.key.kid))
    return Check(what, True, f"{access.key.token_url} gave one to {access.key.client_id}")


def _clock(name: str, answer: httpx.Response) -> Iterator[Check]:
    told = answer.headers.get("date")
    if told is None:
        return
    try:
        moment = parsedate_to_datetime(told)
    except ValueError:
        return
    yield _apart(f"the wall clock of {name} agrees", moment)


def _apart(name: str, moment: datetime) -> Check:
    apart = abs((datetime.now(UTC) - moment).total_seconds())
    good = apart <= _CLOCKS_APART_SECONDS
    return Check(
        name,
        good,
        f"{apart:.0f} seconds apart",
        "" if good else "Set both clocks by NTP: signatures and Retry-After are judged by them.",
    )


def _driver(
    subject: Subject,
    cases: tuple[Case, ...],
    contracts: Mapping[str, Contract],
    client: httpx.Client,
) -> Iterator[Check]:
    address = subject.addresses["driver"]
    headers = {"Authorization": authorization(subject.tokens.get("driver", ""))}
    answer = _asked(lambda: client.get(f"{address}/driver", headers=headers, timeout=_PATIENCE))
    if isinstance(answer, str):
        yield Check(
            "the driver answers", False, answer, f"Start it, or mend addresses.driver ({address})."
        )
        return
    if answer.status_code != 200:
        to_do = (
            "It does not take the token: give the one that it knows as tokens.driver of the subject file, "
            "in the console as Token of the driver."
            if answer.status_code in (401, 403)
            else "addresses.driver must be the base of the driver contract: GET <base>/driver is its read_driver."
        )
        found = f"GET {address}/driver was answered {answer.status_code}"
        yield Check("the driver answers", False, found, to_do)
        return
    told = _object(answer)
    yield Check("the driver answers", True, f"{address}/driver was answered 200")
    needed = sorted({step["drive"] for case in cases for step in case.when if "drive" in step})
    offered = told.get("hooks")
    missing = [hook for hook in needed if not isinstance(offered, list) or hook not in offered]
    yield Check(
        "the driver offers the hooks that cases use",
        not missing,
        f"without {', '.join(missing)}" if missing else ", ".join(needed),
        "Offer them, or run guided (`driving: guided`)." if missing else "",
    )
    product = told.get("product")
    product = product if isinstance(product, dict) else {}
    same = product.get("version") == subject.version
    yield Check(
        "the product's version is the one that the subject file names",
        same,
        f"the driver says {product.get('version')!r}, the file {subject.version!r}",
        "" if same else "Mend `version` of the subject file, or install the version that is meant.",
    )
    ours = contracts["driver"].version
    theirs = str(told.get("contractVersion", ""))
    good = theirs.partition(".")[0] == ours.partition(".")[0]
    yield Check(
        "the driver speaks this version of the contract",
        good,
        f"it says {theirs or 'nothing'}, this suite has {ours}",
        "" if good else "Use the driver contract of the same major version.",
    )
    try:
        yield _apart(
            "the wall clock of the driver agrees", datetime.fromisoformat(str(told["now"]))
        )
    except (KeyError, ValueError, TypeError):
        yield Check(
            "the wall clock of the driver agrees", False, "it tells no time", "Answer `now`."
        )


def _receiver(subject: Subject, client: httpx.Client) -> Check:
    address = subject.addresses["receiver"]
    answer = _asked(lambda: client.post(f"{address}/events", content=b"", timeout=_PATIENCE))
    if isinstance(answer, str):
        return Check(
            "the receiver is reachable",
            False,
            answer,
            f"Start it, or mend addresses.receiver ({address}).",
        )
    good = answer.status_code != 404
    return Check(
        "the receiver is reachable",
        good,
        f"{address}/events was answered {answer.status_code}",
        "" if good else "addresses.receiver is the base: POST <base>/events must be your receiver.",
    )


def _bindings(subject: Subject) -> Check:
    missing = [name for name in _BOUND if name not in subject.bindings]
    return Check(
        "the bindings resolve",
        not missing,
        f"without {', '.join(missing)}" if missing else ", ".join(sorted(subject.bindings)),
        "Name under `bindings` what of your test world is meant." if missing else "",
    )


def _room(folder: Path) -> Check:
    place = folder
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    good = free >= _ROOM_BYTES
    return Check(
        "there is room for the evidence",
        good,
        f"{free // 1_048_576} MiB are free at {place}",
        ""
        if good
        else f"Make {_ROOM_BYTES // 1_048_576} MiB free, or name another folder with --out.",
    )


def _asked(call: Callable[[], httpx.Response]) -> httpx.Response | str:
    try:
        return call()
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        return f"{type(problem).__name__}: {problem}" if str(problem) else type(problem).__name__


def _object(answer: httpx.Response) -> dict[str, Any]:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}
