"""Looks for records of a world: by number, reference, name, employer and status, a page at a time.

What has an index is found by it. What has none is looked for among a bounded number of rows, however large the world is; the next
page goes on where the look ended.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
import sqlalchemy as sa

from sandbox.esr.domain.people import folded
from sandbox.esr.tables import applicants, employment_checks, people, positions, vacancies
from sandbox.nhsjobs.tables import adverts, applications

LOOKED_AT = 5_000
"""How many rows one page looks at for what has no index."""
_BY_NAME = "last name"
_AFTER_EVERY_LETTER = "\U0010ffff"

Key = tuple[Any, ...]
Criterion = sa.ColumnElement[bool]
Rows = Any
"""The columns of a table, or of a part of it."""


@dataclass(frozen=True, slots=True)
class Found:
    """One page: records as the contract shows them, newest first."""

    records: list[dict[str, Any]]
    last: Key | None = None
    """Where the next page begins; None where this is the end."""
    by: str = ""
    """The way in which the text was found, in words; empty where nothing was looked for."""
    is_partial: bool = False
    """Whether the look ended before the page was full; there may be more further back."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way in which a text can be meant: what is looked for, by an index or among the rows."""

    by: str
    narrow: Callable[[Rows], Criterion] | None = None
    wanted: Callable[[Rows], Criterion] | None = None


@dataclass(frozen=True, slots=True)
class Noun:
    """A kind of record: where it stands, in what order it is listed, and how it is looked for."""

    table: sa.Table
    keys: tuple[str, ...]
    ways: Callable[[str], Iterator[Way]]
    columns: tuple[str, ...] = ()
    """What a list may be narrowed by: columns of the table, those with an index first."""
    indexed: frozenset[str] = field(default_factory=frozenset)
    in_document: tuple[str, ...] = ()
    """What a list may be narrowed by that stands in the record alone."""


def _words(text: str) -> Way:
    return Way(
        "words in the record",
        wanted=lambda rows: rows.document.icontains(text, autoescape=True),
    )


def _is_small_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 9


def _ways_to_applicants(text: str) -> Iterator[Way]:
    yield Way("applicant number", lambda rows: rows.applicant_number == text)
    yield Way("your reference", lambda rows: rows.supplier_reference == text)
    yield Way("vacancy reference", lambda rows: rows.vacancy_reference == text)


def _ways_to_checks(text: str) -> Iterator[Way]:
    yield Way("applicant number", lambda rows: rows.applicant_number == text)
    yield _words(text)


def _ways_to_positions(text: str) -> Iterator[Way]:
    if text.isascii() and text.isdigit() and len(text) <= 15:
        yield Way("position ID", lambda rows: rows.position_id == int(text))
    yield _words(text)


def _ways_to_vacancies(text: str) -> Iterator[Way]:
    yield Way("vacancy reference", lambda rows: rows.vacancy_reference == text)
    yield _words(text)


def _ways_to_adverts(text: str) -> Iterator[Way]:
    if _is_small_number(text):
        yield Way("advert number", lambda rows: rows.advert_id == int(text))
    yield Way("advert reference", lambda rows: rows.reference == text)
    yield Way("vacancy reference", lambda rows: rows.vacancy_reference == text)
    yield _words(text)


def _ways_to_applications(text: str) -> Iterator[Way]:
    yield Way("ESR's applicant number", lambda rows: rows.applicant_number == text)
    if _is_small_number(text):
        yield Way("application number", lambda rows: rows.application_id == int(text))
    yield Way("application reference", lambda rows: rows.reference == text)
    yield _words(text)


NOUNS: Mapping[str, Noun] = {
    "positions": Noun(
        positions,
        ("position_id",),
        _ways_to_positions,
        ("ods_code",),
        in_document=("hiringStatus",),
    ),
    "vacancies": Noun(vacancies, ("record",), _ways_to_vacancies, ("ods_code", "status")),
    "applicants": Noun(
        applicants,
        ("applicant_number",),
        _ways_to_applicants,
        ("vacancy_reference", "status", "ods_code"),
        frozenset({"vacancy_reference", "status", "ods_code"}),
    ),
    "checks": Noun(
        employment_checks,
        ("applicant_number", "check_type"),
        _ways_to_checks,
        ("check_type",),
        in_document=("state", "outcome"),
    ),
    "adverts": Noun(adverts, ("advert_id",), _ways_to_adverts, ("ods_code", "status")),
    "applications": Noun(
        applications,
        ("application_id",),
        _ways_to_applications,
        ("advert_id", "status", "ods_code"),
        frozenset({"advert_id"}),
    ),
}
"""What is listed, but for employers, of whom there are few."""


def is_place(noun: str, by: str, key: Key) -> bool:
    """Whether a page of a list can begin behind `key`."""
    columns = NOUNS[noun].table.c
    kinds = [columns[name].type.python_type for name in NOUNS[noun].keys]
    if noun == "applicants" and by == _BY_NAME:
        kinds = [str, str]
    return [type(part) for part in key] == kinds


def find_records(
    connection: sa.Connection,
    workspace: str,
    noun: str,
    *,
    text: str = "",
    by: str = "",
    filters: Mapping[str, str],
    before: Key | None,
    limit: int,
    by_words: bool = True,
) -> Found:
    """A page of records that fit `text` and `filters`.

    The first way that finds something is the one in which the text is meant; a page after the first names it in `by`. Words
    of the records themselves are looked for only where `by_words` asks for it.
    """
    meant = NOUNS[noun]
    if not text:
        return _look(connection, workspace, meant, None, filters, before, limit)
    found = Found([])
    for way in meant.ways(text):
        if by in ("", way.by) and (by_words or way.narrow is not None):
            found = _look(connection, workspace, meant, way, filters, before, limit)
            if found.records or found.is_partial or by:
                return found
    if noun == "applicants" and by in ("", _BY_NAME):
        named = _named(connection, workspace, text, filters, before, limit)
        if named.records or named.is_partial or by:
            return named
    if noun == "applicants" and by_words:
        return _look(connection, workspace, meant, _words(text), filters, before, limit)
    return found


def _look(
    connection: sa.Connection,
    workspace: str,
    noun: Noun,
    way: Way | None,
    filters: Mapping[str, str],
    before: Key | None,
    limit: int,
) -> Found:
    narrow = [] if way is None or way.narrow is None else [way.narrow(noun.table.c)]
    wanted = [] if way is None or way.wanted is None else [way.wanted]
    for name in (name for name in noun.columns if filters.get(name)):
        if not narrow and name in noun.indexed:
            narrow.append(noun.table.c[name] == filters[name])
        else:
            wanted.append(_column_is(name, filters[name]))
    wanted += [_property_is(name, filters[name]) for name in noun.in_document if filters.get(name)]
    most = LOOKED_AT if wanted else limit + 1
    among = _among(workspace, noun, narrow, before, most)
    keys = [among.c[name] for name in noun.keys]
    query = (
        sa.select(*keys, among.c.document)
        .where(*(each(among.c) for each in wanted))
        .order_by(*(key.desc() for key in keys))
        .limit(limit + 1)
    )
    rows = connection.execute(query).all()
    records = [orjson.loads(row[-1]) for row in rows[:limit]]
    by = way.by if way else ""
    if len(rows) > limit:
        return Found(records, tuple(rows[limit - 1][:-1]), by)
    if wanted:
        last = connection.execute(_last(among, keys, most)).first()
        if last is not None:
            return Found(records, tuple(last), by, is_partial=True)
    return Found(records, by=by)


def _among(
    workspace: str, noun: Noun, narrow: list[Criterion], before: Key | None, most: int
) -> sa.Subquery:
    """The next `most` rows in the order of the list."""
    columns = noun.table.c
    keys = [columns[name] for name in noun.keys]
    query = sa.select(*keys, *(columns[name] for name in noun.columns if name not in noun.keys))
    query = query.add_columns(columns.document).where(columns.workspace == workspace, *narrow)
    if before is not None:
        query = query.where(_is_before(keys, before))
    return query.order_by(*(key.desc() for key in keys)).limit(most).subquery("among")


def _is_before(keys: Sequence[sa.ColumnElement[Any]], before: Key) -> Criterion:
    if len(keys) == 1:
        first: Criterion = keys[0] < before[0]
        return first
    return sa.tuple_(*keys) < sa.tuple_(*before)


def _last(among: sa.Subquery, keys: Sequence[sa.ColumnElement[Any]], most: int) -> sa.Select[Any]:
    """The key of the last row that was looked at, if the look ended there."""
    looked_at = sa.select(sa.func.count()).select_from(among).scalar_subquery()
    return sa.select(*keys).where(looked_at == most).order_by(*keys).limit(1)


def _column_is(name: str, value: str) -> Callable[[Rows], Criterion]:
    return lambda rows: rows[name] == value


def _property_is(name: str, value: str) -> Callable[[Rows], Criterion]:
    # As the document is written: inside one of its texts the quotation marks would be escaped.
    return lambda rows: rows.document.contains(f'"{name}":"{value}"', autoescape=True)


def _named(
    connection: sa.Connection,
    workspace: str,
    text: str,
    filters: Mapping[str, str],
    before: Key | None,
    limit: int,
) -> Found:
    """Applicants whose last name begins so, by name."""
    last, _, first = text.partition(",")
    begins = f"{folded(last)}|{folded(first)}" if first.strip() else folded(last)
    named = sa.select(people.c.person_id, people.c.name_key).where(
        people.c.workspace == workspace,
        people.c.name_key >= begins,
        people.c.name_key < begins + _AFTER_EVERY_LETTER,
    )
    if before is not None:
        named = named.where(people.c.name_key >= before[0])
    among = named.order_by(people.c.name_key).limit(LOOKED_AT).subquery("among")
    keys = [among.c.name_key, applicants.c.applicant_number]
    query = (
        sa.select(*keys, applicants.c.document)
        .select_from(among)
        .join(applicants, applicants.c.person_id == among.c.person_id)
        .where(applicants.c.workspace == workspace)
    )
    for name in (name for name, value in filters.items() if value):
        # Asked of those with the name: an index of its own is not followed.
        query = query.where(applicants.c[name] + "" == filters[name])
    if before is not None:
        query = query.where(sa.tuple_(*keys) > sa.tuple_(*before))
    rows = connection.execute(query.order_by(*keys).limit(limit + 1)).all()
    records = [orjson.loads(row.document) for row in rows[:limit]]
    if len(rows) > limit:
        return Found(records, tuple(rows[limit - 1][:-1]), _BY_NAME)
    looked_at = sa.select(sa.func.count(), sa.func.max(among.c.name_key))
    count, last = connection.execute(looked_at.select_from(among)).one()
    if count == LOOKED_AT and (before is None or last > before[0]):
        return Found(records, (last, ""), _BY_NAME, is_partial=True)
    return Found(records, by=_BY_NAME)
