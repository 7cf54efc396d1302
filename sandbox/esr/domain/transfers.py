"""The inter-authority transfer: what is known of one before it is asked for.

Either answer to the data-sharing question is sent to ESR; no means that the transfer is not run (NHSBSA article
KA-28161).
"""

from typing import Any


def initial_transfer(applicant: dict[str, Any]) -> dict[str, Any]:
    """The `InterAuthorityTransfer` of an applicant for whom none was requested."""
    transfer: dict[str, Any] = {
        "applicantNumber": applicant["applicantNumber"],
        "status": "NOT_REQUESTED",
        "updatedAt": applicant["updatedAt"],
    }
    consent = applicant.get("dataSharingConsent")
    if consent is not None:
        transfer["consent"] = consent
        if not consent:
            transfer["status"] = "NOT_RUN"
            transfer["reason"] = "The applicant does not agree that data are shared."
    return transfer
