"""The vacancy: its references and its life."""

from sandbox.errors import Code, Refusal

OPEN_STATUSES = frozenset({"01", "02", "11", "12"})
"""NWD position vacancy statuses in which applicants are taken: open, approved, open again, partially filled."""

FINAL_STATUSES = frozenset({"08", "09", "10"})
"""Terminated, filled, closed: a vacancy that came to its end stays there."""


def vacancy_reference(vpd: str, reference: str) -> str:
    """`123` and `C9123-1001` make `123-C9123-1001` (NHSBSA article KA-28135)."""
    return f"{vpd}-{reference}"


def requisition_reference(vpd: str, reference: str) -> str:
    """`123` and `C9123-1001` make `123-REQ-C9123-1001` (NHSBSA article KA-28135)."""
    return f"{vpd}-REQ-{reference}"


def check_status_change(present: str, wanted: str) -> None:
    """Raises Refusal STATE_FORBIDS for a change out of a final status; staying is no change."""
    if present in FINAL_STATUSES and wanted != present:
        raise Refusal(
            Code.STATE_FORBIDS,
            f"A vacancy in status {present} has come to its end; create a new one instead.",
        )
