"""Exchanges as a report shows them, and the commands that send them again."""

import shlex
from typing import Any

import pytest

from sandbox.reports.certification_exchanges import cut, pretty, printable, shown

ADDRESSES = {"esr": "https://esr.example.org/esr/v1"}


def _exchange(**changes: Any) -> dict[str, Any]:
    return {
        "system": "esr",
        "direction": "OUT",
        "operationId": "submit_applicant",
        "method": "POST",
        "path": "/esr/v1/applicants",
        "requestHeaders": {
            "authorization": "[masked]",
            "content-type": "application/json",
            "host": "esr.example.org",
        },
        "requestBody": '{"lastName":"O\'Brien"}',
        "status": 201,
        "responseHeaders": {"content-type": "application/json"},
        "responseBody": '{"applicantNumber":"12345678"}',
        **changes,
    }


def _words(command: str) -> list[str]:
    return shlex.split(command.replace("\\\n", " "))


def test_command_says_method_address_headers_and_body() -> None:
    words = _words(shown(_exchange(), "esr", ADDRESSES).curl)

    assert words[0] == "curl"
    assert words[words.index("--request") + 1] == "POST"
    assert words[-1] == "https://esr.example.org/esr/v1/applicants"
    assert words[words.index("--data-raw") + 1] == '{"lastName":"O\'Brien"}'
    assert "content-type: application/json" in words
    assert "host: esr.example.org" not in words


def test_token_comes_from_the_environment() -> None:
    command = shown(_exchange(), "esr", ADDRESSES).curl

    assert '"Authorization: Bearer $ESR_SANDBOX_TOKEN"' in command
    assert "[masked]" not in command


@pytest.mark.parametrize("text", ["$(touch x)", "`touch x`", "'; touch x; '", '"', "a\nb", "$HOME"])
def test_what_is_sent_never_runs_in_the_shell(text: str) -> None:
    exchange = _exchange(
        requestBody=text, requestHeaders={"x-note": text}, path=f"/esr/v1/{text}", query=text
    )

    words = _words(shown(exchange, "esr", ADDRESSES).curl)

    assert words[words.index("--data-raw") + 1] == text
    assert words[words.index("--header") + 1] == f"x-note: {text}"
    assert words[-1] == f"https://esr.example.org/esr/v1/{text}?{text}"


def test_recorded_address_wins() -> None:
    exchange = _exchange(url="https://esr.example.org/w/1/esr/v1/applicants")

    assert shown(exchange, "esr", ADDRESSES).curl.endswith("/w/1/esr/v1/applicants")


def test_long_body_is_read_from_a_file() -> None:
    command = shown(_exchange(requestBody="a" * 10_000), "esr", ADDRESSES).curl

    assert "--data-binary @body.json" in command
    assert len(command) < 1_000


def test_command_with_masked_values_says_so() -> None:
    masked = _exchange(requestBody='{"lastName":"[masked 0123456789ab]"}')

    assert shown(masked, "esr", ADDRESSES).has_masks
    assert not shown(_exchange(), "esr", ADDRESSES).has_masks


@pytest.mark.parametrize(
    ("role", "changes"),
    [
        ("esr", {"system": "receiver", "direction": "IN"}),
        ("nhs-jobs", {"system": "esr", "direction": "IN"}),
        ("recruitment-system", {"system": "esr", "direction": "IN"}),
        ("esr", {"system": "esr", "direction": "OUT", "chain": "00"}),
    ],
)
def test_what_the_subject_sent_has_no_command(role: str, changes: dict[str, Any]) -> None:
    item = shown(_exchange(**changes), role, ADDRESSES)

    assert item.by_subject
    assert not item.curl


@pytest.mark.parametrize(
    ("role", "changes"),
    [
        ("esr", {"system": "esr", "direction": "OUT"}),
        ("nhs-jobs", {"system": "control", "direction": "OUT"}),
        ("nhs-jobs", {"system": "esr", "direction": "OUT", "chain": "00"}),
    ],
)
def test_what_the_suite_sent_has_a_command(role: str, changes: dict[str, Any]) -> None:
    item = shown(_exchange(**changes), role, ADDRESSES)

    assert not item.by_subject
    assert item.curl


def test_json_is_indented_and_other_text_is_not() -> None:
    assert pretty('{"a":{"b":1}}') == '{\n  "a": {\n    "b": 1\n  }\n}'
    assert pretty("<a>  x </a>") == "<a>  x </a>"
    assert not pretty(None)


def test_long_body_is_cut_and_says_so() -> None:
    assert pretty("x" * 5_000).endswith("… 2,600 more characters")
    assert cut("abc", 3) == "abc"


def test_unseen_characters_are_written_out() -> None:
    assert printable("a\x00b\x1b[0m\u202ec\ud800") == "a\\x00b\\x1b[0m\\u202ec\\ud800"
    assert printable("a\tb\nc é 漢") == "a\tb\nc é 漢"


def test_exchange_without_an_answer_shows_none() -> None:
    item = shown(_exchange(status=0, responseHeaders={}, responseBody=None), "esr", ADDRESSES)

    assert item.status == 0
    assert not item.answered
