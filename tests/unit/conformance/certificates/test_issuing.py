"""A certificate is given on evidence that holds, entered in the register, and taken back there."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from evidence_packs import REQUIREMENTS, SEED, Desk, recompute, run_files

from sandbox.conformance.certificates.certificate import Certificate, NotCertifiable, State
from sandbox.conformance.certificates.decisions import (
    DecisionUnusable,
    Review,
    Waiver,
    read_reviews,
    read_waivers,
    sign_review,
)
from sandbox.conformance.certificates.issuing import Decisions, issue_certificate
from sandbox.conformance.certificates.register import Issued, Register, RegisterUnusable
from sandbox.conformance.certificates.tokens import (
    CERTIFICATE,
    REVIEW,
    TokenInvalid,
    read_token,
    sign_token,
)
from sandbox.conformance.evidence.eligibility import Eligibility, Kind
from sandbox.conformance.evidence.keys import PrivateKey, key_id
from sandbox.conformance.evidence.manifest import Level, seed_of_nonce, sha256
from sandbox.conformance.evidence.refusals import Code

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
ISSUER = PrivateKey.generate()
KEYS = {key_id(ISSUER.public_key()): ISSUER.public_key()}
WAIVER = Waiver("ESR-APP-003", "It comes with 4.3", "A. Reviewer", "2026-09-30")
NOT_ENOUGH = Eligibility(Kind.NONE, ("see the results",))


def issue(
    register: Register, desk: Desk, path: Path, now: datetime = NOW, **decided: Any
) -> Issued:
    verification = desk.verify(path, now.date(), register.revocations())
    decisions = Decisions("A. Reviewer", **decided)
    return issue_certificate(register, verification, ISSUER, REQUIREMENTS, decisions, now)


def lacking(desk: Desk, word: str) -> Path:
    files = run_files({"esr.d [row one]": word})
    return desk.pack(files, result=word, eligibility=NOT_ENOUGH, name=f"{word}.zip")


def test_a_certificate_names_what_was_examined(register: Register, desk: Desk) -> None:
    path = desk.pack()

    issued = issue(register, desk, path)

    held = issued.certificate
    assert held.id == "CERT-2026-0001"
    assert (held.product, held.version, held.build) == ("Recruit <One>", "4.2", "4.2.1187")
    assert (held.level, held.kind, held.reviewer) == ("self-run", "functional", "A. Reviewer")
    assert (held.issued, held.expires) == ("2026-06-01", "2027-06-01")
    assert held.packSha256 == sha256(path.read_bytes())
    assert held.signers == (desk.trusted.id,)
    assert Certificate.from_dict(read_token(issued.token, CERTIFICATE, KEYS)) == held
    assert [item.certificate for item in register.issued()] == [held]


def test_a_certificate_for_going_live_says_what_was_replayed(
    register: Register, desk: Desk
) -> None:
    words = {
        "profile": "day",
        "title": "The busiest day",
        "ownProfile": False,
        "applicants": 20_000,
        "clock": "moved",
        "factor": 720.0,
        "counts": {"sent": 640, "planned": 640, "caughtUp": 1200},
        "result": "pass",
        "findings": [
            {"finding": "lost", "result": "pass", "measured": "0", "limit": "0", "requirements": []}
        ],
    }

    def judge(files: Mapping[str, bytes]) -> dict[str, Any]:
        found = recompute(files)
        return {**found, "suites": {**found["suites"], "volume": "pass"}, "volume": words}

    files = run_files()
    path = desk.pack(
        {**files, "results.json": orjson.dumps(judge(files))}, eligibility=Eligibility(Kind.GO_LIVE)
    )
    verification = desk.verify(path, NOW.date(), judge=judge)

    issued = issue_certificate(
        register, verification, ISSUER, REQUIREMENTS, Decisions("A. Reviewer"), NOW
    )

    held = Certificate.from_dict(read_token(issued.token, CERTIFICATE, KEYS))
    page = (register.folder / "certificates" / f"{held.id}.html").read_text("utf-8")
    assert (held.kind, held.volume["applicants"]) == ("go-live", 20_000)
    assert "The busiest day (day), of 20,000 applicants a year; 640 messages at 720 times" in page


def test_a_certificate_of_before_replays_were_is_read(register: Register, desk: Desk) -> None:
    issued = issue(register, desk, desk.pack())
    earlier = issued.certificate.to_dict()
    del earlier["volume"]

    assert Certificate.from_dict(earlier) == issued.certificate


def test_the_page_stands_beside_the_token_and_escapes_what_it_is_given(
    register: Register, desk: Desk
) -> None:
    issued = issue(register, desk, desk.pack())

    page = (register.folder / "certificates" / f"{issued.certificate.id}.html").read_text("utf-8")

    assert "Recruit &lt;One&gt; 4.2" in page
    assert "Supplier &amp; Sons" in page
    assert "<One>" not in page
    assert sha256(issued.token.encode()) in page
    for level in Level:
        assert f">{level}<" in page
    # Self-contained: nothing is fetched from anywhere.
    assert "src=" not in page
    assert "href=" not in page


@pytest.mark.parametrize(
    ("word", "reason"),
    [("fail", "ESR-APP-003 failed."), ("inconclusive", "ESR-APP-003 is inconclusive")],
)
def test_none_is_given_on_evidence_that_is_not_enough(
    register: Register, desk: Desk, word: str, reason: str
) -> None:
    with pytest.raises(NotCertifiable) as refused:
        issue(register, desk, lacking(desk, word))

    assert any(text.startswith(reason) for text in refused.value.reasons)
    assert register.issued() == ()


def test_none_is_given_on_a_pack_that_is_refused(register: Register, desk: Desk) -> None:
    path = desk.altered(lambda held: held.pop("traffic.ndjson") and None)

    with pytest.raises(NotCertifiable, match="FILE_MISSING"):
        issue(register, desk, path)


def test_the_same_evidence_has_one_certificate(register: Register, desk: Desk) -> None:
    issue(register, desk, desk.pack())

    with pytest.raises(RegisterUnusable, match="CERT-2026-0001"):
        issue(register, desk, desk.pack())


def test_a_waiver_excuses_until_it_ends_and_the_certificate_ends_with_it(
    register: Register, desk: Desk
) -> None:
    path = lacking(desk, "fail")

    with pytest.raises(NotCertifiable) as refused:
        issue(register, desk, path, datetime(2026, 10, 1, tzinfo=UTC), waivers=(WAIVER,))
    issued = issue(register, desk, path, waivers=(WAIVER,))

    assert refused.value.reasons[-1] == (
        "The waiver of ESR-APP-003 by A. Reviewer until 2026-09-30 has ended."
    )
    assert issued.certificate.expires == "2026-09-30"
    assert issued.certificate.waivers == (WAIVER.to_dict(),)


def test_a_waiver_that_is_not_needed_is_not_named(register: Register, desk: Desk) -> None:
    issued = issue(register, desk, desk.pack(), waivers=(WAIVER,))

    assert issued.certificate.waivers == ()
    assert issued.certificate.expires == "2027-06-01"


def test_a_signed_review_decides_for_its_own_pack_alone(register: Register, desk: Desk) -> None:
    path = lacking(desk, "review")
    digest = desk.verify(path).manifest_digest
    kept = Review(digest, "ESR-APP-003", "kept", "Seen on screen", "B. Person", "2026-05-20")
    elsewhere = Review("0" * 64, "ESR-APP-003", "kept", "x", "B. Person", "2026-05-20")

    with pytest.raises(NotCertifiable):
        issue(register, desk, path, reviews=(elsewhere,))
    issued = issue(register, desk, path, reviews=(kept,))

    assert issued.certificate.reviews == (kept.to_dict(),)


def test_reviews_are_read_when_a_known_reviewer_signed_them(tmp_path: Path) -> None:
    kept = Review("0" * 64, "ESR-APP-003", "kept", "Seen", "B. Person", "2026-05-20")
    path = tmp_path / "reviews"
    path.write_text(sign_review(kept, ISSUER) + "\n\n")

    assert read_reviews(path, KEYS) == (kept,)
    with pytest.raises(DecisionUnusable, match="not at hand"):
        read_reviews(path, {})
    path.write_text(sign_token({"requirement": "ESR-APP-003"}, REVIEW, ISSUER))
    with pytest.raises(DecisionUnusable, match="manifestSha256"):
        read_reviews(path, KEYS)
    path.write_text(sign_token(kept.to_dict(), CERTIFICATE, ISSUER))
    with pytest.raises(DecisionUnusable, match="no token of the kind"):
        read_reviews(path, KEYS)


def test_waivers_are_read_and_each_fault_has_its_line(tmp_path: Path) -> None:
    path = tmp_path / "waivers.yaml"
    good = "waivers:\n- {requirement: ESR-APP-003, reason: late, by: A, until: 2026-09-30}\n"
    path.write_text(good)
    assert read_waivers(path)[0].until == "2026-09-30"

    for wrong in (
        "waivers: 1",
        good.replace("09-30", "09-31"),
        good.replace("by: A, ", ""),
        good + "more: 1\n",
    ):
        path.write_text(wrong)
        with pytest.raises(DecisionUnusable, match=r"waivers\.yaml:\d"):
            read_waivers(path)


def test_a_token_that_was_altered_or_is_none_is_refused() -> None:
    token = sign_token({"a": 1}, CERTIFICATE, ISSUER)
    head, _, tail = token.split(".")

    assert read_token(token, CERTIFICATE, KEYS) == {"a": 1}
    for text in ("", "a.b.c", f"{head}.eyJhIjoyfQ.{tail}", token[:-4] + "AAAA", "é" * 9):
        with pytest.raises(TokenInvalid):
            read_token(text, CERTIFICATE, KEYS)


# --------------------------------------------------------------------------------------------------------- challenges


def bound(desk: Desk, nonce: str, **facts: Any) -> Path:
    seed = seed_of_nonce(nonce)
    times = {"began": "2026-05-10T09:00:00Z", "ended": "2026-05-10T09:05:00Z"}
    return desk.pack(
        run_files(seed=seed),
        seed=seed,
        nonce=nonce,
        level=Level.NONCE_BOUND,
        name=f"{nonce}.zip",
        **{**times, **facts},
    )


def test_a_run_bound_to_a_challenge_of_the_register_is_certified_as_such_once(
    register: Register, desk: Desk
) -> None:
    nonce = register.challenge(datetime(2026, 5, 9, tzinfo=UTC))

    issued = issue(register, desk, bound(desk, nonce))

    assert issued.certificate.level == "nonce-bound"
    assert register.open_since(nonce) is None
    with pytest.raises(NotCertifiable, match="did not give, or that a certificate has used"):
        issue(register, desk, bound(desk, nonce, ended="2026-05-10T09:06:00Z"))


def test_a_challenge_that_was_not_given_or_came_after_the_run_is_refused(
    register: Register, desk: Desk
) -> None:
    late = register.challenge(NOW)

    with pytest.raises(NotCertifiable, match="did not give"):
        issue(register, desk, bound(desk, "made-up-by-the-supplier"))
    with pytest.raises(NotCertifiable, match="began before the challenge"):
        issue(register, desk, bound(desk, late))


def test_challenges_differ(register: Register) -> None:
    assert len({register.challenge(NOW) for _ in range(5)}) == 5
    assert SEED not in {seed_of_nonce(act["nonce"]) for act in register.acts()}


# -------------------------------------------------------------------------------------------------------- the register


def test_a_certificate_that_was_revoked_takes_its_evidence_with_it(
    register: Register, desk: Desk
) -> None:
    path = desk.pack()
    issued = issue(register, desk, path)

    register.revoke(issued.certificate.id, "the build was withdrawn", "A", NOW)

    assert register.issued()[0].revoked == "the build was withdrawn"
    assert desk.verify(path, revocations=register.revocations()).code is Code.PACK_REVOKED
    with pytest.raises(NotCertifiable, match="PACK_REVOKED"):
        issue(register, desk, path)
    with pytest.raises(RegisterUnusable, match="already"):
        register.revoke(issued.certificate.id, "again", "A", NOW)


def test_a_key_that_was_revoked_signs_no_more(register: Register, desk: Desk) -> None:
    register.revoke(desk.trusted.id, "it was lost", "A", NOW)

    verification = desk.verify(desk.pack(), revocations=register.revocations())

    assert verification.code is Code.KEY_REVOKED


def test_what_is_not_there_cannot_be_revoked(register: Register) -> None:
    with pytest.raises(RegisterUnusable, match="no certificate CERT-2026-0009"):
        register.revoke("CERT-2026-0009", "x", "A", NOW)


def test_an_id_is_never_given_twice(register: Register, desk: Desk) -> None:
    first = issue(register, desk, desk.pack())
    register.revoke(first.certificate.id, "x", "A", NOW)

    second = issue(register, desk, desk.pack(began="2026-05-01T08:00:00Z"))

    assert second.certificate.id == "CERT-2026-0002"


@pytest.mark.parametrize("line", [0, 1, 2])
def test_a_line_that_was_altered_is_noticed(register: Register, line: int) -> None:
    for _ in range(3):
        register.challenge(NOW, "alpha")
    lines = register.path.read_bytes().splitlines(keepends=True)
    lines[line] = lines[line].replace(b"alpha", b"omega")
    register.path.write_bytes(b"".join(lines))

    if line < 2:
        with pytest.raises(RegisterUnusable, match="chain is broken"):
            register.acts()
    else:
        # Nothing follows the last line: who keeps its digest notices.
        assert register.head() == sha256(lines[2].strip())


@pytest.mark.parametrize("harm", ["drop", "insert", "cut", "garble"])
def test_a_register_that_was_harmed_is_noticed(register: Register, harm: str) -> None:
    for _ in range(3):
        register.challenge(NOW)
    lines = register.path.read_bytes().splitlines(keepends=True)
    harmed = {
        "drop": [lines[0], lines[2]],
        "insert": [lines[0], lines[0], *lines[1:]],
        "cut": [*lines[:2], lines[2][:-1]],
        "garble": [b"[]\n", *lines],
    }[harm]
    register.path.write_bytes(b"".join(harmed))

    with pytest.raises(RegisterUnusable):
        register.acts()


def test_a_certificate_that_was_altered_or_is_gone_is_noticed(
    register: Register, desk: Desk
) -> None:
    issued = issue(register, desk, desk.pack())
    path = register.folder / "certificates" / f"{issued.certificate.id}.jws"
    other = {**issued.certificate.to_dict(), "version": "9"}

    path.write_text(sign_token(other, CERTIFICATE, PrivateKey.generate()))
    with pytest.raises(RegisterUnusable, match="altered"):
        register.issued()
    path.unlink()
    with pytest.raises(RegisterUnusable, match="not the certificate"):
        register.issued()


def test_an_act_says_when_it_happened(register: Register) -> None:
    register.challenge(NOW, "Supplier & Sons")

    act = orjson.loads(register.path.read_bytes())

    assert act["at"] == "2026-06-01T12:00:00.000Z"
    assert act["for"] == "Supplier & Sons"


@pytest.mark.parametrize(
    ("today", "is_revoked", "versions", "state"),
    [
        (date(2027, 6, 1), False, {"esr": "1.9.0"}, State.IN_FORCE),
        (date(2027, 6, 2), False, {"esr": "1.9.0"}, State.EXPIRED),
        (date(2026, 6, 2), False, {"esr": "2.0.0"}, State.ENDED),
        (date(2026, 6, 2), False, {"nhs-jobs": "2.0.0"}, State.IN_FORCE),
        (date(2026, 6, 2), True, {}, State.REVOKED),
    ],
)
def test_a_certificate_holds_for_a_year_or_to_the_next_major_version(
    register: Register,
    desk: Desk,
    today: date,
    is_revoked: bool,
    versions: dict[str, str],
    state: State,
) -> None:
    held = issue(register, desk, desk.pack()).certificate

    assert held.state(today, is_revoked, versions) is state
    assert date.fromisoformat(held.expires) - NOW.date() == timedelta(days=365)
