"""Load: start a replay, watch its rates and latencies, read its verdict."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from flask import Blueprint, Response, flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from sandbox.console import charts, files
from sandbox.console.console import console, visitor
from sandbox.console.door import BASE
from sandbox.console.own_runs import find_run, list_runs, made, who
from sandbox.console.profiles import (
    AGAINST,
    HERE,
    MOST_APPLICANTS,
    NOT_HERE,
    OWN,
    SUPPLIER,
    profiles,
    refusal,
)
from sandbox.console.replays import (
    OUTCOMES,
    PHASES,
    Told,
    failed,
    latency_curve,
    rate_curve,
)
from sandbox.console.runs import LOAD, Order, RunRefused
from sandbox.console.runs_record import EVENTS

page = Blueprint("load", __name__)

REPORT = "report"
REPORTS: Mapping[str, str] = {
    "replay.html": "The report, to read and to print",
    "replay.json": "Everything that was measured, as JSON",
    "replay.junit.xml": "The verdict as JUnit XML, for a pipeline",
    "ledger.ndjson": "The ledger: a line for each message, with which every figure can be worked out again",
}
"""What may be had of a run's folder."""
VERDICTS: Mapping[int | None, str] = {0: "pass", 1: "fail", 3: "inconclusive"}
"""By exit code of the command."""
_HOURS = 2
_PLACE = f"{BASE}/w/<workspace>/load"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A form as it was entered."""

    profile: str = "smoke"
    scale: str = "1"
    applicants: str = ""
    seed: str = "1"
    against: str = OWN

    @classmethod
    def sent(cls) -> "Wanted":
        """The form of this request."""
        names = ("profile", "scale", "applicants", "seed", "against")
        return cls(*(request.form.get(name, "").strip() for name in names))

    def problems(self) -> Iterator[tuple[str, str]]:
        """(field, sentence) of each thing that is wrong with it."""
        if self.profile not in profiles():
            yield "profile", "Choose one of the profiles."
        if _number(self.scale, 0.000_001, 10.0) is None:
            yield "scale", "The share must be a number above 0 and up to 10, such as 0.1."
        if self.applicants and _whole(self.applicants, 1, MOST_APPLICANTS) is None:
            yield (
                "applicants",
                f"Applicants must be a whole number from 1 to {MOST_APPLICANTS:,}, or nothing.",
            )
        if _whole(self.seed, 0, 2**31 - 1) is None:
            yield "seed", "The seed must be a whole number from 0 to 2,147,483,647."
        if self.against not in AGAINST:
            yield "against", "Choose against what to replay."
        elif self.against == HERE and console().settings.signs_in:
            yield "against", NOT_HERE
        elif self.against == HERE and self.profile == SUPPLIER:
            yield (
                "against",
                "The profile supplier goes through the example supplier, which has a sandbox of its own. Choose that.",
            )

    def arguments(self) -> list[str]:
        """Of our own command; no secret among them."""
        told = ["replay", "--profile", self.profile, "--seed", self.seed]
        if self.applicants:
            told += ["--applicants", self.applicants]
        elif self.scale != "1":
            told += ["--scale", self.scale]
        if self.profile == SUPPLIER:
            told += ["--reference", SUPPLIER]
        elif self.against == HERE:
            told += ["--url", console().settings.own_url]
        return told


@page.get(_PLACE)
def show() -> str:
    """The profiles, a form to start one, and the replays of this workspace."""
    return _start_page(Wanted())


@page.post(_PLACE)
def start() -> ResponseReturnValue:
    """Starts a replay."""
    wanted = Wanted.sent()
    problems = list(wanted.problems())
    if not problems and console().settings.signs_in:
        whole = profiles()[wanted.profile].applicants
        applicants = int(wanted.applicants or round(whole * float(wanted.scale)))
        why = refusal(wanted.profile, applicants, is_esr_team=visitor().is_operator)
        if why:
            return _start_page(wanted, [("profile", why)]), 403
    if problems:
        return _start_page(wanted, problems), 400
    try:
        run = console().runs.start(_order(wanted))
    except RunRefused as refused:
        return _start_page(wanted, [("profile", str(refused))]), 409
    return redirect(url_for("load.run", run_id=run.id), 303)


@page.get(f"{_PLACE}/<run_id>")
def run(run_id: str) -> str:
    """One replay: live while it goes on, with its verdict when it has ended."""
    found = find_run(run_id, LOAD)
    told = Told.of(found)
    return render_template(
        "console/load_run.html.j2",
        run=found,
        told=told,
        now=told.now,
        failed=failed(told.now) if told.now else 0,
        phases=PHASES,
        outcomes=OUTCOMES,
        rate=rate_curve(told),
        latency=latency_curve(told),
        reports=[
            (name, says)
            for name, says in REPORTS.items()
            if files.is_there(found.folder / REPORT, name)
        ],
        log="" if found.is_running else found.log(),
        count=len(told.steps),
    )


@page.post(f"{_PLACE}/<run_id>/stop")
def stop(run_id: str) -> ResponseReturnValue:
    """Has a replay end; what was sent until then is read back and judged."""
    found = find_run(run_id, LOAD)
    if found.is_running:
        console().runs.stop(found)
        flash(
            "The replay has been asked to end. What was sent until now is still reported, as inconclusive."
        )
    return redirect(url_for("load.run", run_id=run_id), 303)


@page.get(f"{_PLACE}/<run_id>/rate.svg")
def rate(run_id: str) -> Response:
    """The rates and what waits, as a picture."""
    steps = Told.of(find_run(run_id, LOAD)).sending

    def draw() -> str:
        from sandbox.reports.live_charts import rates

        return rates(steps)

    return charts.picture(draw)


@page.get(f"{_PLACE}/<run_id>/latency.svg")
def latency(run_id: str) -> Response:
    """How long answers take, as a picture."""
    told = Told.of(find_run(run_id, LOAD))

    def draw() -> str:
        from sandbox.reports.live_charts import latencies

        return latencies(told.sending, told.limits)

    return charts.picture(draw)


@page.get(f"{_PLACE}/<run_id>/files/<name>")
def report(run_id: str, name: str) -> Response:
    """A report of a replay, or its ledger."""
    return files.give(find_run(run_id, LOAD).folder / REPORT, name, REPORTS)


def _order(wanted: Wanted) -> Order:
    settings = console().settings
    secrets: dict[str, str] = {}
    if wanted.against == HERE:
        secrets["ESR_SANDBOX_TOKEN"] = settings.token or "none"
    title = f"{wanted.profile}, seed {wanted.seed}"

    def arguments(_: Path) -> list[str]:
        # The command runs in the run's folder, so that no path of the server gets into its report.
        return [*wanted.arguments(), "--report", REPORT, "--events", EVENTS]

    return Order(
        LOAD,
        str(g.workspace),
        made(),
        who(),
        title,
        arguments,
        secrets,
        {
            "profile": wanted.profile,
            "against": wanted.against,
            "seed": wanted.seed,
            "command": wanted.arguments(),
        },
        seconds=_HOURS * 3600.0,
    )


def _start_page(wanted: Wanted, problems: list[tuple[str, str]] | None = None) -> str:
    runs = list_runs(LOAD)
    return render_template(
        "console/load.html.j2",
        wanted=wanted,
        problems=problems or [],
        wrong=dict(problems or []),
        profiles=profiles(),
        against={OWN: AGAINST[OWN]} if console().settings.signs_in else AGAINST,
        hours=_HOURS,
        only_light=console().settings.signs_in and not visitor().is_operator,
        runs=[(each, VERDICTS.get(each.exit_code)) for each in runs],
    )


def _whole(text: str, least: int, most: int) -> int | None:
    if not (text.isascii() and text.isdecimal() and len(text) < 12):
        return None
    return int(text) if least <= int(text) <= most else None


def _number(text: str, least: float, most: float) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if least <= value <= most else None
