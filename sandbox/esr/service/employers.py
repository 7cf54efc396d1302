"""The employer for whom a call is made."""

from typing import Any

from sandbox.errors import Code, Refusal
from sandbox.esr.domain.doors import door_is_open
from sandbox.esr.store.organisations import find_organisation
from sandbox.web.call import Unit


def enabled_employer(unit: Unit, ods_code: str, interface: str) -> dict[str, Any]:
    """The `Organisation`, which has `interface` switched on, and the door through which the call came.

    Raises Refusal EMPLOYER_UNKNOWN or INTERFACE_NOT_ENABLED.
    """
    organisation = find_organisation(unit.connection, unit.workspace.name, ods_code)
    if organisation is None:
        raise Refusal(Code.EMPLOYER_UNKNOWN, f"The employer {ods_code} is not known to ESR.")
    if not organisation["interfaces"][interface]:
        raise Refusal(
            Code.INTERFACE_NOT_ENABLED,
            f"The employer {ods_code} has not switched on the interface {interface}.",
        )
    if not door_is_open(organisation, unit.door):
        raise Refusal(
            Code.INTERFACE_NOT_ENABLED,
            f"The employer {ods_code} does not exchange with ESR through this door ({unit.door}).",
        )
    return organisation
