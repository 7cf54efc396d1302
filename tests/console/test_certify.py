"""Certify: what may be started, what is refused in a sentence, and what a run shows of itself."""

import re
from collections.abc import Callable

import httpx
import pytest
from console_certifications import AN_ESR, SUPPLIER, ended, start
from console_walk import browsing, csrf_of, send, signed_in
from harness import Workspace

from sandbox.conformance.references import REFERENCES as KNOWN_REFERENCES
from sandbox.conformance.subject import read_subject
from sandbox.conformance.verdict import SUITES as KNOWN_SUITES
from sandbox.console.certify_results import Results, compared
from sandbox.console.certifying import REFERENCES, SUITES, Wish
from sandbox.runtime import Runtime


def words(page: str) -> str:
    """What a page says, without its marks."""
    main = page[page.index("<main") : page.index("</main>")]
    return " ".join(re.sub(r"<[^>]+>", " ", main).split())


def test_the_page_offers_what_the_command_knows() -> None:
    assert set(REFERENCES) == set(KNOWN_REFERENCES)
    assert set(SUITES) == set(KNOWN_SUITES)


def test_a_run_that_cannot_begin_is_a_matter_of_configuration_and_says_what_to_do(
    workspace: Workspace,
) -> None:
    with browsing(workspace.url) as client:
        begun = start(client, workspace.name, AN_ESR)
        assert begun.status_code == 303, words(begun.text)
        page = ended(client, begun.headers["location"])
        listed = client.get(f"/console/w/{workspace.name}/certify").text
        elsewhere = client.get(begun.headers["location"].replace(workspace.name, "default"))
        subject = client.get(f"{begun.headers['location']}/files/subject.yaml")
        secret = client.get(f"{begun.headers['location']}/files/secrets.json")

    told = words(page)
    assert "Configuration: nothing was run" in told
    assert "says nothing of the product" in told
    assert "Esr answers No" in told
    assert "Start it, or mend addresses.esr (http://127.0.0.1:9/esr/v1)." in told
    assert "Look again whether everything is in place" in told
    assert "Some ESR 1" in words(listed)
    # A run is its workspace's alone, and what is secret stays where it is.
    assert elsewhere.status_code == 404
    assert "env:RUN_SYSTEM_TOKEN" in subject.text
    assert AN_ESR["system_token"] not in page + subject.text
    assert secret.status_code == 404


def test_what_is_missing_in_the_form_is_told_beside_its_field(workspace: Workspace) -> None:
    with browsing(workspace.url) as client:
        wrong = {**SUPPLIER, "version": "", "driver": "javascript:alert(1)", "suites": []}
        answer = start(client, workspace.name, wrong)

    assert answer.status_code == 400
    for field, sentence in [
        ("version", "Enter the version"),
        ("driver", "Enter the address of the driver"),
        ("suites", "Choose at least one suite"),
    ]:
        assert re.search(rf'<a href="#{field}">\s*{sentence}', answer.text), field
    assert "Our Company" in answer.text


def test_a_supplier_is_not_certified_beside_nhs_jobs(workspace: Workspace) -> None:
    with browsing(workspace.url) as client:
        answer = start(client, workspace.name, {**SUPPLIER, "client": f"supplier-{workspace.name}"})

    assert answer.status_code == 400
    assert "esr-sandbox up --only esr" in words(answer.text)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"reference": "esr"}, "Run them on a machine of yours"),
        ({**AN_ESR, "act": "run"}, "Here you certify your recruitment system"),
        ({"driver": "http://127.0.0.1:22/"}, "This address is not called from here"),
        ({"receiver": "https://10.0.0.1/receiver"}, "This address is not called from here"),
        ({"driving": "outbound"}, "your adapter cannot reach it"),
        ({"suites": ["behaviour", "volume"]}, "loads the whole server"),
    ],
)
def test_a_supplier_may_not_start_what_would_hurt_others(
    change: dict[str, str], told: str, platform: Runtime, supplier_of: Callable[[str], str]
) -> None:
    name = f"hurts-{abs(hash(told + str(change))) % 10**8}"
    with signed_in(platform.settings.public_url, supplier_of(name)) as client:
        answer = start(client, name, {**SUPPLIER, **change})

    assert answer.status_code == 403
    assert told in words(answer.text)


def test_the_workspace_is_emptied_only_by_its_own_button(workspace: Workspace) -> None:
    place = f"/console/w/{workspace.name}/certify"
    with browsing(workspace.url) as client:
        asks = client.get(f"{place}/new")
        emptied = client.post(f"{place}/empty", data={"csrf_token": csrf_of(asks)})
        after = client.get(f"{place}/new")

    assert f"Empty the workspace {workspace.name}" in words(asks.text)
    assert emptied.status_code == 303
    assert "Connect your system again" in words(after.text)
    assert "First: empty the workspace" not in words(after.text)


def test_the_subject_file_of_a_form_is_one_that_the_suite_takes(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUN_ESR_TOKEN", "one")
    monkeypatch.setenv("RUN_DRIVER_TOKEN", "another")
    path = tmp_path_factory.mktemp("subject") / "subject.yaml"
    told = {**SUPPLIER, "product": 'Quote "#: \n- yes'}
    fields = {
        name: told[name] for name in ("product", "name", "version", "build", "receiver", "driver")
    }
    path.write_bytes(
        Wish(**fields, features=("esr", "vacancies")).subject("http://127.0.0.1:1/control/v1")
    )

    subject = read_subject(path)

    assert (subject.product, subject.features) == (told["product"], ("esr", "vacancies"))
    assert subject.tokens == {"esr": "one", "driver": "another"}


def test_what_a_reader_has_to_know_of_a_run_is_told_in_words() -> None:
    facts = {"began": "2026-11-26T11:52:46Z", "driven": "guided", "seed": "1"}

    assert Results({"facts": facts}).facts == {
        "began": "26 November 2026, 11:52:46 UTC",
        "driven": "by a person",
        "seed": "1",
    }


def test_two_runs_differ_by_what_is_better_worse_new_and_gone() -> None:
    def results(**words: str) -> Results:
        lines = [{"id": name, "result": word, "text": name} for name, word in words.items()]
        return Results({"requirements": lines})

    before = results(a="fail", b="pass", c="skip", d="pass", e="pass", f="inconclusive")
    after = results(a="pass", b="fail", c="pass", d="omit", e="pass", f="warn", g="skip")

    changes = compared(before, after, "requirements")

    assert [each.id for each in changes.better] == ["a", "f"]
    assert [each.id for each in changes.worse] == ["b"]
    assert [each.id for each in changes.new] == ["c"]
    assert [each.id for each in changes.gone] == ["d"]
    assert changes.same == 1


def test_a_run_that_is_not_there_is_not_found(workspace: Workspace) -> None:
    with browsing(workspace.url) as client:
        place = f"/console/w/{workspace.name}/certify"
        found = [client.get(f"{place}/{name}").status_code for name in ("0" * 32, "x")]
        sent: httpx.Response = send(client, f"{place}/{'0' * 32}/stop", page=f"{place}/new")

    assert found == [404, 404]
    assert sent.status_code == 404
