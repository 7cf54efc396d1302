"""The forms of the identifiers that a body or an office gives out."""

import re

NI_NUMBER = re.compile(
    r"(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z][0-9]{6}[A-D]", re.ASCII
)
"""HMRC National Insurance Manual NIM39110."""

POSTCODE = re.compile(
    r"GIR 0AA|([A-Z][0-9]{1,2}|[A-Z][A-HJ-Y][0-9]{1,2}|[A-Z][0-9][A-Z]|[A-Z][A-HJ-Y][0-9]?[A-Z])"
    r" [0-9][A-Z]{2}",
    re.ASCII,
)
"""The government's bulk-transfer pattern, anchored."""

# NWD registration body code → the form of its numbers. Sources: NHS Data Model and Dictionary, UK Core practitioner
# identifiers; the longer prefixes of the HCPC (for instance ODP) are assumed. A body without a row is not checked.
REGISTRATION_NUMBERS = {
    "02": re.compile(r"[0-9]{1,6}", re.ASCII),
    "03": re.compile(r"[0-9]{7}|L[0-9]{6}", re.ASCII),
    "08": re.compile(r"[A-Z]{2,3}[0-9]{1,6}", re.ASCII),
    "09": re.compile(r"[0-9]{2}[A-Z][0-9]{4}[A-Z]", re.ASCII),
    "16": re.compile(r"[25][0-9]{6}", re.ASCII),
}


def is_ni_number(text: str) -> bool:
    """Whether the text has the form of a National Insurance number."""
    return NI_NUMBER.fullmatch(text) is not None


def is_registration_number(body: str, number: str) -> bool:
    """Whether the number has the form that the body gives out."""
    form = REGISTRATION_NUMBERS.get(body)
    return form is None or form.fullmatch(number) is not None


def is_postcode(text: str) -> bool:
    """Whether the text has the form of a British postcode."""
    return POSTCODE.fullmatch(text) is not None
