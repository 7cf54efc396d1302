"""What a visitor wants certified: a form, what is wrong with it, and the command that it comes to."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

import yaml
from werkzeug.datastructures import MultiDict

SUPPLIER, ESR, NHS_JOBS = "recruitment-system", "esr", "nhs-jobs"
REFERENCES: Mapping[str, str] = {
    "supplier": "The example supplier: a small recruitment system, called at its driver",
    "supplier-outbound": "The example supplier, which fetches its orders from the suite",
    ESR: "The mock ESR",
    NHS_JOBS: "The mock NHS Jobs",
}
ROLES: Mapping[str, str] = {
    SUPPLIER: "A recruitment system",
    ESR: "An ESR",
    NHS_JOBS: "An NHS Jobs",
}
FEATURES: Mapping[str, str] = {
    "esr": "It sends applicants and checks to ESR by the API",
    "signed-tokens": "It gets its tokens with signed JWTs, as on the NHS platform",
    "vacancies": "It makes vacancies in ESR",
    "nhs-jobs-adverts": "It publishes adverts on NHS Jobs",
    "feed-only": "It subscribes to no events, and reads the feed of them",
    "files": "It exchanges files on the hour as well",
}
"""What a recruitment system may declare. What it does not declare is not judged."""
SUITES: Mapping[str, str] = {
    "contract": "Sound, broken and random requests to the subject's API or receiver, held against the contract",
    "behaviour": "What is given, what is done, and what must then be seen",
    "traffic": "Everything that the subject sent while the run went on",
    "resilience": "Cases with faults: nothing lost, nothing doubled, recovered in time",
    "volume": "A replay of the busiest part of a year. Only a certificate for going live needs it; it takes far longer",
}
MANDATORY = ("contract", "behaviour", "traffic", "resilience")
INBOUND, OUTBOUND, GUIDED = "inbound", "outbound", "guided"
DRIVING: Mapping[str, str] = {
    INBOUND: "By its driver: the suite calls an address of it",
    OUTBOUND: "By its adapter, which fetches its orders from the suite",
    GUIDED: "By a person, who does what this page says",
}
RESULTS, KEY_NAME, SUBJECT, GUIDE = "results", "evidence", "subject.yaml", "guide"
_ADDRESS = re.compile(r"https?://[^\s/]+(/[^\s?#]*)?")
_LONGEST = 200
_ABOUT: Mapping[str, str] = {
    "product": "product",
    "name": "company",
    "version": "version",
    "build": "build",
    "environment": "environment",
}
"""By field: what it is called on the page."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A form as it was filled in. Fields that it does not have stay as they are here."""

    reference: str = ""
    """One of `REFERENCES`; empty for a system of one's own."""
    role: str = SUPPLIER
    product: str = ""
    name: str = ""
    version: str = ""
    build: str = ""
    environment: str = "supplier test"
    features: tuple[str, ...] = (ESR,)
    driving: str = INBOUND
    driver: str = ""
    receiver: str = ""
    client: str = ""
    """As whom the suite looks at the sandbox: the client that the supplier's system is."""
    address: str = ""
    """Of an ESR or an NHS Jobs: the base of its contract."""
    bindings: str = ""
    suites: tuple[str, ...] = MANDATORY
    only: str = ""
    seed: str = "1"
    nonce: str = ""
    applicants: str = ""
    minutes: str = "10"
    """How long a person has for a step of guided mode."""

    @classmethod
    def sent(cls, form: "MultiDict[str, str]") -> Self:
        """What a form holds, its blanks taken off."""
        told: dict[str, Any] = {}
        for field in fields(cls):
            if field.name in ("features", "suites"):
                told[field.name] = tuple(form.getlist(field.name))
            elif field.name in form:
                told[field.name] = form[field.name].strip()
        return cls(**told)

    @classmethod
    def kept(cls, told: Mapping[str, Any]) -> Self:
        """What `keep` has kept."""
        lists = {name: tuple(told[name]) for name in ("features", "suites")}
        return cls(**{**told, **lists})

    def keep(self) -> dict[str, Any]:
        """As JSON; no secret is in it."""
        return asdict(self)

    @property
    def is_own(self) -> bool:
        """Whether it is about a system of the visitor's own."""
        return not self.reference

    @property
    def plays_here(self) -> bool:
        """Whether the run plays in the workspace from which it is started."""
        return self.is_own and self.role == SUPPLIER

    @property
    def is_guided(self) -> bool:
        """Whether a person acts in the subject."""
        return self.plays_here and self.driving == GUIDED

    @property
    def subject_role(self) -> str:
        """The role of what is certified."""
        if self.is_own:
            return self.role
        return SUPPLIER if self.reference.startswith("supplier") else self.reference

    @property
    def title(self) -> str:
        """What is run, in a few words."""
        if self.is_own:
            return f"{self.product} {self.version}"
        return REFERENCES[self.reference].partition(":")[0].partition(",")[0]

    def problems(self) -> Iterator[tuple[str, str]]:
        """(field, sentence) of each thing that is wrong with it."""
        yield from self._run_problems()
        if not self.is_own:
            if self.reference not in REFERENCES:
                yield "reference", "Choose one of the reference subjects."
            return
        if self.role not in ROLES:
            yield "role", "Choose what kind of system it is."
        for place, called in _ABOUT.items():
            value = getattr(self, place)
            if not value or len(value) > _LONGEST:
                yield place, f"Enter the {called}, in {_LONGEST} characters at most."
        yield from self._supplier_problems() if self.role == SUPPLIER else self._system_problems()

    def _run_problems(self) -> Iterator[tuple[str, str]]:
        if not self.suites or not set(self.suites) <= set(SUITES):
            yield "suites", "Choose at least one suite."
        if "volume" in self.suites and self.subject_role == NHS_JOBS:
            yield "suites", "NHS Jobs has no suite of volume; its certificate is functional."
        if self.only and (len(self.only) > _LONGEST or self.only.startswith("-")):
            yield "only", "Enter a pattern such as esr.matching.*, or nothing."
        if not self.nonce and _whole(self.seed, 0, 2**53 - 1) is None:
            yield "seed", "The seed must be a whole number from 0 to 9,007,199,254,740,991."
        if self.nonce and (len(self.nonce) > _LONGEST or self.nonce.startswith("-")):
            yield "nonce", f"The certifier's challenge has {_LONGEST} characters at most."
        if self.applicants and _whole(self.applicants, 1, 2_000_000) is None:
            yield "applicants", "Applicants must be a whole number from 1 to 2,000,000, or nothing."
        if self.applicants and "volume" not in self.suites:
            yield (
                "applicants",
                "Applicants are about the suite of volume. Choose that too, or leave this empty.",
            )

    def _supplier_problems(self) -> Iterator[tuple[str, str]]:
        if not set(self.features) <= set(FEATURES):
            yield "features", "Choose from the features that are shown."
        if self.driving not in DRIVING:
            yield "driving", "Choose how the suite acts as your recruiter."
        if self.driving != GUIDED and not _ADDRESS.fullmatch(self.driver):
            yield (
                "driver",
                "Enter the address of the driver, such as http://127.0.0.1:9000/driver/v1.",
            )
        if self.receiver and not _ADDRESS.fullmatch(self.receiver):
            yield (
                "receiver",
                "Enter the base address of your receiver, such as http://127.0.0.1:9000/receiver/v1.",
            )
        if not self.receiver and "contract" in self.suites:
            yield (
                "receiver",
                "The suite contract calls your receiver. Enter its address, or leave that suite out.",
            )
        if self.driving == GUIDED and _whole(self.minutes, 1, 60) is None:
            yield "minutes", "Enter how many minutes a person has for a step, from 1 to 60."

    def _system_problems(self) -> Iterator[tuple[str, str]]:
        if not _ADDRESS.fullmatch(self.address):
            yield "address", "Enter the base address of the contract, such as https://host/esr/v1."
        try:
            held = yaml.safe_load(self.bindings or "{}")
        except yaml.YAMLError:
            held = None
        if not isinstance(held, dict):
            yield (
                "bindings",
                "Enter the bindings as YAML: employer, vacancy and position, each with its properties.",
            )

    def subject(self, control: str) -> bytes:
        """The subject file; `control` is where the powers of the sandbox are that a supplier's system calls as its ESR."""
        told: dict[str, Any] = {"role": self.role} | {each: getattr(self, each) for each in _ABOUT}
        if self.role == SUPPLIER:
            addresses = {"control": control}
            if self.receiver:
                addresses["receiver"] = self.receiver.rstrip("/")
            tokens = {"esr": "env:RUN_ESR_TOKEN"}
            if self.driving != GUIDED:
                addresses["driver"] = self.driver.rstrip("/")
                tokens["driver"] = "env:RUN_DRIVER_TOKEN"
            told |= {
                "features": list(self.features),
                "addresses": addresses,
                "driving": self.driving,
                "tokens": tokens,
            }
        else:
            told |= {
                "addresses": {self.role: self.address.rstrip("/")},
                "tokens": {self.role: "env:RUN_SYSTEM_TOKEN"},
            }
            if self.bindings:
                told["bindings"] = yaml.safe_load(self.bindings)
        return yaml.safe_dump(told, sort_keys=False, allow_unicode=True).encode()

    def arguments(self, key: Path, *, preflight: bool, earlier: Path | None) -> list[str]:
        """Of our own command, which runs in the run's folder."""
        told = ["certify", SUBJECT] if self.is_own else ["certify", "--reference", self.reference]
        for suite in self.suites:
            told += ["--suite", suite]
        told += ["--nonce", self.nonce] if self.nonce else ["--seed", self.seed]
        if self.only:
            told += ["--only", self.only]
        if self.applicants:
            told += ["--applicants", self.applicants]
        if self.is_guided:
            told += ["--guide", GUIDE, "--guide-seconds", str(int(self.minutes) * 60)]
        if earlier is not None:
            told += ["--rerun-failed", str(earlier)]
        if preflight:
            told += ["--preflight"]
        return [*told, "--key", str(key), "--out", RESULTS, "--events", "events.ndjson"]

    def command(self) -> str:
        """The same at a terminal, as a person would type it."""
        from shlex import join

        told = self.arguments(Path(), preflight=False, earlier=None)
        # At a terminal it asks there.
        end = "--guide" if self.is_guided else "--key"
        return join(["esr-sandbox", *told[: told.index(end)]])


def _whole(text: str, least: int, most: int) -> int | None:
    if not (text.isascii() and text.isdecimal() and len(text) < 18):
        return None
    return int(text) if least <= int(text) <= most else None
