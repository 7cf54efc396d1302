"""Who somebody is among the people whom ESR knows already: grades of likeness, kinds of person, and what follows.

There is no national employee number; NI number, date of birth and last name are the public key (NHS CRS data matching;
automated inter-authority transfer).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a match leads to."""

    action: str
    """CREATE, LINK, REVIEW or REFUSE."""
    person_id: int | None = None
    """The person who was found, where it is one."""
