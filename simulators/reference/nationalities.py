"""Nationality by staff group, and what goes with it.

Shares in a hundred are of staff with a known nationality, June 2018 (NHS Digital, HCHS staff by
staff group, nationality and organisation). The non-British part is scaled by 1.5 to the level of
June 2023, 19 % against 12.7 % (House of Commons Library, CBP-7783). The groups of that table are
laid onto the national staff groups: doctors 01; nurses 03; scientific, therapeutic and technical 04
to 06; support to clinical staff 07; central functions 08; hotel, property and estates 09. `OTHERS`
stands for the remaining two hundred nationalities; its split is assumed.
"""

from dataclasses import dataclass
from functools import lru_cache
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
_BRITISH = {"01": 72.0, "03": 82.7, "04": 89.6, "07": 88.3, "08": 93.9, "09": 85.9}
_SAME_AS = {"02": "03", "05": "04", "06": "04", "10": "08"}
_SCALE_TO_2023 = 1.5
OTHERS = (
    "EG",
    "ZA",
    "AU",
    "NP",
    "LK",
    "BD",
    "FR",
    "NL",
    "HU",
    "LT",
    "BG",
    "KE",
    "JM",
    "US",
    "CN",
    "SD",
    "TT",
    "BR",
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
            "A": 79,
            "B": 0.7,
            "C": 2,
            "D": 1,
            "E": 0.4,
            "F": 0.7,
            "G": 0.7,
            "H": 4,
            "J": 2.6,
            "K": 1.0,
            "L": 1.4,
        }
        | {"M": 1.6, "N": 2.2, "P": 0.5, "R": 0.6, "S": 0.8, "Z": 0.8}
    ),
)
_ORIGINS = {
    "GB": _BRITISH_ORIGIN,
    "IN": Origin("en_IN", "en_IN", Weighted.of({"H": 95, "L": 3, "Z": 2})),
    "PH": Origin("en_GB", "es_ES", Weighted.of({"L": 95, "S": 3, "Z": 2})),
    "IE": Origin("en_IE", "en_IE", Weighted.of({"B": 95, "C": 3, "Z": 2})),
    "PL": Origin("pl_PL", "pl_PL", Weighted.of({"C": 98, "Z": 2})),
    "PT": Origin("pt_PT", "pt_PT", Weighted.of({"C": 90, "G": 5, "N": 3, "Z": 2})),
    "IT": Origin("it_IT", "it_IT", Weighted.of({"C": 98, "Z": 2})),
    "ES": Origin("es_ES", "es_ES", Weighted.of({"C": 98, "Z": 2})),
    "NG": Origin("en_NG", "en_NG", Weighted.of({"N": 98, "Z": 2})),
    "RO": Origin("ro_RO", "ro_RO", Weighted.of({"C": 98, "Z": 2})),
    "ZW": Origin("en_GB", "en_GB", Weighted.of({"N": 92, "A": 2, "C": 4, "Z": 2})),
    "PK": Origin("en_PK", "en_PK", Weighted.of({"J": 96, "L": 2, "Z": 2})),
    "GR": Origin("en_GB", "en_GB", Weighted.of({"C": 98, "Z": 2})),
    "GH": Origin("tw_GH", "tw_GH", Weighted.of({"N": 98, "Z": 2})),
    "DE": Origin("de_DE", "de_DE", Weighted.of({"C": 96, "G": 2, "Z": 2})),
    "MY": Origin("en_GB", "en_GB", Weighted.of({"L": 48, "R": 42, "H": 8, "Z": 2})),
}
_OTHER_ORIGIN = Origin("en_GB", "en_GB", Weighted.of({"C": 40, "N": 25, "L": 15, "S": 15, "99": 5}))

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
ORIGINS = MappingProxyType(_ORIGINS)


def origin(nationality: str) -> Origin:
    """The origin that goes with an ISO 3166-1 alpha-2 nationality."""
    return _ORIGINS.get(nationality, _OTHER_ORIGIN)


@lru_cache(maxsize=16)
def nationalities(staff_group: str) -> Weighted[str]:
    """The nationalities of a staff group by share."""
    group = _SAME_AS.get(staff_group, staff_group)
    named = dict(zip(_COUNTRIES, _SHARES[group], strict=True))
    rest = max(0.5, 100 - _BRITISH[group] - sum(named.values())) / len(OTHERS)
    foreign = {
        country: share * _SCALE_TO_2023
        for country, share in (named | dict.fromkeys(OTHERS, rest)).items()
    }
    return Weighted.of({"GB": 100 - sum(foreign.values())} | foreign)
