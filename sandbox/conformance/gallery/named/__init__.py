"""Named defects: what release notes of real interfaces report, made on purpose."""

from sandbox.conformance.gallery.deviation import Deviation
from sandbox.conformance.gallery.named import (
    esr_answers,
    esr_applicants,
    esr_events,
    esr_requests,
    esr_rules,
    nhs_jobs,
    nhs_jobs_and_esr,
    supplier,
)


def named() -> list[Deviation]:
    """Every named defect."""
    return [
        *esr_answers.DEFECTS,
        *esr_requests.DEFECTS,
        *esr_events.DEFECTS,
        *esr_applicants.DEFECTS,
        *esr_rules.DEFECTS,
        *nhs_jobs.DEFECTS,
        *nhs_jobs_and_esr.DEFECTS,
        *supplier.DEFECTS,
    ]
