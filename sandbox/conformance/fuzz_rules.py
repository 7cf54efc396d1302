"""What a fuzz run demands: one rule id of ours for each check, and which statuses each operation may answer.

Ids are never reused. A check that is off has its reason here, and a status that is added to the expected ones has its
reason here: the report prints both, so that nobody has to trust the settings of a tool.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FuzzRule:
    """One rule that every exchange of a fuzz run is held to.

    `check` is the name of the check that decides it; `off` is empty, or the reason why the rule is not judged here.
    """

    id: str
    check: str
    title: str
    meaning: str
    off: str = ""


RULES: tuple[FuzzRule, ...] = (
    FuzzRule(
        "ESR-FUZ-001",
        "not_a_server_error",
        "Never a server error",
        "No request, however odd, is answered with a 5xx.",
    ),
    FuzzRule(
        "ESR-FUZ-002",
        "status_code_conformance",
        "Only documented statuses",
        "The status of the answer is one that the contract describes for the operation.",
    ),
    FuzzRule(
        "ESR-FUZ-003",
        "content_type_conformance",
        "Only documented media types",
        "The answer has a media type that the contract describes for its status.",
    ),
    FuzzRule(
        "ESR-FUZ-004",
        "response_headers_conformance",
        "Answer headers as promised",
        "Every header that the contract promises is there and has its form.",
    ),
    FuzzRule(
        "ESR-FUZ-005",
        "response_schema_conformance",
        "Answer body as promised",
        "The body of the answer validates against the schema of its status.",
    ),
    FuzzRule(
        "ESR-FUZ-006",
        "negative_data_rejection",
        "Broken requests are refused",
        "A request that breaks the contract (wrong type, out of bounds, unknown property) is refused.",
    ),
    FuzzRule(
        "ESR-FUZ-007",
        "positive_data_acceptance",
        "Sound requests are accepted",
        "A request that keeps the contract is accepted, or refused with a status that the table names.",
    ),
    FuzzRule(
        "ESR-FUZ-008",
        "missing_required_header",
        "Required headers are required",
        "A request without a required header is refused; without a token, with 401.",
    ),
    FuzzRule(
        "ESR-FUZ-009",
        "unsupported_method",
        "Undescribed methods are refused",
        "A method that the contract does not describe is answered with 405 and an Allow header (RFC 9110, 15.5.6).",
    ),
    FuzzRule(
        "ESR-FUZ-010",
        "allow_header_conformance",
        "Allow tells the truth",
        "What an Allow header lists is what the contract describes.",
    ),
    FuzzRule(
        "ESR-FUZ-011",
        "ignored_auth",
        "Tokens are checked",
        "A request that succeeds with the token is refused without one and with a wrong one.",
    ),
    FuzzRule(
        "ESR-FUZ-012",
        "use_after_free",
        "Deleted is gone",
        "What was deleted cannot be read any more.",
    ),
    FuzzRule(
        "ESR-FUZ-013",
        "ensure_resource_availability",
        "Created is there",
        "What was just created can be found under the identifier that was answered.",
    ),
    FuzzRule(
        "ESR-FUZ-014",
        "object_level_authorization",
        "Another client's things stay hidden",
        "One client cannot read what belongs to another.",
        off=(
            "needs two clients that own different things, and a fuzz run has one token; the behaviour suite proves "
            "the wall between workspaces"
        ),
    ),
    FuzzRule(
        "ESR-FUZ-015",
        "max_response_time",
        "Answers within a time",
        "The answer comes within a limit.",
        off=(
            "times of single calls on a machine that runs the suite as well prove nothing; the volume suite judges "
            "them. A call that takes longer than the plan's time-out is reported all the same"
        ),
    ),
)
RULE_OF_CHECK: Mapping[str, FuzzRule] = {rule.check: rule for rule in RULES}
# A check that this table does not know (a newer release of the tool) is still reported, under this id.
UNKNOWN_RULE = FuzzRule(
    "ESR-FUZ-000",
    "",
    "A check without a rule",
    "The fuzzer ran a check that has no rule of ours yet.",
)

POSITIVE, NEGATIVE, MISSING_HEADER = (
    "positive_data_acceptance",
    "negative_data_rejection",
    "missing_required_header",
)


@dataclass(frozen=True, slots=True)
class ExpectedStatuses:
    """Statuses that a check accepts at some operations, and why.

    An empty `operations` means every operation. `statuses` are numbers, or classes such as `2xx`.
    """

    check: str
    statuses: tuple[str, ...]
    reason: str
    operations: tuple[str, ...] = ()


_BY_IDENTIFIER = (
    "read_organisation",
    "read_position",
    "read_code_list",
    "read_vacancy",
    "change_vacancy_status",
    "read_applicant",
    "amend_applicant",
    "withdraw_applicant",
    "list_employment_checks",
    "read_employment_check",
    "record_employment_check",
    "read_inter_authority_transfer",
    "read_event_subscription",
    "delete_event_subscription",
    "ping_event_subscription",
    "list_dead_letters",
    "replay_dead_letters",
    "read_advert",
    "read_application",
    "read_offer",
    "list_pre_employment_checks",
    "record_pre_employment_check",
)

EXPECTED: tuple[ExpectedStatuses, ...] = (
    ExpectedStatuses(POSITIVE, ("2xx",), "what keeps the contract is accepted"),
    ExpectedStatuses(
        POSITIVE,
        ("429",),
        "a limit of the target says nothing about the request; wait, then send again",
    ),
    ExpectedStatuses(POSITIVE, ("5xx",), "never right: ESR-FUZ-001 reports it, and once is enough"),
    ExpectedStatuses(
        POSITIVE,
        ("404",),
        "one case in four keeps the generated identifier: well formed, and of nothing that exists",
        _BY_IDENTIFIER,
    ),
    ExpectedStatuses(
        POSITIVE,
        ("422",),
        "a schema cannot say that a vacancy exists, that dates are in order or that a role belongs to a staff group: "
        "a generated body that keeps the schema may break such a rule",
        (
            "create_vacancy",
            "change_vacancy_status",
            "submit_applicant",
            "amend_applicant",
            "withdraw_applicant",
            "record_employment_check",
            "create_event_subscription",
            "push_advert",
            "record_pre_employment_check",
        ),
    ),
    ExpectedStatuses(
        POSITIVE,
        ("422",),
        "a generated employer code is well formed, and of no employer that exists or has the interface",
        ("delete_event_subscription", "ping_event_subscription"),
    ),
    ExpectedStatuses(
        POSITIVE,
        ("409",),
        "a generated change may not fit the present state: the reference is taken, the vacancy is closed, the "
        "applicant was withdrawn by an earlier case, the check is past that state",
        (
            "create_vacancy",
            "change_vacancy_status",
            "submit_applicant",
            "amend_applicant",
            "withdraw_applicant",
            "record_employment_check",
            "push_advert",
            "record_pre_employment_check",
            "create_event_subscription",
            "delete_event_subscription",
            "ping_event_subscription",
        ),
    ),
    ExpectedStatuses(
        POSITIVE,
        ("412",),
        "a generated If-Match is well formed and seldom the current version",
        ("amend_applicant",),
    ),
    ExpectedStatuses(
        POSITIVE,
        ("428",),
        "If-Match is optional by schema, so that leaving it out can be told from a malformed one; the rule asks for it",
        ("amend_applicant",),
    ),
    ExpectedStatuses(
        POSITIVE,
        ("401",),
        "one case in four keeps the generated signature: well formed, and not ESR's",
        ("receive_event",),
    ),
    ExpectedStatuses(NEGATIVE, ("400",), "what breaks the contract is a bad request"),
    ExpectedStatuses(NEGATIVE, ("401",), "the broken part may be the token"),
    ExpectedStatuses(
        NEGATIVE, ("404",), "a malformed identifier in a path may be no address at all"
    ),
    ExpectedStatuses(NEGATIVE, ("405",), "a malformed path may be another address"),
    ExpectedStatuses(NEGATIVE, ("413",), "the broken part may be the size"),
    ExpectedStatuses(NEGATIVE, ("415",), "the broken part may be the media type"),
    ExpectedStatuses(NEGATIVE, ("429",), "a limit of the target says nothing about the request"),
    ExpectedStatuses(NEGATIVE, ("5xx",), "never right: ESR-FUZ-001 reports it, and once is enough"),
    ExpectedStatuses(MISSING_HEADER, ("400",), "a missing required header breaks the contract"),
)


def expected_statuses(
    check: str, operation_id: str, table: Iterable[ExpectedStatuses] = EXPECTED
) -> list[str]:
    """The statuses that `check` accepts at `operation_id`, in the order of the table and without repetition."""
    statuses: dict[str, None] = {}
    for row in table:
        if row.check == check and (not row.operations or operation_id in row.operations):
            statuses.update(dict.fromkeys(row.statuses))
    return list(statuses)


def rule_of(check: str) -> FuzzRule:
    """The rule that the check named `check` decides."""
    return RULE_OF_CHECK.get(check, UNKNOWN_RULE)
