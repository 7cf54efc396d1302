"""A supplier's program that calls the sandbox with generated clients alone: run by test_generated.py, beside the clients.

python speaking.py ESR_URL NHS_JOBS_URL CONTROL_URL TOKEN
"""

import sys
from datetime import date
from uuid import uuid4

import control_client
import esr_client
import nhs_jobs_client
from control_client.api.clock import read_clock
from control_client.api.esr_acts import hire_applicant, put_register_entry
from control_client.models import RegistrationAnswer
from esr_client.api.applicants import amend_applicant, read_applicant, submit_applicant
from esr_client.api.events import list_events
from esr_client.api.organisations import list_organisations
from esr_client.api.positions import read_position
from esr_client.api.vacancies import list_vacancies
from esr_client.models import (
    Applicant,
    ApplicantAmendment,
    ApplicantSubmission,
    Confirmation,
    VacancyStatusCode,
)
from esr_client.models import Problem as Refusal
from nhs_jobs_client.api.adverts import list_adverts

esr_url, nhs_jobs_url, control_url, token = sys.argv[1:]
strict = {"raise_on_unexpected_status": True}
esr = esr_client.AuthenticatedClient(esr_url, token, **strict)
nhs_jobs = nhs_jobs_client.AuthenticatedClient(nhs_jobs_url, token, **strict)
control = control_client.Client(control_url, **strict)


def new_id() -> str:
    # The generator puts a UUID in a header as it is, which HTTPX refuses; text is taken.
    return str(uuid4())


employers = {each.ods_code for each in list_organisations.sync(client=esr).organisations}
[vacancy] = list_vacancies.sync(client=esr, status=VacancyStatusCode("01"), limit=1).vacancies
assert vacancy.ods_code in employers
position = read_position.sync(vacancy.position_id, client=esr)

wanted = {
    "supplierReference": f"GEN-{uuid4().hex[:8]}",
    "vacancyReference": vacancy.vacancy_reference,
    "positionId": vacancy.position_id,
    "person": {
        "firstName": "Amina",
        "lastName": "Okafor",
        "dateOfBirth": "1991-04-12",
        "gender": "2",
        "nationality": "GB",
        "niNumber": "CR123456A",
        "emailAddress": "amina.okafor@example.org",
        "address": {
            "line1": "4 Mill Lane",
            "town": "Northmere",
            "postcode": "JA1 2AB",
            "country": "GB",
        },
    },
    "staffGroup": position.staff_group,
    "jobRole": position.job_role,
    "contractType": "01",
    "assignmentType": "01",
    "offerDate": "2026-04-01",
    "offerAcceptedDate": "2026-04-01",
    "startDate": "2026-06-01",
}
employer = {"nhsd_end_user_organisation_ods": vacancy.ods_code}
submission = ApplicantSubmission.from_dict(wanted)
told = submit_applicant.sync(client=esr, body=submission, x_request_id=new_id(), **employer)
assert isinstance(told, Confirmation), told
number = told.applicant_number

again = submit_applicant.sync(client=esr, body=submission, x_request_id=new_id(), **employer)
assert isinstance(again, Refusal), again
assert again.code == "APPLICANT_EXISTS", again

held = read_applicant.sync(number, client=esr)
assert isinstance(held, Applicant), held
assert held.person.last_name == "Okafor"
changed = amend_applicant.sync(
    number,
    client=esr,
    body=ApplicantAmendment.from_dict({"startDate": "2026-06-08"}),
    x_request_id=new_id(),
    if_match=f'"{held.version}"',
    **employer,
)
assert isinstance(changed, Applicant), changed
assert changed.start_date == date(2026, 6, 8)

assert read_clock.sync(client=control).mode == "FROZEN"
answer = RegistrationAnswer.from_dict({"answer": "LAPSED"})
assert put_register_entry.sync("09", "99Z0001Z", client=control, body=answer).answer == "LAPSED"
assert hire_applicant.sync(number, client=control).status == "HIRED"
types = [event.type_ for event in list_events.sync(client=esr).events]
assert "applicant.hired" in types, types

assert list_adverts.sync(client=nhs_jobs) is not None
print(number)
