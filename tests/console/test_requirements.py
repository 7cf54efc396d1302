"""The pages of the requirements: what must be done, where that is said, and what shows it."""

import html
import re

import httpx
import pytest

from sandbox.contracts.requirements import load_requirements
from sandbox.server import Started

IDS = [item.id for item in load_requirements()]


def look(sandbox: Started, path: str = "", **query: str) -> httpx.Response:
    address = f"{sandbox.url}/console/requirements{path}"
    return httpx.get(address, params=query or None, timeout=30, trust_env=False, verify=False)


def words(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_a_requirement_is_told_with_its_source_its_cases_and_its_defects(sandbox: Started) -> None:
    page = look(sandbox, "/ESR-APP-002")

    said = words(page.text)
    assert page.status_code == 200
    assert "ESR answers an applicant whom it loads with a confirmation SUCCESS" in said
    assert 'href="https://hee-tis.atlassian.net/wiki/pages/viewpage.action?pageId=1375633477"' in page.text  # fmt: skip
    assert "Modelled: after what a neighbouring public interface does." in said
    assert "submit_applicant POST /esr/v1/applicants" in said
    assert "An applicant who keeps every rule is loaded, with an applicant number" in said
    assert "esr.applicants.taken" in said
    assert "The applicant number is called applicantNo" in said
    assert 'href="/console/gallery/esr.answers.field-renamed"' in page.text


def test_what_no_case_shows_says_why(sandbox: Started) -> None:
    said = words(look(sandbox, "/ESR-FIL-001").text)

    assert "files go through a hub, which this suite does not open" in said


def test_a_requirement_that_is_none_is_refused_in_words(sandbox: Started) -> None:
    page = look(sandbox, "/ESR-APP-999")

    assert page.status_code == 404
    assert "The register has no requirement ESR-APP-999." in words(page.text)


@pytest.mark.parametrize("identifier", sorted({name[:-4]: name for name in IDS}.values()))
def test_every_area_has_pages(sandbox: Started, identifier: str) -> None:
    page = look(sandbox, f"/{identifier}")

    assert page.status_code == 200
    assert f"</span>{identifier}</h1>" in page.text


def test_the_pages_of_the_list_have_every_requirement_once(sandbox: Started) -> None:
    found: list[str] = []
    after = ""
    while True:
        page = look(sandbox, after=after).text
        found += re.findall(r'href="/console/requirements/([A-Z]+-[A-Z]{3}-\d{3})"', page)
        following = re.search(r'after=([A-Z0-9-]+)"[^>]*rel="next"', page)
        if following is None:
            break
        after = following[1]

    assert found == sorted(IDS)


def test_filters_narrow_the_list(sandbox: Started) -> None:
    page = look(sandbox, area="ESR-VAC", actor="esr", shown="case", text="REQUISITION").text

    found = re.findall(r'href="/console/requirements/([A-Z]+-[A-Z]{3}-\d{3})"', page)
    assert found
    assert all(name.startswith("ESR-VAC-") for name in found)
    assert f"{len(found)} of {len(IDS)} requirements fit." in words(page)
    assert words(look(sandbox, text="no such words").text).count("No requirement fits.") == 1
