"""The life of one applicant from the advert to the hire, with a receiver of the supplier's own that fails twice."""

from dataclasses import dataclass
from typing import Any

from harness import Workspace
from lived_in import Tenant
from receiving import Delivery, Receiver, subscribe


@dataclass
class Life:
    """One who was hired, and what the systems call the application and the applicant."""

    tenant: Tenant
    application_id: int
    number: str = ""

    @property
    def workspace(self) -> Workspace:
        return self.tenant.workspace

    def act(self, path: str, body: Any = None) -> Any:
        """Has the other party act, and waits until all that follows has been said."""
        answer = self.workspace.control.post(path, json=body)
        assert answer.is_success, answer.text
        self.workspace.settle()
        return answer.json()

    def check(self, check_type: str, **changes: Any) -> None:
        """A recruiter records a check in NHS Jobs."""
        path = f"/applications/{self.application_id}/pre-employment-checks/{check_type}"
        body = {**self.tenant.body(f"check:{check_type}"), **changes}
        answer = self.workspace.write("PUT", path, body, client=self.workspace.nhs_jobs)
        assert answer.is_success, answer.text
        self.workspace.settle()


def begin(workspace: Workspace, mark: str = "Journey-A") -> Life:
    """A candidate has applied for an advert and accepted an offer; ESR has taken the applicant."""
    workspace.freeze()
    tenant = Tenant(workspace, mark)
    body = {**tenant.body("advert"), "title": "Staff nurse"}
    advert = workspace.write("POST", "/adverts", body, client=workspace.nhs_jobs).json()
    workspace.settle()
    place = f"/nhs-jobs/adverts/{advert['advertId']}"
    life = Life(tenant, 0)
    life.act(f"{place}/publication")
    life.application_id = life.act(f"{place}/applications", tenant.candidate(0))["applicationId"]
    place = f"/nhs-jobs/applications/{life.application_id}"
    life.act(f"{place}/offer", tenant.body("nhs-jobs-offer"))
    life.act(f"{place}/answer", {**tenant.body("acceptance"), "niNumber": tenant.ni_number})
    seen = workspace.nhs_jobs.get(f"/applications/{life.application_id}").json()
    life.number = seen["esr"]["applicantNumber"]
    return life


def hire_with_two_failures(life: Life, receiver: Receiver) -> None:
    """Checks are done and ESR hires. The supplier's own receiver fails when it is told, and will fail once more.

    The next attempts are due 5 seconds and then 5 minutes later in the world's time.
    """
    subscribe(life.workspace, receiver.url)
    life.check("dbs")
    life.act(f"/esr/applicants/{life.number}/occupational-health-clearance")
    left = [500, 503]

    def fails_twice(delivery: Delivery) -> int:
        is_hire = delivery.event["type"] == "applicant.hired"
        return left.pop(0) if left and is_hire else 202

    receiver.answer = fails_twice
    life.act(f"/esr/applicants/{life.number}/hire")
