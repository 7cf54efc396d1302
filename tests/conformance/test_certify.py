"""`esr-sandbox certify`, from the command to a pack that verifies, and to one that was edited and does not."""

import json
import zipfile
from pathlib import Path

import orjson
import pytest

from sandbox.cli import FAILED, HELD, INCONCLUSIVE, MISUSED, run
from sandbox.conformance.evidence.envelope import MANIFEST, signed, statement
from sandbox.conformance.evidence.keys import read_private_key
from sandbox.conformance.evidence.manifest import canonical, sha256
from sandbox.conformance.evidence.pack import ENVELOPE, write_zip
from sandbox.server import started


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    assert run(["key", "new", "--out", str(folder), "--name", "tester"]) == HELD
    return folder


@pytest.fixture(scope="module")
def pack(keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of a few cases, which is not certifiable and is sound all the same."""
    out = tmp_path_factory.mktemp("out")
    arguments = ["certify", "--reference", "esr", "--suite", "behaviour", "--seed", "7"]
    arguments += ["--only", "esr.applicants.*", "--out", str(out)]
    assert run([*arguments, "--key", str(keys / "tester.private.pem")]) == INCONCLUSIVE
    return out / "esr.zip"


def verdict(pack: Path, keys: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, str | None]:
    capsys.readouterr()
    code = run(["verify", str(pack), "--trust", str(keys / "tester.public.pem"), "--json"])
    return code, json.loads(capsys.readouterr().out).get("code")


def test_a_run_of_a_part_says_that_it_cannot_certify_and_its_pack_verifies(
    pack: Path, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verdict(pack, keys, capsys) == (HELD, None)
    assert {item.suffix for item in pack.parent.iterdir()} >= {".html", ".json", ".xml", ".zip"}


def test_one_verdict_edited_and_signed_again_by_the_same_key_is_refused_by_recomputation(
    pack: Path, keys: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with zipfile.ZipFile(pack) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    results = orjson.loads(files["results.json"])
    skipped = next(item for item in results["cases"] if item["result"] == "skip")
    skipped["result"] = "pass"
    files["results.json"] = canonical(results)
    manifest = orjson.loads(files[MANIFEST])
    for entry in manifest["files"]:
        content = files[entry["name"]]
        entry |= {"size": len(content), "sha256": sha256(content)}
    files[MANIFEST] = canonical(manifest)
    key = read_private_key(keys / "tester.private.pem")
    files[ENVELOPE] = signed(statement(sha256(files[MANIFEST]), manifest), [key])
    edited = tmp_path / "edited.zip"
    write_zip(edited, files)

    assert verdict(edited, keys, capsys) == (FAILED, "VERDICT_DIFFERS")


@pytest.mark.prove
def test_two_runs_of_one_seed_have_the_same_verdicts(
    pack: Path, keys: Path, tmp_path: Path
) -> None:
    arguments = ["certify", "--reference", "esr", "--suite", "behaviour", "--seed", "7"]
    arguments += ["--only", "esr.applicants.*", "--out", str(tmp_path)]
    run([*arguments, "--key", str(keys / "tester.private.pem")])

    with zipfile.ZipFile(pack) as first, zipfile.ZipFile(tmp_path / "esr.zip") as second:
        assert first.read("results.json") == second.read("results.json")


def test_the_example_supplier_is_driven_over_its_queue(tmp_path: Path, keys: Path) -> None:
    arguments = ["certify", "--reference", "supplier-outbound", "--suite", "behaviour"]
    arguments += ["--only", "recruitment-system.offers.*", "--out", str(tmp_path)]

    assert run([*arguments, "--key", str(keys / "tester.private.pem")]) == INCONCLUSIVE

    with zipfile.ZipFile(tmp_path / "recruitment-system.zip") as archive:
        results = orjson.loads(archive.read("results.json"))
    assert {item["result"] for item in results["cases"] if "offers" in item["case"]} == {"pass"}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "Name what to certify"),
        (["nowhere.yaml"], "no subject file"),
        (["--reference", "esr", "--only", "esr.nothing.*"], "No case fits"),
        (["--reference", "esr", "--from", "esr.nothing"], "no case esr.nothing"),
        (["--reference", "esr", "--rerun-failed", "nowhere.zip"], "no pack"),
        (["--reference", "esr", "--key", "nowhere.pem"], "nowhere.pem"),
    ],
)
def test_what_is_wrongly_asked_is_told_and_exits_with_2(
    arguments: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["certify", *arguments, "--out", str(tmp_path)]) == MISUSED
    assert told in capsys.readouterr().err


SUBJECT = """role: esr
product: Real
name: Somebody
version: '1'
build: '1'
environment: test
addresses: {esr: 'http://127.0.0.1:9/esr/v1'}
"""


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("", ""), "Nothing was run"),
        (("role: esr", "role: payroll"), "subject.yaml:1"),
        (("product: Real", "prodct: Real"), "prodct"),
        (("addresses:", "tokens: {esr: 'env:NOT_SET_ANYWHERE'}\naddresses:"), "NOT_SET_ANYWHERE"),
    ],
)
def test_a_subject_that_cannot_be_reached_is_a_matter_of_configuration(
    change: tuple[str, str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "subject.yaml"
    path.write_text(SUBJECT.replace(*change), encoding="utf-8")

    code = run(["certify", str(path), "--out", str(tmp_path)])

    out, err = capsys.readouterr()
    assert code == MISUSED
    assert told in out + err


def test_a_supplier_is_not_certified_beside_nhs_jobs_which_would_be_sent_the_same_events(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subject = SUBJECT.replace("role: esr", "role: recruitment-system")
    path = tmp_path / "subject.yaml"
    with started("--world", "empty", folder=tmp_path) as sandbox:
        addresses = f"addresses: {{control: '{sandbox.url}/control/v1'}}\ntokens: {{esr: '{sandbox.token}'}}\n"
        path.write_text(subject[: subject.index("addresses:")] + addresses, encoding="utf-8")

        code = run(["certify", str(path), "--out", str(tmp_path)])

    assert code == MISUSED
    assert "esr-sandbox up --only esr --fresh" in capsys.readouterr().out
