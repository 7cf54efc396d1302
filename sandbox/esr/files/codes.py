"""Coded values in files: interfaces write them otherwise than the national data set does.

The services translate what an applicant's row holds, by the door through which it came. A check's row is translated here,
for at the API a check's codes are national and nothing else.
"""

from typing import Any

from sandbox.errors import Code, Refusal
from sandbox.esr import reference
from sandbox.esr.domain.coded_values import taken
from sandbox.esr.domain.doors import FILES
from sandbox.esr.domain.profiles import profile
from sandbox.esr.store.organisations import find_organisation
from sandbox.rules import ERROR
from sandbox.web.call import Unit

_AS_AN_APPLICANTS = "/registrations/0/"


def interface_code(code_list: str, code: str) -> str:
    """What an interface writes for a national code; what is none stands as it is."""
    try:
        return reference.interface_code(code_list, code)
    except KeyError:
        return code


def any_national_code(code_list: str) -> str:
    """A code that the list holds: what a schema of the contract takes where an interface's code is still to be judged."""
    return min(reference.current_codes(code_list))


def national_registration(
    unit: Unit, ods_code: str, registration: dict[str, Any]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The registration of a check with national codes, and the messages about them.

    Raises Refusal CHECK_REFUSED with the messages, where the employer's profile refuses a code.
    """
    organisation = find_organisation(unit.connection, unit.workspace.name, ods_code)
    document = {"registrations": [registration]}
    held = profile(organisation, "codedValues")
    translated, found = taken(reference.coded_lists(), document, held, FILES)
    messages = [finding.message() for finding in found]
    for message in messages:
        message["pointer"] = message["pointer"].replace(_AS_AN_APPLICANTS, "/registration/")
    if any(finding.kind == ERROR for finding in found):
        raise Refusal(
            Code.CHECK_REFUSED,
            "A code of the registration is not taken.",
            confirmation={"messages": messages},
        )
    return translated["registrations"][0], messages
