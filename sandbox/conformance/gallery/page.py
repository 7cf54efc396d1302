"""docs/gallery.md: the matrix as a page, grouped by role and by what a deviation concerns."""

from collections.abc import Iterable, Mapping
from itertools import groupby

from sandbox.conformance.gallery.deviation import Kind
from sandbox.conformance.gallery.matrix import Entry, totals, unproven
from sandbox.conformance.gallery.rule_rows import rows_of_files
from sandbox.conformance.gallery.unnoticeable import REASONS
from sandbox.contracts.requirements import Requirement

_INTRODUCTION = """\
# The gallery: what the suite is proven to catch

`esr-sandbox gallery --write` writes this page and [gallery.json](gallery.json); `make gallery` holds a run against them.

Each line is the reference subject with one deviation. A requirement counts as tripped only where the case that failed says that
*this* requirement, one of those that the deviation names, is broken: a crash, a time-out, an error or another rule that fires is
no detection. Each case that noticed a deviation was played on the sound subject before and after it, and passed.

*Named* defects are written by hand, after what release notes of real interfaces report. *Generated* deviations are the rows of
the rule tables, each switched off or turned. Left out of the rows are the tables of the hourly files, a door that no case opens,
and lists of data (national codes that are not retired, ISO countries, pay, vaccines, training): that a list is asked is a row.
"""


def render_page(
    entries: Mapping[str, Entry],
    requirements: Iterable[Requirement],
) -> str:
    """The page."""
    register = list(requirements)
    parts = [_INTRODUCTION, _summary(entries, register)]
    parts.append("## Named defects\n")
    named = {name: each for name, each in entries.items() if each["kind"] == Kind.NAMED}
    for (role, group), lines in _grouped(named):
        parts.append(f"### {role}: {group}\n")
        parts.append("| defect | the subject | requirement tripped | not tripped |")
        parts.append("|---|---|---|---|")
        parts += [_row(name, each) for name, each in lines]
        parts.append("")
    parts.append("## Generated deviations\n")
    parts.append("| role | table | rows | noticed | requirements tripped |")
    parts.append("|---|---|---:|---:|---|")
    generated = {name: each for name, each in entries.items() if each["kind"] == Kind.GENERATED}
    for (role, group), lines in _grouped(generated):
        tripped = sorted({name for _, each in lines for name in each["tripped"]})
        noticed = sum(bool(each["tripped"]) for _, each in lines)
        parts.append(f"| {role} | {group} | {len(lines)} | {noticed} | {' '.join(tripped)} |")
    parts += ["", *_survivors(generated), *_unproven(entries, register)]
    return "\n".join(parts).rstrip() + "\n"


def _summary(entries: Mapping[str, Entry], register: list[Requirement]) -> str:
    found = totals(entries, register)
    killed = f"{found.generated_detected} of {found.generated} ({found.kill_rate:.1%})"
    shown = f"{found.proven} of {found.shown} ({found.proven_rate:.1%})"
    return "\n".join(
        [
            "| | |",
            "|---|---:|",
            f"| named defects detected | {found.named_detected} of {found.named} |",
            f"| generated deviations detected | {killed} |",
            f"| MUST requirements that can be shown, proven | {shown} |",
            f"| MUST requirements that no case can show, each with its reason | {found.must - found.shown} |",
            f"| rows of the files' tables, left out | {rows_of_files()} |",
            "",
        ]
    )


def _grouped(
    entries: Mapping[str, Entry],
) -> list[tuple[tuple[str, str], list[tuple[str, Entry]]]]:
    def key(item: tuple[str, Entry]) -> tuple[str, str]:
        return item[1]["role"], item[1]["group"]

    return [(at, list(lines)) for at, lines in groupby(sorted(entries.items(), key=key), key)]


def _row(name: str, each: Entry) -> str:
    tripped = " ".join(f"**{item}**" for item in each["tripped"]) or "none"
    missed = " ".join(item for item in each["requirements"] if item not in each["tripped"])
    return f"| `{name}` | {each['title']} | {tripped} | {missed} |"


def _survivors(generated: Mapping[str, Entry]) -> list[str]:
    alive = {name: each for name, each in generated.items() if not each["tripped"]}
    lines = ["## Survivors\n"]
    if not alive:
        return [*lines, "None.\n"]
    lines += ["| deviation | the subject | names | why |", "|---|---|---|---|"]
    for name, each in alive.items():
        why = REASONS.get(name, "no case notices it")
        lines.append(f"| `{name}` | {each['title']} | {' '.join(each['requirements'])} | {why} |")
    return [*lines, ""]


def _unproven(entries: Mapping[str, Entry], register: list[Requirement]) -> list[str]:
    lines = ["## Requirements unproven\n"]
    left = unproven(entries, register)
    if not left:
        return [*lines, "Every MUST that can be shown is tripped by some deviation.\n"]
    lines += ["| requirement | actor | text |", "|---|---|---|"]
    lines += [f"| {item.id} | {item.actor} | {' '.join(item.text.split())} |" for item in left]
    return [*lines, ""]
