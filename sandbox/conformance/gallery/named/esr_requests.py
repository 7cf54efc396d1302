"""ESR mishandles requests: their ids, versions, tenants, cursors, tokens and bodies."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from sandbox.conformance.gallery.deviation import Apply, Deviation, together
from sandbox.conformance.gallery.named.defect import defect
from sandbox.conformance.gallery.patching import attribute, instead, rebound
from sandbox.conformance.gallery.proxy import EVERY, answers
from sandbox.conformance.operations import EMPLOYER
from sandbox.errors import Code, Refusal
from sandbox.esr.service import applicants as applicant_service
from sandbox.esr.service.employers import enabled_employer
from sandbox.esr.service.organisations import read_organisation
from sandbox.identity.bearer import Bearer
from sandbox.web import cursor, operations, outcomes, validation
from sandbox.web.call import Call
from sandbox.web.reply import Reply

Key = tuple[str, str, str, str]
_UNDIGESTED = "0" * 64


def _kept_nowhere(*_given: Any) -> None:
    """No outcome is known, and none is kept."""


def _one_for_all(call: Callable[..., Any]) -> Callable[..., Any]:
    """The id alone, whoever sent it for whatever operation."""

    def scoped(connection: Any, key: Key, *rest: Any) -> Any:
        return call(connection, (key[0], "", "", key[3]), *rest)

    return scoped


def _undigested(call: Callable[..., Any]) -> Callable[..., Any]:
    def same(connection: Any, key: Key, _digest: str, *rest: Any) -> Any:
        return call(connection, key, _UNDIGESTED, *rest)

    return same


def id_without_message() -> Apply:
    """A request id alone tells an outcome, whatever was sent with it."""
    return together(
        instead(outcomes.find_outcome, _undigested),
        instead(outcomes.keep_outcome, _undigested),
    )


def _only_success(keep: Callable[..., Any]) -> Callable[..., Any]:
    def kept(connection: Any, key: Key, digest: str, reply: Reply) -> None:
        if reply.status < 400:
            keep(connection, key, digest, reply)

    return kept


_used_up: set[tuple[str, str | None]] = set()


def _use_up(call: Call, reply: Reply) -> Reply:
    if reply.status == 400:
        _used_up.add((call.workspace, call.request_id))
    return reply


def _refusing_used(find: Callable[..., Any]) -> Callable[..., Any]:
    def found(connection: Any, key: Key, digest: str) -> Any:
        if (key[0], key[3]) in {(name, (used or "").lower()) for name, used in _used_up}:
            raise Refusal(Code.REQUEST_ID_REUSED, "This X-Request-ID was used up.")
        return find(connection, key, digest)

    return found


def _employer_of_writes(call: Call) -> Any:
    return None if call.method == "GET" else call.argument(EMPLOYER)


def _same_version(store: Callable[..., Any]) -> Callable[..., Any]:
    """The version stays as it is, whatever changes."""

    def stored(unit: Any, before: Any, applicant: dict[str, Any], act: Any) -> Any:
        return store(unit, before, {**applicant, "version": applicant["version"] - 1}, act)

    return stored


def _lenient(decode: Callable[..., int]) -> Callable[..., int]:
    def decoded(given: str | None, *rest: Any) -> int:
        try:
            return decode(given, *rest)
        except Refusal:
            return 0

    return decoded


def _skips_one(page_of: Callable[..., Any]) -> Callable[..., Any]:
    """The next page begins one item too late."""

    def paged(name: str, rows: list[Any], limit: int, *rest: Any) -> Any:
        page = page_of(name, rows, limit, *rest)
        if len(rows) > limit:
            page["next"] = cursor.encode_cursor(rows[limit][0])
        return page

    return paged


def _repeats_one(page_of: Callable[..., Any]) -> Callable[..., Any]:
    """The next page begins with the last item of this one."""

    def paged(name: str, rows: list[Any], limit: int, *rest: Any) -> Any:
        page = page_of(name, rows, limit, *rest)
        if len(rows) > limit:
            page["next"] = cursor.encode_cursor(rows[limit - 1][0] - 1)
        return page

    return paged


def _any_token(authenticate: Callable[..., Any]) -> Callable[..., Any]:
    async def lenient(bearer: Bearer, call: Call) -> None:
        try:
            await authenticate(bearer, call)
        except Refusal as refusal:
            if refusal.code != Code.TOKEN_INVALID:
                raise
            call.client = "supplier"

    return lenient


def _however_old(authenticate: Callable[..., Any]) -> Callable[..., Any]:
    async def lenient(bearer: Bearer, call: Call) -> None:
        try:
            await authenticate(bearer, call)
        except Refusal as refusal:
            if "has expired" not in refusal.detail:
                raise
            call.client = "supplier"

    return lenient


def _any_media(body: Callable[..., Any]) -> Callable[..., Any]:
    def taken(rules: Any, raw: bytes, content_type: str | None) -> Any:
        known = list(rules._bodies)  # noqa: SLF001
        given = (content_type or "").split(";")[0].strip().lower()
        return body(rules, raw, given if given in known or not known else known[0])

    return taken


def _unbounded(read_body: Callable[..., Any]) -> Callable[..., Any]:
    async def read(call: Call, receive: Any) -> Any:
        settings = SimpleNamespace(maximum_body_bytes=10**9)
        unbounded = SimpleNamespace(
            headers=call.headers, runtime=SimpleNamespace(settings=settings)
        )
        return await read_body(unbounded, receive)

    return read


def _unjudged(_rules: Any, *_given: Any) -> list[Any]:
    return []


DEFECTS: tuple[Deviation, ...] = (
    defect(
        "esr.requests.id-ignored",
        "A message that is sent again is taken for a new one",
        ["ESR-REQ-004"],
        together(
            rebound(outcomes.find_outcome, _kept_nowhere),
            rebound(outcomes.keep_outcome, _kept_nowhere),
        ),
    ),
    defect(
        "esr.requests.id-for-everybody",
        "An X-Request-ID counts for every operation and client, not for one",
        ["ESR-REQ-007"],
        together(
            instead(outcomes.find_outcome, _one_for_all),
            instead(outcomes.keep_outcome, _one_for_all),
        ),
    ),
    defect(
        "esr.requests.id-without-message",
        "Another message under a known X-Request-ID gets the first one's answer",
        ["ESR-REQ-003"],
        id_without_message(),
    ),
    defect(
        "esr.requests.refusal-forgotten",
        "A message that was refused is decided anew under the same X-Request-ID",
        ["ESR-REQ-005"],
        instead(outcomes.keep_outcome, _only_success),
    ),
    defect(
        "esr.requests.id-used-up",
        "A request that breaks the contract uses its X-Request-ID up",
        ["ESR-REQ-006"],
        together(answers(EVERY, _use_up), instead(outcomes.find_outcome, _refusing_used)),
    ),
    defect(
        "esr.requests.tenant-ignored",
        "A read shows what belongs to another employer than the one who is named",
        ["ESR-REQ-012"],
        attribute(Call, "employer", property(_employer_of_writes)),
    ),
    defect(
        "esr.requests.interface-ignored",
        "Writes are taken for an employer who has not switched the interface on",
        ["ESR-REQ-013", "ESR-REQ-014"],
        instead(
            enabled_employer,
            lambda _enabled: lambda unit, ods_code, _interface: read_organisation(unit, ods_code),
        ),
    ),
    defect(
        "esr.requests.if-match-ignored",
        "An amendment is taken whatever version it builds on",
        ["ESR-REQ-015", "ESR-REQ-016", "ESR-REQ-017"],
        attribute(applicant_service, "_check_version", lambda *_given: None),
    ),
    defect(
        "esr.requests.if-match-not-asked",
        "An amendment without If-Match is taken",
        ["ESR-REQ-015"],
        instead(
            applicant_service._check_version,  # noqa: SLF001
            lambda check: lambda held, version: None if version is None else check(held, version),
        ),
    ),
    defect(
        "esr.requests.version-stays",
        "The version and the ETag stay the same when an applicant changes",
        ["ESR-REQ-016", "ESR-REQ-017"],
        instead(applicant_service._store, _same_version),  # noqa: SLF001
    ),
    defect(
        "esr.requests.cursor-made-up",
        "A cursor that nobody gave begins the list anew",
        ["ESR-REQ-028"],
        instead(cursor.decode_cursor, _lenient),
    ),
    defect(
        "esr.requests.cursor-skips",
        "Each page of a list leaves out the first item of the next one",
        ["ESR-EVT-007", "ESR-POS-001"],
        together(instead(cursor.page_of, _skips_one), instead(cursor.feed_page_of, _skips_one)),
    ),
    defect(
        "esr.requests.cursor-repeats",
        "Each page of a list begins with the last item of the one before",
        ["ESR-EVT-007", "ESR-POS-001"],
        together(instead(cursor.page_of, _repeats_one), instead(cursor.feed_page_of, _repeats_one)),
    ),
    defect(
        "esr.requests.any-token",
        "A token that nobody was given is taken",
        ["ESR-REQ-019"],
        attribute(Bearer, "authenticate", _any_token(Bearer.authenticate)),
    ),
    defect(
        "esr.requests.expired-token",
        "A token that has expired is taken",
        ["ESR-REQ-048"],
        attribute(Bearer, "authenticate", _however_old(Bearer.authenticate)),
    ),
    defect(
        "esr.requests.any-media-type",
        "A body of whatever media type is taken",
        ["ESR-REQ-024"],
        attribute(validation.RequestRules, "body", _any_media(validation.RequestRules.body)),
    ),
    defect(
        "esr.requests.unbounded",
        "A body of more than 1 MiB is taken",
        ["ESR-REQ-023"],
        instead(operations.read_body, _unbounded),
    ),
    defect(
        "esr.requests.unjudged",
        "What the contract does not describe is taken, and only fails later or not at all",
        ["ESR-REQ-020"],
        attribute(validation, "_faults", _unjudged),
    ),
    defect(
        "esr.requests.any-path",
        "A path that the contract does not have is answered 200",
        ["ESR-REQ-026"],
        answers(
            EVERY,
            lambda _call, reply: (
                Reply(200, b"{}")
                if reply.status == 404 and b"There is nothing at" in reply.body
                else reply
            ),
        ),
    ),
)
