"""Verifying a pack of evidence, all its verdicts computed anew."""

import subprocess
import sys
import time
import zipfile
from pathlib import Path

import orjson

from sandbox.conformance.evidence.keys import new_key_pair, read_public_key
from sandbox.conformance.evidence.recomputation import recompute
from sandbox.conformance.evidence.signers import OWN_WORD, TrustedKey
from sandbox.conformance.evidence.verify import verify_pack
from sandbox.contracts.requirements import load_requirements
from tests.bench.measuring import Bench, NoFigure
from tests.bench.table import Row, of_rounds

_CASES = ("esr.applicants.*", "esr.amendments.*", "esr.matching.*", "esr.employment-checks.*")
_FEW_CASES = ("esr.applicants.location",)
_PER = 10_000
_LONGEST_SECONDS = 300


def measure(bench: Bench) -> list[Row]:
    """Seconds for each 10,000 exchanges, from a pack of about a thousand that one run against the mock ESR makes."""
    pack, key = _pack(bench)
    exchanges = _exchanges(pack)
    bench.tell(f"a pack with {exchanges:,} exchanges")
    requirements = load_requirements()
    seconds = []
    for turn in range(bench.rounds + 1):
        began = time.perf_counter()
        found = verify_pack(pack, [key], recompute, requirements)
        took = time.perf_counter() - began
        if not found.accepted:
            raise NoFigure(f"the pack was refused: {found.sentence}")
        if turn:
            seconds.append(took / exchanges * _PER)
        bench.tell_round(turn, f"{took:.2f} s")
    return [Row(f"verification, {_PER:,} exchanges", "s", of_rounds(seconds))]


def _pack(bench: Bench) -> tuple[Path, TrustedKey]:
    """A pack of a run of some cases, and the key that it is signed with."""
    keys, out = bench.folder / "keys", bench.folder / "evidence"
    new_key_pair(keys, "bench")
    command = [sys.executable, "-m", "sandbox.cli", "certify", "--reference", "esr"]
    command += ["--suite", "behaviour", "--out", str(out), "--key", str(keys / "bench.private.pem")]
    for pattern in _FEW_CASES if bench.smoke else _CASES:
        command += ["--only", pattern]
    bench.tell("certifying the mock ESR, for a pack ...")
    # A run of a few cases certifies nothing, and its exit code says so; the pack is what is wanted.
    told = subprocess.run(
        command, capture_output=True, timeout=_LONGEST_SECONDS, cwd=bench.folder, check=False
    )
    pack = out / "esr.zip"
    if not pack.is_file():
        raise NoFigure(f"no pack was made: {told.stderr.decode(errors='replace').strip()[-200:]}")
    return pack, TrustedKey(read_public_key(keys / "bench.public.pem"), "bench", OWN_WORD)


def _exchanges(pack: Path) -> int:
    with zipfile.ZipFile(pack) as archive:
        records = [
            orjson.loads(archive.read(name))
            for name in archive.namelist()
            if name.startswith("cases/")
        ]
    return sum(len(step["exchanges"]) for record in records for step in record["steps"])
