"""A good pack is accepted; each way of tampering with one is refused for its own reason."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
from evidence_packs import (
    CASES_FILE,
    FACTS,
    KNOWN,
    SUBJECT,
    TODAY,
    Desk,
    contents,
    record,
    run_files,
)

from sandbox.conformance.evidence.eligibility import Eligibility, Kind
from sandbox.conformance.evidence.keys import PrivateKey, public_pem
from sandbox.conformance.evidence.known import Revocations
from sandbox.conformance.evidence.manifest import Level, seed_of_nonce
from sandbox.conformance.evidence.refusals import Code, PackRefused
from sandbox.conformance.evidence.signers import TrustedKey
from sandbox.conformance.evidence.verify import OK, REFUSED, UNREACHED, verify_pack

NONCE = "k3dPq0Zt7aWm9xYb"
CASE = "cases/esr.a.json"


def test_a_good_pack_is_accepted_step_by_step(desk: Desk) -> None:
    verification = desk.verify(desk.pack())

    assert [step.state for step in verification.steps] == [OK] * 15, verification.sentence
    assert verification.accepted
    assert verification.level is Level.SELF_RUN
    assert verification.eligibility.kind is Kind.FUNCTIONAL
    assert verification.results["overall"] == "pass"


def test_the_same_run_makes_the_same_bytes(desk: Desk) -> None:
    one, other = desk.pack(name="one.zip"), desk.pack(name="other.zip")

    assert one.read_bytes() == other.read_bytes()


def test_what_one_step_refuses_no_later_step_looks_at(desk: Desk) -> None:
    verification = desk.verify(desk.pack(key=PrivateKey.generate()))

    states = [step.state for step in verification.steps]
    assert states == [OK] * 4 + [REFUSED] + [UNREACHED] * 10


# ------------------------------------------------------------------------------------------------ files that were altered


def flip(held: dict[str, bytes]) -> None:
    held[CASE] = bytes([*held[CASE][:-1], held[CASE][-1] ^ 1])


def swap(held: dict[str, bytes]) -> None:
    held[CASE], held["cases/esr.b.json"] = held["cases/esr.b.json"], held[CASE]


def lengthen(held: dict[str, bytes]) -> None:
    held[CASE] += b" "


def remove(held: dict[str, bytes]) -> None:
    del held[CASE]


def add(held: dict[str, bytes]) -> None:
    held["cases/esr.z.json"] = b"{}"


def put_key_in(held: dict[str, bytes]) -> None:
    held["signer.public.pem"] = public_pem(PrivateKey.generate().public_key())


def put_key_under_another_name(held: dict[str, bytes]) -> None:
    held["notes.json"] = b"\n" + public_pem(PrivateKey.generate().public_key())


def put_key_in_envelope(held: dict[str, bytes]) -> None:
    envelope = orjson.loads(held["manifest.dsse.json"])
    envelope["signatures"][0]["cert"] = "MIIB"
    held["manifest.dsse.json"] = orjson.dumps(envelope)


def drop_signature(held: dict[str, bytes]) -> None:
    del held["manifest.dsse.json"]


def garble_signature(held: dict[str, bytes]) -> None:
    held["manifest.dsse.json"] = b"[]"


def drop_manifest(held: dict[str, bytes]) -> None:
    del held["manifest.json"]


def garble_manifest(held: dict[str, bytes]) -> None:
    held["manifest.json"] = b"{"


def add_to_manifest(held: dict[str, bytes]) -> None:
    held["manifest.json"] = orjson.dumps({**orjson.loads(held["manifest.json"]), "more": 1})


def change_manifest(held: dict[str, bytes]) -> None:
    manifest = orjson.loads(held["manifest.json"])
    manifest["subject"]["version"] = "9.9"
    held["manifest.json"] = orjson.dumps(manifest)


def sign_with_another_key(held: dict[str, bytes]) -> None:
    envelope = orjson.loads(held["manifest.dsse.json"])
    envelope["signatures"][0]["sig"] = "A" * 86 + "=="
    held["manifest.dsse.json"] = orjson.dumps(envelope)


@pytest.mark.parametrize(
    ("alter", "code"),
    [
        (flip, Code.DIGEST_DIFFERS),
        (swap, Code.FILE_SWAPPED),
        (lengthen, Code.SIZE_DIFFERS),
        (remove, Code.FILE_MISSING),
        (add, Code.FILE_EXTRA),
        (put_key_in, Code.KEY_IN_PACK),
        (put_key_under_another_name, Code.KEY_IN_PACK),
        (put_key_in_envelope, Code.KEY_IN_PACK),
        (drop_signature, Code.ENVELOPE_MISSING),
        (garble_signature, Code.ENVELOPE_MALFORMED),
        (drop_manifest, Code.MANIFEST_MISSING),
        (garble_manifest, Code.MANIFEST_MALFORMED),
        (add_to_manifest, Code.MANIFEST_MALFORMED),
        (change_manifest, Code.STATEMENT_DIFFERS),
        (sign_with_another_key, Code.SIGNATURE_INVALID),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_an_altered_pack_is_refused(
    desk: Desk, alter: Callable[[dict[str, bytes]], None], code: Code
) -> None:
    verification = desk.verify(desk.altered(alter))

    assert verification.code is code
    assert verification.sentence
    assert not verification.accepted


def test_a_pack_under_a_key_that_is_not_trusted_is_refused(desk: Desk) -> None:
    assert desk.verify(desk.pack(key=PrivateKey.generate())).code is Code.KEY_UNKNOWN


def test_a_key_in_the_pack_is_not_used_even_where_it_signed(desk: Desk) -> None:
    other = PrivateKey.generate()
    files = {**run_files(), "signer.public.pem": public_pem(other.public_key())}

    verification = desk.verify(desk.pack(files, key=other))

    assert verification.code is Code.KEY_IN_PACK
    assert "not used" in verification.sentence


def test_a_file_of_another_run_by_the_same_key_is_refused(desk: Desk) -> None:
    other = contents(desk.pack(run_files(seed=99), seed=99, name="other.zip"))

    verification = desk.verify(desk.altered(lambda held: held.update({CASE: other[CASE]})))

    assert verification.code in (Code.SIZE_DIFFERS, Code.DIGEST_DIFFERS)


# ---------------------------------------------------------------------------------------------------- what a pack claims


@pytest.mark.parametrize(
    ("facts", "today", "code"),
    [
        ({}, date(2027, 5, 1), None),
        ({}, date(2027, 5, 2), Code.PACK_EXPIRED),
        ({}, date(2026, 4, 30), Code.DATE_FUTURE),
        ({"ended": "2026-05-01T08:59:59.999Z"}, TODAY, Code.DATE_ORDER),
        (
            {"clock": {"from": "2026-04-03T09:00:00Z", "to": "2026-04-01T09:00:00Z"}},
            TODAY,
            Code.DATE_ORDER,
        ),
        (
            {"began": "2024-02-29T09:00:00Z", "ended": "2024-02-29T09:05:00Z"},
            date(2025, 2, 28),
            None,
        ),
    ],
)
def test_dates(desk: Desk, facts: dict[str, Any], today: date, code: Code | None) -> None:
    path = desk.pack(**facts)

    assert desk.verify(path, today).code is code


def test_a_manifest_that_breaks_its_schema_is_not_written(desk: Desk) -> None:
    with pytest.raises(PackRefused, match="began") as refused:
        desk.pack(began="2026-02-30T09:00:00Z")

    assert refused.value.code is Code.MANIFEST_MALFORMED
    assert list(desk.folder.iterdir()) == []


def test_another_suite_register_or_contract_is_refused(desk: Desk) -> None:
    path = desk.pack()

    for known, code in (
        (replace(KNOWN, version="0.5.0"), Code.SUITE_UNKNOWN),
        (replace(KNOWN, suites={"recruitment-system": "0" * 64}), Code.SUITE_UNKNOWN),
        (replace(KNOWN, requirement_set="0" * 64), Code.REQUIREMENTS_UNKNOWN),
        (replace(KNOWN, contracts={("esr", "1.0.0"): "0" * 64}), Code.CONTRACT_UNKNOWN),
    ):
        assert desk.verify(path, known=known).code is code


def test_cases_that_are_not_those_of_the_suite_are_refused(desk: Desk) -> None:
    fewer = CASES_FILE.replace(b"esr.b", b"esr.x")

    assert desk.verify(desk.pack({**run_files(), "cases.json": fewer})).code is Code.SUITE_UNKNOWN


def test_a_run_for_a_challenge_is_bound_to_it(desk: Desk) -> None:
    seed = seed_of_nonce(NONCE)
    path = desk.pack(run_files(seed=seed), level=Level.NONCE_BOUND, seed=seed, nonce=NONCE)

    assert desk.verify(path, nonce=NONCE).level is Level.NONCE_BOUND
    assert desk.verify(path).level is Level.SELF_RUN
    assert desk.verify(path, nonce="another-challenge").code is Code.NONCE_DIFFERS


def test_a_seed_is_the_first_48_bits_of_the_digest() -> None:
    assert seed_of_nonce("abc") == 0xBA7816BF8F01


def test_a_seed_that_does_not_follow_from_the_nonce_is_refused(desk: Desk) -> None:
    path = desk.pack(level=Level.NONCE_BOUND, nonce=NONCE)

    assert desk.verify(path, nonce=NONCE).code is Code.SEED_NOT_OF_NONCE


def test_a_run_without_the_challenge_is_refused_where_one_was_given(desk: Desk) -> None:
    assert desk.verify(desk.pack(), nonce=NONCE).code is Code.NONCE_DIFFERS


def test_records_of_another_run_or_case_are_refused(desk: Desk) -> None:
    for alien in (record("esr.a", seed=1), record("esr.b"), b"[]", b"nonsense"):
        path = desk.pack({**run_files(), CASE: alien})
        assert desk.verify(path).code is Code.RECORD_FOREIGN


def test_a_subject_file_of_another_product_is_refused(desk: Desk) -> None:
    other = orjson.dumps({**SUBJECT, "build": "9"})

    assert (
        desk.verify(desk.pack({**run_files(), "subject.json": other})).code is Code.SUBJECT_DIFFERS
    )


@pytest.mark.parametrize("level", [Level.HOSTED, Level.WITNESSED])
def test_a_level_is_granted_to_a_key_that_is_trusted_for_it(desk: Desk, level: Level) -> None:
    path = desk.pack(level=level)
    granted = TrustedKey(desk.key.public_key(), "server", frozenset({level}))

    assert desk.verify(path).code is Code.LEVEL_NOT_GRANTED
    assert desk.verify(path, trusted=[granted]).level is level


# ---------------------------------------------------------------------------------------------------------- the verdicts


def test_one_word_that_was_edited_and_signed_again_with_the_same_key_is_refused(desk: Desk) -> None:
    files = run_files({"esr.b": "fail"})
    assert desk.verify(
        desk.pack(files, result="fail", eligibility=Eligibility(Kind.NONE, ("x",)))
    ).accepted

    results = orjson.loads(files["results.json"])
    for words in (results["suites"], results["requirements"]):
        words.update({name: "pass" for name, word in words.items() if word == "fail"})
    results["cases"][1]["requirements"] = {"ESR-APP-002": "pass"}
    results["cases"][1]["result"] = results["overall"] = "pass"
    forged = desk.pack({**files, "results.json": orjson.dumps(results)})

    verification = desk.verify(forged)

    assert verification.code is Code.VERDICT_DIFFERS
    assert (
        verification.sentence
        == "/cases/esr.b/requirements/ESR-APP-002 says 'pass', and the records come to 'fail'."
    )


@pytest.mark.parametrize("place", ["overall", "suites", "requirements", "cases"])
def test_each_word_is_compared(desk: Desk, place: str) -> None:
    files = run_files()
    results = orjson.loads(files["results.json"])
    if place == "overall":
        results[place] = "warn"
    elif place == "cases":
        results[place].pop()
    else:
        results[place][next(iter(results[place]))] = "warn"

    path = desk.pack({**files, "results.json": orjson.dumps(results)})

    assert desk.verify(path).code is Code.VERDICT_DIFFERS


def test_a_manifest_that_tells_another_result_is_refused(desk: Desk) -> None:
    assert desk.verify(desk.pack(result="warn")).code is Code.VERDICT_DIFFERS


@pytest.mark.parametrize(
    "results", [b"", b"[]", b'{"overall": "splendid"}', b"[" * 500 + b"]" * 500]
)
def test_results_that_are_none_are_refused(desk: Desk, results: bytes) -> None:
    path = desk.pack({**run_files(), "results.json": results})

    assert desk.verify(path).code is Code.RESULTS_MALFORMED


def test_results_nested_beyond_reason_are_refused(desk: Desk) -> None:
    deep = orjson.loads(b'{"a":' * 900 + b"1" + b"}" * 900)
    held = orjson.loads(run_files()["results.json"])

    path = desk.pack({**run_files(), "results.json": _dumped({**held, "deep": deep})})

    assert desk.verify(path).code in (Code.RESULTS_MALFORMED, Code.VERDICT_DIFFERS)


def _dumped(document: dict[str, Any]) -> bytes:
    deep = document.pop("deep")
    assert deep
    return orjson.dumps(document)[:-1] + b',"deep":' + b'{"a":' * 900 + b"1" + b"}" * 901


def test_records_that_break_the_judge_are_refused(desk: Desk) -> None:
    files = run_files()
    broken = {**files, CASE: orjson.dumps({"case": "esr.a", "seed": FACTS.seed})}

    verification = desk.verify(desk.pack(broken))

    assert verification.code is Code.RECOMPUTATION_BROKE
    assert "KeyError" in verification.sentence


def test_a_pack_that_claims_more_than_its_verdicts_is_refused(desk: Desk) -> None:
    files = run_files({"esr.b": "inconclusive"})

    path = desk.pack(files, result="inconclusive")

    assert desk.verify(path).code is Code.ELIGIBILITY_DIFFERS


def test_a_pack_that_says_itself_that_it_is_not_enough_is_accepted(desk: Desk) -> None:
    files = run_files({"esr.b": "inconclusive"})
    path = desk.pack(
        files, result="inconclusive", eligibility=Eligibility(Kind.NONE, ("too little",))
    )

    verification = desk.verify(path)

    assert verification.accepted
    assert not verification.eligibility.is_certifiable


def test_what_was_revoked_is_refused(desk: Desk) -> None:
    path = desk.pack()
    digest = desk.verify(path).manifest_digest

    by_key = Revocations(keys={desk.trusted.id: "it was lost"})
    by_pack = Revocations(packs={digest: "the build was withdrawn"})

    assert desk.verify(path, revocations=by_key).code is Code.KEY_REVOKED
    assert desk.verify(path, revocations=by_pack).code is Code.PACK_REVOKED
    assert desk.verify(path, revocations=Revocations()).accepted


def test_every_code_is_reached_by_a_test() -> None:
    files = Path(__file__).parent.glob("test_*.py")
    text = "".join(file.read_text(encoding="utf-8") for file in files)

    assert [code for code in Code if f"Code.{code.name}" not in text] == []


def test_the_verifier_knows_its_own_installation(desk: Desk) -> None:
    verification = verify_pack(desk.pack(), [desk.trusted], lambda _: {}, (), TODAY)

    assert verification.code is Code.SUITE_UNKNOWN
