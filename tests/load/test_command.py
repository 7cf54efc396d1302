"""The command on a little ESR: Ctrl-C is a report of what was done."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import pytest

from loadtests.plan import WorldParameters
from loadtests.profiles import BUNDLED
from loadtests.runner import reconcile_ledger
from sandbox.cli.worlds import WORLDS
from tests.load.esr_stub import TOKEN, EsrStub
from tests.load.replaying import BOUND, children_of, command, wait_until

SMALL = WorldParameters(5, *WORLDS["small"])


@pytest.fixture
def summer(tmp_path: Path) -> Path:
    """The smoke profile over a summer, at a factor at which that takes a minute."""
    text = (BUNDLED / "smoke.toml").read_text(encoding="utf-8")
    changes = {
        "begins = .*": "begins = 2026-06-01T00:00:00",
        "ends = .*": "ends = 2026-09-01T00:00:00",
        "factor = .*": "factor = 130000",
        "applicants_per_year = .*": "applicants_per_year = 600",
        "propagation_p95_ms = .*": "",
    }
    for pattern, replacement in changes.items():
        text, count = re.subn(rf"^{pattern}$", replacement, text, flags=re.MULTILINE)
        assert count == 1
    path = tmp_path / "summer.toml"
    path.write_text(text, encoding="utf-8")
    return path


def arguments(stub: EsrStub, summer: Path) -> list[str]:
    world = ["--world", "small", "--world-seed", str(SMALL.seed)]
    return ["replay", "--profile", str(summer), *world, "--esr", stub.base_url, "--token", TOKEN]


def test_ctrl_c_reports_what_was_done_and_exits_with_3(summer: Path, tmp_path: Path) -> None:
    with (
        EsrStub(SMALL.make()) as stub,
        command(*arguments(stub, summer), folder=tmp_path) as process,
    ):
        wait_until(lambda: len(stub.arrivals) > len(stub.vacancies) + 100)
        senders = children_of(process.pid)

        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=BOUND)

        assert process.returncode == 3, err
        assert "Traceback" not in out + err
        assert "INCONCLUSIVE" in out
        assert "Ctrl-C" in out
        assert senders
        assert all(not Path(f"/proc/{sender}/cmdline").exists() for sender in senders)
        folder = tmp_path / "reports" / "replay"
        told = json.loads((folder / "replay.json").read_text())
        assert told["outcome"] == "inconclusive"
        counts = told["counts"]
        assert 0 < counts["acknowledged"] < counts["planned"]
        found = reconcile_ledger(folder / "ledger.ndjson", stub.base_url, TOKEN)
        assert found.clean
        assert found.confirmed == found.acknowledged
