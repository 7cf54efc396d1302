"""One function per operation of the ESR contract, named as its operationId."""

from sandbox.esr.handlers.applicants import (
    amend_applicant,
    list_applicants,
    read_applicant,
    submit_applicant,
    withdraw_applicant,
)
from sandbox.esr.handlers.code_lists import list_code_lists, read_code_list
from sandbox.esr.handlers.employment_checks import (
    list_employment_checks,
    read_employment_check,
    record_employment_check,
)
from sandbox.esr.handlers.events import (
    create_event_subscription,
    delete_event_subscription,
    list_dead_letters,
    list_event_subscriptions,
    list_events,
    ping_event_subscription,
    read_event_signing_keys,
    read_event_subscription,
    replay_dead_letters,
)
from sandbox.esr.handlers.organisations import list_organisations, read_organisation
from sandbox.esr.handlers.positions import list_positions, read_position
from sandbox.esr.handlers.transfers import read_inter_authority_transfer
from sandbox.esr.handlers.vacancies import (
    change_vacancy_status,
    create_vacancy,
    list_vacancies,
    read_vacancy,
)

__all__ = [
    "amend_applicant",
    "change_vacancy_status",
    "create_event_subscription",
    "create_vacancy",
    "delete_event_subscription",
    "list_applicants",
    "list_code_lists",
    "list_dead_letters",
    "list_employment_checks",
    "list_event_subscriptions",
    "list_events",
    "list_organisations",
    "list_positions",
    "list_vacancies",
    "ping_event_subscription",
    "read_applicant",
    "read_code_list",
    "read_employment_check",
    "read_event_signing_keys",
    "read_event_subscription",
    "read_inter_authority_transfer",
    "read_organisation",
    "read_position",
    "read_vacancy",
    "record_employment_check",
    "replay_dead_letters",
    "submit_applicant",
    "withdraw_applicant",
]
