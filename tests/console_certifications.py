"""Certifications that are started from the console, and subjects for them."""

import time
from collections.abc import Mapping
from typing import Any

import httpx
from console_walk import browsing, send

ONE_CASE = {
    "reference": "esr",
    "suites": ["behaviour"],
    "only": "esr.applicants.location",
    "seed": "1",
    "act": "run",
}
"""The mock ESR, and a case that it passes."""
SUPPLIER: Mapping[str, Any] = {
    "role": "recruitment-system",
    "product": "Our Recruitment System",
    "name": "Our Company",
    "version": "1.0.0",
    "build": "1",
    "environment": "supplier test",
    "features": ["esr"],
    "client": "supplier",
    "receiver": "http://127.0.0.1:9/receiver/v1",
    "driving": "inbound",
    "driver": "http://127.0.0.1:9/driver/v1",
    "driver_token": "a token of the driver",
    "suites": ["behaviour"],
    "only": "recruitment-system.offers.*",
    "seed": "1",
    "act": "run",
}
AN_ESR: Mapping[str, Any] = {
    "role": "esr",
    "product": "Some ESR",
    "name": "Somebody",
    "version": "1",
    "build": "1",
    "environment": "test",
    "address": "http://127.0.0.1:9/esr/v1",
    "system_token": "a token of that ESR",
    "suites": ["behaviour"],
    "seed": "1",
    "act": "preflight",
}
"""Nobody listens there."""
_LONGEST_SECONDS = 120


def start(client: httpx.Client, workspace: str, form: Mapping[str, Any]) -> httpx.Response:
    """Sends the form of a run."""
    return send(client, f"/console/w/{workspace}/certify/new", form)


def ended(client: httpx.Client, address: str) -> str:
    """The page of a run once it has ended."""
    deadline = time.monotonic() + _LONGEST_SECONDS
    while "Stop the run" in (page := client.get(address).text):
        assert time.monotonic() < deadline, f"the run goes on: {page}"
        time.sleep(0.1)
    return page


def a_run_that_ended(url: str, workspace: str, form: Mapping[str, Any] = ONE_CASE) -> str:
    """The id of a run that was started from the console and has ended."""
    with browsing(url) as client:
        answer = start(client, workspace, form)
        assert answer.status_code == 303, answer.text
        address = answer.headers["location"]
        ended(client, address)
    return str(address).rpartition("/")[2]
