"""Names and places, made by Faker once per process and then only drawn from.

Faker is seeded, so the pools depend on its version alone (pinned in pyproject.toml). Towns and
streets are Faker's inventions. A town has one fictional postcode district and one county, so that
the parts of an address agree.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache

from faker import Faker

_SEED = 1948
GIVEN_NAMES = 400
FAMILY_NAMES = 2_000
_STREETS = 1_500
_TOWNS = 400

# Two-letter areas that Royal Mail has not allocated, of letters that areas may have; a test
# compares them with the allocated ones.
POSTCODE_AREAS = ("EA", "FA", "JA", "NA", "YA")


@dataclass(frozen=True, slots=True)
class Names:
    """Names of one locale, as often in the pool as they are common: `GIVEN_NAMES` of each kind and `FAMILY_NAMES`."""

    male: tuple[str, ...]
    female: tuple[str, ...]
    family: tuple[str, ...]

    def of(self, woman: bool) -> tuple[str, ...]:
        """Given names."""
        return self.female if woman else self.male


@dataclass(frozen=True, slots=True)
class Town:
    """A town that does not exist, with the outward half of its postcodes."""

    name: str
    county: str
    district: str


def _faker(locale: str, *kinds: str) -> Faker:
    # Left to itself, Faker finds thirty or so providers anew for every locale, which takes longer than all that is drawn.
    faker = Faker(locale, providers=[f"faker.providers.{kind}" for kind in kinds])
    faker.seed_instance(_SEED)
    return faker


@lru_cache(maxsize=32)
def names(locale: str) -> Names:
    """The names of a Faker locale."""
    faker = _faker(locale, "person")
    return Names(
        male=tuple(faker.first_name_male() for _ in range(GIVEN_NAMES)),
        female=tuple(faker.first_name_female() for _ in range(GIVEN_NAMES)),
        family=_family_names(faker),
    )


def _family_names(faker: Faker) -> tuple[str, ...]:
    known = faker.provider("faker.providers.person").last_names
    if isinstance(known, Mapping):
        # Names with weights are drawn at once: one by one, Faker adds all the weights up for each.
        return tuple(faker.random_elements(known, length=FAMILY_NAMES, use_weighting=True))
    return tuple(faker.last_name() for _ in range(FAMILY_NAMES))


@lru_cache(maxsize=1)
def streets() -> tuple[str, ...]:
    """Streets without house numbers."""
    faker = _faker("en_GB", "person", "address")
    return tuple(faker.street_name() for _ in range(_STREETS))


@lru_cache(maxsize=1)
def towns() -> tuple[Town, ...]:
    """Towns, no name twice."""
    faker = _faker("en_GB", "person", "address")
    found: dict[str, Town] = {}
    while len(found) < _TOWNS:
        number = len(found)
        name, county = faker.city(), faker.administrative_unit()
        area = POSTCODE_AREAS[number % len(POSTCODE_AREAS)]
        found.setdefault(name, Town(name, county, f"{area}{number // len(POSTCODE_AREAS) + 1}"))
    return tuple(found.values())


@cache
def mailbox_form(name: str) -> str:
    """A name in the letters of a mailbox: lower case, a to z. The cache is bounded by the pools."""
    plain = unicodedata.normalize("NFKD", name.lower().replace("ł", "l").replace("ß", "ss"))
    return "".join(letter for letter in plain if "a" <= letter <= "z") or "x"
