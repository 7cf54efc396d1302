"""The public job search: its words, and an advert as it shows one.

The shape follows public clients of the real search (`search_xml`); the owner's document was not read.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sandbox.timestamps import from_text

STAFF_GROUPS = {
    "CLINICAL_SERVICES": "07",
    "PROF_SCIENTIFIC_AND_TECHNICAL": "05",
    "ADMINISTRATIVE_AND_CLERICAL": "08",
    "ALLIED_HEALTH_PROF": "04",
    "ESTATES_AND_ANCILLARY": "09",
    "HEALTHCARE_SCIENTISTS": "06",
    "MEDICAL_AND_DENTAL": "01",
    "NURSING_AND_MIDWIFERY_REGD": "03",
    "STUDENTS": "02",
}
"""Staff group code of the search → national code."""

ENGLAND = frozenset({"GB-ENG", "ENG"})
"""Public clients send either; which of them the real service takes is unverified."""

LARGEST_PAGE = 100
"""A larger `limit` is quietly cut to this, as public clients found."""

FAR_PAST_THE_END = 500
"""From so many pages past the last one on, the real service fails."""

_SHOWN_LETTERS = 150
_MOST_TERMS = 10
_TERM = re.compile(r'"([^"]*)"|([^\s"]+)')


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a search asks for. None and empty tuples ask for nothing."""

    terms: tuple[str, ...] = ()
    location: str | None = None
    contract_types: tuple[str, ...] = ()
    staff_groups: tuple[str, ...] = ()
    working_patterns: tuple[str, ...] = ()
    pay_bands: tuple[str, ...] = ()
    salary_from: int | None = None
    salary_to: int | None = None
    published_from: str | None = None
    employer: str | None = None
    internal: frozenset[bool] = frozenset({False, True})
    elsewhere: bool = False
    """Whether a country other than England is asked for, where there are no adverts."""
    sort: str | None = None
    page: int = 1
    limit: int = 10


def wanted(arguments: dict[str, Any]) -> Wanted:
    """The search that the parameters of the contract ask for. `distance`, `pageSize` and `size` have no effect."""
    internal = {False, True}
    if arguments.get("internalOnly"):
        internal.discard(False)
    if arguments.get("externalOnly"):
        internal.discard(True)
    country = arguments.get("countryCode")
    return Wanted(
        terms=terms(arguments.get("keyword", "")),
        location=arguments.get("location", "").strip().lower() or None,
        contract_types=tuple(arguments.get("contractType", ())),
        staff_groups=tuple(STAFF_GROUPS[code] for code in arguments.get("staffGroup", ())),
        working_patterns=tuple(
            pattern.strip().lower().replace(" ", "-")
            for pattern in arguments.get("workingPattern", ())
        ),
        pay_bands=tuple(arguments.get("payBand", ())),
        salary_from=arguments.get("salaryFrom"),
        salary_to=arguments.get("salaryTo"),
        published_from=arguments.get("publishedFrom"),
        employer=arguments["employerCode"].upper() if "employerCode" in arguments else None,
        internal=frozenset(internal),
        elsewhere=country is not None and country not in ENGLAND,
        sort=arguments.get("sort"),
        page=arguments.get("page", 1),
        limit=min(LARGEST_PAGE, arguments.get("limit", 10)),
    )


def terms(keyword: str) -> tuple[str, ...]:
    """The words and the phrases in double quotes of a keyword, in lower case, the first ten."""
    found = (phrase or word for phrase, word in _TERM.findall(keyword.lower()))
    return tuple(term.strip() for term in found if term.strip())[:_MOST_TERMS]


def text_of(advert: dict[str, Any]) -> str:
    """What keywords are looked for in, besides the title."""
    parts = (advert["description"], advert["employer"], advert.get("areaOfWork", ""))
    return "\n".join(parts).lower()


def places_of(advert: dict[str, Any]) -> str:
    """What a location is looked for in."""
    return "\n".join(place(location) for location in advert["locations"]).lower()


def place(location: dict[str, Any]) -> str:
    """`Town, POSTCODE`."""
    return f"{location['town']}, {location['postcode']}"


def shortened(description: str) -> str:
    """A description cut at about 150 characters and then ended with ` ...`."""
    flat = " ".join(description.split())
    if len(flat) <= _SHOWN_LETTERS:
        return flat
    return flat[:_SHOWN_LETTERS].rstrip() + " ..."


def uk_local(moment: datetime) -> datetime:
    """UK local time without a zone: an hour ahead from the last Sunday of March, 01:00 UTC, to that of October.

    Source: the Summer Time Order 2002. Worked out here, since not every machine has a database of time zones.
    """
    moment = moment.astimezone(UTC)
    begins, ends = _last_sunday(moment.year, 3), _last_sunday(moment.year, 10)
    ahead = timedelta(hours=1 if begins <= moment < ends else 0)
    return (moment + ahead).replace(tzinfo=None)


def _last_sunday(year: int, month: int) -> datetime:
    last = date(year, month, 31)
    day = last.day - (last.weekday() + 1) % 7
    return datetime(year, month, day, 1, tzinfo=UTC)


def local_post_date(advert: dict[str, Any]) -> str:
    """When an advert was published, as the XML search writes it."""
    return uk_local(from_text(advert["postDate"])).isoformat(timespec="milliseconds")


def summary(advert: dict[str, Any]) -> dict[str, Any]:
    """The `AdvertSummary` of a published advert."""
    names = (
        "advertId",
        "reference",
        "title",
        "employer",
        "odsCode",
        "staffGroup",
        "payBand",
        "contractType",
        "workingPattern",
        "salary",
        "postDate",
        "closeDate",
        "internalOnly",
        "url",
        "locations",
    )
    return {
        **{name: advert[name] for name in names},
        "description": shortened(advert["description"]),
    }
