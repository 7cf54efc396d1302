"""Every page of the console, from its own list of addresses, and a browser without a screen that signs in to it."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from flask import Flask
from werkzeug.routing import AnyConverter, Rule

from sandbox.console.pages import PAGES

_FIELD = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True)
class Page:
    """One address of the console and one method that it takes."""

    endpoint: str
    method: str
    arguments: frozenset[str]
    is_public: bool
    is_for_the_esr_team: bool
    _app: Flask
    _rule: Rule

    def path(self, **values: Any) -> str:
        """The address with these values; an argument that has none is given one that leads nowhere."""
        given = {name: values.get(name) or self._nowhere(name) for name in self.arguments}
        adapter = self._app.url_map.bind("localhost")
        return adapter.build(self.endpoint, given, method=self.method)

    def _nowhere(self, name: str) -> str:
        converter = self._rule._converters[name]
        return min(converter.items) if isinstance(converter, AnyConverter) else "1"

    def __str__(self) -> str:
        return f"{self.method} {self._rule.rule}"


def walked() -> list[Page]:
    """Every page, whatever it is, but for the files of the console itself."""
    app = Flask("walked")
    for each in PAGES:
        app.register_blueprint(each)
    views = app.view_functions
    found = [
        Page(
            rule.endpoint,
            method,
            frozenset(rule.arguments),
            getattr(views[rule.endpoint], "is_public", False),
            getattr(views[rule.endpoint], "is_for_the_esr_team", False),
            app,
            rule,
        )
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static"
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]
    return sorted(found, key=str)


def csrf_of(page: httpx.Response) -> str:
    """The token in the forms of a page."""
    found = _FIELD.search(page.text)
    assert found is not None, f"there is no form on {page.url}: {page.text[:2000]}"
    return found[1]


def send(
    client: httpx.Client,
    path: str,
    data: Mapping[str, Any] | None = None,
    page: str | None = None,
    **more: Any,
) -> httpx.Response:
    """Sends a form as the page (at `page`, or where the form goes) would."""
    token = csrf_of(client.get(page or path))
    return client.post(path, data={"csrf_token": token, **(data or {})}, **more)


@contextmanager
def browsing(url: str) -> Iterator[httpx.Client]:
    """A client that keeps cookies and follows no redirect."""
    with httpx.Client(base_url=url, timeout=30, trust_env=False) as client:
        yield client


@contextmanager
def signed_in(url: str, token: str) -> Iterator[httpx.Client]:
    """A client that has signed in with a token."""
    with browsing(url) as client:
        answer = send(client, "/console/sign-in", {"token": token})
        assert answer.status_code == 303, answer.text
        yield client
