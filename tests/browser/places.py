"""Where each page of the console is, in a workspace in which something of everything has happened.

Every page has its line here: one without makes `test_pages.py` fail, so that no page goes unlooked at.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from console_replays import a_replay_that_ended
from flask import Flask
from lived_in import Tenant

from sandbox.console.pages import PAGES


@dataclass
class Prepared:
    """A sandbox that has been lived in, as its console shows it."""

    url: str
    tenant: Tenant
    runs: dict[str, str] = field(default_factory=dict)
    """By kind, `certify` and `load`: the id of a run that has ended; `shared`: the token of a link to one."""
    certificate: str = ""
    """The id of a certificate in the register."""

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
    "load.show": lambda it: f"{it.home}/load",
    "load.run": _replay,
    "register.show": lambda it: f"{it.url}/console/register",
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
        "gallery.map_of_areas",
        "load.rate",
        "load.latency",
        "load.report",
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
