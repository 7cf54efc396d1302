"""How long each page of the console takes where ESR holds a year: 250,000 applicants and 1.2 million updates of their checks.

    PYTHONPATH=tests:tests/browser python -m tests.bench.pages [--applicants 250000] [--folder FOLDER] [--rounds 5]

A workspace is lived in through the front door; one applicant of it is then copied by SQL, with keys of its own: people,
applicants, checks, events, exchanges, messages, and NHS Jobs' side. Every page that `tests/browser/places.py` knows is then
asked for, and some searches beside. With --folder the database is kept, and used again where it is there.
"""

import argparse
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import httpx
import journeying
from harness import Workspace
from lived_in import Tenant
from places import PLACES, Prepared

from sandbox.server import launch, stop
from simulators.world import World
from tests.bench.document import machine

APPLICANTS = 250_000
LONGEST = 0.3
"""Seconds that a page may take."""
FIRST = 100_000
"""The number of the first copy: that of its applicant is 10,000,000 more."""
_BATCH = 25_000
_EACH = 6
"""Events, and exchanges, of one applicant: five updates of checks, and the submission or the hire."""
_CHECKS = ("dbs", "identity", "right-to-work")
_SEED, _EMPLOYERS, _POSITIONS = 1, 40, 100
_NAME = "a-year"
DOCUMENT = Path(__file__).parents[2] / "docs" / "performance-of-pages.md"
_PAGE = """# Performance of the console's pages

`PYTHONPATH=tests:tests/browser python -m tests.bench.pages --write` measures and writes this file: each page of the console,
in a workspace that holds a year. That is as many applicants as reach ESR in a year, each with six events and six exchanges
(1.5 million of each), with their checks, and with NHS Jobs' applications, offers and checks. Each page may take 300
milliseconds. A page is asked for over HTTP and answered whole; pictures, styles and scripts are not counted.

{facts}

{table}

## Why no page grows

Lists are read in the order of an index and go on where they ended (keyset paging). What has no index is looked for among a
bounded number of rows: a page that found too few says so, and its next page goes on from there. Counts stop at a bound. So a
page costs as much among many rows as among few. `tests/integration/test_page_costs.py` holds that without taking the time: it
counts SQLite's instructions for each page among few rows and among many, and sees the count grow when an index is taken away.
"""


@dataclass(frozen=True, slots=True)
class Copied:
    """The rows of one table that are copied: which, how many for each applicant, and the columns that differ, as SQL over `n`.

    `n` numbers the applicants. Of a table with several rows for each, `e` numbers those.
    """

    where: str
    keys: Mapping[str, str]
    each: int = 1
    share: int = 1
    """One for so many applicants."""


_N = "printf('%08d', 10000000 + n)"
_EMPLOYER = "(SELECT ods_code FROM employers WHERE place = n % (SELECT count(*) FROM employers))"


def copies(number: str, application: int) -> dict[str, Copied]:
    """What is copied of an applicant and the application that led to it, by table."""
    named = f"replace(replace(document, '{number}', {_N}), '{application}', '' || (9000000 + n))"
    own = {"document": named}
    ended = "CASE n % 10 WHEN 0 THEN 'ACCEPTED' WHEN 1 THEN 'TERMINATED' ELSE 'HIRED' END"
    of_number = f"applicant_number = '{number}'"
    return {
        "esr_people": Copied(
            f"person_id = (SELECT person_id FROM esr_applicants WHERE {of_number})",
            {
                "person_id": "n",
                "ni_number": "printf('ZZ%07d', n)",
                # Names of those whom ESR knows, so that many people have one.
                "name_key": "(SELECT name_key FROM names WHERE place = n % (SELECT count(*) FROM names))",
            },
        ),
        "esr_applicants": Copied(
            of_number,
            {
                **own,
                "applicant_number": _N,
                "person_id": "n",
                "ods_code": _EMPLOYER,
                "supplier_reference": "'YEAR-' || n",
                "vacancy_reference": "'YEAR-' || (n / 5)",
                "status": ended,
            },
        ),
        "esr_employment_checks": Copied(of_number, {**own, "applicant_number": _N}),
        "esr_vacancies": Copied(
            "rowid = (SELECT max(rowid) FROM esr_vacancies)",
            {"vacancy_reference": "'YEAR-' || (n / 5)", "record": "n", "ods_code": _EMPLOYER},
            share=5,
        ),
        "esr_events": Copied(
            f"rowid = (SELECT max(rowid) FROM esr_events WHERE {of_number})",
            {**own, "sequence": "n * 6 + e", "applicant_number": _N, "ods_code": _EMPLOYER},
            each=_EACH,
        ),
        "exchanges": Copied(
            f"rowid = (SELECT max(rowid) FROM exchanges WHERE {of_number} AND operation_id = 'record_employment_check')",
            {
                "exchange_id": "n * 6 + e",
                "applicant_number": _N,
                "request_id": "lower(hex(randomblob(16)))",
                "operation_id": "CASE e WHEN 0 THEN 'submit_applicant' ELSE operation_id END",
                # One in fifty is refused.
                "status": "CASE (n * 6 + e) % 50 WHEN 0 THEN 422 ELSE 200 END",
                "chain": "lower(hex(randomblob(32)))",
            },
            each=_EACH,
        ),
        "outbox": Copied(
            f"rowid = (SELECT max(rowid) FROM outbox WHERE lane LIKE '%/applicants/{number}')",
            {
                "message_id": "n * 6 + e",
                "reference": "'year-' || n || '-' || e",
                "lane": f"replace(lane, '{number}', {_N})",
                "body": "x'7b7d'",
            },
            each=_EACH,
        ),
        "nhsjobs_applications": Copied(
            f"application_id = {application}",
            {
                **own,
                "application_id": "9000000 + n",
                "reference": "'YR-' || n",
                "email_key": "n || '@example.org'",
                "applicant_number": _N,
            },
        ),
        "nhsjobs_offers": Copied(
            f"application_id = {application}", {**own, "application_id": "9000000 + n"}
        ),
        "nhsjobs_pre_employment_checks": Copied(
            f"application_id = {application}", {**own, "application_id": "9000000 + n"}
        ),
        "nhsjobs_adverts": Copied(
            "rowid = (SELECT max(rowid) FROM nhsjobs_adverts)",
            {
                "advert_id": "9000000 + n",
                "reference": "'Y' || n",
                "supplier_reference": "'YEAR-' || n",
                "vacancy_reference": "'YEAR-' || (n / 5)",
                "ods_code": _EMPLOYER,
            },
            share=5,
        ),
        "nhsjobs_events": Copied(
            "rowid = (SELECT max(rowid) FROM nhsjobs_events)",
            {"event_id": "'year-' || n || '-' || e", "sequence": "printf('%012d', n * 6 + e)"},
            each=_EACH,
        ),
    }


def fill(
    database: Path,
    workspace: str,
    copied: Mapping[str, Copied],
    first: int,
    applicants: int,
    *,
    alone: bool = True,
) -> None:
    """Adds so many copies, numbered from `first`, to a workspace; not `alone` where a sandbox has the file open."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        # The file is made for measuring: whoever pulls the plug makes it again.
        for pragma in ("synchronous=OFF", "cache_size=-524288", *(["journal_mode=OFF"] * alone)):
            connection.execute(f"PRAGMA {pragma}")
        for name, column, table in (
            ("names", "name_key", "esr_people"),
            ("employers", "ods_code", "esr_organisations"),
        ):
            connection.execute(
                f"CREATE TEMP TABLE {name} AS SELECT row_number() OVER () - 1 AS place, {column} FROM {table}"
                f" WHERE workspace = '{workspace}'"
            )
            connection.execute(f"CREATE INDEX temp.by_{name} ON {name} (place)")
        for table, rows in copied.items():
            _copy(connection, workspace, table, rows, first, first + applicants)
        last = (first + applicants) * _EACH
        connection.execute(
            "UPDATE workspaces SET last_record = ?, last_event = ?, last_exchange = ? WHERE name = ?",
            (last, last, last, workspace),
        )
        if alone:
            connection.execute("PRAGMA journal_mode=WAL")


def _copy(
    connection: sqlite3.Connection, workspace: str, table: str, copied: Copied, begin: int, end: int
) -> None:
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    connection.execute(
        f"CREATE TEMP TABLE real_{table} AS SELECT * FROM {table}"
        f" WHERE workspace = '{workspace}' AND {copied.where}"
    )
    [real] = connection.execute(f"SELECT count(*) FROM real_{table}").fetchone()
    assert real, f"there is no row of {table} to be copied"
    values = ", ".join(copied.keys.get(name, name) for name in columns)
    for first in range(begin, end, _BATCH):
        connection.execute(
            f"WITH RECURSIVE numbers(n) AS (SELECT {first} UNION ALL SELECT n + {copied.share} FROM numbers"
            f" WHERE n + {copied.share} < {min(first + _BATCH, end)}),"
            f" pieces(e) AS (SELECT 0 UNION ALL SELECT e + 1 FROM pieces WHERE e + 1 < {copied.each})"
            f" INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM numbers, pieces, real_{table}"
        )


def live(url: str) -> tuple[Prepared, journeying.Life]:
    """A workspace in which something of everything has happened, and the applicant in it who is copied."""
    with httpx.Client(base_url=url, timeout=120, trust_env=False) as client:
        token = client.post("/control/v1/workspaces", json={"name": _NAME}).json()["token"]
        wanted = {
            "seed": _SEED,
            "organisations": _EMPLOYERS,
            "positionsPerOrganisation": _POSITIONS,
        }
        client.post(f"/w/{_NAME}/control/v1/seed", json=wanted).raise_for_status()
    workspace = Workspace(_NAME, url, token, World.make(_SEED, _EMPLOYERS, _POSITIONS))
    tenant = Tenant(workspace, "lookedatA")
    tenant.live()
    life = journeying.begin(workspace, "copied-B")
    for check_type in _CHECKS:
        life.check(check_type)
    life.act(f"/esr/applicants/{life.number}/hire")
    return Prepared(url, tenant), life


@contextmanager
def running(database: Path) -> Iterator[str]:
    """The address of a sandbox over the file."""
    process, ready = launch("--world", "empty", folder=database.parent, database=str(database))
    try:
        yield ready.url
    finally:
        stop(process)


def made(database: Path, applicants: int) -> dict[str, str]:
    """Makes the file; the paths of the pages to ask for, by name."""
    with running(database) as url:
        prepared, life = live(url)
        paths = {}
        for name, place in {**PLACES, **SEARCHES}.items():
            try:
                paths[name] = place(prepared).removeprefix(url)
            except (LookupError, AssertionError) as problem:
                # A run or a certificate, which do not grow with the applicants.
                print(f"{name} is left out: what it shows is not there {problem}", flush=True)
    began = time.perf_counter()
    fill(database, _NAME, copies(life.number, life.application_id), FIRST, applicants)
    size = database.stat().st_size / 1e6
    print(
        f"{applicants:,} applicants in {time.perf_counter() - began:.0f} s, {size:,.0f} MB",
        flush=True,
    )
    return paths


def _in(path: str) -> Callable[[Prepared], str]:
    return lambda it: f"{it.home}{path}"


SEARCHES: dict[str, Callable[[Prepared], str]] = {
    "journeys, far back": _in("/journey?before=10200000"),
    "journeys, by the beginning of a name": _in("/journey?q=s"),
    "journeys, by a reference that nobody has": _in("/journey?q=NOBODY-1"),
    "journey of one of many": _in("/journey/10200000"),
    "traffic about an applicant": _in("/traffic?applicant=10200000"),
    "traffic of an operation that is rare": _in("/traffic?operation=decide_match"),
    "traffic of an operation that is common": _in("/traffic?operation=record_employment_check"),
    "traffic of a system that is rare": _in("/traffic?system=control"),
    "traffic that was refused": _in("/traffic?status=4xx"),
    "traffic with a status that is rare": _in("/traffic?status=409"),
}


def measured(database: Path, paths: Mapping[str, str], rounds: int) -> dict[str, tuple[float, int]]:
    """By name: (seconds, the median of the rounds; status)."""
    found = {}
    with (
        running(database) as url,
        httpx.Client(base_url=url, timeout=120, trust_env=False) as client,
    ):
        client.get(f"/console/w/{_NAME}", follow_redirects=True)
        for name, path in paths.items():
            times = []
            for _ in range(rounds):
                began = time.perf_counter()
                status = client.get(path, follow_redirects=True).status_code
                times.append(time.perf_counter() - began)
            found[name] = (median(times), status)
    return found


def main() -> None:
    """Measures and prints a table, the slowest first; exits with 1 where a page takes longer than it may, or fails."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.pages", description=__doc__)
    parser.add_argument("--applicants", type=int, default=APPLICANTS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--write", action="store_true", help=f"write docs/{DOCUMENT.name}")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="esr-sandbox-pages-") as temporary:
        folder = options.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        database, kept = folder / "sandbox.db", folder / "paths.json"
        if kept.exists():
            paths = json.loads(kept.read_text("utf-8"))
        else:
            paths = made(database, options.applicants)
            kept.write_text(json.dumps(paths), "utf-8")
        found = measured(database, paths, options.rounds)
    print(f"\n{table(found)}")
    if options.write:
        run = f"medians of {options.rounds} rounds, {options.applicants:,} applicants"
        facts = f"{machine()}\n- Busy: load average {load:.1f} when it began\n- Run: {run}"
        text = _PAGE.format(facts=facts, table=table(found))
        DOCUMENT.write_text(text, encoding="utf-8")
    failed = [name for name, (_, status) in found.items() if status >= 400]
    late = [name for name, (seconds, _) in found.items() if seconds > LONGEST]
    sys.exit(f"Failed: {failed}. Longer than {LONGEST} s: {late}." if failed or late else 0)


def table(found: Mapping[str, tuple[float, int]]) -> str:
    """What was measured, the slowest first, as Markdown."""
    lines = ["| page | milliseconds |", "| --- | ---: |"]
    for name, (seconds, status) in sorted(found.items(), key=lambda item: -item[1][0]):
        shown = f"{seconds * 1000:.0f}" if status < 400 else f"failed with {status}"
        lines.append(f"| {name} | {shown} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
