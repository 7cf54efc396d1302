"""The employers that advertise, and what NHS Jobs knows of their positions."""

from typing import Any

from sandbox.errors import Code, Refusal
from sandbox.nhsjobs.store import employers as store
from sandbox.nhsjobs.store.employers import Employer
from sandbox.web.call import Unit


def take_on(
    unit: Unit, organisations: list[dict[str, Any]], positions: list[dict[str, Any]]
) -> None:
    """Lets the employers of a new world advertise, and gives NHS Jobs the full load of their ESR positions."""
    name = unit.workspace.name
    store.insert_employers(
        unit.connection,
        name,
        [Employer(item["odsCode"], item["vpd"], item["name"]) for item in organisations],
    )
    store.insert_positions(unit.connection, name, positions)


def known_employer(unit: Unit, ods_code: str) -> Employer:
    """The employer. Raises Refusal EMPLOYER_UNKNOWN."""
    found = store.find_employer(unit.connection, unit.workspace.name, ods_code)
    if found is None:
        raise Refusal(
            Code.EMPLOYER_UNKNOWN, f"The employer {ods_code} does not advertise in NHS Jobs."
        )
    return found


def employer_of_vacancy(unit: Unit, ods_code: str, vacancy_reference: str) -> Employer:
    """The employer of an ESR vacancy; one that is new to NHS Jobs is taken on under its ODS code."""
    name = unit.workspace.name
    found = store.find_employer(unit.connection, name, ods_code)
    if found is None:
        found = Employer(ods_code, vacancy_reference[:3], ods_code)
        store.insert_employers(unit.connection, name, [found])
    return found


def find_position(unit: Unit, advert: dict[str, Any]) -> dict[str, Any] | None:
    """The ESR position that an advert is for, or None when it has none or NHS Jobs does not know it."""
    if "positionId" not in advert:
        return None
    return store.find_position(unit.connection, unit.workspace.name, advert["positionId"])
