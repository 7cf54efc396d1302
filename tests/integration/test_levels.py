"""What a sandbox asks of whoever calls, by its level: open, sandbox, platform."""

import json
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from assertions import TestClient, key_set

from sandbox.cli import run
from sandbox.contracts import load_contract
from sandbox.contracts.bundle import operations
from sandbox.server import Started, launch, started, stop
from simulators.credentials import client_access, key_in


def _as(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    """A sandbox at level platform, its database in a file."""
    folder = tmp_path_factory.mktemp("platform")
    options = ("--level", "platform", "--world", "small", "--validate-responses")
    with started(*options, folder=folder, database=str(folder / "p.db")) as running:
        yield running


@pytest.fixture(scope="module")
def http(platform: Started) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=platform.url, trust_env=False, timeout=30) as client:
        yield client


def _ready_token(platform: Started) -> str:
    assert platform.client_id is not None
    assert platform.key_file is not None
    return str(
        client_access(
            platform.client_id, key_in(platform.key_file), platform.token_url, None
        ).token()  # type: ignore[union-attr]
    )


def _tenant(http: httpx.Client, operator: str | None, name: str) -> TestClient:
    """A workspace with a client of its own."""
    wanted = {"name": name, "client": {"jwks": key_set(**{"test-1": "one"})}}
    made = http.post("/control/v1/workspaces", json=wanted, headers=_as(operator))
    assert made.status_code == 201, made.text
    assert "token" not in made.json()
    assert name not in made.json()["clientId"]  # nobody guesses it
    return TestClient(made.json()["clientId"], made.json()["tokenUrl"])


def test_at_platform_only_the_token_endpoint_gives_what_the_systems_take(
    platform: Started, http: httpx.Client
) -> None:
    assert (platform.level, platform.token) == ("platform", "")
    for path in ("/esr/v1/organisations", "/nhs-jobs/v1/adverts"):
        without = http.get(path)
        assert (without.status_code, without.json()["code"]) == (401, "TOKEN_MISSING")
        assert platform.token_url in without.json()["detail"]
        assert http.get(path, headers=_as(platform.operator_token)).status_code == 401
        assert http.get(path, headers=_as(_ready_token(platform))).status_code == 200


def test_at_platform_the_operator_reaches_every_workspace_and_a_client_its_own(
    platform: Started, http: httpx.Client
) -> None:
    operator = platform.operator_token
    one, other = (_tenant(http, operator, name) for name in ("one", "other"))
    token = one.token()
    seen = {
        place: http.get(f"{place}/control/v1/clock", headers=_as(token)).status_code
        for place in ("", "/w/one", "/w/other", "/w/default", "/w/nowhere")
    }

    assert seen == {"": 200, "/w/one": 200, "/w/other": 404, "/w/default": 404, "/w/nowhere": 404}
    for place in ("", "/w/one", "/w/other"):
        answer = http.get(f"{place}/control/v1/clock", headers=_as(operator))
        assert answer.status_code == 200
    assert http.get("/w/one/control/v1/clock").status_code == 401
    assert http.get("/w/one/control/v1/clock", headers=_as("made up")).status_code == 401
    listed = http.get("/control/v1/workspaces", headers=_as(other.token())).json()
    assert [item["name"] for item in listed["workspaces"]] == ["other"]
    assert http.get("/control/v1/workspaces/one", headers=_as(other.token())).status_code == 404
    refused = http.get("/w/other/esr/v1/organisations", headers=_as(token))
    assert refused.status_code == 404


def test_at_platform_only_the_operator_lets_clients_in(
    platform: Started, http: httpx.Client
) -> None:
    client = _tenant(http, platform.operator_token, "closed")
    token = client.token()

    answers = [
        http.post("/control/v1/workspaces", json={"name": "mine"}, headers=_as(token)),
        http.post("/control/v1/clients", json={"name": "mine"}, headers=_as(token)),
        http.patch(
            f"/control/v1/clients/{client.client_id}", json={"name": "x"}, headers=_as(token)
        ),
        http.delete(f"/control/v1/clients/{client.client_id}", headers=_as(token)),
    ]

    assert [(item.status_code, item.json()["code"]) for item in answers] == [
        (403, "OPERATOR_ONLY")
    ] * 4
    assert http.get("/control/v1/clients", headers=_as(token)).status_code == 200


def test_at_platform_a_client_puts_settings_back_as_it_read_them(
    platform: Started, http: httpx.Client
) -> None:
    operator = _as(platform.operator_token)
    client = _as(_tenant(http, platform.operator_token, "kept").token())
    where = "/w/kept/control/v1/settings"
    wide = http.get(where, headers=operator).json() | {"limits": {"mode": "OFF"}}
    wide["quota"] |= {"snapshots": 7}
    assert http.put(where, json=wide, headers=operator).is_success

    read = http.get(where, headers=client).json()
    put_back = http.put(where, json=read, headers=client)
    more = http.put(where, json=read | {"quota": {"snapshots": 8}}, headers=client)

    assert (put_back.status_code, put_back.json()) == (200, wide)
    assert (more.status_code, more.json()["code"]) == (403, "OPERATOR_ONLY")


def test_at_platform_only_the_operator_makes_a_world_that_keeps_others_waiting(
    platform: Started, http: httpx.Client
) -> None:
    client = _tenant(http, platform.operator_token, "vast")
    wanted = {"seed": 1, "organisations": 100, "positionsPerOrganisation": 201}

    answer = http.post("/control/v1/seed", json=wanted, headers=_as(client.token()))

    assert (answer.status_code, answer.json()["code"]) == (403, "OPERATOR_ONLY")


def _control_operations() -> Iterator[Any]:
    document = load_contract("control").document
    for path, method, operation in operations(document):
        yield pytest.param(method.upper(), path, id=operation["operationId"])


@pytest.mark.parametrize(("method", "path"), list(_control_operations()))
def test_at_platform_every_operation_of_the_control_api_asks_for_a_token(
    http: httpx.Client, method: str, path: str
) -> None:
    answer = http.request(method, f"/control/v1{re.sub('{[^}]*}', '1', path)}")

    assert (answer.status_code, answer.json()["code"]) == (401, "TOKEN_MISSING")


def test_at_platform_a_stranger_writes_into_nobodys_journal(
    platform: Started, http: httpx.Client
) -> None:
    client = _tenant(http, platform.operator_token, "quiet")
    known = _tenant(http, platform.operator_token, "loud")
    where = "/w/quiet/control/v1/exchanges"
    before = http.get(where, headers=_as(platform.operator_token)).json()["exchanges"]

    http.get("/w/quiet/esr/v1/organisations")
    http.get("/w/quiet/esr/v1/nothing")
    http.post("/w/quiet/receiver/v1/events", content=b"{}")
    http.get("/w/quiet/esr/v1/organisations", headers=_as(known.token()))
    # It names the client, and is not signed with its key.
    TestClient(client.client_id, client.token_url, signer="two").ask()
    http.post("/w/quiet/oauth2/token")

    after = http.get(where, headers=_as(platform.operator_token)).json()["exchanges"]
    ours = [item for item in after[len(before) :] if item.get("client") != "operator"]
    assert [item["operationId"] for item in ours] == []


def test_at_platform_a_client_that_goes_astray_reads_of_it_in_its_own_journal(
    platform: Started, http: httpx.Client
) -> None:
    token = _as(_tenant(http, platform.operator_token, "astray").token())

    assert http.post("/esr/v1/nothing", json={}, headers=token).status_code == 404
    assert http.put("/esr/v1/organisations", json={}, headers=token).status_code == 405
    http.put(
        "/control/v1/settings",
        json=http.get("/control/v1/settings", headers=token).json(),
        headers=token,
    )

    kept = http.get("/control/v1/exchanges", headers=token).json()["exchanges"]
    told = [(item["method"], item["path"], item["status"]) for item in kept]
    assert ("POST", "/esr/v1/nothing", 404) in told
    assert ("PUT", "/esr/v1/organisations", 405) in told


def test_at_platform_what_the_operator_does_with_workspaces_is_in_no_tenants_journal(
    platform: Started, http: httpx.Client
) -> None:
    operator, token = _as(platform.operator_token), _as(_ready_token(platform))
    made = _tenant(http, platform.operator_token, "rival")
    http.get("/control/v1/workspaces", headers=operator)
    http.get("/control/v1/workspaces/rival", headers=operator)
    http.post("/control/v1/workspaces", json={"name": "rival"}, headers=operator)
    http.delete("/control/v1/workspaces/rival", headers=operator)
    # It stands in the same journal with its answer: so would the earlier ones by now.
    kept_as_it_is = {"journalDetail": "FULL", "searchOddities": False}
    assert http.put("/control/v1/settings", json=kept_as_it_is, headers=operator).is_success

    cursor, kept = "", list[Any]()
    while True:
        page = http.get(f"/control/v1/exchanges?limit=100{cursor}", headers=token).json()
        kept += page["exchanges"]
        if not page["more"]:
            break
        cursor = f"&cursor={page['next']}"
    shown = [
        http.get(f"/control/v1/exchanges/{item['exchangeId']}", headers=token).text for item in kept
    ]

    assert "set_settings" in {item.get("operationId") for item in kept}
    assert not [text for text in shown if "rival" in text or made.client_id in text]


def test_at_platform_nhs_jobs_reaches_esr_by_itself(platform: Started, http: httpx.Client) -> None:
    assert http.get("/ready").json()["status"] == "pass"
    held = http.get("/control/v1/exchanges", headers=_as(platform.operator_token)).json()

    clients = {item.get("client") for item in held["exchanges"]}
    assert "nhs-jobs-default" in clients


def test_the_database_and_what_lies_beside_it_is_for_its_owner_alone(
    platform: Started, http: httpx.Client
) -> None:
    assert platform.key_file is not None
    held = [each for each in platform.key_file.parent.glob("p.db*") if each.suffix != ".lock"]

    assert {each.name for each in held} >= {"p.db", "p.db-wal"}
    assert {stat.S_IMODE(each.stat().st_mode) for each in held} == {0o600}


def test_where_the_database_is_stands_in_no_list_of_processes(tmp_path: Path) -> None:
    database = tmp_path / "with-a-password.db"
    process, _ = launch("--world", "empty", folder=tmp_path, database=str(database))
    try:
        shown = Path(f"/proc/{process.pid}/cmdline")
        assert database.exists()
        if shown.exists():
            assert b"with-a-password" not in shown.read_bytes()
    finally:
        stop(process)


def test_what_a_platform_keeps_is_for_its_owner_alone(
    platform: Started, http: httpx.Client
) -> None:
    assert platform.key_file is not None
    operator = Path(str(platform.key_file).replace(".client-key.pem", ".operator"))

    for path in (platform.key_file, operator):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert operator.read_text(encoding="ascii").strip() == platform.operator_token


def test_a_token_of_an_earlier_level_is_of_no_use_at_platform(tmp_path: Path) -> None:
    database = str(tmp_path / "x.db")
    with started("--world", "empty", folder=tmp_path, database=database) as running:
        static = running.token
        address = f"{running.url}/esr/v1/organisations"
        assert httpx.get(address, headers=_as(static), trust_env=False).status_code == 200
    options = ("--world", "empty", "--level", "platform")
    with started(*options, folder=tmp_path, database=database) as running:
        assert _ready_token(running)
        address = f"{running.url}/esr/v1/organisations"
        assert httpx.get(address, headers=_as(static), trust_env=False).status_code == 401


def test_at_level_open_nobody_is_asked_and_everybody_is_told(tmp_path: Path) -> None:
    with (
        started("--level", "open", "--world", "small", folder=tmp_path) as running,
        httpx.Client(base_url=running.url, trust_env=False) as http,
    ):
        answers = [
            http.get("/esr/v1/organisations"),
            http.get("/esr/v1/organisations", headers=_as("whatever")),
            http.get("/health"),
            http.get("/"),
            http.get("/nothing"),
        ]
        assert [item.status_code for item in answers] == [200, 200, 200, 200, 404]
        assert {item.headers["x-sandbox-level"] for item in answers} == {"open"}
        assert len(answers[0].json()["organisations"]) == 1
        assert answers[2].json()["level"] == "open"
        assert "nobody is asked for a token" in answers[3].text
    assert "Level open" in (tmp_path / "sandbox.log").read_text(encoding="utf-8")


@pytest.mark.parametrize("level", ["open", "sandbox"])
def test_below_platform_a_sandbox_listens_on_loopback_only(
    level: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code = run(["up", "--level", level, "--host", "0.0.0.0", "--database", ":memory:"])

    assert code == 2
    assert "loopback" in capsys.readouterr().err


def test_platform_takes_no_token_of_ones_own(capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["up", "--level", "platform", "--token", "my-own", "--database", ":memory:"])

    assert code == 2
    assert "/oauth2/token" in capsys.readouterr().err


def test_an_operators_token_that_can_be_guessed_stops_the_start(
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = ["--port", "0", "--database", ":memory:", "--operator-token", "letmein"]

    assert run(["up", "--level", "platform", *options]) == 2

    said = capsys.readouterr().err
    assert "20 characters" in said
    assert "letmein" not in said


def test_an_operators_token_that_was_given_is_not_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = "drawn-by-the-operator-of-this-test"
    monkeypatch.setenv("ESR_SANDBOX_OPERATOR_TOKEN", given)
    command = [sys.executable, "-m", "sandbox.cli", "serve", "--json", "--port", "0"]
    options = ["--database", str(tmp_path / "x.db"), "--world", "empty"]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        process.terminate()
    answered = Path(tmp_path / "x.db.operator")

    assert "operatorToken" not in told
    assert not answered.exists()


def test_a_start_names_no_file_of_an_operators_token_that_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ESR_SANDBOX_OPERATOR_TOKEN", "drawn-by-the-operator-of-this-test")
    command = [sys.executable, "-m", "sandbox.cli", "serve", "--port", "0", "--world", "empty"]
    options = ["--database", str(tmp_path / "x.db")]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = next((line for line in process.stdout if line.startswith("Operator")), "")
        process.terminate()

    assert "ESR_SANDBOX_OPERATOR_TOKEN" in said
    assert "x.db.operator" not in said


def test_a_key_that_is_none_stops_the_start(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "key.pem"
    key.write_text("no key", encoding="ascii")
    options = ["--port", "0", "--database", ":memory:", "--client-key", str(key)]

    code = run(["up", "--level", "platform", *options])

    assert code == 2
    assert f"{key} cannot be used" in capsys.readouterr().err


def test_nhs_jobs_alone_gets_its_own_tokens_from_an_esr_at_platform(tmp_path: Path) -> None:
    esr_options = ("--level", "platform", "--only", "esr", "--allow-network", "127.0.0.0/8")
    with started(*esr_options, folder=tmp_path / "esr") as esr:
        options = ["--only", "nhs-jobs", "--esr-url", f"{esr.url}/esr/v1"]
        options += ["--esr-client-id", str(esr.client_id), "--esr-key", str(esr.key_file)]
        with started(*options, folder=tmp_path / "nhs-jobs"):
            address = f"{esr.url}/control/v1/exchanges"
            held = httpx.get(address, headers=_as(esr.operator_token), trust_env=False).json()

    seen = [(item["operationId"], item["status"]) for item in held["exchanges"]]
    assert ("issue_token", 200) in seen
    assert ("create_event_subscription", 201) in seen


def test_a_client_and_a_token_from_the_command_line(
    platform: Started, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key, operator = tmp_path / "new.pem", tmp_path / "operator"
    operator.write_text(str(platform.operator_token), encoding="ascii")
    asked = ["client", "new", "--url", platform.url, "--key-file", str(key), "--json"]

    assert run(asked) == 2
    assert "operator" in capsys.readouterr().err
    assert not key.exists()
    assert run([*asked, "--operator-file", str(operator)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {*told} == {"clientId", "keyFile", "kid", "tokenUrl", "workspace"}
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    before = key.read_bytes()
    assert run([*asked, "--operator-file", str(operator)]) == 2
    assert key.read_bytes() == before
    capsys.readouterr()

    token = ["token", "--url", platform.url, "--client-id", told["clientId"]]
    assert run([*token, "--key-file", str(key), "--json"]) == 0
    given = json.loads(capsys.readouterr().out)["accessToken"]
    address = f"{platform.url}/esr/v1/organisations"
    assert httpx.get(address, headers=_as(given), trust_env=False).status_code == 200
    assert run([*token, "--key-file", str(platform.key_file)]) == 1
    assert "The client has another key" in capsys.readouterr().err
    assert run([*token, "--key-file", str(operator)]) == 2
    assert run(["token", "--url", platform.url]) == 2
