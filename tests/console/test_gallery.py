"""The gallery's pages: which defects were tried, which were noticed, by what and for which requirement."""

import html
import re

import httpx

from sandbox.conformance.gallery.matrix import committed, totals
from sandbox.conformance.gallery.unnoticeable import REASONS
from sandbox.contracts.requirements import load_requirements
from sandbox.server import Started

DEFECT = re.compile(r'<th scope="row"><a href="/console/gallery/([^"]+)">')


def look(sandbox: Started, path: str = "", **query: str) -> httpx.Response:
    address = f"{sandbox.url}/console/gallery{path}"
    return httpx.get(address, params=query or None, timeout=30, trust_env=False, verify=False)


def words(text: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def test_the_gallery_tells_its_numbers(sandbox: Started) -> None:
    said = words(look(sandbox).text)

    found = totals(committed(), load_requirements())
    assert f"{found.named_detected} of {found.named} noticed" in said
    assert f"{found.generated_detected:,} of {found.generated:,} noticed" in said
    assert f"{found.proven} of {found.shown} proven by a defect" in said


def test_the_map_says_in_cells_what_the_table_says(sandbox: Started) -> None:
    page = look(sandbox).text
    drawn = look(sandbox, "/map.svg")

    [row] = re.findall(r"<tr><td>ESR: employment checks</td>(.*?)</tr>", page)
    noticed = [cell.split(" of ")[0] for cell in re.findall(r"<td>(\d+ of \d+)</td>", row)]
    assert drawn.headers["content-type"] == "image/svg+xml; charset=utf-8"
    assert drawn.headers["content-security-policy"].startswith("default-src 'none'")
    assert noticed
    assert all(f">{count}</text>" in drawn.text for count in noticed)


def test_a_cell_of_the_matrix_leads_to_the_defects_that_it_counts(sandbox: Started) -> None:
    page = look(sandbox, "/areas/NHSJ-ADV").text

    cells = re.findall(
        r'<td><a href="/console/gallery/(defects\?[^"]+)">\s*(\d+)(?: of (\d+))?', page
    )
    address, noticed, whole = next(cell for cell in cells if cell[2])
    listed = look(sandbox, f"/{html.unescape(address)}").text
    requirement = re.search(r"requirement=([A-Z0-9-]+)", address)
    assert requirement is not None
    names = DEFECT.findall(listed)
    tripped = [name for name in names if requirement[1] in committed()[name]["tripped"]]
    assert (len(names), len(tripped)) == (int(whole), int(noticed))


def test_the_pages_of_the_defects_have_every_one_of_them_once(sandbox: Started) -> None:
    found: list[str] = []
    address = "/defects?kind=named"
    while address:
        page = look(sandbox, address).text
        found += DEFECT.findall(page)
        following = re.search(r'href="/console/gallery([^"]+)" rel="next"', page)
        address = html.unescape(following[1]) if following else ""

    assert found == [name for name, entry in committed().items() if entry["kind"] == "named"]


def test_what_nobody_can_notice_stands_with_its_reason(sandbox: Started) -> None:
    page = look(sandbox, "/defects", noticed="no").text

    assert set(DEFECT.findall(page)) == set(REASONS)
    assert all(reason in words(page) for reason in REASONS.values())
    single = words(look(sandbox, "/esr.life-cycle.HIRED.ACCEPT").text)
    assert REASONS["esr.life-cycle.HIRED.ACCEPT"] in single


def test_a_defect_says_what_it_breaks_and_what_noticed_it(sandbox: Started) -> None:
    page = look(sandbox, "/recruitment-system.request-ids.new-on-retry")

    said = words(page.text)
    assert "It makes a new X-Request-ID for every try" in said
    assert "Who deviates the recruitment system" in said
    assert 'href="/console/requirements/ESR-REQ-002"' in page.text
    assert "the rules over recorded traffic" in said
    assert look(sandbox, "/no.such.defect").status_code == 404
    assert look(sandbox, "/areas/ESR-XYZ").status_code == 404
