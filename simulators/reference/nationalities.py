"""Nationality by staff group, and what goes with it.

Shares in a hundred are of staff with a known nationality, June 2018 (NHS Digital, HCHS staff by
staff group, nationality and organisation). The groups of that table are laid onto the national
staff groups: doctors 01; nurses and midwives 03; scientific, therapeutic and technical 04 to 06; support to
clinical staff 07; central functions 08; hotel, property and estates 09. `OTHERS` stands for the
remaining two hundred nationalities, by the same table's shares of all staff.

Each part of the world is then scaled to its level of June 2023 (House of Commons Library, CBP-7783:
EU 5.2, Asia 8.6, Africa 3.8 %; 19 % not British) from that of the table (5.85, 4.6, 2.0 and 0.9 %).
Ethnic categories: 4 % are not stated, as in March 2018 (Ethnicity facts and figures, NHS workforce 2.2).
"""

from dataclasses import dataclass
from functools import cache, lru_cache
from types import MappingProxyType

from simulators.streams import Weighted

_COUNTRIES = (
    "IN",
    "PH",
    "IE",
    "PL",
    "PT",
    "IT",
    "ES",
    "NG",
    "RO",
    "ZW",
    "PK",
    "GR",
    "GH",
    "DE",
    "MY",
)
_SHARES = {
    "01": (
        6.13,
        0.03,
        1.96,
        0.58,
        0.27,
        0.95,
        0.57,
        1.01,
        0.68,
        0.06,
        2.36,
        1.59,
        0.09,
        0.81,
        1.48,
    ),
    "03": (
        2.36,
        3.91,
        1.55,
        0.49,
        1.16,
        0.89,
        1.22,
        0.45,
        0.62,
        0.84,
        0.07,
        0.17,
        0.29,
        0.15,
        0.10,
    ),
    "midwives": (
        0.06,
        0.05,
        1.34,
        0.50,
        0.19,
        1.18,
        0.91,
        0.31,
        0.06,
        0.26,
        0.00,
        0.18,
        0.18,
        0.22,
        0.11,
    ),
    "04": (
        0.84,
        0.48,
        2.06,
        0.60,
        0.80,
        0.48,
        0.33,
        0.25,
        0.14,
        0.26,
        0.14,
        0.25,
        0.07,
        0.23,
        0.13,
    ),
    "07": (
        1.18,
        1.73,
        0.51,
        1.11,
        0.47,
        0.39,
        0.36,
        0.93,
        0.37,
        0.31,
        0.11,
        0.10,
        0.37,
        0.12,
        0.02,
    ),
    "08": (
        0.62,
        0.11,
        0.59,
        0.57,
        0.22,
        0.21,
        0.18,
        0.36,
        0.14,
        0.12,
        0.18,
        0.10,
        0.10,
        0.09,
        0.04,
    ),
    "09": (
        1.12,
        1.15,
        0.45,
        2.51,
        1.23,
        0.62,
        0.40,
        0.54,
        0.47,
        0.11,
        0.12,
        0.07,
        0.42,
        0.11,
        0.04,
    ),
}
_BRITISH = {
    "01": 72.0,
    "03": 82.7,
    "midwives": 91.9,
    "04": 89.6,
    "07": 88.3,
    "08": 93.9,
    "09": 85.9,
}
MIDWIVES = "midwives"
_SAME_AS = {"02": "03", "05": "04", "06": "04", "10": "08"}
EU = frozenset(
    {"IE", "PL", "PT", "IT", "ES", "RO", "GR", "DE", "FR", "NL", "HU", "LT", "BG"}
)  # fmt: skip
ASIAN = frozenset({"IN", "PH", "PK", "MY", "NP", "LK", "BD", "CN"})
AFRICAN = frozenset({"NG", "ZW", "GH", "EG", "ZA", "KE", "SD"})
# Level of June 2023 over that of June 2018.
_EU_SCALE, _ASIAN_SCALE, _AFRICAN_SCALE, _OTHER_SCALE = 5.2 / 5.85, 8.6 / 4.6, 3.8 / 2.0, 1.4 / 0.9
OTHERS = MappingProxyType(
    {
        "AU": 0.199,
        "JM": 0.162,
        "ZA": 0.152,
        "NL": 0.148,
        "NP": 0.148,
        "FR": 0.143,
        "LK": 0.123,
        "EG": 0.122,
        "HU": 0.116,
        "LT": 0.112,
        "US": 0.111,
        "BG": 0.099,
        "CN": 0.073,
        "KE": 0.066,
        "BD": 0.059,
        "TT": 0.057,
        "SD": 0.049,
        "BR": 0.035,
    }
)


@dataclass(frozen=True, slots=True)
class Origin:
    """What a nationality suggests: the Faker locales of given and family names, and ethnic
    categories by share (assumed).
    """

    given_names: str
    family_names: str
    ethnicity: Weighted[str]


# British: 28.6 % of trust staff are from a minority ethnic group (WRES 2024), less those who are
# not British; the split is assumed.
_BRITISH_ORIGIN = Origin(
    "en_GB",
    "en_GB",
    Weighted.of(
        {
            "A": 75,
            "B": 0.7,
            "C": 2,
            "D": 1.2,
            "E": 0.5,
            "F": 0.8,
            "G": 0.8,
            "H": 4.9,
            "J": 3.2,
            "K": 1.2,
            "L": 1.7,
        }
        | {"M": 1.9, "N": 2.7, "P": 0.6, "R": 0.7, "S": 1.0, "Z": 4}
    ),
)
_WHITE = Weighted.of({"C": 96, "Z": 4})
_ASIAN = Weighted.of({"L": 96, "Z": 4})
_AFRICAN = Weighted.of({"N": 93, "S": 3, "Z": 4})
_CARIBBEAN = Weighted.of({"M": 92, "P": 4, "Z": 4})
_ORIGINS = {
    "GB": _BRITISH_ORIGIN,
    "IN": Origin("en_IN", "en_IN", Weighted.of({"H": 95, "L": 3, "Z": 4})),
    "PH": Origin("en_GB", "es_ES", Weighted.of({"L": 95, "S": 3, "Z": 4})),
    "IE": Origin("en_IE", "en_IE", Weighted.of({"B": 95, "C": 3, "Z": 4})),
    "PL": Origin("pl_PL", "pl_PL", Weighted.of({"C": 98, "Z": 4})),
    "PT": Origin("pt_PT", "pt_PT", Weighted.of({"C": 90, "G": 5, "N": 3, "Z": 4})),
    "IT": Origin("it_IT", "it_IT", Weighted.of({"C": 98, "Z": 4})),
    "ES": Origin("es_ES", "es_ES", Weighted.of({"C": 98, "Z": 4})),
    "NG": Origin("en_NG", "en_NG", Weighted.of({"N": 98, "Z": 4})),
    "RO": Origin("ro_RO", "ro_RO", Weighted.of({"C": 98, "Z": 4})),
    "ZW": Origin("en_GB", "en_GB", Weighted.of({"N": 92, "A": 2, "C": 4, "Z": 4})),
    "PK": Origin("en_PK", "en_PK", Weighted.of({"J": 96, "L": 2, "Z": 4})),
    "GR": Origin("en_GB", "en_GB", Weighted.of({"C": 98, "Z": 4})),
    "GH": Origin("tw_GH", "tw_GH", Weighted.of({"N": 98, "Z": 4})),
    "DE": Origin("de_DE", "de_DE", Weighted.of({"C": 96, "G": 2, "Z": 4})),
    "MY": Origin("en_GB", "en_GB", Weighted.of({"L": 48, "R": 42, "H": 8, "Z": 4})),
}
_ETHNICITY_OF_OTHERS = {
    **dict.fromkeys(("AU", "US", "FR", "NL", "HU", "LT", "BG"), _WHITE),
    **dict.fromkeys(("NP", "LK"), _ASIAN),
    **dict.fromkeys(("ZA", "KE", "SD"), _AFRICAN),
    **dict.fromkeys(("JM", "TT"), _CARIBBEAN),
    "BD": Weighted.of({"K": 96, "Z": 4}),
    "CN": Weighted.of({"R": 96, "Z": 4}),
    "EG": Weighted.of({"S": 70, "C": 20, "99": 6, "Z": 4}),
    "BR": Weighted.of({"C": 50, "G": 30, "S": 16, "Z": 4}),
}

# Freedom of movement ended on 31 December 2020: those who came before hold a settlement status.
EUROPEAN = frozenset({"PL", "PT", "IT", "ES", "RO", "GR", "DE", "FR", "NL", "HU", "LT", "BG"})
HOME = frozenset({"GB", "IE"})
# The route mix of joiners is not published; assumed.
EUROPEAN_ROUTES = Weighted.of(
    {"EU_SETTLEMENT": 88, "HEALTH_AND_CARE_WORKER": 6, "DEPENDANT": 3, "GRADUATE": 3}
)
EUROPEAN_OTHER_ROUTES = Weighted.of({"EU_SETTLEMENT": 94, "DEPENDANT": 3, "GRADUATE": 3})
CLINICAL_ROUTES = Weighted.of(
    {
        "HEALTH_AND_CARE_WORKER": 55,
        "INDEFINITE_LEAVE": 25,
        "DEPENDANT": 10,
        "GRADUATE": 6,
        "SKILLED_WORKER": 2,
        "OTHER": 2,
    }
)
OTHER_ROUTES = Weighted.of(
    {
        "INDEFINITE_LEAVE": 45,
        "DEPENDANT": 25,
        "GRADUATE": 14,
        "STUDENT": 10,
        "SKILLED_WORKER": 4,
        "OTHER": 2,
    }
)
SPONSORED = frozenset({"HEALTH_AND_CARE_WORKER", "SKILLED_WORKER"})
WITHOUT_TIME_LIMIT = frozenset({"BRITISH_OR_IRISH", "EU_SETTLEMENT", "INDEFINITE_LEAVE"})

NATIONALITIES = ("GB", *_COUNTRIES, *OTHERS)


@cache
def nationality_number(nationality: str) -> int:
    """The place of a nationality in `NATIONALITIES`. Raises ValueError where it is not among them."""
    return NATIONALITIES.index(nationality)


@cache
def origin(nationality: str) -> Origin:
    """The origin that goes with an ISO 3166-1 alpha-2 nationality."""
    if nationality in _ORIGINS:
        return _ORIGINS[nationality]
    return Origin("en_GB", "en_GB", _ETHNICITY_OF_OTHERS[nationality])


@lru_cache(maxsize=16)
def nationalities(staff_group: str) -> Weighted[str]:
    """The nationalities of a staff group by share; `MIDWIVES` stand apart from nurses."""
    group = _SAME_AS.get(staff_group, staff_group)
    named = dict(zip(_COUNTRIES, _SHARES[group], strict=True))
    rest = max(0.5, 100 - _BRITISH[group] - sum(named.values())) / sum(OTHERS.values())
    foreign = {
        country: share * _scale(country)
        for country, share in (
            named | {country: share * rest for country, share in OTHERS.items()}
        ).items()
    }
    return Weighted.of({"GB": 100 - sum(foreign.values())} | foreign)


def _scale(country: str) -> float:
    if country in EU:
        return _EU_SCALE
    if country in ASIAN:
        return _ASIAN_SCALE
    return _AFRICAN_SCALE if country in AFRICAN else _OTHER_SCALE
