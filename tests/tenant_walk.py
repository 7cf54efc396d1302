"""Every operation of every contract, asked by one tenant with what is another's, at every place where an id can stand.

The operations and their places come from the contracts. What stands at each place is said here by its name: a new operation
is walked as it is, unless it brings a name or needs a body that nobody has said anything about; then the walk fails.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import orjson
from lived_in import Tenant

from sandbox.contracts import Contract
from sandbox.contracts.schema import resolve

EMPLOYER = "NHSD-End-User-Organisation-ODS"

KINDS = {
    "advertId": "advertId",
    "applicantNumber": "applicantNumber",
    "applicationId": "applicationId",
    "clientId": "clientId",
    "costCentre": "costCentre",
    "cursor": "cursor",
    "emailAddress": "emailAddress",
    "employers": "odsCode",
    "employerCode": "odsCode",
    "eventIds": "eventIds",
    "exchangeId": "exchangeId",
    "keyword": "keyword",
    "niNumber": "niNumber",
    "odsCode": "odsCode",
    "organisation": "odsCode",
    "personId": "personId",
    "positionId": "positionId",
    "requestId": "requestId",
    "since": "since",
    "snapshotId": "snapshotId",
    "subscriptionId": "subscriptionId",
    "supplierReference": "supplierReference",
    "url": "url",
    "vacancyReference": "vacancyReference",
    EMPLOYER: "odsCode",
    "X-Request-ID": "requestId",
}
"""By the name of a place: which of a tenant's ids stands there."""

PARTICULAR = {
    ("put_register_entry", "number"): "number",
    ("push_advert", "supplierReference"): "advertReference",
    ("list_adverts", "supplierReference"): "advertReference",
    ("create_snapshot", "name"): "snapshotName",
    ("create_workspace", "name"): "workspace",
    ("delete_workspace", "name"): "workspace",
    ("read_workspace", "name"): "workspace",
}
"""As KINDS, where the operation says what the name means."""

NO_IDS = frozenset(
    """
    If-Match X-Correlation-ID Content-Digest Signature-Input Signature
    checkType codeListId body limit status direction system operationId location distance countryCode contractType
    staffGroup workingPattern payBand salaryFrom salaryTo publishedFrom internalOnly externalOnly sort page pageSize size
    title openings firstName middleNames lastName previousLastName gender nationality ethnicOrigin maritalStatus disability
    religiousBelief sexualOrientation mobileNumber homeNumber line1 line2 town county postcode country number type jobRole
    assignmentType hoursPerWeek recruitmentSource name note checkedBy evidenceProfile photoDocuments addressDocuments
    shareCode certificateOfSponsorship yearsCovered references certificateNumber adjustments description areaOfWork
    contractDurationMonths text minimum maximum factor by seed organisations positionsPerOrganisation timeoutSeconds
    positionTitle occupationCode payScale contractedHours reason contentType createdSecondsAgo eventType value after times
    probability retryAfterSeconds delaySeconds property everyNth p95Seconds repeatEvery
    registrationBody e jwksUrl kid n perMinute perSecond use events exchanges records snapshots
    """.split()
)
"""Names at which no id of a tenant can stand."""

OF_ALL_WORKSPACES = frozenset(
    {"create_workspace", "delete_workspace", "list_workspaces", "read_workspace"}
)
"""Operations about workspaces themselves: at level sandbox they are one user's, and show every workspace."""

VOLATILE = frozenset(
    {
        "add_fault",
        "create_client",
        "create_snapshot",
        "delete_client",
        "list_exchanges",
        "read_workspace",
        "rotate_signing_key",
        "settle_world",
        "sign_delivery",
    }
)
"""Operations whose answers tell of wall time, of chance, or of what was asked before: of two answers only the status is the
same."""

OWN_NUMBERS = frozenset({"cursor", "since", "exchangeId", "snapshotId"})
"""Kinds that are numbered in each workspace for itself: another's is one's own, or past one's end."""

NOWHERE: Mapping[str, Any] = {
    "advertId": 9_999_999,
    "advertReference": "NOBODY-00000000",
    "applicantNumber": "99999999",
    "applicationId": 9_999_999,
    "clientId": "0123456789abcdef0123456789abcdef",
    "costCentre": "000000",
    "cursor": "OTk5OTk5",
    "emailAddress": "nobody.0@example.org",
    "eventIds": "00000000-0000-4000-8000-000000000000",
    "exchangeId": 99_999_999,
    "keyword": "nobodysmark",
    "niNumber": "PZ999999A",
    "number": "99Z9999Z",
    "odsCode": "Z9Z9Z",
    "personId": 999_999,
    "positionId": 99_999_999,
    "requestId": "00000000-0000-4000-8000-000000000001",
    "since": "OTk5OTk5",
    "snapshotId": 9_999,
    "snapshotName": "nobodys",
    "subscriptionId": "00000000-0000-4000-8000-000000000002",
    "supplierReference": "NOBODY-00000000",
    "url": "http://127.0.0.1:9/nobody",
    "vacancyReference": "999-NOBODY",
    "workspace": "nobodys",
}
"""Ids in good form that nobody has, by kind."""


@dataclass(frozen=True)
class Place:
    """Where an id can stand: `pointer` is a parameter's name, or the steps to a property of the body."""

    location: str
    pointer: tuple[str, ...]
    kind: str

    def __str__(self) -> str:
        return f"{self.location} {'/'.join(self.pointer)}"


@dataclass(frozen=True)
class Operation:
    """One operation of a contract, and the places where an id can stand in it."""

    system: str
    base: str
    operation_id: str
    method: str
    path: str
    secured: bool
    media_type: str | None
    parameters: frozenset[str]
    places: tuple[Place, ...]


def operations(contracts: list[Contract]) -> list[Operation]:
    """Every operation of the contracts. Raises AssertionError for a name of which nobody has said what stands there."""
    found, unknown = [], set()
    for contract in contracts:
        if contract.name == "identity":
            # The token endpoint stands before all workspaces: whose token is got is what the assertion says.
            continue
        document = contract.document
        for path, item in document["paths"].items():
            for method, definition in item.items():
                if method not in ("get", "put", "post", "delete", "patch"):
                    continue
                name = definition["operationId"]
                parameters = [
                    resolve(each, document)
                    for each in (*item.get("parameters", []), *definition.get("parameters", []))
                ]
                content = definition.get("requestBody", {}).get("content", {})
                named: list[tuple[str, tuple[str, ...]]] = [
                    (each["in"], (each["name"],)) for each in parameters
                ]
                for media in content.values():
                    named += [("body", steps) for steps in _leaves(document, media["schema"])]
                places = []
                for location, steps in dict.fromkeys(named):
                    word = next(step for step in reversed(steps) if step != "*")
                    kind = PARTICULAR.get((name, word)) or KINDS.get(word)
                    if kind is not None:
                        places.append(Place(location, steps, kind))
                    elif word not in NO_IDS and contract.name != "receiver":
                        unknown.add(f"{name}: {location} {word}")
                security = definition.get("security", document.get("security")) or []
                found.append(
                    Operation(
                        contract.name,
                        contract.base_path,
                        name,
                        method.upper(),
                        path,
                        any("bearerAuth" in each for each in security),
                        next(iter(content), None),
                        frozenset(each["name"] for each in parameters),
                        tuple(places),
                    )
                )
    assert not unknown, f"say in KINDS or NO_IDS what stands at {sorted(unknown)}"
    return found


def _leaves(
    document: dict[str, Any], schema: dict[str, Any], steps: tuple[str, ...] = ()
) -> Iterator[tuple[str, ...]]:
    """The places of a body at which a text or a number can stand that is not one of a few, nor a date."""
    schema = resolve(schema, document)
    inner = [*schema.get("allOf", ()), *schema.get("oneOf", ()), *schema.get("anyOf", ())]
    for each in inner:
        yield from _leaves(document, each, steps)
    for name, each in schema.get("properties", {}).items():
        yield from _leaves(document, each, (*steps, name))
    if "items" in schema:
        yield from _leaves(document, schema["items"], (*steps, "*"))
    is_closed = {"enum", "const", "properties", "items"} & schema.keys() or inner
    is_free = schema.get("format") not in ("date", "date-time") and schema.get("type") != "boolean"
    if steps and is_free and not is_closed:
        yield steps


def _vacancy(tenant: Tenant) -> dict[str, Any]:
    return {"positionId": tenant.ids["positionId"], "title": tenant.mark}


def _submission(tenant: Tenant) -> dict[str, Any]:
    sent = tenant.body("applicant", 5)
    sent["person"] |= {"niNumber": "PZ900077A", "lastName": "Newcomer"}
    return {**sent, "previousEmployer": {"name": "B", "odsCode": tenant.ids["odsCode"]}}


def _event(tenant: Tenant) -> dict[str, Any]:
    moment = f"{tenant.today.isoformat()}T00:00:00.000Z"
    return {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": f"/esr/v1/organisations/{tenant.ids['odsCode']}",
        "type": "applicant.amended",
        "subject": f"applicants/{tenant.ids['applicantNumber']}",
        "time": moment,
        "datacontenttype": "application/json",
        "sequence": "000000000001",
        "data": {
            "applicantNumber": tenant.ids["applicantNumber"],
            "supplierReference": tenant.ids["supplierReference"],
            "vacancyReference": tenant.ids["vacancyReference"],
            "status": "ACCEPTED",
            "startDate": tenant.ids["day"],
            "version": 2,
        },
    }


def _begun(tenant: Tenant) -> dict[str, Any]:
    return {"state": "IN_PROGRESS", "requestedDate": tenant.today.isoformat()}


BODIES: Mapping[str, Callable[[Tenant], Any]] = {
    "add_fault": lambda tenant: {
        "system": "receiver",
        "kind": "DUPLICATE",
        "subscriptionId": tenant.ids["subscriptionId"],
    },
    "advance_clock": lambda _: {"by": "PT1M"},
    "amend_applicant": lambda tenant: {
        "person": {"niNumber": tenant.ni_number, "emailAddress": "b@example.org"}
    },
    "answer_offer": lambda tenant: {**tenant.body("acceptance"), "niNumber": "PZ900008A"},
    "answer_registration_check": lambda _: {"answer": "FOUND"},
    "apply_for_advert": lambda tenant: {
        **tenant.candidate(7),
        "previousEmployer": {"name": "Another", "odsCode": tenant.ids["odsCode"]},
    },
    "change_client": lambda _: {"name": "Another name"},
    "change_organisation": lambda _: {"autoIat": True},
    "change_position": lambda tenant: {"costCentre": tenant.ids["costCentre"]},
    "change_vacancy_status": lambda _: {"status": "02"},
    "clear_occupational_health": lambda _: {},
    "create_client": lambda _: {"name": "One more"},
    "create_event_subscription": lambda tenant: {"url": f"http://127.0.0.1:9/{tenant.mark}/new"},
    "create_snapshot": lambda tenant: {"name": f"{tenant.mark} {uuid4().hex[:8]}"},
    "create_vacancy": lambda tenant: tenant.body("vacancy"),
    "create_workspace": lambda _: {"name": f"new-{uuid4().hex[:8]}"},
    "decide_match": lambda tenant: {"decision": "LINK", "personId": tenant.ids["personId"]},
    "decide_transfer": lambda _: {"decision": "RELEASE"},
    "hire_applicant": lambda tenant: {"hiredDate": tenant.ids["day"]},
    "make_offer": lambda tenant: tenant.body("nhs-jobs-offer"),
    "publish_esr_vacancy": _vacancy,
    "push_advert": lambda tenant: tenant.body("advert"),
    "put_register_entry": lambda _: {"answer": "NOT_FOUND"},
    "receive_event": _event,
    "record_check_in_esr": _begun,
    "record_employment_check": _begun,
    "record_pre_employment_check": _begun,
    "replay_dead_letters": lambda tenant: {"eventIds": [tenant.ids["eventIds"]]},
    "seed_world": lambda _: {"seed": 3, "organisations": 1, "positionsPerOrganisation": 1},
    "set_clock": lambda _: {"mode": "FROZEN"},
    "set_settings": lambda _: {"journalDetail": "LEDGER", "searchOddities": False},
    "settle_world": lambda _: {"timeoutSeconds": 1},
    "sign_delivery": lambda _: {"url": "http://127.0.0.1:9/", "body": "e30="},
    "submit_applicant": _submission,
    "withdraw_applicant": lambda tenant: tenant.body("withdrawal"),
}
"""By operation: a sound body of the tenant's own."""

REFUSED = {"seed_world": 409, "decide_match": 422, "delete_workspace": 409}
"""Operations that the tenant's own ids do not bring to an end in its world, and what they are answered with."""


def ask(
    tenant: Tenant, operation: Operation, place: Place | None = None, value: Any = None
) -> httpx.Response:
    """The tenant's own request for an operation, with `value` at one place of it."""
    given = {place.pointer[0]: value} if place and place.location != "body" else {}
    path = re.sub(
        r"\{(\w+)\}",
        lambda found: str(given.get(found[1]) or _own(tenant, operation, found[1])),
        operation.path,
    )
    headers = {}
    if "X-Request-ID" in operation.parameters:
        headers["X-Request-ID"] = str(given.get("X-Request-ID", uuid4()))
    if EMPLOYER in operation.parameters:
        is_asked = place is None or place.location != "query"
        own = tenant.ids["odsCode"] if is_asked else None
        named = given.get(EMPLOYER, own)
        headers |= {EMPLOYER: named} if named else {}
    query = {place.pointer[0]: str(value)} if place and place.location == "query" else {}
    if operation.operation_id == "amend_applicant":
        number = given.get("applicantNumber", tenant.ids["applicantNumber"])
        headers["If-Match"] = '"1"' if number != tenant.ids["applicantNumber"] else _version(tenant)
    content = None
    if operation.media_type is not None:
        body = BODIES[operation.operation_id](tenant)
        if place and place.location == "body":
            body = put(body, place.pointer, value)
        content = orjson.dumps(body)
        headers["Content-Type"] = operation.media_type
    workspace = tenant.workspace
    url = f"{workspace.url}/w/{workspace.name}{operation.base}{path}"
    if operation.system == "receiver":
        headers |= signature(tenant, url, content or b"")
    if operation.secured and operation.system != "control":
        headers["Authorization"] = f"Bearer {workspace.token}"
    client = workspace.control
    return client.request(operation.method, url, params=query, content=content, headers=headers)


def _own(tenant: Tenant, operation: Operation, name: str) -> Any:
    if operation.operation_id == "delete_client" and not tenant.operator:
        # What is deleted comes back with no snapshot.
        return tenant.client()
    particular = {"checkType": "dbs", "registrationBody": "09", "codeListId": "gender"}
    if operation.operation_id in tenant.ids and name in ("applicantNumber", "advertId"):
        return tenant.ids[operation.operation_id]
    if operation.operation_id in tenant.ids and name in ("applicationId", "vacancyReference"):
        return tenant.ids[operation.operation_id]
    kind = PARTICULAR.get((operation.operation_id, name)) or KINDS.get(name, name)
    return particular.get(name) or tenant.ids[kind]


def _version(tenant: Tenant) -> str:
    return f'"{tenant.workspace.read(tenant.ids["applicantNumber"])["version"]}"'


def signature(tenant: Tenant, url: str, content: bytes) -> dict[str, str]:
    """The headers with which the tenant's ESR signs a delivery."""
    wanted = {"url": url, "body": b64encode(content).decode()}
    answer = tenant.workspace.control.post("/esr/event-signatures", json=wanted)
    assert answer.status_code == 200, answer.text
    signed = ("content-digest", "signature-input", "signature")
    return {name: answer.json()["headers"][name] for name in signed}


def put(body: Any, steps: tuple[str, ...], value: Any) -> Any:
    """The body with `value` at a place, made where it is not there."""
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if step == "*":
        return [put(body[0] if body else {}, rest, value)]
    held = dict(body or {})
    return {**held, step: put(held.get(step), rest, value)}
