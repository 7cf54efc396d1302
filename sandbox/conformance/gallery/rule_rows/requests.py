"""Rows about requests: the headers that each operation asks for, what is mirrored, what stands once, the status of each code."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from uuid import uuid4

from sandbox.conformance.gallery.deviation import Apply, Deviation
from sandbox.conformance.gallery.patching import attribute, rebound, row, without
from sandbox.conformance.gallery.rule_rows.generated import ESR, NHS_JOBS, deviation
from sandbox.conformance.operations import EMPLOYER, Operation, Operations
from sandbox.contracts import load_contract
from sandbox.contracts.requirements import load_requirements
from sandbox.contracts.schema import resolve
from sandbox.database import Transaction
from sandbox.errors import _STATUSES, Code, Refusal, status_of
from sandbox.esr.domain.check_profiles import CELLS
from sandbox.esr.domain.employment_checks import UPDATE_RULES
from sandbox.esr.store.organisations import list_organisations
from sandbox.identity.bearer import Bearer
from sandbox.nhsjobs.domain.adverts import PUSH_RULES
from sandbox.nhsjobs.domain.applications import APPLY_RULES
from sandbox.nhsjobs.domain.offers import ANSWER_RULES, OFFER_RULES
from sandbox.nhsjobs.domain.pre_employment_checks import UPDATE_RULES as CHECK_RULES
from sandbox.rules import Rule
from sandbox.web import front
from sandbox.web.call import Call

Authenticate = Callable[[Bearer, Call], Awaitable[None]]
_REQUEST_ID = "X-Request-ID"
# By role: what asks for the token, the request id and the employer, and what has a header given back.
_ASKED_FOR: dict[str, dict[str, tuple[str, ...]]] = {
    ESR: {
        "token": ("ESR-REQ-018",),
        _REQUEST_ID: ("ESR-REQ-001", "ESR-REQ-020"),
        EMPLOYER: ("ESR-REQ-010",),
        "mirrored": ("ESR-REQ-008",),
    },
    NHS_JOBS: {
        "token": ("NHSJ-REQ-005",),
        _REQUEST_ID: ("NHSJ-REQ-003",),
        EMPLOYER: ("NHSJ-REQ-004",),
        "mirrored": ("NHSJ-REQ-008",),
    },
}
_SHIFTED = {
    400: 422,
    401: 403,
    404: 410,
    405: 404,
    409: 422,
    412: 409,
    413: 400,
    415: 400,
    422: 409,
    428: 412,
    429: 503,
    500: 503,
    503: 500,
}
_NOT_OF_A_SUBJECT = frozenset(
    {
        # Powers of the sandbox.
        Code.CLOCK_BACKWARDS,
        Code.SNAPSHOT_OF_ANOTHER_VERSION,
        Code.OPERATOR_ONLY,
        # The client of a certification may act for every employer.
        Code.EMPLOYER_NOT_ENABLED,
        Code.EMPLOYER_NOT_NAMED,
        # What is refused before it has reached an operation, which no case can send.
        Code.REQUEST_MALFORMED,
        Code.REQUEST_TOO_SLOW,
        Code.ADDRESS_TOO_LONG,
        Code.HEADERS_TOO_LARGE,
        # What a receiver of deliveries answers.
        Code.SIGNATURE_MISSING,
        Code.SIGNATURE_INVALID,
        # The sandbox's own failure, which nobody can bring about; a fault that is asked for names its status itself.
        Code.INTERNAL_ERROR,
        Code.RATE_LIMITED,
        Code.SERVICE_UNAVAILABLE,
    }
)
_RULES: tuple[Rule[Any], ...] = (
    *PUSH_RULES,
    *APPLY_RULES,
    *OFFER_RULES,
    *ANSWER_RULES,
    *CHECK_RULES,
)
# By role: the codes without a status of their own that refuse a call alone; ESR tells the others within APPLICANT_REFUSED.
_ALONE: dict[str, set[Code]] = {
    ESR: {
        *(rule.code for rule in UPDATE_RULES),
        *(cell.refused for cell in CELLS.values() if cell.refused),
        Code.APPLICANT_REFUSED,
        Code.CHECK_REFUSED,
        Code.EMPLOYER_UNKNOWN,
        Code.INTERFACE_NOT_ENABLED,
        Code.POSITION_UNKNOWN,
        Code.POSITION_DELETED,
        Code.POSITION_NOT_HIRING,
        Code.POSITION_NOT_EFFECTIVE_YET,
        Code.POSITION_ENDED,
        Code.ACCEPTANCE_AFTER_START,
        Code.END_BEFORE_START,
        Code.REGISTRATION_ALREADY_RECORDED,
        Code.CLOSE_DATE_PAST,
    },
    NHS_JOBS: {*(rule.code for rule in _RULES), Code.EMPLOYER_UNKNOWN},
}


def rows() -> Iterator[Deviation]:
    """Every row."""
    for role, asked_for in _ASKED_FOR.items():
        yield from _headers(role, asked_for)
        for name in front._MIRRORED:  # noqa: SLF001
            title = f"{name} is not given back"
            apply = without(front._MIRRORED, name)  # noqa: SLF001
            yield deviation(role, "mirrored-headers", (name,), title, asked_for["mirrored"], apply)
    for header in sorted(front._ONCE):  # noqa: SLF001
        title = f"{header.decode()} may stand in a request twice"
        apply = rebound(front._ONCE, front._ONCE - {header})  # noqa: SLF001
        names = ["ESR-REQ-027"]
        yield deviation(ESR, "single-headers", (header.decode(),), title, names, apply)
    yield from _statuses()


def _headers(role: str, asked_for: dict[str, tuple[str, ...]]) -> Iterator[Deviation]:
    contract = load_contract(role)
    for operation in Operations([contract]).of(role):
        if not operation.secured:
            continue
        title = f"{operation.name} is served without a token"
        apply = _authenticated(_without_token(operation.name))
        key = (operation.name, "token")
        yield deviation(role, "asked-headers", key, title, asked_for["token"], apply)
        for header in _required(operation, contract.document):
            title = f"{operation.name} is served without {header}"
            apply = _authenticated(_with_default(operation.name, header))
            key = (operation.name, header)
            yield deviation(role, "asked-headers", key, title, asked_for[header], apply)


def _required(operation: Operation, document: dict[str, Any]) -> list[str]:
    shared = document["paths"][operation.path].get("parameters", [])
    given = [
        resolve(item, document) for item in (*shared, *operation.definition.get("parameters", []))
    ]
    return [item["name"] for item in given if item["in"] == "header" and item.get("required")]


def _authenticated(change: Callable[[Authenticate], Authenticate]) -> Apply:
    return attribute(Bearer, "authenticate", change(Bearer.authenticate))


def _without_token(operation: str) -> Callable[[Authenticate], Authenticate]:
    def change(authenticate: Authenticate) -> Authenticate:
        async def lenient(bearer: Bearer, call: Call) -> None:
            try:
                await authenticate(bearer, call)
            except Refusal as refusal:
                if call.operation_id != operation or refusal.code != Code.TOKEN_MISSING:
                    raise
                call.client = "supplier"

        return lenient

    return change


def _with_default(operation: str, header: str) -> Callable[[Authenticate], Authenticate]:
    """Reads the header into a request that lacks it, before the request is held against the contract."""

    def change(authenticate: Authenticate) -> Authenticate:
        async def filling(bearer: Bearer, call: Call) -> None:
            await authenticate(bearer, call)
            if call.operation_id == operation and header.lower() not in call.headers:
                made = str(uuid4()) if header == _REQUEST_ID else await _some_employer(call)
                call.headers[header.lower()] = made

        return filling

    return change


async def _some_employer(call: Call) -> str:
    def read(transaction: Transaction) -> str:
        [first, *_] = list_organisations(transaction.connection, call.workspace)
        return str(first["odsCode"])

    return await asyncio.wrap_future(call.runtime.database.read(read))


def _statuses() -> Iterator[Deviation]:
    named: dict[str, dict[str, list[str]]] = {ESR: {}, NHS_JOBS: {}}
    for item in load_requirements():
        role = NHS_JOBS if item.id.startswith("NHSJ-") else ESR
        for code in item.codes:
            named[role].setdefault(code, []).append(item.id)
    for code in Code:
        if code in _NOT_OF_A_SUBJECT:
            continue
        status = status_of(code)
        other = _SHIFTED[status]
        for role, names in named.items():
            if code in names and (code in _STATUSES or code in _ALONE[role]):
                title = f"{code} is answered with {other}, not {status}"
                apply = row(_STATUSES, code, other)
                yield deviation(role, "statuses", (code,), title, names[code], apply)
