"""`esr-sandbox certify` with its fifth suite: a replay against the mock ESR, verified, and taken over by a later run."""

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import orjson
import pytest
from volume_packs import lines_of, with_lines

from loadtests.profiles import BUNDLED
from sandbox.cli import FAILED, HELD, INCONCLUSIVE, MISUSED, run
from sandbox.cli.certify_output import exit_code
from sandbox.cli.certify_volume import taken_over
from sandbox.conformance.evidence.refusals import Code, PackRefused
from sandbox.conformance.results import Result
from sandbox.conformance.subject import Subject
from sandbox.conformance.volume.files import LEDGER, PLAN
from sandbox.conformance.volume.judging import judge_volume
from sandbox.conformance.volume.replaying import esr_volume


def quick(name: str, factor: int, folder: Path) -> Path:
    """A bundled profile made quicker, with limits that the slowest machine keeps."""
    text = (BUNDLED / f"{name}.toml").read_text(encoding="utf-8")
    text = re.sub(r"^factor = .*$", f"factor = {factor}", text, flags=re.MULTILINE)
    text = re.sub(
        r"^(\w+_ms|longest_stall_seconds) = \d+$", r"\1 = 60000", text, flags=re.MULTILINE
    )
    path = folder / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return quick("smoke", 21600, tmp_path_factory.mktemp("profile"))


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    assert run(["key", "new", "--out", str(folder), "--name", "tester"]) == HELD
    return folder


def certified(reference: str, profile: Path, keys: Path, out: Path, *more: str) -> dict[str, bytes]:
    """The pack of a run of the suite of volume alone, which is sound and not certifiable."""
    arguments = ["--suite", "volume", "--seed", "7", "--volume-profile", str(profile)]
    arguments += ["--key", str(keys / "tester.private.pem"), "--out", str(out), *more]
    assert run(["certify", "--reference", reference, *arguments]) == INCONCLUSIVE
    with zipfile.ZipFile(next(out.glob("*.zip"))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def out(profile: Path, keys: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out")
    certified("esr", profile, keys, out, "--applicants", "1500")
    return out


def test_replay_against_the_mock_esr_passes_and_its_pack_verifies(
    out: Path, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()

    code = run(
        ["verify", str(out / "esr.zip"), "--trust", str(keys / "tester.public.pem"), "--json"]
    )

    verification = json.loads(capsys.readouterr().out)
    with zipfile.ZipFile(out / "esr.zip") as archive:
        results = orjson.loads(archive.read("results.json"))
    assert (code, verification["code"]) == (HELD, None)
    assert {item["result"] for item in results["volume"]["findings"]} == {"pass"}
    assert results["suites"]["volume"] == "pass"
    assert results["suites"]["behaviour"] == "skip"
    assert "volume" in (out / "esr.html").read_text(encoding="utf-8")


def test_later_run_takes_over_a_replay_that_passed(
    out: Path, profile: Path, keys: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(out / "esr.zip") as archive:
        before = {name: archive.read(name) for name in archive.namelist()}

    again = certified(
        "esr",
        profile,
        keys,
        tmp_path,
        "--applicants",
        "1500",
        "--rerun-failed",
        str(out / "esr.zip"),
    )

    assert again[LEDGER] == before[LEDGER]


@pytest.fixture(scope="module")
def supplied(keys: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """The pack of a replay through the example supplier."""
    out = tmp_path_factory.mktemp("supplied")
    profile = quick("supplier", 21600, out)
    return out, certified("supplier", profile, keys, out, "--applicants", "1000")


def test_replay_through_the_example_supplier_passes_and_its_pack_verifies(
    supplied: tuple[Path, dict[str, bytes]], keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, files = supplied
    capsys.readouterr()

    pack = str(out / "recruitment-system.zip")
    code = run(["verify", pack, "--trust", str(keys / "tester.public.pem"), "--json"])

    verification = json.loads(capsys.readouterr().out)
    results = orjson.loads(files["results.json"])
    told = {item["finding"]: item["result"] for item in results["volume"]["findings"]}
    assert (code, verification["code"]) == (HELD, None)
    assert set(told.values()) == {"pass"}
    assert {"lost (sender)", "doubled (receiver)", "stalled (sender)"} <= told.keys()


@pytest.mark.parametrize(
    ("line", "change", "code"),
    [
        ("arrivals", lambda told: [[7, 1.0], *told], Code.LEDGER_EDITED),
        ("arrivals", lambda told: [*told[:-1], [told[-1][0], "soon"]], Code.LEDGER_MALFORMED),
        ("deliveries", lambda told: [["one"]], Code.LEDGER_MALFORMED),
    ],
)
def test_times_of_arrival_that_cannot_be_are_refused(
    supplied: tuple[Path, dict[str, bytes]], line: str, change: Any, code: Code
) -> None:
    _, files = supplied
    lines = [{line: change(told[line])} if line in told else told for told in lines_of(files)]

    with pytest.raises(PackRefused) as refused:
        judge_volume(with_lines(files, lines))

    assert refused.value.code is code


def test_event_that_never_arrived_no_longer_comes_to_what_was_told(
    supplied: tuple[Path, dict[str, bytes]],
) -> None:
    _, files = supplied
    lines = lines_of(files)
    told = next(each for each in lines if "deliveries" in each)["deliveries"]
    told[0] = [told[0][0], told[0][1], None]

    verdict = judge_volume(with_lines(files, lines))

    assert verdict.result is Result.FAIL
    assert verdict.words != orjson.loads(files["results.json"])["volume"]


def test_replay_is_not_taken_over_where_another_or_none_is_asked_for(profile: Path) -> None:
    subject = Subject("esr", "P", "N", "1", "1", "t", {"esr": "http://127.0.0.1:9/esr/v1"})
    volume = esr_volume(subject, 7, str(profile), 1500)
    earlier = {"cases/esr.a.json": b"{}", LEDGER: b"...", **volume.asked()}

    assert taken_over(earlier, volume) == earlier
    for other in (
        None,
        esr_volume(subject, 7, str(profile), 1600),
        esr_volume(subject, 8, str(profile), 1500),
        esr_volume(subject, 7, "smoke", 1500),
    ):
        assert taken_over(earlier, other) == {"cases/esr.a.json": b"{}"}


def test_esr_elsewhere_without_the_world_of_the_replay_is_a_matter_of_configuration(
    tmp_path: Path,
) -> None:
    subject = Subject("esr", "P", "N", "1", "1", "t", {"esr": "http://127.0.0.1:9/esr/v1"})

    trouble = esr_volume(subject, 7, "smoke", 100).unready()

    assert trouble is not None
    assert "does not answer" in trouble


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["esr", "--go-live", "--suite", "volume"], "leave --suite out"),
        (["esr", "--applicants", "100"], "add --go-live"),
        (["esr", "--volume-profile", "day"], "add --go-live"),
        (["esr", "--go-live", "--volume-profile", "nothing"], "There is no profile 'nothing'"),
        (["nhs-jobs", "--suite", "volume"], "NHS Jobs has no suite of volume"),
        (["supplier-outbound", "--go-live"], "only an inbound driver"),
        (["supplier", "--suite", "volume", "--volume-profile", "day"], "take the profile supplier"),
    ],
)
def test_what_is_wrongly_asked_is_told_and_exits_with_2(
    arguments: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["certify", "--reference", *arguments, "--out", str(tmp_path)]) == MISUSED
    out, err = capsys.readouterr()
    assert told in " ".join((out + err).split())
    assert not (tmp_path / "esr.zip").exists()


def test_plan_stands_in_the_pack_from_the_beginning(profile: Path) -> None:
    subject = Subject("esr", "P", "N", "1", "1", "t", {"esr": "http://127.0.0.1:9/esr/v1"})

    told = orjson.loads(esr_volume(subject, 7, str(profile), None).asked()[PLAN])

    assert (told["applicants"], told["clock"], told["scope"]) == (2500, "wall", None)


@pytest.mark.parametrize(
    ("volume", "code"), [("fail", FAILED), ("inconclusive", INCONCLUSIVE), ("pass", INCONCLUSIVE)]
)
def test_replay_that_failed_fails_a_run_that_could_not_certify_anyway(
    volume: str, code: int
) -> None:
    results = {"overall": volume, "cases": [], "volume": {"result": volume}}

    assert exit_code(results, interrupted=False, cannot="without the suite behaviour") == code
