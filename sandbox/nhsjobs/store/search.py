"""The board: what the public search looks at."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.nhsjobs.domain.search import Wanted, local_post_date, places_of, text_of
from sandbox.nhsjobs.tables import adverts, board

_TITLE_WEIGHT = 2
# Any two primes do: they make an order that looks like none and differs from page to page.
_SCATTER, _PAGE_STEP, _RANGE = 7_919, 104_729, 65_521


@dataclass(frozen=True, slots=True)
class Found:
    """One page of adverts as stored, and how many adverts there are in all."""

    adverts: list[dict[str, Any]]
    total: int


def put_on_board(connection: sa.Connection, workspace: str, advert: dict[str, Any]) -> None:
    """Lets the search find a published advert."""
    salary = advert["salary"]
    low = salary.get("minimum", salary.get("maximum"))
    connection.execute(
        board.insert(),
        {
            "workspace": workspace,
            "advert_id": advert["advertId"],
            "employer": advert["odsCode"],
            "title": advert["title"].lower(),
            "text": text_of(advert),
            "places": places_of(advert),
            "staff_group": advert["staffGroup"],
            "contract_type": advert["contractType"],
            "pay_band": advert["payBand"],
            "working_patterns": f" {' '.join(advert['workingPattern'])} ",
            "salary_minimum": low,
            "salary_maximum": salary.get("maximum", low),
            "internal_only": advert["internalOnly"],
            "post_date": advert["postDate"],
            "local_post_date": local_post_date(advert),
            "close_date": advert["closeDate"],
        },
    )


def take_off_board(connection: sa.Connection, workspace: str, advert_id: int) -> None:
    """Hides an advert from the search."""
    connection.execute(
        sa.delete(board).where(board.c.workspace == workspace, board.c.advert_id == advert_id)
    )


def search(
    connection: sa.Connection, workspace: str, wanted: Wanted, today: date, unstable: bool
) -> Found:
    """The page of published adverts that is wanted.

    `unstable` gives the default order of the real service, which differs from page to page. A measurement there found
    443 distinct adverts in 500 rows; here it is stronger, so that a small board shows it too.
    """
    conditions = [
        board.c.workspace == workspace,
        board.c.close_date >= today.isoformat(),
        *_conditions(wanted),
    ]
    total = connection.execute(
        sa.select(sa.func.count()).select_from(board).where(*conditions)
    ).scalar_one()
    rows = connection.execute(
        sa.select(adverts.c.document)
        .select_from(board)
        .join(
            adverts,
            sa.and_(
                adverts.c.workspace == board.c.workspace,
                adverts.c.advert_id == board.c.advert_id,
            ),
        )
        .where(*conditions)
        .order_by(*_order(wanted, unstable))
        .limit(wanted.limit)
        .offset((wanted.page - 1) * wanted.limit)
    ).scalars()
    return Found([orjson.loads(text) for text in rows], int(total))


def _conditions(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.elsewhere or not wanted.internal:
        found.append(sa.false())
    elif len(wanted.internal) == 1:
        found.append(board.c.internal_only == (True in wanted.internal))
    if wanted.terms:
        found.append(sa.or_(*(_holds(term) for term in wanted.terms)))
    if wanted.location:
        found.append(board.c.places.contains(wanted.location, autoescape=True))
    for column, values in (
        (board.c.staff_group, wanted.staff_groups),
        (board.c.contract_type, wanted.contract_types),
        (board.c.pay_band, wanted.pay_bands),
    ):
        if values:
            found.append(column.in_(values))
    if wanted.working_patterns:
        found.append(
            sa.or_(
                *(
                    board.c.working_patterns.contains(f" {pattern} ", autoescape=True)
                    for pattern in wanted.working_patterns
                )
            )
        )
    # A comparison with NULL does not hold, so adverts whose salary is text alone are left out.
    if wanted.salary_from is not None:
        found.append(board.c.salary_maximum >= wanted.salary_from)
    if wanted.salary_to is not None:
        found.append(board.c.salary_minimum <= wanted.salary_to)
    if wanted.published_from is not None:
        found.append(board.c.local_post_date >= wanted.published_from)
    if wanted.employer is not None:
        found.append(board.c.employer == wanted.employer)
    return found


def _holds(term: str) -> sa.ColumnElement[bool]:
    return sa.or_(
        board.c.title.contains(term, autoescape=True), board.c.text.contains(term, autoescape=True)
    )


def _order(wanted: Wanted, unstable: bool) -> list[sa.ColumnElement[Any]]:
    newest_first: list[sa.ColumnElement[Any]] = [board.c.post_date.desc(), board.c.advert_id.desc()]
    if wanted.sort == "publicationDateAsc":
        return [board.c.post_date.asc(), board.c.advert_id.asc()]
    if wanted.sort is not None:
        return newest_first
    if unstable:
        step = wanted.page * _PAGE_STEP
        # The product is larger than the numbers of adverts are.
        number = sa.cast(board.c.advert_id, sa.BigInteger)
        return [(number * (_SCATTER + step)) % _RANGE, board.c.advert_id]
    relevance = [
        sa.case((board.c.title.contains(term, autoescape=True), _TITLE_WEIGHT), else_=0)
        + sa.case((board.c.text.contains(term, autoescape=True), 1), else_=0)
        for term in wanted.terms
    ]
    if not relevance:
        return newest_first
    score = relevance[0]
    for part in relevance[1:]:
        score += part
    return [score.desc(), *newest_first]
