"""docs/performance.md: the text of a template, the facts of this run, and the table."""

import os
import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from string import Template

import sandbox
from tests.bench.measuring import Bench
from tests.bench.peers import versions
from tests.bench.table import Row, as_markdown

_DOCS = Path(__file__).parents[2] / "docs"
DOCUMENT, _TEMPLATE = _DOCS / "performance.md", _DOCS / "performance.template.md"


def document(rows: Iterable[Row], bench: Bench) -> str:
    """The whole document."""
    template = Template(_TEMPLATE.read_text(encoding="utf-8"))
    return template.substitute(table=as_markdown(rows), run=facts(bench))


def facts(bench: Bench) -> str:
    """The machine, the versions, the date and the size of the run, as a list."""
    told = {
        "Beside": ", ".join(f"{name} {number}" for name, number in versions().items()),
        "Busy": f"load average {bench.load:.1f} when it began",
        "Run": f"medians of {bench.rounds} rounds of {bench.requests:,} requests over {bench.connections} connections",
    }
    return f"{machine()}\n{_listed(told)}"


def machine() -> str:
    """The date, the machine and our own version, as a list."""
    told = {
        "Date": f"{datetime.now(UTC):%d %B %Y}",
        "Machine": f"{_processor()}, {os.cpu_count()} cores, {_memory()} of memory, {platform.system()}",
        "Sandbox": f"{sandbox.__version__}, Python {platform.python_version()}",
    }
    return _listed(told)


def _listed(told: dict[str, str]) -> str:
    return "\n".join(f"- {name}: {value}" for name, value in told.items())


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())


def _memory() -> str:
    try:
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
    except (ValueError, OSError):
        return "an unknown amount"
