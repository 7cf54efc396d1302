"""The inter-authority transfer of an applicant."""

from typing import Any

from sandbox.esr.domain.transfers import initial_transfer
from sandbox.esr.service.applicants import read_applicant
from sandbox.web.call import Unit


def read_inter_authority_transfer(
    unit: Unit, applicant_number: str, ods_code: str | None
) -> dict[str, Any]:
    """The `InterAuthorityTransfer`, there from the first moment on. Raises Refusal NOT_FOUND."""
    return initial_transfer(read_applicant(unit, applicant_number, ods_code))
