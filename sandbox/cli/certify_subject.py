"""How `esr-sandbox certify` comes to its subject, its driver, its key, and an earlier pack."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from sandbox.cli import Stop
from sandbox.conformance.bound_stage import BoundStage
from sandbox.conformance.case import Case
from sandbox.conformance.driving import Driver, NoDriver
from sandbox.conformance.earlier import Earlier, EarlierUnusable, read_earlier
from sandbox.conformance.evidence.keys import KeyUnusable, new_key_pair, read_private_key
from sandbox.conformance.plain import plain_client
from sandbox.conformance.preflight import Check, check_all
from sandbox.conformance.receiver import EventReceiver
from sandbox.conformance.references import Reached, reference
from sandbox.conformance.scene import CannotArrange
from sandbox.conformance.subject import Subject, SubjectUnusable, read_subject
from sandbox.conformance.supplier_subject import supplier_at
from sandbox.contracts import Contract
from simulators.credentials import authorization

_KEY = Path(".esr-sandbox") / "keys"
_NAME = "evidence"
SUPPLIER = "recruitment-system"


@dataclass(frozen=True, slots=True)
class Named:
    """What the command line names: a subject file, or a reference subject."""

    file: Path | None
    reference: str | None
    seed: int

    def subject(self) -> Subject | None:
        """The subject of the file; None for a reference. Raises Stop."""
        if self.file is None:
            return None
        if not self.file.is_file():
            raise Stop(f"There is no subject file {self.file}.")
        try:
            return read_subject(self.file)
        except SubjectUnusable as problem:
            raise Stop(str(problem)) from problem


@contextmanager
def reached(named: Named, guided: Driver) -> Iterator[Reached]:
    """The subject, ready to be run against; `guided` is whoever acts in a subject without a driver. Raises Stop."""
    try:
        subject = named.subject()
        if subject is None:
            assert named.reference is not None
            with reference(named.reference, named.seed) as found:
                yield found
        elif subject.role == SUPPLIER:
            with supplier_at(subject, named.seed, guided) as found:
                yield found
        else:
            receiver = EventReceiver()
            try:
                yield Reached(subject, BoundStage(subject, receiver, guided))
            finally:
                receiver.close()
    except CannotArrange as problem:
        raise Stop(f"The subject cannot be reached as it must be: {problem}") from problem


def looked_at(
    subject: Subject, cases: tuple[Case, ...], contracts: Mapping[str, Contract], folder: Path
) -> list[Check]:
    """The checks before a run against a supplier's own system. Nothing is changed anywhere."""
    with plain_client() as client:
        sandbox = _sandbox(subject)
        hears = [_subscription(subject, client)] if sandbox.ok else []
        return [sandbox, *hears, *check_all(subject, cases, contracts, folder, client)]


def _subscription(subject: Subject, client: httpx.Client) -> Check:
    """Whether the system has subscribed to events. One that reads the feed need not, so that none is only told."""
    what = "the system hears of events"
    url, _, _ = subject.addresses["control"].removesuffix("/control/v1").partition("/w/")
    shown = {"Authorization": authorization(subject.tokens["esr"])}
    try:
        answer = client.get(f"{url}/esr/v1/event-subscriptions", headers=shown)
        listed = answer.raise_for_status().json()["eventSubscriptions"]
    except httpx.HTTPError as problem:
        return Check(what, True, f"its subscriptions could not be read: {problem}")
    if listed:
        return Check(what, True, f"{len(listed)} subscriptions, first to {listed[0]['url']}")
    return Check(
        what,
        True,
        "It has subscribed to no events.",
        "That is well where it reads the feed. Else connect it again, so that it subscribes: emptying a workspace takes its "
        "subscriptions away.",
    )


def _sandbox(subject: Subject) -> Check:
    """Whether the sandbox that the subject calls as its ESR will do for the suite."""
    what = "the sandbox can be the ESR of the run"
    try:
        with supplier_at(subject, 1, NoDriver(), only_looks=True):
            return Check(what, True, "its workspace is empty, and nothing else acts in it")
    except CannotArrange as problem:
        found, _, to_do = str(problem).partition(". ")
        return Check(what, False, found, to_do)


def signing_key(path: Path | None) -> Any:
    """The key to sign evidence with: that of `path`, or one that is made and kept. Raises Stop."""
    try:
        if path is not None:
            return read_private_key(path)
        kept = _KEY / f"{_NAME}.private.pem"
        if not kept.exists():
            new_key_pair(_KEY, _NAME)
        return read_private_key(kept)
    except KeyUnusable as problem:
        raise Stop(str(problem)) from problem


def earlier_run(path: Path | None, subject: Subject, seed: int) -> Earlier | None:
    """What is taken over of an earlier pack. Raises Stop."""
    if path is None:
        return None
    try:
        return read_earlier(path, subject, seed)
    except EarlierUnusable as problem:
        raise Stop(str(problem)) from problem
