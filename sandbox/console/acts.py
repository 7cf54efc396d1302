"""What the console can have done: the operations of the control contract, and which of them make sense in which state."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

from sandbox.console.console import console
from sandbox.contracts import Contract
from sandbox.contracts.bundle import operations
from sandbox.contracts.schema import resolve

_UNSAFE = frozenset({"post", "put", "patch", "delete"})
_JSON = "application/json"

FINAL: Mapping[str, str] = {
    "reset_workspace": "Applicants, vacancies, positions, events and everything that waits to be sent are gone, and the clock "
    "follows wall time again. Settings, tokens, snapshots and the journal stay.",
    "restore_snapshot": "The world as it is now is lost, unless you take a snapshot of it first. The journal stays.",
    "delete_position": "A deleted position stays deleted.",
    "clear_faults": "Every fault of the workspace is gone, spent or not.",
    "delete_client": "The client and its tokens are gone at once.",
    "delete_workspace": "The workspace is gone with its world, clients, journal, snapshots and files. Nothing is kept.",
}
"""Operation → what cannot be undone once it is done."""

AREAS: Mapping[str, str] = {
    "esr-acts": "ESR, occupational health and regulators",
    "nhs-jobs-acts": "Recruiters and candidates at NHS Jobs",
    "clock": "The clock",
    "faults": "Faults",
    "world": "The world as a whole",
    "settings": "Settings",
    "clients": "Clients",
    "workspaces": "Workspaces",
}
"""Tag of the control contract → what people call it."""


@dataclass(frozen=True)
class Operation:
    """One operation of the control contract that changes something."""

    contract: Contract
    method: str
    path: str
    document: dict[str, Any]
    shared: tuple[dict[str, Any], ...]
    """The parameters of the path, whatever the method."""

    @property
    def id(self) -> str:
        """The operationId."""
        return str(self.document["operationId"])

    @property
    def title(self) -> str:
        """What it does, in a few words."""
        return str(self.document["summary"])

    @property
    def says(self) -> str:
        """What the contract says of it, without what holds of every power of the sandbox."""
        told = str(self.document["description"])
        return told.removeprefix("Sandbox only, never part of the real API.").strip()

    @property
    def area(self) -> str:
        """The tag of the contract."""
        return str(self.document["tags"][0])

    @cached_property
    def parameters(self) -> tuple[dict[str, Any], ...]:
        """What stands in its path."""
        given = (*self.shared, *self.document.get("parameters", ()))
        resolved = (resolve(item, self.contract.document) for item in given)
        return tuple(item for item in resolved if item["in"] == "path")

    @cached_property
    def schema(self) -> dict[str, Any] | None:
        """The schema of its body; None where it takes none."""
        if "requestBody" not in self.document:
            return None
        body = resolve(self.document["requestBody"], self.contract.document)
        found: dict[str, Any] = body["content"][_JSON]["schema"]
        return found

    def place(self, arguments: Mapping[str, str]) -> str:
        """Its path below /control/v1 with the arguments in it. Raises KeyError where one is missing."""
        path = self.path
        for parameter in self.parameters:
            name = parameter["name"]
            path = path.replace("{" + name + "}", _segment(arguments[name]))
        return path


def _segment(text: str) -> str:
    """A text as one part of a path; dots too, so that none leads out of its place."""
    return quote(text, safe="").replace(".", "%2E")


def control_operations() -> dict[str, Operation]:
    """By id, every operation of the control contract that changes something."""
    contract = next(item for item in console().contracts if item.name == "control")
    return operations_of(contract)


def operations_of(contract: Contract) -> dict[str, Operation]:
    """By id, every operation of a contract that changes something."""
    found = (
        Operation(
            contract,
            method.upper(),
            path,
            document,
            tuple(contract.document["paths"][path].get("parameters", ())),
        )
        for path, method, document in operations(contract.document)
        if method in _UNSAFE
    )
    return {operation.id: operation for operation in found}


@dataclass(frozen=True, slots=True)
class Offer:
    """An operation offered on the page of a thing, in words that fit the state."""

    operation: str
    text: str
    entries: Mapping[str, str]
    """What the form is filled with: arguments of the path by name, values of the body by pointer."""


_OF_APPLICANT: Mapping[str, tuple[str, ...]] = {
    "ACTIVE_APPLICATION": ("decide_match",),
    "OFFER": ("clear_occupational_health",),
    "ACCEPTED": ("hire_applicant", "clear_occupational_health"),
    "HIRED": (),
    "TERMINATED": (),
}
_ALL_OF_APPLICANT = (
    "decide_match",
    "hire_applicant",
    "clear_occupational_health",
    "answer_registration_check",
    "start_transfer",
    "decide_transfer",
)
WORDS: Mapping[str, str] = {
    "record_check_in_esr": "Record the check",
    "decide_match": "Say who the applicant is",
    "hire_applicant": "Hire the applicant",
    "clear_occupational_health": "Occupational health concludes",
    "answer_registration_check": "The regulator answers",
    "start_transfer": "Start an inter-authority transfer",
    "decide_transfer": "Release the data, or refuse",
    "change_position": "Change the position",
    "delete_position": "Delete the position",
    "publish_esr_vacancy": "Publish a vacancy of the position",
    "change_organisation": "Switch interfaces and rule profiles",
    "publish_advert": "Publish the advert",
    "apply_for_advert": "A candidate applies",
    "make_offer": "Make an offer",
    "answer_offer": "The candidate answers the offer",
}
"""Operation → what stands on the button for it."""


def offers_of_applicant(
    applicant: Mapping[str, Any],
    checks: list[dict[str, Any]],
    transfer: Mapping[str, Any] | None,
) -> tuple[list[Offer], list[Offer]]:
    """(what makes sense now, everything else) of what others may do with an applicant."""
    sensible = list(_OF_APPLICANT[applicant["status"]])
    by_type = {check["checkType"]: check for check in checks}
    if by_type.get("work-health-assessment", {}).get("state") in ("COMPLETE", "CANCELLED"):
        sensible = [name for name in sensible if name != "clear_occupational_health"]
    registration = by_type.get("registration-and-qualifications", {})
    if registration.get("state") == "AWAITING_ANSWER":
        sensible.append("answer_registration_check")
    if (transfer or {}).get("status") == "REQUESTED":
        sensible.append("decide_transfer")
    return _sorted_out(_ALL_OF_APPLICANT, sensible, applicantNumber=applicant["applicantNumber"])


def offers_of_position(position: Mapping[str, Any]) -> tuple[list[Offer], list[Offer]]:
    """(what makes sense now, everything else) of what ESR may do with a position."""
    every = ("publish_esr_vacancy", "change_position", "delete_position")
    sensible = [] if position["hiringStatus"] == "DELETED" else list(every)
    return _sorted_out(every, sensible, **_position(position["positionId"]))


def offers_of_advert(advert: Mapping[str, Any]) -> tuple[list[Offer], list[Offer]]:
    """(what makes sense now, everything else) of what people at NHS Jobs may do with an advert."""
    sensible = {
        "DRAFT": ["publish_advert"],
        "RECEIVED_FROM_ESR": ["publish_advert"],
        "PUBLISHED": ["apply_for_advert"],
    }.get(advert["status"], [])
    every = ("publish_advert", "apply_for_advert")
    return _sorted_out(every, sensible, advertId=str(advert["advertId"]))


def offers_of_application(application: Mapping[str, Any]) -> tuple[list[Offer], list[Offer]]:
    """(what makes sense now, everything else) of what people at NHS Jobs may do with an application."""
    sensible = {"APPLIED": ["make_offer"], "OFFERED": ["answer_offer"]}.get(
        application["status"], []
    )
    every = ("make_offer", "answer_offer")
    return _sorted_out(every, sensible, applicationId=str(application["applicationId"]))


def offers_of_employer(organisation: Mapping[str, Any]) -> tuple[list[Offer], list[Offer]]:
    """(what makes sense now, everything else) of what ESR may switch for an employer."""
    return _sorted_out(
        ("change_organisation",), ["change_organisation"], odsCode=organisation["odsCode"]
    )


def _position(position_id: int) -> dict[str, str]:
    # The path of one operation and the body of the other name the position.
    return {"positionId": str(position_id), "/positionId": str(position_id)}


def _sorted_out(
    every: tuple[str, ...], sensible: list[str], **entries: str
) -> tuple[list[Offer], list[Offer]]:
    offers = {name: Offer(name, WORDS[name], entries) for name in every}
    rest = [offer for name, offer in offers.items() if name not in sensible]
    return [offers[name] for name in sensible], rest
