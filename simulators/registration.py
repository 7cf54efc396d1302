"""Professional registration: body, type and a number of the form that the body issues.

Forms: GMC 7 digits, NMC PIN two digits, letter, four digits, letter (NHS data dictionary and public
FHIR profiles); GPhC 7 digits, 2 in front for pharmacists (5 for technicians: assumed); HCPC the
profession's letters and up to 6 digits (registrant snapshot, January 2025); GDC up to 6 digits;
Social Work England SW and digits (assumed).

Numbers are taken from the top of each form, which the registers have not reached (assumed from
their sizes: the GMC had 409,768 on its register in September 2025, the largest HCPC profession
75,744 in January 2025); an NMC PIN here has a letter past L where a month of registration (A to L)
would stand. They are unique for the first 400,000 indexes of a seed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

import numpy as np

from simulators.days import month_end, months_of
from simulators.draws import Draws, Ints
from simulators.streams import shuffled

GDC, GMC, HCPC, NMC, GPHC, SOCIAL_WORK_ENGLAND = "02", "03", "08", "09", "16", "18"


@dataclass(frozen=True, slots=True)
class Register:
    """A part of a professional register. `cycle` is the months between renewals (assumed)."""

    body: str
    type: str | None
    number: Callable[[int, int], str]
    cycle: int


def _from(purpose: str, prefix: str, first: int, count: int) -> Callable[[int, int], str]:
    def number(seed: int, index: int) -> str:
        return f"{prefix}{first + shuffled(seed, purpose, index, count)}"

    return number


def _nmc_pin(seed: int, index: int) -> str:
    rest, digits = divmod(shuffled(seed, "nmc-pin", index, 14 * 26 * 10_000), 10_000)
    month, country = divmod(rest, 26)
    year = shuffled(seed, "nmc-year", index, 26)
    return f"{year:02d}{chr(77 + month)}{digits:04d}{chr(65 + country)}"


def _hcpc(type_code: str, letters: str) -> Register:
    return Register(HCPC, type_code, _from("hcpc-number", letters, 500_000, 500_000), 24)


_GMC_NUMBER = _from("gmc-number", "", 9_000_000, 1_000_000)
_GDC_NUMBER = _from("gdc-number", "", 500_000, 500_000)

# Body and type by the codes of the National Workforce Data Set. It has no type for nursing
# associates.
REGISTERS = MappingProxyType(
    {
        "doctor": Register(GMC, "15", _GMC_NUMBER, 12),
        "provisional-doctor": Register(GMC, "17", _GMC_NUMBER, 12),
        "dentist": Register(GDC, "13", _GDC_NUMBER, 12),
        "dental-nurse": Register(GDC, "13", _GDC_NUMBER, 12),
        "nurse": Register(NMC, "33", _nmc_pin, 36),
        "health-visitor": Register(NMC, "35", _nmc_pin, 36),
        "midwife": Register(NMC, "32", _nmc_pin, 36),
        "nursing-associate": Register(NMC, None, _nmc_pin, 36),
        "arts-therapist": _hcpc("19", "AS"),
        "podiatrist": _hcpc("20", "CH"),
        "clinical-scientist": _hcpc("21", "CS"),
        "dietitian": _hcpc("22", "DT"),
        "biomedical-scientist": _hcpc("23", "BS"),
        "occupational-therapist": _hcpc("24", "OT"),
        "operating-practitioner": _hcpc("25", "ODP"),
        "orthoptist": _hcpc("26", "OR"),
        "paramedic": _hcpc("27", "PA"),
        "physiotherapist": _hcpc("28", "PH"),
        "radiographer": _hcpc("30", "RA"),
        "speech-therapist": _hcpc("31", "SL"),
        "psychologist": _hcpc("41", "PYL"),
        "pharmacist": Register(GPHC, "44", _from("gphc-number", "2", 500_000, 500_000), 12),
        "pharmacy-technician": Register(
            GPHC, "45", _from("gphc-number", "5", 500_000, 500_000), 12
        ),
        "social-worker": Register(
            SOCIAL_WORK_ENGLAND, "47", _from("sw-number", "SW", 9_000_000, 1_000_000), 12
        ),
    }
)


def registration(seed: int, index: int, register: str, today: date) -> dict[str, str]:
    """The contract's `Registration` of person `index`; it expires at a month's end after `today`,
    within the renewal cycle.
    """
    return registrations(seed, np.array([index]), [register], np.array([today.toordinal()]))[0]


def registrations(
    seed: int, indexes: Ints, registers: Sequence[str], days: Ints
) -> list[dict[str, str]]:
    """The `registration` of each of a block, as on a day (its ordinal)."""
    parts = [REGISTERS[register] for register in registers]
    cycles = np.array([part.cycle for part in parts])
    months = Draws(seed, "registration", indexes, 1).between(3, cycles + 3) + months_of(days)
    found = []
    for part, index, month in zip(parts, indexes.tolist(), months.tolist(), strict=True):
        held = {"body": part.body, "number": part.number(seed, index)}
        if part.type is not None:
            held["type"] = part.type
        held["expiryDate"] = month_end(month)
        found.append(held)
    return found
