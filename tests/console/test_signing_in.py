"""Who signs in to the console, how, and how a session ends."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from console_walk import browsing, csrf_of, send, signed_in
from in_process import served

from sandbox.console.guessing import MOST_WRONG, WITHIN_SECONDS, Guesses
from sandbox.console.keeping import with_key
from sandbox.console.sessions import SESSION_SECONDS, Sessions
from sandbox.identity.kept import kept_secret
from sandbox.runtime import Runtime
from sandbox.server import Started
from sandbox.settings import Level, Settings

OPERATOR = "the operator's token of this test"


@pytest.fixture
def url(platform: Runtime) -> str:
    return platform.settings.public_url


@pytest.fixture
def team(url: str) -> Iterator[httpx.Client]:
    with signed_in(url, OPERATOR) as client:
        yield client


def cookie_of(client: httpx.Client) -> dict[str, str]:
    return {cookie.name: cookie.value or "" for cookie in client.cookies.jar}


def test_the_esr_team_and_a_supplier_sign_in_and_are_told_who_they_are(
    url: str, team: httpx.Client, supplier_of: Callable[[str], str]
) -> None:
    token = supplier_of("in-one")

    with signed_in(url, token) as supplier:
        begin = supplier.get("/console")
        home = supplier.get(begin.headers["location"])
        session = supplier.get("/console/session")
        register = supplier.get("/console/register")
        nowhere = supplier.get("/console/w/in-one/nothing")
        gallery = supplier.get("/console/gallery")

    assert begin.headers["location"] == "/console/w/in-one"
    assert "Signed in as a supplier" in home.text
    assert "the supplier of the workspace in-one" in session.text
    assert register.status_code == 403
    assert "This page is for the ESR team alone." in register.text
    assert "There is no such page." in nowhere.text
    assert 'href="/console/w/in-one/certify"' in gallery.text
    assert "Signed in as the ESR team" in team.get("/console/workspaces").text


def test_a_wrong_token_signs_nobody_in_and_too_many_are_not_looked_at(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A new count for this test: the others come from the same address.
    with browsing(url) as stranger:
        wrong = send(stranger, "/console/sign-in", {"token": "guess"})
        empty = send(stranger, "/console/sign-in", {"token": " "})
        refused = stranger.get("/console/workspaces")

    assert wrong.status_code == 403
    assert "knows no such token" in wrong.text
    assert empty.status_code == 400
    assert "Enter a token." in empty.text
    assert refused.status_code == 303
    assert refused.headers["location"].startswith("/console/sign-in?back=")


def test_an_address_that_was_wrong_too_often_waits_and_no_other_does() -> None:
    now = 1000.0
    guesses = Guesses(lambda: now)

    for _ in range(MOST_WRONG):
        assert guesses.wait("203.0.113.9") == 0
        guesses.note("203.0.113.9")
        guesses.note("2001:db8::1")

    assert guesses.wait("203.0.113.9") == WITHIN_SECONDS
    assert guesses.wait("2001:db8::2:3") == WITHIN_SECONDS  # of the same network
    assert guesses.wait("203.0.113.10") == 0
    now += WITHIN_SECONDS
    assert guesses.wait("203.0.113.9") == 0


@pytest.mark.parametrize(
    ("name", "status", "told"),
    [
        ("", 400, "Enter a name of small letters"),
        ("Not A Name", 400, "Enter a name of small letters"),
        ("default", 409, "There is a workspace default already."),
    ],
)
def test_a_workspace_that_cannot_be_made_is_told_at_its_name(
    team: httpx.Client, name: str, status: int, told: str
) -> None:
    answer = send(team, "/console/workspaces", {"name": name})

    assert answer.status_code == status
    assert told in answer.text
    assert f'value="{name}"' in answer.text or not name
    assert 'href="#name"' in answer.text


def test_nothing_of_a_session_from_before_the_sign_in_is_taken_over(url: str) -> None:
    with browsing(url) as client:
        planted = csrf_of(client.get("/console/sign-in"))
        before = cookie_of(client)
        send(client, "/console/sign-in", {"token": OPERATOR})
        with browsing(url) as other:
            other.cookies.update(before)
            seen = other.get("/console/workspaces")
        again = client.post("/console/sign-out", data={"csrf_token": planted})

    assert seen.status_code == 303
    assert again.status_code == 400


def test_a_copy_of_a_cookie_is_of_no_use_after_the_sign_out(url: str) -> None:
    with signed_in(url, OPERATOR) as client, browsing(url) as thief:
        thief.cookies.update(cookie_of(client))
        assert thief.get("/console/workspaces").status_code == 200
        send(client, "/console/sign-out", page="/console/session")

        assert thief.get("/console/workspaces").status_code == 303


def test_signing_out_everywhere_ends_the_suppliers_sessions_and_links_and_nobody_elses(
    url: str, team: httpx.Client, supplier_of: Callable[[str], str]
) -> None:
    one, other = supplier_of("out-one"), supplier_of("out-two")
    given = send(team, "/console/workspaces/out-one/link", page="/console/workspaces")
    [link] = set(re.findall(r"/console/sign-in/[A-Za-z0-9._-]+", given.text))

    with signed_in(url, one) as first, signed_in(url, other) as second, browsing(url) as third:
        entered = send(third, link)
        home = third.get("/console/w/out-one").status_code
        ended = send(first, "/console/session/end-all", page="/console/session")

        assert (entered.status_code, home, ended.status_code) == (303, 200, 303)
        assert third.get("/console/w/out-one").status_code == 303
        assert first.get("/console/w/out-one").status_code == 303
        assert second.get("/console/w/out-two").status_code == 200
        assert browsing_to(url, link) == 404
    assert team.get("/console/workspaces").status_code == 200


def browsing_to(url: str, path: str) -> int:
    with browsing(url) as client:
        return client.get(path).status_code


def test_the_esr_team_ends_the_sessions_of_a_supplier(
    url: str, team: httpx.Client, supplier_of: Callable[[str], str]
) -> None:
    with signed_in(url, supplier_of("out-three")) as supplier:
        assert supplier.get("/console/w/out-three").status_code == 200
        send(team, "/console/workspaces/out-three/end-sessions", page="/console/workspaces")

        assert supplier.get("/console/w/out-three").status_code == 303


def test_a_session_ends_with_its_client_and_with_its_workspace(
    platform: Runtime, url: str, team: httpx.Client, supplier_of: Callable[[str], str]
) -> None:
    operator = httpx.Client(
        base_url=url, headers={"Authorization": f"Bearer {OPERATOR}"}, trust_env=False
    )
    token = supplier_of("gone")

    with operator, signed_in(url, token) as supplier:
        [client] = operator.get("/w/gone/control/v1/clients").raise_for_status().json()["clients"]
        path = f"/w/gone/control/v1/clients/{client['clientId']}"
        operator.patch(path, json={"state": "REVOKED"}).raise_for_status()
        assert supplier.get("/console/w/gone").status_code == 303
        operator.patch(path, json={"state": "ACTIVE"})

    with operator_of(url) as again, signed_in(url, supplier_of("gone-too")) as supplier:
        again.delete("/control/v1/workspaces/gone-too").raise_for_status()
        supplier_of("gone-too")
        assert supplier.get("/console/w/gone-too").status_code == 303


def operator_of(url: str) -> httpx.Client:
    return httpx.Client(
        base_url=url, headers={"Authorization": f"Bearer {OPERATOR}"}, trust_env=False
    )


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/console/",
        "//evil.example/console/",
        "/\\evil.example",
        "javascript:alert(1)",
        "/docs/",
        "\n/console/",
        "//[x",
        "/console/\r\nSet-Cookie: a=b",
    ],
)
def test_after_the_sign_in_one_is_led_nowhere_but_into_the_console(url: str, back: str) -> None:
    with browsing(url) as client:
        answer = send(client, "/console/sign-in", {"token": OPERATOR, "back": back})
        inside = send(
            client, "/console/sign-in", {"token": OPERATOR, "back": "/console/workspaces?a=b"}
        )

    assert (answer.status_code, answer.headers["location"]) == (303, "/console/")
    assert inside.headers["location"] == "/console/workspaces?a=b"


def test_a_form_that_another_site_sends_is_refused_and_an_old_one_says_what_to_do(
    team: httpx.Client,
) -> None:
    token = csrf_of(team.get("/console/workspaces"))
    held = {"csrf_token": token, "name": "from-elsewhere"}

    by_origin = team.post("/console/workspaces", data=held, headers={"Origin": "https://a.example"})
    by_site = team.post("/console/workspaces", data=held, headers={"Sec-Fetch-Site": "cross-site"})
    stale = team.post("/console/workspaces", data={"name": "from-elsewhere"})

    assert (by_origin.status_code, by_site.status_code, stale.status_code) == (400, 400, 400)
    assert "another site" in by_origin.text
    assert "load the page anew" in stale.text
    assert "from-elsewhere" not in team.get("/console/workspaces").text


def test_cookies_over_https_are_bound_to_the_host_and_never_sent_in_the_clear(
    tmp_path: Path,
) -> None:
    settings = Settings(
        port=0,
        database=str(tmp_path / "s.db"),
        level=Level.PLATFORM,
        operator_token=OPERATOR,
        public_url="https://sandbox.example",
    )
    with served(settings) as runtime:
        answer = httpx.get(f"{runtime.settings.own_url}/console/sign-in", trust_env=False)

    [cookie] = answer.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-console=")
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "Domain" not in cookie
    assert answer.headers["strict-transport-security"]


def test_a_session_outlives_a_restart_and_not_another_operators_token(tmp_path: Path) -> None:
    folder = tmp_path / "kept"

    def settings_of(name: str, token: str) -> Settings:
        # Each has a database of its own: this process, which does not end, still holds the one before.
        database = str(tmp_path / f"{name}.db")
        return Settings(
            port=0,
            database=database,
            console_folder=folder,
            level=Level.PLATFORM,
            operator_token=token,
        )

    first = settings_of("first", OPERATOR)
    with served(first) as runtime, signed_in(runtime.settings.public_url, OPERATOR) as client:
        [(_, value)] = cookie_of(client).items()

    def looks(token: str) -> int:
        with served(settings_of(token[-5:], token)) as again:
            name = f"console-{again.settings.port}"
            with browsing(again.settings.public_url) as client:
                client.cookies.set(name, value)
                return client.get("/console/workspaces").status_code

    assert looks(OPERATOR) == 200
    assert looks(f"{OPERATOR}, changed") == 303


def test_processes_that_are_forked_have_one_key(tmp_path: Path) -> None:
    settings = Settings(database=str(tmp_path / "s.db"))

    drawn = with_key(settings)

    assert drawn.console_key
    assert with_key(settings).console_key == drawn.console_key
    assert kept_secret(tmp_path / "s.db.console" / "key") == drawn.console_key


def test_what_was_ended_is_known_to_every_process_and_forgotten_once_it_has_run_out(
    tmp_path: Path,
) -> None:
    one, other = Sessions(tmp_path), Sessions(tmp_path)

    one.end("a", 1000.0)
    other.end_all("b", 1001.0)

    assert one.ended().has("a", "c", 999.0)
    assert one.ended().has("x", "b", 1001.0)
    assert not one.ended().has("x", "b", 1001.5)
    one.end("later", 1001.0 + SESSION_SECONDS)
    assert not other.ended().has("a", "c", 999.0)


def test_where_nobody_signs_in_a_page_of_another_name_or_site_gets_nothing(
    sandbox: Started,
) -> None:
    with browsing(sandbox.url) as client:
        assert client.get("/console/workspaces").status_code == 200
        for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
            assert client.get("/console/workspaces", headers=headers).status_code == 401
