"""The public keys that count, in a folder: whose they are is said by the folder below it.

<folder>/suppliers/*.pem   a supplier's, for its own word
         hosts/*.pem       of the ESR team's servers, which may say that a run was hosted
         witnesses/*.pem   of people who may say that they saw a run
         reviewers/*.pem   of people who decide what a machine cannot
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.conformance.evidence.keys import KeyUnusable, PublicKey, key_name, read_public_key
from sandbox.conformance.evidence.manifest import Level
from sandbox.conformance.evidence.signers import OWN_WORD, TrustedKey

SUPPLIERS, HOSTS, WITNESSES, REVIEWERS = "suppliers", "hosts", "witnesses", "reviewers"
_LEVELS = {
    SUPPLIERS: OWN_WORD,
    HOSTS: OWN_WORD | {Level.HOSTED},
    WITNESSES: frozenset({Level.WITNESSED}),
}


@dataclass(frozen=True, slots=True)
class Keyring:
    """What the folder holds."""

    suppliers: tuple[TrustedKey, ...] = ()
    others: tuple[TrustedKey, ...] = ()
    """Of hosts and witnesses."""
    reviewers: tuple[PublicKey, ...] = ()

    def trusted(self, supplier: str = "") -> tuple[TrustedKey, ...]:
        """The keys that count for a pack: of every supplier, or of the one whose key has this id."""
        own = [key for key in self.suppliers if supplier in ("", key.id)]
        return (*own, *self.others)


def read_keyring(folder: Path) -> Keyring:
    """The keys of a folder. Raises KeyUnusable where there is one that is none."""
    keys = {kind: tuple(_keys(folder / kind, levels)) for kind, levels in _LEVELS.items()}
    reviewers = tuple(read_public_key(path) for path in _files(folder / REVIEWERS))
    return Keyring(keys[SUPPLIERS], (*keys[HOSTS], *keys[WITNESSES]), reviewers)


def _keys(folder: Path, levels: frozenset[Level]) -> Iterator[TrustedKey]:
    for path in _files(folder):
        yield TrustedKey(read_public_key(path), key_name(path), levels)


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".pem")
    except FileNotFoundError:
        return []
    except OSError as problem:
        raise KeyUnusable(f"{folder} cannot be read: {problem.strerror}.") from problem
