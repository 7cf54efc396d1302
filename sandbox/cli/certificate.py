"""`esr-sandbox certificate`."""

import getpass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from sandbox.cli import FAILED, HELD, Stop
from sandbox.cli.output import json_option, print_json
from sandbox.cli.progress import bar
from sandbox.cli.verify import trust_options, trusted_keys
from sandbox.conformance.certificates.certificate import NotCertifiable, State
from sandbox.conformance.certificates.change import NoContract, impact_of_change, read_bundle
from sandbox.conformance.certificates.decisions import (
    DecisionUnusable,
    Review,
    read_reviews,
    read_waivers,
    sign_review,
)
from sandbox.conformance.certificates.impact import Impact
from sandbox.conformance.certificates.issuing import Decisions, issue_certificate
from sandbox.conformance.certificates.register import Issued, Register, RegisterUnusable
from sandbox.conformance.evidence.keys import KeyUnusable, key_id, read_private_key, read_public_key
from sandbox.conformance.evidence.keys import key_name as name_of_key
from sandbox.conformance.evidence.recomputation import recompute
from sandbox.conformance.evidence.verify import verify_pack
from sandbox.contracts import CONTRACT_NAMES, ContractError, load_contract
from sandbox.contracts.bundle import bundle_contract
from sandbox.contracts.requirements import load_requirements

_FILE = click.Path(path_type=Path, dir_okay=False)
_REGISTER = click.option(
    "--register",
    "folder",
    envvar="ESR_SANDBOX_REGISTER",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The folder of the register.",
)
_UNUSABLE = (RegisterUnusable, KeyUnusable, DecisionUnusable)


@click.group("certificate", epilog="Example: esr-sandbox certificate list --register register")
def command() -> None:
    """Give certificates on verified evidence, take them back, and tell what a new contract does to them."""


@command.group(
    "challenge",
    epilog="Example: esr-sandbox certificate challenge new --register register --for Acme",
)
def challenge() -> None:
    """Bind a supplier's run to a challenge of yours."""


@challenge.command(
    "new", epilog="Example: esr-sandbox certificate challenge new --register register --for Acme"
)
@_REGISTER
@click.option("--for", "purpose", default="", help="For whom it is, to find it again.")
@json_option
def new_challenge(folder: Path, purpose: str, as_json: bool) -> None:
    """Give a challenge: hand it to the supplier, who runs the suite with it."""
    try:
        nonce = Register(folder).challenge(datetime.now(UTC), purpose)
    except RegisterUnusable as problem:
        raise Stop(str(problem)) from problem
    if as_json:
        print_json({"challenge": nonce, "for": purpose})
    else:
        click.echo(nonce)


@command.command(
    "issue",
    epilog="Example: esr-sandbox certificate issue pack.zip --trust keys/supplier.public.pem --key keys/esr-team.private.pem "
    "--register register",
)
@click.argument("pack", type=_FILE)
@trust_options
@click.option("--key", required=True, type=_FILE, help="The ESR team's private key.")
@_REGISTER
@click.option("--waivers", type=_FILE, help="A YAML file of waivers.")
@click.option("--reviews", type=_FILE, help="A file of signed reviews, as `review` writes it.")
@click.option(
    "--trust-reviewer",
    type=_FILE,
    multiple=True,
    help="The public key of a reviewer; --key counts too.",
)
@click.option("--reviewer", help="Who answers for the certificate; the name of --key unless given.")
@json_option
def issue(
    pack: Path,
    trust: tuple[Path, ...],
    trust_host: tuple[Path, ...],
    trust_witness: tuple[Path, ...],
    key: Path,
    folder: Path,
    waivers: Path | None,
    reviews: Path | None,
    trust_reviewer: tuple[Path, ...],
    reviewer: str | None,
    as_json: bool,
) -> int:
    """Verify a pack and give a certificate on it; refuse to, with the reasons, where it is not enough."""
    keys = trusted_keys(trust, trust_host, trust_witness)
    register, now, requirements = Register(folder), datetime.now(UTC), load_requirements()
    try:
        issuer = read_private_key(key)
        reviewers = [issuer.public_key(), *map(read_public_key, trust_reviewer)]
        decisions = Decisions(
            reviewer or name_of_key(key),
            read_waivers(waivers) if waivers else (),
            read_reviews(reviews, {key_id(each): each for each in reviewers}) if reviews else (),
        )
        with bar(f"Computing the verdicts of {pack.name} anew", is_told=False):
            verification = verify_pack(
                pack, keys, recompute, requirements, now.date(), register.revocations()
            )
        issued = issue_certificate(register, verification, issuer, requirements, decisions, now)
    except NotCertifiable as problem:
        click.echo("No certificate is given.", err=True)
        for reason in problem.reasons:
            click.echo(f"  {reason}", err=True)
        if as_json:
            print_json({"issued": False, "reasons": problem.reasons})
        return FAILED
    except _UNUSABLE as problem:
        raise Stop(str(problem)) from problem
    certificate = issued.certificate
    place = folder / "certificates" / certificate.id
    if as_json:
        files = {"token": f"{place}.jws", "page": f"{place}.html"}
        print_json({"issued": True, "certificate": certificate.to_dict(), **files})
        return HELD
    click.echo(
        f"{certificate.id}: {certificate.product} {certificate.version}, {certificate.kind}, {certificate.level}, "
        f"until {certificate.expires}"
    )
    click.echo(f"{place}.jws\n{place}.html")
    return HELD


@command.command(
    "review",
    epilog="Example: esr-sandbox certificate review pack.zip --trust keys/supplier.public.pem --requirement ESR-APP-014 "
    "--decision kept --reason 'Seen in the log.' --reviewer 'R. Reviewer' --key keys/reviewer.private.pem --out reviews",
)
@click.argument("pack", type=_FILE)
@trust_options
@click.option(
    "--requirement", required=True, help="The id of the requirement, such as ESR-APP-014."
)
@click.option(
    "--decision",
    required=True,
    type=click.Choice(["kept", "not kept"]),
    help="Whether the subject keeps the requirement.",
)
@click.option("--reason", required=True, help="What was looked at, in a sentence.")
@click.option("--reviewer", required=True, help="The name of the person who decides.")
@click.option("--key", required=True, type=_FILE, help="The reviewer's private key.")
@click.option(
    "--out", required=True, type=_FILE, help="The file of reviews to add the decision to."
)
@json_option
def review(
    pack: Path,
    trust: tuple[Path, ...],
    trust_host: tuple[Path, ...],
    trust_witness: tuple[Path, ...],
    requirement: str,
    decision: str,
    reason: str,
    reviewer: str,
    key: Path,
    out: Path,
    as_json: bool,
) -> int:
    """Decide, as a named reviewer, what a pack's run left to a person."""
    keys = trusted_keys(trust, trust_host, trust_witness)
    now = datetime.now(UTC)
    found = verify_pack(pack, keys, recompute, load_requirements(), now.date())
    if not found.accepted:
        raise Stop(f"The pack is refused ({found.code}). {found.sentence}", FAILED)
    if found.results["requirements"].get(requirement) != "review":
        raise Stop(f"{requirement} does not wait for a reviewer in this pack.")
    decided = Review(
        found.manifest_digest, requirement, decision, reason, reviewer, now.date().isoformat()
    )
    try:
        line = sign_review(decided, read_private_key(key))
    except _UNUSABLE as problem:
        raise Stop(str(problem)) from problem
    with out.open("a", encoding="ascii") as file:
        file.write(f"{line}\n")
    if as_json:
        print_json({"requirement": requirement, "decision": decision, "path": out})
    else:
        click.echo(f"{requirement}: {decision}, added to {out}")
    return HELD


@command.command("list", epilog="Example: esr-sandbox certificate list --register register")
@_REGISTER
@json_option
def list_certificates(folder: Path, as_json: bool) -> None:
    """List the certificates of a register and whether each holds today."""
    register, today = Register(folder), datetime.now(UTC).date()
    versions = {name: load_contract(name).version for name in CONTRACT_NAMES}
    try:
        rows = [
            (item, item.certificate.state(today, item.revoked is not None, versions))
            for item in register.issued()
        ]
        head = register.head()
    except RegisterUnusable as problem:
        raise Stop(str(problem)) from problem
    if as_json:
        held = [
            {**item.certificate.to_dict(), "state": state, "revoked": item.revoked}
            for item, state in rows
        ]
        document = {"certificates": held, "head": head}
        print_json(document)
        return
    console = Console()
    console.print(_list_table(rows), highlight=False)
    console.print(f"The last line of the register has the SHA-256 {head}.", soft_wrap=True)


def _list_table(rows: list[tuple[Issued, State]]) -> Table:
    table = Table(title="Certificates")
    for heading in ("id", "product", "build", "role", "level", "kind", "until", "state"):
        table.add_column(heading, no_wrap=heading in ("id", "until"))
    for item, state in rows:
        held = item.certificate
        told = f"{state}: {item.revoked}" if item.revoked else str(state)
        product = f"{held.product} {held.version}"
        columns = (held.id, product, held.build, held.role, held.level, held.kind, held.expires)
        table.add_row(*map(escape, (*columns, told)))
    return table


@command.command(
    "revoke",
    epilog="Example: esr-sandbox certificate revoke CERTIFICATE --register register --reason 'The build was replaced.'",
)
@click.argument("name", metavar="ID")
@_REGISTER
@click.option("--reason", required=True, help="Why, in a sentence.")
@click.option("--by", help="Who takes it back; the user of this machine unless given.")
@json_option
def revoke(name: str, folder: Path, reason: str, by: str | None, as_json: bool) -> None:
    """Take a certificate back, or a supplier's key by its keyid; neither it nor its evidence is accepted any more."""
    try:
        Register(folder).revoke(name, reason, by or getpass.getuser(), datetime.now(UTC))
    except RegisterUnusable as problem:
        raise Stop(str(problem)) from problem
    if as_json:
        print_json({"revoked": name, "reason": reason})
    else:
        click.echo(f"{name} is revoked.")


@command.command(
    "impact",
    epilog="Example: esr-sandbox certificate impact before/bundle.json openapi/esr/v1/bundle.json --register register",
)
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@click.option(
    "--register",
    "folder",
    envvar="ESR_SANDBOX_REGISTER",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="A register, to tell which certificates are touched.",
)
@json_option
def tell_impact(old: Path, new: Path, folder: Path | None, as_json: bool) -> int:
    """Compare two versions of a contract (bundle.json or openapi.yaml): what breaks, whom it touches, what to run again."""
    before, after = _contract(old), _contract(new)
    try:
        issued = Register(folder).issued() if folder else ()
        found = impact_of_change(before, after, issued, datetime.now(UTC).date())
    except (RegisterUnusable, NoContract) as problem:
        raise Stop(str(problem)) from problem
    if as_json:
        print_json(found.to_dict())
    else:
        _print_impact(found, Console())
    return HELD


def _contract(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise Stop(f"There is no contract {path}.")
    try:
        if path.suffix in (".yaml", ".yml"):
            return bundle_contract(path).document
        return read_bundle(path.read_bytes(), str(path))
    except ContractError as problem:
        raise Stop(f"{path} is no contract: {problem}.") from problem
    except NoContract as problem:
        raise Stop(str(problem)) from problem


def _print_impact(found: Impact, console: Console) -> None:
    def say(sentence: str) -> None:
        console.print(escape(sentence), highlight=False, soft_wrap=True)

    say(f"{found.contract}: {found.old_version} to {found.new_version}")
    if not found.touched:
        say("No operation has changed.")
    for item in found.touched:
        say(f"\n{'BREAKING' if item.operation.breaking else 'additive'}  {item.operation.name}")
        for change in item.operation.changes:
            mark = "!" if change.breaking else " "
            say(f"  {mark} {change.place}: {change.sentence}".replace(" : ", " "))
        say(f"    requirements: {', '.join(item.requirements) or 'none'}")
        say(f"    cases: {', '.join(item.cases) or 'none'}")
    for touched in found.certificates:
        held = touched.certificate
        say(f"\n{held.id}, {held.product} {held.version}: {touched.sentence}")
    say(f"\nTo run again: {', '.join(found.run_again) or 'no case'}.")
