"""What ESR holds that bears on an applicant who is sent to it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sandbox.esr.domain.doors import API
from sandbox.esr.domain.matching import Outcome
from sandbox.esr.domain.profiles import profile


@dataclass(frozen=True, slots=True)
class Facts:
    """What ESR holds that bears on a submission. What is unknown is None."""

    submission: dict[str, Any]
    ods_code: str
    organisation: dict[str, Any] | None
    position: dict[str, Any] | None
    vacancy: dict[str, Any] | None
    live_applicant: str | None
    """The number of the applicant whom this person already is for the vacancy."""
    reference_taken_by: str | None
    """The number of the employer's live applicant who has the supplier's reference."""
    code_lists: dict[str, dict[str, bool]]
    """By list: code → whether it is retired."""
    today: date | None = None
    """The world's date."""
    is_taken: bool = False
    """Whether the position, not shared, has a holder or another live applicant on the start date."""
    match: Outcome | None = None
    """What the search for the person among those whom ESR knows came to."""

    door: str = API
    """Through which door the submission came."""

    def profile(self, name: str) -> str:
        """The rule profile that the employer carries."""
        return profile(self.organisation, name)

    def day(self, name: str) -> date | None:
        """A date of the submission."""
        text = self.submission.get(name)
        return date.fromisoformat(text) if text else None

    @property
    def birth(self) -> date:
        """The date of birth."""
        return date.fromisoformat(self.submission["person"]["dateOfBirth"])

    def is_known(self, code_list: str, code: str | None) -> bool:
        """Whether the list has the code, retired or not; an absent code is well."""
        return code is None or code in self.code_lists[code_list]
