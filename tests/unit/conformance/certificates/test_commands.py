"""The commands `key`, `verify` and `certificate`, from a key to a certificate that was taken back."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from evidence_packs import FACTS, KNOWN, REQUIREMENTS, Desk, recompute, run_files

import sandbox.cli.certificate
import sandbox.cli.verify
from sandbox.cli import FAILED, HELD, MISUSED, run
from sandbox.conformance.case import load_cases
from sandbox.conformance.evidence.eligibility import Eligibility, Kind
from sandbox.conformance.evidence.keys import new_key_pair, read_private_key
from sandbox.conformance.evidence.known import (
    cases_file,
    contract_facts,
    known_here,
    requirements_file,
)
from sandbox.conformance.evidence.recomputation import recompute as judge_again
from sandbox.conformance.evidence.verify import verify_pack
from sandbox.contracts import contracts_folder, load_contract
from sandbox.contracts.requirements import load_requirements

Told = tuple[int, str]


@pytest.fixture
def tell(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Told]:
    monkeypatch.setenv("COLUMNS", "200")

    def told(*arguments: Any) -> Told:
        code = run([str(argument) for argument in arguments])
        captured = capfd.readouterr()
        return code, captured.out + captured.err

    return told


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has the commands judge by the toy suite that the toy packs are of."""
    for module in (sandbox.cli.certificate, sandbox.cli.verify):
        monkeypatch.setattr(module, "verify_pack", partial(verify_pack, known=KNOWN))
        monkeypatch.setattr(module, "recompute", recompute)
        monkeypatch.setattr(module, "load_requirements", lambda: REQUIREMENTS)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk whose key is the one in `keys/supplier`; the run on it ended yesterday at most."""
    written = new_key_pair(tmp_path / "keys", "supplier")
    new_key_pair(tmp_path / "keys", "issuer")
    return Desk(tmp_path, read_private_key(written.private))


@pytest.fixture
def pack(desk: Desk) -> Path:
    now = datetime.now(UTC).isoformat()
    return desk.pack(began=now, ended=now)


def test_a_key_is_made_once(tell: Callable[..., Told], tmp_path: Path) -> None:
    code, text = tell("key", "new", "--out", tmp_path, "--name", "a")
    again, why = tell("key", "new", "--out", tmp_path, "--name", "a")
    shown, _ = tell("key", "show", tmp_path / "a.public.pem")
    secret, sentence = tell("key", "show", tmp_path / "a.private.pem")

    assert (code, again, shown, secret) == (HELD, MISUSED, HELD, MISUSED)
    assert "fingerprint" in text
    assert "is there already" in why
    assert "holds a private key" in sentence


def test_a_pack_is_verified_step_by_step(
    tell: Callable[..., Told], toy: None, desk: Desk, pack: Path
) -> None:
    key = desk.folder / "keys" / "supplier.public.pem"

    accepted, text = tell("verify", pack, "--trust", key)
    refused, why = tell("verify", pack, "--trust", desk.folder / "keys" / "issuer.public.pem")
    _, document = tell("verify", pack, "--trust", key, "--json")

    assert accepted == HELD
    assert "verdicts recomputed" in text
    assert "Accepted: Recruit <One> 4.2" in text
    assert refused == FAILED
    assert "KEY_UNKNOWN" in why
    assert "not reached" in why
    assert orjson.loads(document)["accepted"] is True


def test_what_is_asked_wrongly_is_a_matter_of_usage(
    tell: Callable[..., Told], desk: Desk, pack: Path
) -> None:
    key = desk.folder / "keys" / "supplier.public.pem"

    for arguments, sentence in (
        (["verify", pack], "--trust"),
        (["verify", pack, "--trust", pack], "no public key"),
        (["verify", desk.folder / "none.zip", "--trust", key], "There is no pack"),
        (
            ["certificate", "revoke", "X", "--register", desk.folder / "r", "--reason", "x"],
            "no certificate X",
        ),
        (["certificate", "impact", pack, pack], "is no contract"),
    ):
        code, text = tell(*arguments)
        assert code == MISUSED, text
        assert sentence in text


def test_a_pack_of_this_installation_is_judged_by_its_own_judge(
    tell: Callable[..., Told], desk: Desk
) -> None:
    now = datetime.now(UTC).isoformat()
    known, cases = known_here(), load_cases("recruitment-system")
    files = {
        "cases.json": cases_file(cases),
        "requirements.json": requirements_file(load_requirements()),
        "subject.json": orjson.dumps(FACTS.subject),
    }
    results = judge_again(files)
    path = desk.pack(
        {**files, "results.json": orjson.dumps(results)},
        began=now,
        ended=now,
        suite={"version": known.version, "digest": known.suites["recruitment-system"]},
        requirement_set=known.requirement_set,
        contracts=contract_facts([load_contract("esr")]),
        result=results["overall"],
        eligibility=Eligibility(Kind.NONE, ("nothing was played",)),
    )

    code, text = tell("verify", path, "--trust", desk.folder / "keys" / "supplier.public.pem")

    assert code == HELD, text
    assert "for a certificate: none" in text


def test_a_certificate_from_its_issue_to_its_end(
    tell: Callable[..., Told], toy: None, desk: Desk, pack: Path
) -> None:
    register, keys = desk.folder / "register", desk.folder / "keys"
    trust = ("--trust", keys / "supplier.public.pem")
    giving = ("--key", keys / "issuer.private.pem", "--register", register)

    issued, text = tell("certificate", "issue", pack, *trust, *giving)
    name = text.split(":")[0]
    _, before = tell("certificate", "list", "--register", register)
    revoked, _ = tell(
        "certificate", "revoke", name, "--register", register, "--reason", "withdrawn"
    )
    _, after = tell("certificate", "list", "--register", register)
    again, why = tell("certificate", "issue", pack, *trust, *giving)
    verified, sentence = tell("verify", pack, *trust, "--register", register)

    assert (issued, revoked, again, verified) == (HELD, HELD, FAILED, FAILED)
    assert (register / "certificates" / f"{name}.html").is_file()
    assert "in force" in before
    assert "revoked: withdrawn" in after
    assert "PACK_REVOKED" in why
    assert "PACK_REVOKED" in sentence


def test_what_is_not_enough_gets_none_until_it_is_waived_or_reviewed(
    tell: Callable[..., Told], toy: None, desk: Desk
) -> None:
    now = datetime.now(UTC).isoformat()
    not_enough = Eligibility(Kind.NONE, ("see the results",))
    packs = {
        word: desk.pack(
            run_files({"esr.d [row one]": word}),
            name=f"{word}.zip",
            began=now,
            ended=now,
            result=word,
            eligibility=not_enough,
        )
        for word in ("fail", "review")
    }
    keys, reviews = desk.folder / "keys", desk.folder / "reviews.txt"
    waivers = desk.folder / "waivers.yaml"
    waivers.write_text(
        "waivers: [{requirement: ESR-APP-003, reason: later, by: A, until: 2999-01-01}]"
    )
    trust = ("--trust", keys / "supplier.public.pem")
    giving = (*trust, "--key", keys / "issuer.private.pem", "--register", desk.folder / "register")

    refused, why = tell("certificate", "issue", packs["fail"], *giving)
    waived, _ = tell("certificate", "issue", packs["fail"], *giving, "--waivers", waivers)
    decided, _ = tell(
        *("certificate", "review", packs["review"], *trust, "--requirement", "ESR-APP-003"),
        *("--decision", "kept", "--reason", "seen", "--reviewer", "B. Person"),
        *("--key", keys / "issuer.private.pem", "--out", reviews),
    )
    reviewed, _ = tell("certificate", "issue", packs["review"], *giving, "--reviews", reviews)

    assert (refused, waived, decided, reviewed) == (FAILED, HELD, HELD, HELD)
    assert "ESR-APP-003 failed." in why


def test_a_challenge_is_kept_in_the_register(tell: Callable[..., Told], tmp_path: Path) -> None:
    code, nonce = tell("certificate", "challenge", "new", "--register", tmp_path)

    assert code == HELD
    assert nonce.strip() in (tmp_path / "register.ndjson").read_text()


def test_the_impact_of_a_change_of_esr_is_told_by_operation(
    tell: Callable[..., Told], tmp_path: Path
) -> None:
    old = contracts_folder() / "esr" / "v1" / "bundle.json"
    document = orjson.loads(old.read_bytes())
    del document["paths"]["/positions"]
    new = tmp_path / "bundle.json"
    new.write_bytes(orjson.dumps(document))

    code, text = tell("certificate", "impact", old, new)
    _, same = tell("certificate", "impact", old, old.parent / "openapi.yaml")

    assert code == HELD
    assert "BREAKING  list_positions" in text
    assert "ESR-POS-" in text
    assert "No operation has changed." in same
