"""No key or fixture of ours expires unseen: this fails 90 days ahead, while there is time to renew it.

What is looked for: X.509 certificates anywhere in the repository, and dates that say when a key or a fixture ceases to hold
(`notAfter`, `valid_until`, `expires_on`). Dates of people in examples (a visa, a registration) are none of these: nothing reads
them against the clock of the machine.
"""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from sandbox.contracts import contracts_folder

REPOSITORY = contracts_folder().parent
AHEAD = timedelta(days=90)
SUFFIXES = frozenset(
    {".pem", ".crt", ".cer", ".json", ".yaml", ".yml", ".toml", ".py", ".md", ".txt"}
)
FOLDERS = ("openapi", "tests", "sandbox", "simulators", "loadtests", "docs")
CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")
ENDS = re.compile(
    r"""["']?(?:notAfter|not_after|validUntil|valid_until|expires_on|expiresOn)["']?\s*[:=]\s*["']?(\d{4}-\d{2}-\d{2})"""
)


def ends(content: bytes) -> list[date]:
    """When what a file holds ceases to hold."""
    found = [
        x509.load_pem_x509_certificate(each).not_valid_after_utc.date()
        for each in CERTIFICATE.findall(content.replace(b"\\n", b"\n"))
    ]
    return found + [
        date.fromisoformat(text) for text in ENDS.findall(content.decode("utf-8", "replace"))
    ]


def files() -> list[Path]:
    return [
        path
        for folder in FOLDERS
        for path in sorted((REPOSITORY / folder).rglob("*"))
        if path.suffix in SUFFIXES
        and path.is_file()
        and "node_modules" not in path.parts
        and path != Path(__file__)
    ]


def test_nothing_in_the_repository_expires_within_ninety_days() -> None:
    soon = datetime.now(UTC).date() + AHEAD

    late = {
        str(path.relative_to(REPOSITORY)): min(dates).isoformat()
        for path in files()
        if (dates := ends(path.read_bytes())) and min(dates) < soon
    }

    assert late == {}, "renew these: they have expired, or will within 90 days"


@pytest.mark.parametrize(
    "text",
    [
        '{"notAfter": "2026-03-01T00:00:00Z"}',
        "valid_until: 2026-03-01",
        "expires_on = '2026-03-01'",
    ],
)
def test_a_date_that_ends_something_is_found(text: str) -> None:
    assert ends(text.encode()) == [date(2026, 3, 1)]


def test_a_date_of_a_person_is_not_taken_for_one() -> None:
    assert ends(b"expiryDate: '2026-03-01'") == []
