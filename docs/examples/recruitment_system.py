"""A made-up recruitment system, as small as can be: it offers a job and sends the applicant to ESR. Yours stands here."""

from datetime import date, timedelta
from uuid import uuid4

import httpx


def offer_job(esr_url: str, token: str, first_name: str, last_name: str, today: date) -> str:
    """Sends an applicant for the first open vacancy; answers ESR's applicant number."""
    with httpx.Client(base_url=esr_url, headers={"Authorization": f"Bearer {token}"}) as esr:
        vacancy = esr.get("/vacancies", params={"status": "01", "limit": 1}).json()["vacancies"][0]
        position = esr.get(f"/positions/{vacancy['positionId']}").json()
        address = {
            "line1": "4 Mill Lane",
            "town": "Northmere",
            "postcode": "JA1 2AB",
            "country": "GB",
        }
        applicant = {
            "supplierReference": f"ACME-{uuid4().hex[:8]}",
            "vacancyReference": vacancy["vacancyReference"],
            "positionId": vacancy["positionId"],
            "person": {
                "firstName": first_name,
                "lastName": last_name,
                "dateOfBirth": "1991-04-12",
                "gender": "2",
                "nationality": "GB",
                "niNumber": "CR123456A",
                "emailAddress": "recruit@example.org",
                "address": address,
            },
            "staffGroup": position["staffGroup"],
            "jobRole": position["jobRole"],
            "contractType": "01",
            "assignmentType": "01",
            "offerDate": today.isoformat(),
            "offerAcceptedDate": today.isoformat(),
            "startDate": (today + timedelta(weeks=8)).isoformat(),
        }
        headers = {
            "X-Request-ID": str(uuid4()),
            "NHSD-End-User-Organisation-ODS": vacancy["odsCode"],
        }
        answer = esr.post("/applicants", json=applicant, headers=headers)
        answer.raise_for_status()
        return str(answer.json()["applicantNumber"])
