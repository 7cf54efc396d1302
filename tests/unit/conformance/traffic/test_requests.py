"""What each request owes to the contract: employer, token, media type, place, no person in its address, the send window."""

from typing import Any

import pytest
from traffic_recordings import APPLICANT, ODS, Recording, refusal

from sandbox.conformance.traffic.windows import WINDOWS
from sandbox.esr.domain.positions import SEND_WINDOWS

BODY = {"supplierReference": "A-1", "startDate": "2030-03-01"}


def submitted(status: int = 201, **more: Any) -> Recording:
    recording = Recording()
    recording.call("submit_applicant", status, **{"body": BODY, **more})
    return recording


def violation(location: str, pointer: str) -> dict[str, Any]:
    errors = [{"location": location, "pointer": pointer, "detail": "wrong"}]
    return {"answer": refusal("CONTRACT_VIOLATION", errors=errors)}


BAD = {
    "ESR-REQ-010": {"headers": {"nhsd-end-user-organisation-ods": ""}, "status": 400},
    "ESR-REQ-018": {
        "headers": {"authorization": ""},
        "status": 401,
        "answer": refusal("TOKEN_MISSING"),
    },
    "ESR-REQ-019": {"status": 401, "answer": refusal("TOKEN_INVALID")},
    "ESR-REQ-020": {"status": 400, **violation("body", "/person/shoeSize")},
    "ESR-REQ-022": {"status": 400, "answer": refusal("BODY_MALFORMED")},
    "ESR-REQ-023": {"status": 413, "answer": refusal("BODY_TOO_LARGE")},
    "ESR-REQ-024": {"status": 415, "headers": {"content-type": "application/xml"}},
    "ESR-REQ-027": {
        "status": 400,
        "headers": {"if-match": '"1", "1"'},
        **violation("header", "if-match"),
    },
    "ESR-REQ-011": {"status": 422, "answer": refusal("EMPLOYER_UNKNOWN")},
    "ESR-REQ-013": {"status": 422, "answer": refusal("INTERFACE_NOT_ENABLED")},
    "ESR-REQ-014": {"status": 422, "answer": refusal("INTERFACE_NOT_ENABLED")},
}


@pytest.mark.parametrize("requirement", BAD)
def test_a_good_request_passes_and_a_bad_one_fails(requirement: str) -> None:
    assert submitted().result(requirement) == "pass"
    failed = submitted(**BAD[requirement]).judged()[requirement]  # type: ignore[arg-type]
    assert (failed.result, failed.exchanges) == ("fail", (1,))


@pytest.mark.parametrize("requirement", BAD)
def test_what_the_suite_provoked_is_no_fault(requirement: str) -> None:
    recording = submitted(**BAD[requirement])  # type: ignore[arg-type]

    for provoked in (1, "A-1", recording.exchanges[0]["requestId"].upper()):
        assert recording.result(requirement, provoked=frozenset({provoked})) == "inconclusive"


@pytest.mark.parametrize(
    ("location", "pointer", "blamed"),
    [
        ("header", "NHSD-End-User-Organisation-ODS", "ESR-REQ-010"),
        ("body", "/startDate", "ESR-REQ-020"),
        ("query", "limit", "ESR-REQ-020"),
    ],
)
def test_a_violation_is_blamed_on_the_requirement_of_its_place(
    location: str, pointer: str, blamed: str
) -> None:
    headers = {"nhsd-end-user-organisation-ods": ""} if location == "header" else {}
    recording = submitted(400, headers=headers, **violation(location, pointer))

    results = recording.judged()

    names = ("ESR-REQ-001", "ESR-REQ-010", "ESR-REQ-020", "ESR-REQ-027", "ESR-REQ-028")
    assert [name for name in names if results[name].result == "fail"] == [blamed]


def test_a_recorder_that_leaves_tokens_out_is_no_fault_of_the_subject() -> None:
    assert submitted(headers={"authorization": ""}).result("ESR-REQ-018") == "pass"


def test_nobody_writes_for_an_employer_who_is_not_enabled() -> None:
    recording = submitted()

    assert recording.result("ESR-REQ-013", enabled=frozenset({ODS})) == "pass"
    assert recording.result("ESR-REQ-013", enabled=frozenset({"X9Z9Z"})) == "fail"


@pytest.mark.parametrize(("requirement", "status"), [("ESR-REQ-025", 405), ("ESR-REQ-026", 404)])
def test_a_place_that_is_not_there_is_a_failure(requirement: str, status: int) -> None:
    recording = submitted()
    good = recording.result(requirement)
    recording.call(None, status, at=1, client=None)

    assert good == "pass"
    assert recording.result(requirement) == "fail"


def test_an_applicant_who_is_not_there_is_no_unknown_path() -> None:
    recording = submitted()
    recording.call("read_applicant", 404, at=1, answer=refusal("NOT_FOUND"))

    assert recording.result("ESR-REQ-026") == "pass"


def test_nhs_jobs_is_judged_by_its_own_requirements() -> None:
    recording = Recording()
    recording.call("push_advert", 400, body={"title": "T"}, **violation("body", "/title"))
    recording.call("push_advert", 400, at=1, body={}, answer=refusal("BODY_MALFORMED"))
    recording.call(
        "push_advert",
        400,
        at=2,
        body={},
        headers={"nhsd-end-user-organisation-ods": ""},
        **violation("header", "NHSD-End-User-Organisation-ODS"),
    )

    results = recording.judged()

    assert results["NHSJ-REQ-007"].exchanges == (1, 2)
    assert results["NHSJ-REQ-004"].exchanges == (3,)
    assert results["ESR-REQ-020"].result == "inconclusive"


@pytest.mark.parametrize(
    "address",
    [
        {"query": "nino=[masked 0123456789ab]"},
        {"query": "search=%5Bmasked%200123456789ab%5D"},
        {"query": "date_of_birth=x"},
        {"query": "q=jo%40example.org"},
        {"query": "q=QQ%2012%2034%2056%20C"},
        {"query": "q=1991-04-12"},
        {"query": "q=Okafor"},
        {"path": "/esr/v1/people/jo@example.org"},
        {"path": "/esr/v1/people/qq123456c"},
    ],
)
def test_no_person_is_in_an_address(address: dict[str, str]) -> None:
    bad, good = Recording(), Recording()
    bad.call("list_applicants", **address)  # type: ignore[arg-type]
    good.call("list_applicants", query="vacancyReference=901-1&limit=5&supplierReference=A-1")
    values = frozenset({"okafor"})

    assert good.result("ESR-REQ-039", personal_values=values) == "pass"
    failed = bad.judged(personal_values=values)["ESR-REQ-039"]
    assert failed.result == "fail"
    assert "okafor" not in failed.found.lower()


def test_a_parameter_that_the_contract_has_is_no_personal_data() -> None:
    recording = Recording()
    recording.call("search_adverts", query="location=Leeds&publishedFrom=2029-12-01")

    assert recording.result("ESR-REQ-039") == "pass"


def test_the_windows_are_those_of_the_profiles() -> None:
    rows = {
        str(profile): (window.earliest, window.latest)
        for profile, window in SEND_WINDOWS.items()
        if window is not None
    }

    assert rows == WINDOWS


@pytest.mark.parametrize(
    ("profile", "start", "failed"),
    [
        ("dit-13w-1", "2030-04-08", []),
        ("dit-13w-1", "2030-04-09", ["ESR-POS-016"]),
        ("dit-13w-1", "2030-01-09", []),
        ("dit-13w-1", "2030-01-08", ["ESR-POS-017"]),
        ("dit-12w-1", "2030-04-01", []),
        ("dit-12w-1", "2030-04-02", ["ESR-POS-018"]),
        ("dit-12w-1", "2030-01-08", ["ESR-POS-019"]),
        ("open-1", "2031-01-08", []),
    ],
)
def test_the_send_window_is_kept(profile: str, start: str, failed: list[str]) -> None:
    recording = submitted(body={**BODY, "startDate": start})
    profiles = {ODS: {"sendWindow": profile}}

    results = recording.judged(profiles=profiles)

    names = [f"ESR-POS-0{number}" for number in range(16, 20)]
    assert [name for name in names if results[name].result == "fail"] == failed
    passed = [name for name in names if results[name].result == "pass"]
    assert len(passed) == (0 if profile == "open-1" else 2 - len(failed))


def test_of_an_employer_whose_profile_is_not_known_no_window_is_exercised() -> None:
    assert submitted().result("ESR-POS-016") == "inconclusive"
    assert APPLICANT
