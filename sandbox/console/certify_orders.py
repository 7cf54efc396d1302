"""From what a visitor wants certified to the run that does it: what may be started here, and as whom the suite looks."""

import asyncio
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from flask import g

from sandbox.clock import wall_now
from sandbox.confined import VARIABLE, confinement
from sandbox.console.certifying import (
    INBOUND,
    KEY_NAME,
    OUTBOUND,
    RESULTS,
    SUBJECT,
    SUPPLIER,
    Wish,
)
from sandbox.console.console import console, visitor
from sandbox.console.own_runs import made, who
from sandbox.console.runs import CERTIFY, Order, Run
from sandbox.console.runs_record import write_whole
from sandbox.database import Transaction
from sandbox.identity.store import (
    ClientState,
    Registration,
    insert_token,
    list_registrations,
    new_token,
)
from sandbox.outgoing import AddressRefused

SECRETS = "secrets.json"  # pragma: allowlist secret
_HOURS, _HOSTED_HOURS = 6, 2
"""How long a run may take; where suppliers share a server, one must not keep the others from theirs."""
_TOKEN_SPARE_MINUTES = 10


@dataclass(frozen=True, slots=True)
class Kept:
    """What the visitor has entered and nobody may read: it is in a file of its own, which only the server's user may read."""

    driver: str = field(default="", repr=False)
    system: str = field(default="", repr=False)
    """The token of an ESR or an NHS Jobs."""

    @classmethod
    def of(cls, run: Run) -> "Kept":
        """That of an earlier run."""
        try:
            return cls(**json.loads((run.folder / SECRETS).read_bytes()))
        except FileNotFoundError:
            return cls()

    def write(self, folder: Path) -> None:
        """Keeps it, so that the run can be started again."""
        write_whole(
            folder / SECRETS, json.dumps({"driver": self.driver, "system": self.system}).encode()
        )


def clients() -> list[Registration]:
    """The clients of the workspace that a supplier's system can be: active, and let in for every employer."""
    found = console().read(lambda unit: list_registrations(unit.connection, unit.workspace.name))
    return [each for each in found if each.state == ClientState.ACTIVE and each.employers is None]


def is_supplier_hosted() -> bool:
    """Whether somebody else's machine runs what this visitor, who is no operator of it, starts."""
    return console().settings.signs_in and not visitor().is_operator


NHS_JOBS_RUNS_TOO = (
    "NHS Jobs runs in this sandbox too. It would be sent the same events as your system, and meet the faults that are meant for "
    "it, so the suite does not begin. Start a sandbox for the run, and open its console: "
    "esr-sandbox up --only esr --fresh --world empty --port 8090 --database certify.db"
)
HOLDS_A_WORLD = (
    "The workspace holds a world, and the suite needs one that it knows. Empty the workspace, then connect your system again, so "
    "that it subscribes to events anew."
)
_ON_THIS_SERVER = (
    "The reference subjects are started on this server, which many suppliers share. Run them on a machine of yours: "
    "esr-sandbox certify --reference "
)


def nhs_jobs_runs_too() -> bool:
    """Whether this sandbox cannot be the ESR of a supplier's run, because NHS Jobs is in it."""
    return "nhs-jobs" in console().settings.systems


def refused(wish: Wish) -> Iterator[tuple[str, str]]:
    """(field, sentence) of whatever this visitor may not start here."""
    if wish.is_own and wish.role == SUPPLIER:
        if nhs_jobs_runs_too():
            yield "role", NHS_JOBS_RUNS_TOO
        if wish.client not in {each.client_id for each in clients()}:
            yield "client", "Choose the client that your system is in this workspace."
        if holds_a_world():
            yield "empty", HOLDS_A_WORLD
    if not is_supplier_hosted():
        return
    if not wish.is_own:
        yield "reference", f"{_ON_THIS_SERVER}{wish.reference}"
        return
    if wish.role != SUPPLIER:
        yield "role", "Here you certify your recruitment system. For another, ask the ESR team."
    if wish.driving == OUTBOUND:
        yield (
            "driving",
            "The queue of orders is served on the server's own machine, where your adapter cannot reach it. Choose another way.",
        )
    if "volume" in wish.suites:
        yield (
            "suites",
            "The suite volume loads the whole server. The ESR team starts it; or run esr-sandbox certify on a machine of yours.",
        )
    addresses = {
        "receiver": wish.receiver,
        "driver": wish.driver if wish.driving == INBOUND else "",
    }
    for place, address in addresses.items():
        if address:
            yield from _unreachable(place, address)


def _unreachable(place: str, address: str) -> Iterator[tuple[str, str]]:
    try:
        asyncio.run(console().runtime.outgoing.check(address))
    except AddressRefused as problem:
        yield place, f"This address is not called from here: {problem}."


def holds_a_world() -> bool:
    """Whether the workspace has to be emptied before a supplier's run."""
    from sandbox.esr.service.organisations import list_organisations

    return bool(console().read(lambda unit: list_organisations(unit, 0, 1))["organisations"])


def order_of(
    wish: Wish, kept: Kept, *, preflight: bool = False, earlier: Run | None = None
) -> Order:
    """The run of a wish in which nothing is wrong. `earlier` is the run whose passed cases are taken over."""
    settings, workspace = console().settings, str(g.workspace)
    # Where HTTPS is served, its certificate is for the name by which others know the sandbox.
    base = settings.public_url if settings.tls_certificate else settings.own_url
    key = _key()
    pack = None if earlier is None else earlier.folder / RESULTS / f"{wish.subject_role}.zip"

    def arguments(folder: Path) -> list[str]:
        if wish.is_own:
            (folder / SUBJECT).write_bytes(wish.subject(f"{base}/w/{workspace}/control/v1"))
            kept.write(folder)
        (folder / RESULTS).mkdir()
        return wish.arguments(key, preflight=preflight, earlier=pack)

    return Order(
        CERTIFY,
        workspace,
        made(),
        who(),
        wish.title,
        arguments,
        _environment(wish, kept),
        {
            "wish": wish.keep(),
            "preflight": preflight,
            "role": wish.subject_role,
            "earlier": None if earlier is None else earlier.id,
        },
        seconds=_hours() * 3600.0,
    )


def _environment(wish: Wish, kept: Kept) -> Mapping[str, str]:
    told = {}
    if is_supplier_hosted():
        told[VARIABLE] = confinement(console().settings)
    if not wish.is_own:
        return told
    if wish.role == SUPPLIER:
        told |= {
            "RUN_ESR_TOKEN": _token_for(wish.client),
            "RUN_DRIVER_TOKEN": kept.driver or "none",
        }
    else:
        told["RUN_SYSTEM_TOKEN"] = kept.system or "none"
    return told


def _hours() -> int:
    return _HOSTED_HOURS if is_supplier_hosted() else _HOURS


def _token_for(client_id: str) -> str:
    """A token of the client, with which the suite looks at what that one sees. It is good as long as a run may take."""
    token = new_token()
    until = wall_now() + timedelta(hours=_hours(), minutes=_TOKEN_SPARE_MINUTES)

    def work(transaction: Transaction) -> None:
        insert_token(transaction.connection, client_id, token, int(until.timestamp() * 1000))

    console().runtime.database.write(work).result()
    return token


def _key() -> Path:
    """The key with which the console signs evidence: made once, and kept in its folder."""
    from sandbox.conformance.evidence.keys import new_key_pair

    folder = console().folder / "keys"
    private = folder / f"{KEY_NAME}.private.pem"
    if not private.exists():
        # Made elsewhere and moved, so that two that begin at once do not take two halves of two keys.
        draft = folder / secrets.token_hex(8)
        new_key_pair(draft, KEY_NAME)
        for path in sorted(draft.iterdir(), reverse=True):
            target = folder / path.name
            if not target.exists():
                path.rename(target)
            else:
                path.unlink()
        draft.rmdir()
    return private


def public_key() -> Path:
    """The public half of that key, with which a pack is verified."""
    return _key().with_name(f"{KEY_NAME}.public.pem")
