"""What the pages say in words."""

import pytest

from sandbox.console.words import last_answer


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (
            '401 {"type":"about:blank","detail":"The signature is not good."}',
            "401: The signature is not good.",
        ),
        ('401 {"detail":"It says \\"no\\"."}', '401: It says "no".'),
        ('401 {"type":"about:blank","detail":"The signature is no', "401: The signature is no…"),
        ('401 {"detail":"cut within an escape \\', "401: cut within an escape…"),
        ('503 {"status":503}', "503"),
        ("502 Bad gateway", "502: Bad gateway"),
        ("503 ", "503"),
        ("0 Connection refused", "Connection refused"),
        ("", "none"),
        (None, "none"),
    ],
)
def test_last_answer_is_told_in_words(kept: str | None, said: str) -> None:
    assert last_answer(kept) == said
