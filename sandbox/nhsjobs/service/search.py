"""The public job search."""

from dataclasses import dataclass
from typing import Any

from sandbox.errors import Code, Place, Refusal
from sandbox.nhsjobs.domain.search import FAR_PAST_THE_END, Wanted, summary
from sandbox.nhsjobs.store import search as store
from sandbox.web.call import Unit


@dataclass(frozen=True, slots=True)
class Page:
    """One page of published adverts as stored."""

    page: int
    total_pages: int
    total_results: int
    adverts: list[dict[str, Any]]


def search_adverts(unit: Unit, wanted: Wanted) -> Page:
    """The page that is wanted. Raises Refusal PAGE_OUT_OF_RANGE far past the end, with the oddities switched on."""
    odd = unit.workspace.search_oddities
    found = store.search(unit.connection, unit.workspace.name, wanted, unit.today, unstable=odd)
    pages = -(-found.total // wanted.limit)
    if odd and wanted.page >= pages + FAR_PAST_THE_END:
        raise Refusal(
            Code.PAGE_OUT_OF_RANGE,
            f"Page {wanted.page} lies {FAR_PAST_THE_END} or more past the last page, {pages}.",
            places=(Place("query", "page", f"the last page is {pages}"),),
        )
    return Page(wanted.page, pages, found.total, found.adverts)


def as_json(page: Page) -> dict[str, Any]:
    """The `AdvertSearchPage` of a page."""
    return {
        "page": page.page,
        "totalPages": page.total_pages,
        "totalResults": page.total_results,
        "vacancies": [summary(advert) for advert in page.adverts],
    }
