"""Where each page of the console is, in a workspace in which something of everything has happened.

Every page has its line here: one without makes `test_pages.py` fail, so that no page goes unlooked at.
"""

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from console_certifications import a_run_that_ended
from console_replays import a_replay_that_ended
from console_walk import browsing, send
from flask import Flask
from lived_in import Tenant
from packs_of_here import Office, pack_of_here

from sandbox.console.pages import PAGES


@dataclass
class Prepared:
    """A sandbox that has been lived in, as its console shows it."""

    url: str
    tenant: Tenant
    runs: dict[str, str] = field(default_factory=dict)
    """By kind, `certify` and `load`: the id of a run that has ended; `shared`: the token of a link to one."""
    office: Office | None = None
    """Whose register the sandbox shows."""

    @property
    def home(self) -> str:
        return f"{self.url}/console/w/{self.tenant.workspace.name}"


Place = Callable[[Prepared], str]


def _refused(it: Prepared) -> str:
    """Somebody is sent whom ESR does not take."""
    body = {**it.tenant.body("applicant", reference="refused"), "positionId": 1}
    it.tenant.workspace.write("POST", "/applicants", body)
    found = it.tenant.workspace.control.get("/exchanges", params={"status": 422, "limit": 100})
    [*_, last] = found.json()["exchanges"]
    reference = body["supplierReference"]
    return f"{it.home}/journey/refused?reference={reference}&exchange={last['exchangeId']}"


def _exchange(it: Prepared) -> str:
    """The exchange in which somebody is sent whom ESR does not take."""
    _refused(it)
    found = it.tenant.workspace.control.get("/exchanges", params={"status": 422, "limit": 1})
    return f"{it.home}/traffic/{found.json()['exchanges'][0]['exchangeId']}"


def _replay(it: Prepared) -> str:
    """A replay that was started from the page and has its verdict."""
    name = it.tenant.workspace.name
    if "load" not in it.runs:
        it.runs["load"] = a_replay_that_ended(it.url, name)
    return f"{it.home}/load/{it.runs['load']}"


def _certified(it: Prepared) -> str:
    """A certification of the mock ESR, which has passed the one case that it played."""
    name = it.tenant.workspace.name
    if "certify" not in it.runs:
        it.runs["certify"] = a_run_that_ended(it.url, name)
    return it.runs["certify"]


def _certificate(it: Prepared) -> str:
    """A certificate in the register."""
    assert it.office is not None
    return it.office.issue().id


def _pack(it: Prepared) -> str:
    """A pack that was verified."""
    assert it.office is not None
    pack = pack_of_here(it.office.desk)
    files = {"pack": (pack.name, pack.read_bytes())}
    with browsing(it.url) as client:
        sent = send(client, "/console/register/packs", files=files)
        place = sent.headers["location"]
        while "The pack is being verified" in client.get(place).text:
            threading.Event().wait(0.2)
    return f"{it.url}{place}"


def _shared(it: Prepared) -> str:
    """A run that is shared."""
    place = f"/console/w/{it.tenant.workspace.name}/certify/{_certified(it)}/share"
    with browsing(it.url) as client:
        send(client, place)
        found = re.search(r"/console/shared/[A-Za-z0-9._-]+", client.get(place).text)
    assert found is not None
    return f"{it.url}{found[0]}"


PLACES: Mapping[str, Place] = {
    "home.show": lambda it: it.home,
    "traffic.show": lambda it: f"{it.home}/traffic",
    "traffic.exchange": _exchange,
    "journey.show": lambda it: f"{it.home}/journey",
    "journey.applicant": lambda it: f"{it.home}/journey/{it.tenant.ids['applicantNumber']}",
    "journey.application": lambda it: (
        f"{it.home}/journey/application/{it.tenant.ids['make_offer']}"
    ),
    "journey.refused": _refused,
    "world.show": lambda it: f"{it.home}/world",
    "world.acts": lambda it: f"{it.home}/world/acts",
    "world.act": lambda it: (
        f"{it.home}/world/acts/apply_for_advert?advertId={it.tenant.ids['advertId']}"
    ),
    "world.advert": lambda it: f"{it.home}/world/adverts/{it.tenant.ids['advertId']}",
    "world.applicant": lambda it: f"{it.home}/world/applicants/{it.tenant.ids['decide_transfer']}",
    "world.application": lambda it: (
        f"{it.home}/world/applications/{it.tenant.ids['applicationId']}"
    ),
    "world.check": lambda it: (
        f"{it.home}/world/applicants/{it.tenant.ids['applicantNumber']}/checks/dbs"
    ),
    "world.clock": lambda it: f"{it.home}/world/clock?event=0&exchange=0",
    "world.employer": lambda it: f"{it.home}/world/employers/{it.tenant.ids['odsCode']}",
    "world.faults": lambda it: f"{it.home}/world/faults",
    "world.listed": lambda it: f"{it.home}/world/applicants?status=ACCEPTED",
    "world.position": lambda it: f"{it.home}/world/positions/{it.tenant.ids['positionId']}",
    "world.settings": lambda it: f"{it.home}/world/settings",
    "world.snapshots": lambda it: f"{it.home}/world/snapshots",
    "world.vacancy": lambda it: f"{it.home}/world/vacancies/{it.tenant.ids['vacancyReference']}",
    "certify.show": lambda it: f"{it.home}/certify",
    "certify.new": lambda it: f"{it.home}/certify/new",
    "certify.run": lambda it: f"{it.home}/certify/{_certified(it)}",
    "certify.compare": lambda it: (
        f"{it.home}/certify/compare?before={_certified(it)}&after={_certified(it)}"
    ),
    "load.show": lambda it: f"{it.home}/load",
    "load.run": _replay,
    "shared.ask": lambda it: f"{it.home}/certify/{_certified(it)}/share",
    "shared.show": _shared,
    "register.show": lambda it: f"{it.url}/console/register?find={_certificate(it)}",
    "register.certificate": lambda it: f"{it.url}/console/register/certificates/{_certificate(it)}",
    "certificates.show": lambda it: f"{it.url}/console/certificates/{_certificate(it)}",
    "packs.ask": lambda it: f"{it.url}/console/register/packs",
    "packs.show": _pack,
    "impact.ask": lambda it: f"{it.url}/console/register/impact",
    "gallery.show": lambda it: f"{it.url}/console/gallery",
    "gallery.area": lambda it: f"{it.url}/console/gallery/areas/NHSJ-ADV",
    "gallery.defects": lambda it: f"{it.url}/console/gallery/defects?noticed=no",
    "gallery.deviation": lambda it: f"{it.url}/console/gallery/esr.answers.field-renamed",
    "requirements.index": lambda it: f"{it.url}/console/requirements?area=ESR-REQ",
    "requirements.show": lambda it: f"{it.url}/console/requirements/ESR-APP-002",
    "workspaces.show": lambda it: f"{it.url}/console/workspaces",
}

AT_SIGN_IN: Mapping[str, str] = {
    "signing_in.show": "/console/sign-in",
}
"""Pages of a sandbox where visitors sign in."""

NO_PAGES = frozenset(
    {
        "workspaces.begin",
        "signing_in.show_link",
        "signing_in.show_session",
        "certificates.code",
        "register.certificate_file",
        "gallery.map_of_areas",
        "load.rate",
        "load.latency",
        "load.report",
        "certify.report",
        "world.find",
    }
)
"""What answers with a redirect, a file or a picture, and why it is not looked at: these lead elsewhere, or hold no page."""


def endpoints() -> list[str]:
    """Every endpoint of the console that answers to GET."""
    app = Flask("looked-at")
    for page in PAGES:
        app.register_blueprint(page)
    return sorted(
        {
            rule.endpoint
            for rule in app.url_map.iter_rules()
            if "GET" in (rule.methods or ()) and rule.endpoint != "static"
        }
    )
