"""Regular expressions that meet what a caller sends: none takes a time that grows faster than the text."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SECONDS = 40
"""Of one core, for all of them. What backtracks over thirty thousand letters takes hours."""

PROGRAM = r"""
import importlib, json, pkgutil, re, resource, sys
from pathlib import Path

resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[2]), int(sys.argv[2])))
root = Path(sys.argv[1])
found = {}

def take(value, where):
    if isinstance(value, dict):
        if isinstance(value.get("pattern"), str):
            found.setdefault(value["pattern"], (re.compile(value["pattern"]), where))
        for item in value.values():
            take(item, where)
    elif isinstance(value, list):
        for item in value:
            take(item, where)

for bundle in sorted(root.glob("openapi/*/v*/bundle.json")):
    take(json.loads(bundle.read_bytes()), bundle.parent.parent.name)
import sandbox
PARTS = ("web", "identity", "esr", "nhsjobs", "control", "faults", "limits", "journal", "outbox", "observability")
for module in pkgutil.walk_packages(sandbox.__path__, "sandbox."):
    parts = module.name.split(".")
    if parts[1] not in PARTS and parts[1] not in ("outgoing", "signatures", "errors", "timestamps", "nesting"):
        continue
    for value in vars(importlib.import_module(module.name)).values():
        for each in value if isinstance(value, (tuple, list, set, frozenset)) else [value]:
            if isinstance(each, re.Pattern) and isinstance(each.pattern, str):
                found.setdefault(each.pattern, (each, module.name))
for extra in sys.argv[3:]:
    found[extra] = (re.compile(extra), "the command")

N = 30_000
SEEDS = ("a", "A", "0", " ", "-", ".", "a.", "a-", "a@", "0 ", "a ", "+", "/", "/a", ";a", "; ", '"', "=", "\\", "{", "P0D",
         "1D", "T1H", "a@a.", "http://", "\t", "é", "%", "(", "[", ",", "a=", 'a="b",')
ENDS = ("", "!", "\n", "\x00", "é")
for text, (pattern, where) in found.items():
    print(where, text, file=sys.stderr, flush=True)
    heads = {"", text.lstrip("^")[:1] if text.lstrip("^")[:1].isalnum() else "", "a@", "http://a", "rrt-", "P", "Bearer "}
    for head in heads:
        for seed in SEEDS:
            for end in ENDS[:2]:
                probe = head + seed * (N // len(seed)) + end
                pattern.fullmatch(probe)
                if text.startswith("^"):
                    pattern.search(probe)
print(len(found))
"""


def run(*more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, str(ROOT), str(SECONDS if not more else 15), *more],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_no_pattern_takes_long_over_a_long_text() -> None:
    done = run()

    assert done.returncode == 0, f"the last one is too slow: {done.stderr.splitlines()[-1:]}"
    assert int(done.stdout) > 90


@pytest.mark.prove
def test_a_pattern_that_backtracks_is_caught() -> None:
    slow = r"^(a+)+$"

    done = run(slow)

    assert done.returncode != 0
    assert done.stderr.splitlines()[-1].endswith(slow)
