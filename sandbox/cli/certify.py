"""`esr-sandbox certify`."""

from pathlib import Path
from typing import Any

import click
from rich.console import Console

from sandbox.cli import Stop
from sandbox.cli.certify_progress import Watcher
from sandbox.cli.certify_run import Asked, certify
from sandbox.cli.certify_subject import signing_key
from sandbox.cli.events import EventFile, events_option
from sandbox.conformance.guiding import PATIENCE_SECONDS, FolderGuide, terminal_driver
from sandbox.conformance.references import REFERENCES
from sandbox.conformance.run import Emit
from sandbox.conformance.verdict import SUITES


@click.command(
    "certify", epilog="Example: esr-sandbox certify --reference supplier --out reports/certify"
)
@click.argument("subject_file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--reference",
    "reference_name",
    type=click.Choice(REFERENCES),
    help="Certify one of the reference subjects, which is started for it.",
)
@click.option(
    "--suite",
    "suites",
    multiple=True,
    type=click.Choice(SUITES),
    help="Which suites; all but volume when left out.",
)
@click.option(
    "--go-live",
    is_flag=True,
    help="Every suite, volume too: what a certificate for going live needs.",
)
@click.option(
    "--volume-profile",
    metavar="PROFILE",
    help="What the suite of volume replays: a profile of `replay`, or the path of a TOML file. "
    "[default: peak-hour; supplier, for a recruitment system]",
)
@click.option(
    "--applicants",
    type=click.IntRange(1, 2_000_000),
    help="How many applicants a year of yours has, in place of the profile's volume.",
)
@click.option(
    "--only",
    multiple=True,
    metavar="PATTERN",
    help="Only the cases whose id fits, such as 'esr.matching.*'.",
)
@click.option("--from", "from_case", metavar="CASE", help="Only this case and those after it.")
@click.option(
    "--rerun-failed",
    "earlier_pack",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Take over what passed in an earlier pack of this subject, and play the rest.",
)
@click.option(
    "--seed",
    default=1,
    show_default=True,
    type=click.IntRange(0, 2**53 - 1),
    help="Names, references and cases follow from it.",
)
@click.option("--nonce", help="The certifier's challenge; the seed follows from it.")
@click.option(
    "--examples",
    default=25,
    show_default=True,
    type=click.IntRange(5, 1000),
    help="Random requests for each operation in the contract suite.",
)
@click.option(
    "--contract-seconds",
    default=150.0,
    show_default=True,
    type=click.FloatRange(5, 3600),
    help="The budget of the contract suite.",
)
@click.option(
    "--out",
    default=Path("reports/certify"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder for the pack and the reports.",
)
@click.option(
    "--key",
    "key_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The private key to sign with; one is made and kept in .esr-sandbox/keys when left out.",
)
@click.option(
    "--preflight",
    "only_preflight",
    is_flag=True,
    help="Look whether everything is in place, and stop.",
)
@click.option(
    "--guide",
    "guide_folder",
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    help="In guided mode, ask through step-N.json in this folder and wait for answer-N (done, refused or not-possible) there, in "
    "place of the terminal.",
)
@click.option(
    "--guide-seconds",
    default=PATIENCE_SECONDS,
    show_default=True,
    type=click.FloatRange(1, 86_400),
    help="How long a person has for one step of guided mode.",
)
@events_option
@click.option("--json", "as_json", is_flag=True, help="Print the events as JSON, one on each line.")
def command(
    key_path: Path | None,
    guide_folder: Path | None,
    guide_seconds: float,
    events_path: Path | None,
    as_json: bool,
    **options: Any,
) -> int:
    """Run the certification suites against a subject, and write the evidence as one signed pack.

    Name a subject file, or one of the reference subjects. Exit code 0: certifiable; 1: the subject failed; 2: configuration;
    3: inconclusive, or a part that a certificate needs was left out, however well the rest went; 4: the suite broke.
    """
    asked = Asked(**options)
    if (asked.subject_file is None) is (asked.reference_name is None):
        raise Stop(
            "Name what to certify: a subject file, or --reference with one of "
            + ", ".join(REFERENCES)
            + "."
        )
    with EventFile(events_path) as events:
        watcher = Watcher(as_json, Console(stderr=as_json, highlight=False), events.tell)
        see: Emit = watcher.see
        guided = terminal_driver(guide_seconds)
        if guide_folder is not None:
            guide = FolderGuide(guide_folder, guide_seconds, watcher.see)
            see, guided = guide.heard(watcher.see), guide.driver
        try:
            return certify(asked, signing_key(key_path), guided, see, watcher)
        except Stop as problem:
            watcher.see({"event": "stopped", "sentence": str(problem)})
            raise
