"""NHS Jobs does not do what it says: its answers, its adverts and applications, what it tells ESR, and what it hears from it."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import uuid4

from sandbox.conformance.gallery.deviation import Deviation, together
from sandbox.conformance.gallery.named.defect import defect
from sandbox.conformance.gallery.named.esr_requests import id_without_message
from sandbox.conformance.gallery.patching import attribute, instead, rebound, row
from sandbox.conformance.gallery.proxy import altered, answers, dropped, each, mapped, put
from sandbox.conformance.gallery.rule_rows.nhs_jobs import offered_again
from sandbox.conformance.operations import EMPLOYER
from sandbox.nhsjobs import search_xml
from sandbox.nhsjobs.domain import adverts as advert_rules
from sandbox.nhsjobs.domain import applications, offers, search
from sandbox.nhsjobs.service import adverts, esr, events
from sandbox.nhsjobs.service import applications as application_service
from sandbox.nhsjobs.service import offers as offer_service
from sandbox.nhsjobs.service import pre_employment_checks as checks
from sandbox.nhsjobs.service.employers import known_employer
from sandbox.nhsjobs.store import applications as application_store
from sandbox.nhsjobs.store import pre_employment_checks as check_store
from sandbox.nhsjobs.store import search as board
from sandbox.nhsjobs.store.employers import Employer
from sandbox.outbox.store import enqueue
from sandbox.web import cursor, outcomes
from sandbox.web.call import Call
from sandbox.web.reply import Reply

_CONTRACT = "NHSJ-CON-001"
_SEARCHES = ("search_adverts", "search_adverts_xml")


def _nothing(*_given: Any) -> None:
    """Does nothing."""


def _employer_of_writes(call: Call) -> Any:
    return None if call.method == "GET" else call.argument(EMPLOYER)


def _published_at_once(advert: dict[str, Any]) -> dict[str, Any]:
    return {**advert, "status": "PUBLISHED"}


def _text_salary(advert: dict[str, Any]) -> dict[str, Any]:
    salary = {name: str(value) for name, value in advert.get("salary", {}).items()}
    return {**advert, "salary": salary} if salary else advert


def _new_request_id(put: Callable[..., Any]) -> Callable[..., Any]:
    def enqueued(*given: Any, headers: dict[str, str], lane: str, **named: Any) -> Any:
        put(*given, headers=headers, lane=lane, **named)
        again = {**headers, "X-Request-ID": str(uuid4())}
        return put(*given, headers=again, lane=lane, **named)

    return enqueued


def _newest_first(taken: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *given: list(reversed(list(taken(*given))))


def _reasonless(document: dict[str, Any]) -> dict[str, Any]:
    told = document.get("esr", {})
    confirmation = told.get("confirmation")
    if confirmation is None:
        return document
    return {**document, "esr": {**told, "confirmation": {**confirmation, "messages": []}}}


def _numberless(document: dict[str, Any]) -> dict[str, Any]:
    told = {
        name: value for name, value in document.get("esr", {}).items() if name == "confirmation"
    }
    return {**document, "esr": told} if "esr" in document else document


def _unescaped_order(made: Callable[..., Any]) -> Callable[..., Any]:
    """The elements of each advert in the order of the alphabet."""

    def document(listed: list[dict[str, Any]], pages: int, results: int) -> bytes:
        whole: bytes = made(listed, pages, results)
        return whole.replace(b"<reference>", b"<vacancyReference>").replace(
            b"</reference>", b"</vacancyReference>"
        )

    return document


def _total_lost(made: Callable[..., Any]) -> Callable[..., Any]:
    return lambda listed, _pages, results: made(listed, results, 0)


def _utc_post_date(_local: Callable[..., Any]) -> Callable[..., Any]:
    return lambda advert: str(advert["postDate"])


def _skips_one(page_of: Callable[..., Any]) -> Callable[..., Any]:
    def paged(name: str, rows: list[Any], limit: int, *rest: Any) -> Any:
        page = page_of(name, rows, limit, *rest)
        if len(rows) > limit:
            page["next"] = cursor.encode_cursor(rows[limit][0])
        return page

    return paged


def _no_conflict(call: Call, reply: Reply) -> Reply:
    if reply.status != 409:
        return reply
    return Reply(201, call.raw_body, headers={"Location": call.path})


def _still_published(read: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *given: {**read(*given), "status": "PUBLISHED"}


def _under_another_address(insert: Callable[..., Any]) -> Callable[..., Any]:
    """The database takes one application of an address for an advert."""

    def inserted(connection: Any, name: str, application: dict[str, Any], beside: Any) -> None:
        candidate = {**application["candidate"], "emailAddress": f"{uuid4().hex}@example.org"}
        insert(connection, name, {**application, "candidate": candidate}, beside)

    return inserted


def _on_the_first_day(find: Callable[..., Any]) -> Callable[..., Any]:
    def found(*given: Any, **named: Any) -> Any:
        *rest, _today = given
        return find(*rest, date(2000, 1, 1), **named)

    return found


def _broken(_call: Call, reply: Reply) -> Reply:
    page = b"<html><body>Service unavailable</body></html>"
    return Reply(reply.status, page, "text/html") if reply.status >= 400 else reply


DEFECTS: tuple[Deviation, ...] = (
    defect(
        "nhs-jobs.answers.null-for-text",
        "An advert's title is null",
        [_CONTRACT],
        altered("read_advert", put("title", None)),
        operations=["read_advert"],
    ),
    defect(
        "nhs-jobs.answers.enum-typo",
        "An application's status is written OFFERD",
        [_CONTRACT],
        altered("read_application", put("status", "OFFERD")),
        operations=["read_application"],
    ),
    defect(
        "nhs-jobs.answers.number-as-text",
        "The least and the highest salary are texts",
        [_CONTRACT],
        altered("search_adverts", each("vacancies", _text_salary)),
        operations=["search_adverts"],
    ),
    defect(
        "nhs-jobs.answers.field-renamed",
        "An offer's startDate is called start_date",
        [_CONTRACT],
        altered(
            "read_offer",
            lambda offer: {
                ("start_date" if name == "startDate" else name): value
                for name, value in offer.items()
            },
        ),
        operations=["read_offer"],
    ),
    defect(
        "nhs-jobs.answers.list-for-object",
        "The checks of an application come as a bare list",
        [_CONTRACT],
        altered("list_pre_employment_checks", mapped("preEmploymentChecks", lambda _all: {})),
        operations=["list_pre_employment_checks"],
    ),
    defect(
        "nhs-jobs.answers.html-error-page",
        "A refusal is a page of HTML",
        [_CONTRACT],
        answers(("push_advert", "read_advert", "read_application"), _broken),
        operations=["push_advert", "read_advert", "read_application"],
    ),
    defect(
        "nhs-jobs.adverts.published-at-once",
        "An advert that is pushed is published without a person",
        ["NHSJ-ADV-001"],
        altered(("push_advert", "read_advert"), _published_at_once),
    ),
    defect(
        "nhs-jobs.adverts.no-vacancy",
        "ESR is not asked for the vacancy of an advert",
        ["NHSJ-ADV-010"],
        instead(esr.send_vacancy, lambda _send: _nothing),
    ),
    defect(
        "nhs-jobs.adverts.made-twice",
        "A vacancy of ESR makes no advert when it is told",
        ["NHSJ-ADV-011"],
        row(events._APPLY, "vacancy.published", lambda *_given: None),  # noqa: SLF001
    ),
    defect(
        "nhs-jobs.adverts.closed-late",
        "An advert stays published when its closing date has passed",
        ["NHSJ-ADV-012"],
        instead(advert_rules.seen_on, lambda _seen: lambda advert, _today: advert),
    ),
    defect(
        "nhs-jobs.adverts.employer-unknown",
        "An advert is taken for whomever it is pushed",
        ["NHSJ-ADV-002"],
        instead(
            known_employer,
            lambda _known: lambda _unit, ods_code: Employer(ods_code, "999", ods_code),
        ),
    ),
    defect(
        "nhs-jobs.adverts.reference-again",
        "A second advert with a reference that is in use is answered as the first one was",
        ["NHSJ-ADV-003"],
        answers("push_advert", _no_conflict),
    ),
    defect(
        "nhs-jobs.applications.after-closing",
        "Somebody can apply for an advert that is closed",
        ["NHSJ-APL-001"],
        attribute(application_service, "read_advert", _still_published(adverts.read_advert)),
    ),
    defect(
        "nhs-jobs.applications.twice",
        "A candidate applies twice for one advert",
        ["NHSJ-APL-002"],
        together(
            attribute(application_store, "find_by_candidate", lambda *_given: None),
            attribute(
                application_store,
                "insert_application",
                _under_another_address(application_store.insert_application),
            ),
        ),
    ),
    defect(
        "nhs-jobs.applications.never-sent",
        "A candidate who has accepted is not sent to ESR",
        ["NHSJ-APL-007"],
        instead(application_service.submit_to_esr, lambda _submit: _nothing),
    ),
    defect(
        "nhs-jobs.applications.waiting-forgotten",
        "Who accepted before ESR had the vacancy is never sent",
        ["NHSJ-APL-007"],
        instead(application_service.submit_waiting, lambda _submit: _nothing),
    ),
    defect(
        "nhs-jobs.applications.sent-twice",
        "What ESR is told is sent a second time under another X-Request-ID",
        ["NHSJ-APL-007"],
        attribute(esr, "enqueue", _new_request_id(enqueue)),
    ),
    defect(
        "nhs-jobs.applications.reasons-lost",
        "It is not shown why ESR rejected an applicant",
        ["NHSJ-APL-008"],
        altered(("read_application",), _reasonless),
    ),
    defect(
        "nhs-jobs.applications.numbers-lost",
        "ESR's numbers of an applicant are not shown",
        ["NHSJ-APL-008"],
        altered(("read_application",), _numberless),
    ),
    defect(
        "nhs-jobs.applications.start-date-stays",
        "A start date that ESR changed is not taken over",
        ["NHSJ-APL-009"],
        instead(offer_service.move_start_date, lambda _move: _nothing),
    ),
    defect(
        "nhs-jobs.applications.any-move",
        "A candidate who has an offer is given another",
        ["NHSJ-APL-006"],
        offered_again(applications.Status.OFFERED),
    ),
    defect(
        "nhs-jobs.offers.answer-changed",
        "A candidate who has declined can accept",
        ["NHSJ-OFF-005"],
        together(
            row(
                offers.LIFE_CYCLE,
                (offers.Status.DECLINED, offers.Answer.ACCEPT),
                offers.Status.ACCEPTED,
            ),
            row(
                applications.LIFE_CYCLE,
                (applications.Status.OFFER_DECLINED, applications.Act.ACCEPT),
                applications.Status.OFFER_ACCEPTED,
            ),
        ),
    ),
    defect(
        "nhs-jobs.checks.out-of-order",
        "Checks that waited for the applicant's number are forwarded newest first",
        ["NHSJ-CHK-007"],
        attribute(check_store, "take_waiting", _newest_first(check_store.take_waiting)),
    ),
    defect(
        "nhs-jobs.checks.not-forwarded",
        "Checks that were recorded before ESR had the applicant stay in NHS Jobs",
        ["NHSJ-CHK-007"],
        instead(checks.forward_waiting, lambda _forward: _nothing),
    ),
    defect(
        "nhs-jobs.checks.refusal-hidden",
        "It is not shown what ESR refused a check for",
        ["NHSJ-CHK-008"],
        altered("list_pre_employment_checks", each("preEmploymentChecks", dropped("problem"))),
    ),
    defect(
        "nhs-jobs.checks.refused-as-sent",
        "A check that ESR refused is shown as sent",
        ["NHSJ-CHK-008"],
        altered(
            "list_pre_employment_checks",
            each(
                "preEmploymentChecks",
                mapped("sentToEsr", lambda told: "SENT" if told == "REFUSED" else told),
            ),
        ),
    ),
    defect(
        "nhs-jobs.checks.not-taken-over",
        "What ESR says of a check is not taken over",
        ["NHSJ-CHK-009"],
        instead(checks.take_over, lambda _take: _nothing),
    ),
    defect(
        "nhs-jobs.requests.id-ignored",
        "A message that is sent again is taken for a new one",
        ["NHSJ-REQ-001"],
        together(
            rebound(outcomes.find_outcome, _nothing),
            rebound(outcomes.keep_outcome, _nothing),
        ),
    ),
    defect(
        "nhs-jobs.requests.id-without-message",
        "Another message under a known X-Request-ID gets the first one's answer",
        ["NHSJ-REQ-002"],
        id_without_message(),
    ),
    defect(
        "nhs-jobs.requests.tenant-ignored",
        "A read shows what belongs to another employer than the one who is named",
        ["NHSJ-REQ-006"],
        attribute(Call, "employer", property(_employer_of_writes)),
    ),
    defect(
        "nhs-jobs.requests.cursor-skips",
        "Each page of a list leaves out the first item of the next one",
        ["NHSJ-REQ-009"],
        instead(cursor.page_of, _skips_one),
    ),
    defect(
        "nhs-jobs.search.closed-found",
        "The search finds adverts that are closed",
        ["NHSJ-SEA-001"],
        together(
            attribute(board, "take_off_board", _nothing),
            attribute(board, "search", _on_the_first_day(board.search)),
        ),
    ),
    defect(
        "nhs-jobs.search.element-renamed",
        "The XML search calls the reference vacancyReference",
        ["NHSJ-SEA-002"],
        instead(search_xml.search_document, _unescaped_order),
    ),
    defect(
        "nhs-jobs.search.totals-wrong",
        "The XML search tells wrong totals",
        ["NHSJ-SEA-002"],
        instead(search_xml.search_document, _total_lost),
    ),
    defect(
        "nhs-jobs.search.zone-in-date",
        "The XML search writes the day of publication with a zone",
        ["NHSJ-SEA-002"],
        instead(search.local_post_date, _utc_post_date),
    ),
    defect(
        "nhs-jobs.search.limit-refused",
        "A limit above 100 gives fewer adverts than 100",
        ["NHSJ-SEA-003"],
        attribute(search, "LARGEST_PAGE", 1),
    ),
)
