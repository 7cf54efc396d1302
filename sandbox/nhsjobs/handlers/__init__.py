"""One function per operation of the NHS Jobs and receiver contracts, named as its operationId."""

from sandbox.nhsjobs.handlers.adverts import list_adverts, push_advert, read_advert
from sandbox.nhsjobs.handlers.applications import list_applications, read_application
from sandbox.nhsjobs.handlers.events import receive_event
from sandbox.nhsjobs.handlers.offers import read_offer
from sandbox.nhsjobs.handlers.pre_employment_checks import (
    list_pre_employment_checks,
    record_pre_employment_check,
)
from sandbox.nhsjobs.handlers.search import search_adverts, search_adverts_xml

__all__ = [
    "list_adverts",
    "list_applications",
    "list_pre_employment_checks",
    "push_advert",
    "read_advert",
    "read_application",
    "read_offer",
    "receive_event",
    "record_pre_employment_check",
    "search_adverts",
    "search_adverts_xml",
]
