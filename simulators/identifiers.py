"""Identifiers that are valid in form and unreal by construction. Each function says why nobody can
own what it gives.

| identifier | range | why it is nobody's |
|---|---|---|
| NI number | CR, MW, NC + 6 digits + A-D | look-alike prefixes of administrative references (1) |
| NI number of staff | PP + 6 digits + A-D | the same (1) |
| ODS code | X0 + letter, digit, letter | our reserved corner of the ANANA form (2) |
| VPD | 900 to 999 | the sandbox's own range (contract) |
| mobile | 07700 900000 to 900999 | Ofcom's numbers for drama |
| landline | 01632 960000 to 960999 | Ofcom's numbers for drama |
| e-mail | example.org, .net, .com | reserved by RFC 2606 |
| postcode | areas EA, FA, JA, NA, YA | not allocated (see `pools`) |
| registration | the top of each body's numbers | see `registration` |
| DBS certificate | 999 + 9 digits | assumed far above what is issued |

(1) HMRC keeps OO, CR, FY, MW, NC, PP, PZ and others for references that only look like NI numbers
(National Insurance Manual, NIM39110). These four have the valid form; no person is given one.
(2) ODS publishes no test range. None of the 280 employers of NHS England's sickness-absence file of
March 2025 is in this one, and the names of employers here are invented.
"""

from functools import cache

from simulators.pools import Town, mailbox_form
from simulators.streams import Stream, shuffled

NI_PREFIXES = ("CR", "MW", "NC")
STAFF_NI_PREFIX = "PP"
# As many as there are NI numbers in the range: no two applicants of a run share one up to this
# many.
NI_NUMBERS = len(NI_PREFIXES) * 4 * 1_000_000
_ODS_LETTERS = 26
ODS_CODES = _ODS_LETTERS * 10 * _ODS_LETTERS
VPDS = 100
MAIL_DOMAINS = ("example.org", "example.net", "example.com")
MOBILE_NUMBERS = tuple(f"07700 900{number:03d}" for number in range(1_000))
"""Mobile numbers of Ofcom's range for drama."""
HOME_NUMBERS = tuple(f"01632 960{number:03d}" for number in range(1_000))
"""Landline numbers of Ofcom's range for drama."""
# Royal Mail does not use C, I, K, M, O and V in the inward half.
_INWARD_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
POSTCODE_UNITS = tuple(
    f"{sector}{first}{last}"
    for sector in range(10)
    for first in _INWARD_LETTERS
    for last in _INWARD_LETTERS
)
"""The inward halves of postcodes: of valid form, to follow a district whose area is not allocated."""


def national_insurance_number(seed: int, index: int) -> str:
    """A number of valid form (HMRC NIM39110) with a prefix that HMRC uses for administrative
    references only.

    One to one with the index: unique for the first 12,000,000 indexes of a seed.
    """
    rest, digits = divmod(shuffled(seed, "ni-number", index, NI_NUMBERS), 1_000_000)
    return f"{NI_PREFIXES[rest // 4]}{digits:06d}{'ABCD'[rest % 4]}"


def staff_ni_number(seed: int, ordinal: int) -> str:
    """The number of employee `ordinal`, in a range of its own: no applicant of any seed has it by chance.
    Unique for the first 4,000,000.
    """
    rest, digits = divmod(shuffled(seed, "staff-ni-number", ordinal, 4_000_000), 1_000_000)
    return f"{STAFF_NI_PREFIX}{digits:06d}{'ABCD'[rest]}"


def ods_code(seed: int, ordinal: int) -> str:
    """An ODS code in the ANANA form of new codes since October 2020, from our corner X0."""
    rest, last = divmod(shuffled(seed, "ods-code", ordinal, ODS_CODES), _ODS_LETTERS)
    letter, digit = divmod(rest, 10)
    return f"X0{chr(65 + letter)}{digit}{chr(65 + last)}"


def vpd(seed: int, ordinal: int) -> str:
    """The number of an employer's partition, 900 to 999; unique for 100 employers."""
    return str(900 + shuffled(seed, "vpd", ordinal, VPDS))


@cache
def seed_tag(seed: int) -> int:
    """A number below 1,000,000 that tells seeds apart in references; two seeds seldom share it."""
    return Stream(seed, "seed-tag", 0).below(1_000_000)


def email_address(first_name: str, last_name: str, index: int, domain: str) -> str:
    """An address at one of `MAIL_DOMAINS`; the index makes it unique in a run. Staff have indexes below 0."""
    number = index if index >= 0 else f"s{-index}"
    return f"{mailbox_form(first_name)}.{mailbox_form(last_name)}.{number}@{domain}"


def postcode(stream: Stream, town: Town) -> str:
    """A postcode of valid form in a district of the town, whose area is not allocated."""
    return f"{town.district} {stream.pick(POSTCODE_UNITS)}"


def dbs_certificate_number(seed: int, index: int) -> str:
    """Twelve digits, unique for the first 1,000,000,000 indexes of a seed."""
    return f"999{shuffled(seed, 'dbs-certificate', index, 1_000_000_000):09d}"
