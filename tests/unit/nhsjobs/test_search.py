"""The public job search."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.errors import Refusal
from sandbox.nhsjobs.domain.search import shortened, terms, uk_local, wanted
from sandbox.nhsjobs.search_xml import search_document
from sandbox.nhsjobs.service import search as service


def _found(nhs_jobs: Any, **arguments: Any) -> list[int]:
    page = nhs_jobs.do(service.search_adverts, wanted(arguments))
    return [advert["advertId"] for advert in page.adverts]


def test_search_finds_what_is_asked_for(nhs_jobs: Any) -> None:
    nurse = nhs_jobs.published("A")
    clerk = nhs_jobs.published(
        "B",
        title="Ward Clerk",
        staffGroup="08",
        jobRole="08001",
        payBand="BAND_3",
        contractType="Fixed-Term",
        workingPattern=["part-time"],
        salary={"text": "Competitive"},
        locations=[{"town": "Easterholme", "postcode": "EA4 7QT"}],
        internalOnly=True,
    )

    assert _found(nhs_jobs) == [clerk, nurse]
    assert _found(nhs_jobs, sort="publicationDateAsc") == [nurse, clerk]
    assert _found(nhs_jobs, keyword="NURSE unheard-of") == [nurse, clerk]
    assert _found(nhs_jobs, keyword='"ward clerk"') == [clerk]
    assert _found(nhs_jobs, keyword="ward") == [clerk, nurse]
    assert _found(nhs_jobs, keyword="100%") == []
    assert _found(nhs_jobs, location="easterholme") == [clerk]
    assert _found(nhs_jobs, location="NA1 2AB", distance=10) == [nurse]
    assert _found(nhs_jobs, staffGroup=["NURSING_AND_MIDWIFERY_REGD"]) == [nurse]
    assert _found(nhs_jobs, contractType=["Fixed-Term", "Bank"]) == [clerk]
    assert _found(nhs_jobs, workingPattern=["Full time"]) == [nurse]
    assert _found(nhs_jobs, payBand=["BAND_3", "BAND_5"]) == [clerk, nurse]
    assert _found(nhs_jobs, salaryFrom=37000, salaryTo=40000) == [nurse]
    assert _found(nhs_jobs, salaryFrom=38000) == []
    assert _found(nhs_jobs, publishedFrom="2026-04-01") == [clerk, nurse]
    assert _found(nhs_jobs, publishedFrom="2026-04-02") == []
    assert _found(nhs_jobs, employerCode="x0a1b") == [clerk, nurse]
    assert _found(nhs_jobs, internalOnly=True) == [clerk]
    assert _found(nhs_jobs, externalOnly=True) == [nurse]
    assert _found(nhs_jobs, internalOnly=True, externalOnly=True) == []
    assert _found(nhs_jobs, countryCode="ENG") == _found(nhs_jobs, countryCode="GB-ENG")
    assert _found(nhs_jobs, countryCode="GB-SCT") == []


def test_drafts_and_closed_adverts_are_not_found(nhs_jobs: Any) -> None:
    nhs_jobs.published()

    nhs_jobs.pass_days(30)

    assert _found(nhs_jobs) == []


def test_pages_past_the_end_are_empty_and_oddities_refuse_those_far_past_it(nhs_jobs: Any) -> None:
    made = [nhs_jobs.published(f"R-{number}") for number in range(5)]

    page = nhs_jobs.do(service.search_adverts, wanted({"page": 3, "limit": 2}))

    assert (page.total_pages, page.total_results) == (3, 5)
    assert [advert["advertId"] for advert in page.adverts] == made[:1]
    assert _found(nhs_jobs, page=900, limit=2) == []
    nhs_jobs.show_oddities()
    assert _found(nhs_jobs, page=502, limit=2) == []
    with pytest.raises(Refusal, match="PAGE_OUT_OF_RANGE"):
        _found(nhs_jobs, page=503, limit=2)


def test_oddities_make_the_default_order_unstable_between_pages(nhs_jobs: Any) -> None:
    for number in range(12):
        nhs_jobs.published(f"R-{number}")
    pages = range(1, 5)
    assert len({one for page in pages for one in _found(nhs_jobs, page=page, limit=3)}) == 12

    nhs_jobs.show_oddities()

    assert len({one for page in pages for one in _found(nhs_jobs, page=page, limit=3)}) < 12
    stable = [
        one
        for page in pages
        for one in _found(nhs_jobs, page=page, limit=3, sort="publicationDateAsc")
    ]
    assert len(set(stable)) == 12


def test_larger_limit_is_quietly_cut() -> None:
    assert wanted({"limit": 5_000}).limit == 100


def test_words_and_phrases_of_a_keyword() -> None:
    assert terms('Staff "Ward  7" nurse ""') == ("staff", "ward  7", "nurse")


def test_description_is_cut_at_about_150_characters() -> None:
    assert shortened("short\ntext") == "short text"
    assert shortened("word " * 60).endswith("word ...")
    assert len(shortened("x" * 400)) == 154


def test_summer_time_lasts_from_march_to_october() -> None:
    assert uk_local(datetime(2026, 3, 29, 0, 59, tzinfo=UTC)).hour == 0
    assert uk_local(datetime(2026, 3, 29, 1, 0, tzinfo=UTC)).hour == 2
    assert uk_local(datetime(2026, 10, 25, 0, 59, tzinfo=UTC)).hour == 1
    assert uk_local(datetime(2026, 10, 25, 1, 0, tzinfo=UTC)).hour == 1


def test_xml_has_the_elements_of_public_clients_in_their_order(nhs_jobs: Any) -> None:
    nhs_jobs.published(title="Nurse & Carer\ufffe", description="Fit <for> all")
    page = nhs_jobs.do(service.search_adverts, wanted({}))

    text = search_document(page.adverts, page.total_pages, page.total_results).decode()

    advert = page.adverts[0]
    assert text == (
        "<nhsJobs><vacancyDetails>"
        f"<id>{advert['advertId']}</id><reference>M9901-26-0001</reference>"
        "<title>Nurse &amp; Carer\ufffd</title><description>Fit &lt;for&gt; all</description>"
        "<employer>Northmere and Vale NHS Trust</employer><type>Permanent</type>"
        "<salary>£31049.00 to £37796.00</salary><closeDate>2026-04-30</closeDate>"
        "<postDate>2026-04-01T10:30:00.000</postDate>"
        "<url>https://beta.jobs.example.org/candidate/jobadvert/M9901-26-0001</url>"
        "<locations><location>Northmere, NA1 2AB</location></locations></vacancyDetails>"
        "<totalPages>1</totalPages><totalResults>1</totalResults></nhsJobs>"
    )
    assert search_document([], 0, 0) == (
        b"<nhsJobs><totalPages>0</totalPages><totalResults>0</totalResults></nhsJobs>"
    )
