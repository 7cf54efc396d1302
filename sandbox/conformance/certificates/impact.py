"""What a change of a contract touches: requirements, cases, and certificates that were given."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.conformance.certificates.certificate import Certificate, major
from sandbox.conformance.certificates.compatibility import (
    OFFERED_BY_SUBJECT,
    OperationChange,
    compare_contracts,
)
from sandbox.contracts.requirements import Requirement

CaseReference = tuple[str, Sequence[str], Sequence[str]]
"""A case: its id, the operations it names, and its requirements."""
SUBJECTS = {"esr": "esr", "nhs-jobs": "nhs-jobs"}
"""By contract: the role of those who offer it and are certified for that."""


@dataclass(frozen=True, slots=True)
class Touched:
    """One operation that has changed, and what is about it."""

    operation: OperationChange
    requirements: tuple[str, ...]
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TouchedCertificate:
    """A certificate that names the contract, and what becomes of it."""

    certificate: Certificate
    stands: bool
    """Whether it holds on as it is."""
    sentence: str
    run_again: tuple[str, ...]
    """The cases of its role to run again."""


@dataclass(frozen=True, slots=True)
class Impact:
    """What comes of a change from one version to another."""

    contract: str
    old_version: str
    new_version: str
    touched: tuple[Touched, ...]
    certificates: tuple[TouchedCertificate, ...]

    @property
    def breaking(self) -> bool:
        """Whether the change breaks anybody who keeps to the old version."""
        return any(item.operation.breaking for item in self.touched)

    @property
    def run_again(self) -> tuple[str, ...]:
        """Every case that is about an operation that has changed."""
        return tuple(sorted({case for item in self.touched for case in item.cases}))

    def to_dict(self) -> dict[str, Any]:
        """The impact as JSON, for scripts."""
        return {
            "contract": self.contract,
            "old": self.old_version,
            "new": self.new_version,
            "breaking": self.breaking,
            "operations": [
                {
                    "operation": item.operation.name,
                    "breaking": item.operation.breaking,
                    "changes": [
                        {
                            "place": change.place,
                            "sentence": change.sentence,
                            "breaking": change.breaking,
                        }
                        for change in item.operation.changes
                    ],
                    "requirements": item.requirements,
                    "cases": item.cases,
                }
                for item in self.touched
            ],
            "certificates": [
                {
                    "id": item.certificate.id,
                    "product": item.certificate.product,
                    "stands": item.stands,
                    "sentence": item.sentence,
                    "runAgain": item.run_again,
                }
                for item in self.certificates
            ],
            "runAgain": self.run_again,
        }


def impact(
    name: str,
    old: dict[str, Any],
    new: dict[str, Any],
    requirements: Iterable[Requirement],
    cases: Iterable[CaseReference] = (),
    certificates: Iterable[Certificate] = (),
) -> Impact:
    """What the change of the contract `name` from one bundled document to another touches. `certificates` are those in force."""
    before, after = (str(document["info"]["version"]) for document in (old, new))
    changed = compare_contracts(old, new, offered_by_subject=name in OFFERED_BY_SUBJECT)
    held, played = tuple(requirements), tuple(cases)
    touched = tuple(_touched(operation, held, played) for operation in changed)
    actors = {item.id: item.actor for item in held}
    about = {case: named for case, _, named in played}
    return Impact(
        name,
        before,
        after,
        touched,
        tuple(
            _certificate(certificate, name, after, touched, actors, about)
            for certificate in certificates
            if name in certificate.contracts
        ),
    )


def _touched(
    operation: OperationChange,
    requirements: Iterable[Requirement],
    cases: Iterable[CaseReference],
) -> Touched:
    named = {item.id for item in requirements if operation.name in item.operations}
    return Touched(
        operation,
        tuple(sorted(named)),
        tuple(
            sorted(
                case
                for case, operations, about in cases
                if operation.name in operations or named & set(about)
            )
        ),
    )


def _certificate(
    certificate: Certificate,
    name: str,
    version: str,
    touched: Iterable[Touched],
    actors: dict[str, str],
    about: dict[str, Sequence[str]],
) -> TouchedCertificate:
    cases = {case for item in touched for case in item.cases}
    role = certificate.role
    run_again = tuple(
        sorted(case for case in cases if any(actors.get(each) == role for each in about[case]))
    )
    if major(version) > major(certificate.contracts[name]):
        sentence = f"It ends: {name} {version} is a new MAJOR version."
        return TouchedCertificate(certificate, False, sentence, run_again)
    broken = sorted(item.operation.name for item in touched if item.operation.breaking)
    if broken:
        sentence = f"To be run again: {', '.join(broken)} changed in a way that breaks."
        return TouchedCertificate(certificate, False, sentence, run_again)
    if SUBJECTS.get(name) == role and any(item.operation.changes for item in touched):
        sentence = (
            "To be run again: the product offers this contract, and what it promises changed."
        )
        return TouchedCertificate(certificate, False, sentence, run_again)
    return TouchedCertificate(
        certificate, True, "It stands: nothing that changed breaks.", run_again
    )
