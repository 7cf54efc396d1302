"""Every refusal: one symbol per code, one exception, one shape on the wire.

A code never changes once published. What each means to a supplier stands in `openapi/components/problem-codes.yaml`;
a test compares the two.
"""

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any


class Code(StrEnum):
    """The stable codes of refusals and of messages about applicants."""

    # The request as such
    CONTRACT_VIOLATION = "CONTRACT_VIOLATION"
    REQUEST_MALFORMED = "REQUEST_MALFORMED"
    BODY_MALFORMED = "BODY_MALFORMED"
    TOKEN_MISSING = "TOKEN_MISSING"
    TOKEN_INVALID = "TOKEN_INVALID"
    OPERATOR_ONLY = "OPERATOR_ONLY"
    SIGNATURE_MISSING = "SIGNATURE_MISSING"
    SIGNATURE_INVALID = "SIGNATURE_INVALID"
    NOT_FOUND = "NOT_FOUND"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    REQUEST_TOO_SLOW = "REQUEST_TOO_SLOW"
    BODY_TOO_LARGE = "BODY_TOO_LARGE"
    ADDRESS_TOO_LONG = "ADDRESS_TOO_LONG"
    MEDIA_TYPE_UNSUPPORTED = "MEDIA_TYPE_UNSUPPORTED"
    REQUEST_ID_REUSED = "REQUEST_ID_REUSED"
    RATE_LIMITED = "RATE_LIMITED"
    QUOTA_REACHED = "QUOTA_REACHED"
    HEADERS_TOO_LARGE = "HEADERS_TOO_LARGE"
    INTERNAL_ERROR = "INTERNAL_ERROR"
    SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"
    # The state that is met
    STATE_FORBIDS = "STATE_FORBIDS"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    APPLICANT_EXISTS = "APPLICANT_EXISTS"
    VERSION_MISSING = "VERSION_MISSING"
    VERSION_STALE = "VERSION_STALE"
    # Rules of ESR
    APPLICANT_REFUSED = "APPLICANT_REFUSED"
    CHECK_REFUSED = "CHECK_REFUSED"
    SUPPLIER_REFERENCE_TAKEN = "SUPPLIER_REFERENCE_TAKEN"
    POSTCODE_INVALID = "POSTCODE_INVALID"
    EMPLOYER_UNKNOWN = "EMPLOYER_UNKNOWN"
    EMPLOYER_NOT_NAMED = "EMPLOYER_NOT_NAMED"
    EMPLOYER_NOT_ENABLED = "EMPLOYER_NOT_ENABLED"
    INTERFACE_NOT_ENABLED = "INTERFACE_NOT_ENABLED"
    POSITION_UNKNOWN = "POSITION_UNKNOWN"
    POSITION_DELETED = "POSITION_DELETED"
    VACANCY_UNKNOWN = "VACANCY_UNKNOWN"
    VACANCY_NOT_OPEN = "VACANCY_NOT_OPEN"
    POSITION_NOT_OF_VACANCY = "POSITION_NOT_OF_VACANCY"
    JOB_ROLE_UNKNOWN = "JOB_ROLE_UNKNOWN"
    JOB_ROLE_NOT_IN_STAFF_GROUP = "JOB_ROLE_NOT_IN_STAFF_GROUP"
    JOB_ROLE_DIFFERS_FROM_POSITION = "JOB_ROLE_DIFFERS_FROM_POSITION"
    CODE_UNKNOWN = "CODE_UNKNOWN"
    CODE_RETIRED = "CODE_RETIRED"
    NI_NUMBER_INVALID = "NI_NUMBER_INVALID"
    NI_NUMBER_ABSENT = "NI_NUMBER_ABSENT"
    BIRTH_NOT_BEFORE_OFFER = "BIRTH_NOT_BEFORE_OFFER"
    TOO_YOUNG_TO_START = "TOO_YOUNG_TO_START"
    OFFER_AFTER_ACCEPTANCE = "OFFER_AFTER_ACCEPTANCE"
    OFFER_AFTER_START = "OFFER_AFTER_START"
    ACCEPTANCE_AFTER_START = "ACCEPTANCE_AFTER_START"
    END_BEFORE_START = "END_BEFORE_START"
    REGISTRATION_NUMBER_INVALID = "REGISTRATION_NUMBER_INVALID"
    CHECK_OUTCOME_MISSING = "CHECK_OUTCOME_MISSING"
    CHECK_OUTCOME_TOO_SOON = "CHECK_OUTCOME_TOO_SOON"
    CHECK_DETAILS_MISPLACED = "CHECK_DETAILS_MISPLACED"
    CHECK_DATES_OUT_OF_ORDER = "CHECK_DATES_OUT_OF_ORDER"
    SUBSCRIPTION_ADDRESS_REFUSED = "SUBSCRIPTION_ADDRESS_REFUSED"
    # Who a person is
    MATCHED_EMPLOYEE = "MATCHED_EMPLOYEE"
    MATCHED_EMPLOYEE_ELSEWHERE = "MATCHED_EMPLOYEE_ELSEWHERE"
    MATCHED_EX_EMPLOYEE = "MATCHED_EX_EMPLOYEE"
    MATCHED_APPLICANT = "MATCHED_APPLICANT"
    MATCHED_EX_APPLICANT = "MATCHED_EX_APPLICANT"
    MATCHED_FORMER_NAME = "MATCHED_FORMER_NAME"
    MATCH_UNDER_REVIEW = "MATCH_UNDER_REVIEW"
    MATCH_AMBIGUOUS = "MATCH_AMBIGUOUS"
    PERSON_CONFLICTS = "PERSON_CONFLICTS"
    PERSON_UNCERTAIN = "PERSON_UNCERTAIN"
    PERSON_AMBIGUOUS = "PERSON_AMBIGUOUS"
    INTERNAL_CANDIDATE_LINKED = "INTERNAL_CANDIDATE_LINKED"
    INTERNAL_CANDIDATE_UNKNOWN = "INTERNAL_CANDIDATE_UNKNOWN"
    MATCH_NOT_SETTLED = "MATCH_NOT_SETTLED"
    WITHDRAWAL_AFTER_HIRE = "WITHDRAWAL_AFTER_HIRE"
    START_CHANGE_AFTER_HIRE = "START_CHANGE_AFTER_HIRE"
    REINSTATEMENT_REFUSED = "REINSTATEMENT_REFUSED"
    # Positions over time, and values in codes
    POSITION_NOT_HIRING = "POSITION_NOT_HIRING"
    POSITION_NOT_EFFECTIVE_YET = "POSITION_NOT_EFFECTIVE_YET"
    POSITION_ENDED = "POSITION_ENDED"
    POSITION_HELD = "POSITION_HELD"
    POSITION_FULL = "POSITION_FULL"
    SENT_TOO_EARLY = "SENT_TOO_EARLY"
    SENT_TOO_LATE = "SENT_TOO_LATE"
    CODE_MISMAPPED = "CODE_MISMAPPED"
    CODE_RETIRED_KEPT = "CODE_RETIRED_KEPT"
    VALUE_REPLACED = "VALUE_REPLACED"
    # Employment checks under a profile
    CHECK_NOT_SUPPORTED = "CHECK_NOT_SUPPORTED"
    CHECK_WRONG_DIRECTION = "CHECK_WRONG_DIRECTION"
    CHECK_NOT_STARTED = "CHECK_NOT_STARTED"
    REGISTRATION_ALREADY_RECORDED = "REGISTRATION_ALREADY_RECORDED"
    RIGHT_TO_WORK_EXPIRY_MISSING = "RIGHT_TO_WORK_EXPIRY_MISSING"
    RIGHT_TO_WORK_NOT_LIMITED = "RIGHT_TO_WORK_NOT_LIMITED"
    FOLLOW_UP_TOO_LATE = "FOLLOW_UP_TOO_LATE"
    DBS_LEVEL_TOO_LOW = "DBS_LEVEL_TOO_LOW"
    DBS_BARRED_LIST_MISSING = "DBS_BARRED_LIST_MISSING"
    DBS_CERTIFICATE_MISSING = "DBS_CERTIFICATE_MISSING"
    DBS_ISSUED_AFTER_COMPLETION = "DBS_ISSUED_AFTER_COMPLETION"
    HISTORY_NOT_COVERED = "HISTORY_NOT_COVERED"
    WORK_HEALTH_CONTRADICTS = "WORK_HEALTH_CONTRADICTS"
    ALERT_NOTICE_CONTRADICTS = "ALERT_NOTICE_CONTRADICTS"
    # Files of the hourly interface
    FILE_UNREADABLE = "FILE_UNREADABLE"
    FILE_NAME_UNKNOWN = "FILE_NAME_UNKNOWN"
    FILE_TYPE_UNKNOWN = "FILE_TYPE_UNKNOWN"
    FILE_INTERFACE_OFF = "FILE_INTERFACE_OFF"
    FILE_TOO_LARGE = "FILE_TOO_LARGE"
    FILE_VPD_WRONG = "FILE_VPD_WRONG"
    FILE_ENCODING = "FILE_ENCODING"
    FILE_EMPTY = "FILE_EMPTY"
    FILE_TRUNCATED = "FILE_TRUNCATED"
    FILE_HEADER_INVALID = "FILE_HEADER_INVALID"
    FILE_HEADER_DISAGREES = "FILE_HEADER_DISAGREES"
    FILE_VERSION_UNKNOWN = "FILE_VERSION_UNKNOWN"
    FILE_FROM_FUTURE = "FILE_FROM_FUTURE"
    FILE_COUNT_WRONG = "FILE_COUNT_WRONG"
    FILE_DUPLICATE = "FILE_DUPLICATE"
    FILE_SEQUENCE_REPEATED = "FILE_SEQUENCE_REPEATED"
    FILE_SEQUENCE_GAP = "FILE_SEQUENCE_GAP"
    FILE_POSITION_CROWDED = "FILE_POSITION_CROWDED"
    FILE_ROW_INVALID = "FILE_ROW_INVALID"
    FILE_ROW_STALE = "FILE_ROW_STALE"
    CHECK_UNCHANGED = "CHECK_UNCHANGED"
    # Rules of NHS Jobs
    CANDIDATE_DETAILS_MISSING = "CANDIDATE_DETAILS_MISSING"
    ADVERT_EXISTS = "ADVERT_EXISTS"
    CLOSE_DATE_PAST = "CLOSE_DATE_PAST"
    SALARY_RANGE_REVERSED = "SALARY_RANGE_REVERSED"
    PAGE_OUT_OF_RANGE = "PAGE_OUT_OF_RANGE"
    # Powers of the sandbox
    CLOCK_BACKWARDS = "CLOCK_BACKWARDS"
    SETTING_INVALID = "SETTING_INVALID"
    SNAPSHOT_OF_ANOTHER_VERSION = "SNAPSHOT_OF_ANOTHER_VERSION"


_STATUSES = {
    Code.CONTRACT_VIOLATION: 400,
    Code.REQUEST_MALFORMED: 400,
    Code.BODY_MALFORMED: 400,
    Code.PAGE_OUT_OF_RANGE: 400,
    Code.EMPLOYER_NOT_NAMED: 400,
    Code.TOKEN_MISSING: 401,
    Code.TOKEN_INVALID: 401,
    Code.SIGNATURE_MISSING: 401,
    Code.SIGNATURE_INVALID: 401,
    Code.OPERATOR_ONLY: 403,
    Code.EMPLOYER_NOT_ENABLED: 403,
    Code.NOT_FOUND: 404,
    Code.METHOD_NOT_ALLOWED: 405,
    Code.STATE_FORBIDS: 409,
    Code.ALREADY_EXISTS: 409,
    Code.APPLICANT_EXISTS: 409,
    Code.SUPPLIER_REFERENCE_TAKEN: 409,
    Code.MATCH_NOT_SETTLED: 409,
    Code.WITHDRAWAL_AFTER_HIRE: 409,
    Code.START_CHANGE_AFTER_HIRE: 409,
    Code.REINSTATEMENT_REFUSED: 409,
    Code.ADVERT_EXISTS: 409,
    Code.SNAPSHOT_OF_ANOTHER_VERSION: 409,
    Code.VERSION_STALE: 412,
    Code.REQUEST_TOO_SLOW: 408,
    Code.BODY_TOO_LARGE: 413,
    Code.ADDRESS_TOO_LONG: 414,
    Code.MEDIA_TYPE_UNSUPPORTED: 415,
    Code.VERSION_MISSING: 428,
    Code.RATE_LIMITED: 429,
    Code.QUOTA_REACHED: 429,
    Code.HEADERS_TOO_LARGE: 431,
    Code.INTERNAL_ERROR: 500,
    Code.SERVICE_UNAVAILABLE: 503,
}
_RULE_REFUSES = 422


def status_of(code: Code) -> int:
    """The HTTP status that a code is answered with; 422 for every rule that has no status of its own."""
    return _STATUSES.get(code, _RULE_REFUSES)


@dataclass(frozen=True, slots=True)
class Place:
    """One fault of a request: `location` is body, query, path or header; `pointer` a JSON pointer or a name."""

    location: str
    pointer: str
    detail: str
    code: Code | None = None


class Refusal(Exception):
    """A request that is refused. Raised anywhere, answered as application/problem+json in one place."""

    def __init__(
        self,
        code: Code,
        detail: str,
        *,
        places: tuple[Place, ...] = (),
        confirmation: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.places = places
        self.confirmation = confirmation
        self.headers = headers or {}
        self.status = status or status_of(code)

    def document(self, instance: str | None) -> dict[str, Any]:
        """The problem (RFC 9457) about the request for the path `instance`; None where no path could be read."""
        problem: dict[str, Any] = {
            "type": "about:blank",
            "title": _title(self.status),
            "status": self.status,
            "code": str(self.code),
            "detail": self.detail[:1000],
        }
        if instance is not None:
            problem["instance"] = instance[:2000]
        if self.places:
            problem["errors"] = [
                {
                    "location": place.location,
                    "pointer": place.pointer[:1000],
                    "detail": place.detail[:500],
                    **({"code": str(place.code)} if place.code else {}),
                }
                for place in self.places[:100]
            ]
        if self.confirmation is not None:
            problem["confirmation"] = self.confirmation
        return problem


def not_found(noun: str, identifier: object) -> Refusal:
    """The refusal for what is unknown, or another tenant's: the two are not told apart."""
    return Refusal(Code.NOT_FOUND, f"There is no {noun} {identifier}.")


def _title(status: int) -> str:
    # RFC 9110 renamed three phrases that Python before 3.13 gives in their old form.
    renamed = {
        413: "Content Too Large",
        414: "URI Too Long",
        422: "Unprocessable Content",
    }
    try:
        return renamed.get(status) or HTTPStatus(status).phrase
    except ValueError:  # A status that no RFC names: only a fault that a test asks for has one.
        return "Unassigned"
