"""The vacancy: its references and its life, in national statuses, whichever side it began on."""

from sandbox.errors import Code, Refusal

OPEN_STATUSES = frozenset({"01", "02", "11", "12"})
"""NWD position vacancy statuses in which applicants are taken: open, approved, open again, partially filled."""

FINAL_STATUSES = frozenset({"08", "09", "10"})
"""Terminated, filled, closed: a vacancy that came to its end stays there."""

PARTIALLY_FILLED, FILLED = "12", "09"

MOVES: frozenset[tuple[str, str]] = frozenset(
    {
        # Open: applicants are taken until it is held up, ends, is opened again or is filled in part.
        *(("01", to) for to in ("02", "03", "07", "08", "09", "10", "11", "12")),
        # Approved: it may open; the approval may be taken back.
        *(("02", to) for to in ("01", "03", "06", "07", "08", "09", "10", "12")),
        # On hold: it goes on where it was, or ends.
        *(("03", to) for to in ("01", "02", "04", "07", "08", "10", "11", "12")),
        # Pending: it waits for approval.
        *(("04", to) for to in ("02", "03", "05", "06", "08")),
        # Rejected: it is put forward again, or ends.
        *(("05", to) for to in ("04", "08", "10")),
        # Unapproved: nobody has approved it yet.
        *(("06", to) for to in ("02", "04", "05", "08", "10")),
        # Suspended: it goes on, or ends.
        *(("07", to) for to in ("01", "02", "03", "08", "10", "11", "12")),
        # Open after an unsuccessful attempt: as open.
        *(("11", to) for to in ("03", "07", "08", "09", "10", "12")),
        # Partially filled: the rest is sought, in another attempt perhaps, or not.
        *(("12", to) for to in ("03", "07", "08", "09", "10", "11")),
    }
)
"""(status, the one that may follow). The national list names the statuses; which may follow which is ours (assumed)."""


def vacancy_reference(vpd: str, reference: str) -> str:
    """`123` and `C9123-1001` make `123-C9123-1001` (NHSBSA article KA-28135)."""
    return f"{vpd}-{reference}"


def requisition_reference(vpd: str, reference: str) -> str:
    """`123` and `C9123-1001` make `123-REQ-C9123-1001` (NHSBSA article KA-28135)."""
    return f"{vpd}-REQ-{reference}"


def check_status_change(present: str, wanted: str) -> None:
    """Raises Refusal STATE_FORBIDS for a move that has no row; staying is no move."""
    if wanted == present or (present, wanted) in MOVES:
        return
    if present in FINAL_STATUSES:
        raise Refusal(
            Code.STATE_FORBIDS,
            f"A vacancy in status {present} has come to its end; create a new one instead.",
        )
    follows = ", ".join(sorted(to for status, to in MOVES if status == present))
    raise Refusal(
        Code.STATE_FORBIDS,
        f"Status {wanted} does not follow status {present}; what may follow it: {follows}.",
    )


def status_after_hire(present: str, openings: int, hired: int) -> str:
    """The status once `hired` people have been hired: filled or partially filled, where the vacancy takes applicants."""
    if present not in OPEN_STATUSES:
        return present
    return FILLED if hired >= openings else PARTIALLY_FILLED
