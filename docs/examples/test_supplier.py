from datetime import timedelta

from recruitment_system import offer_job


def test_an_applicant_whom_we_send_is_hired(esr_workspace, esr_token, esr_clock, esr_control):
    number = offer_job(esr_workspace.esr_url, esr_token, "Amina", "Okafor", esr_clock.now.date())
    esr_clock.advance(timedelta(weeks=8))
    cleared = {"result": "FIT"}
    esr_control.post(f"/esr/applicants/{number}/occupational-health-clearance", json=cleared)
    esr_control.post(f"/esr/applicants/{number}/hire")
    assert "applicant.hired" in esr_workspace.event_types()
