"""The shell blocks of README and tutorial run as they are written, and the runner says so when one does not."""

from pathlib import Path

import pytest
from blocks import ROOT, Block, blocks_of, clean_clone, run, script_of

_WRITTEN = ("README.md", "docs/tutorial/first-hour.md")
_PATH = "/usr/local/bin:/usr/bin:/bin"


def _ran(folder: Path, text: str) -> int:
    (folder / "page.md").write_text(text)
    return run(script_of(["page.md"], folder, is_long=False), folder, _PATH, 60)


def test_blocks_share_one_shell(tmp_path: Path) -> None:
    code = _ran(tmp_path, "```sh\nA=1\nf() { echo $A > it; }\n```\n\nand then\n\n```sh\nf\n```\n")

    assert code == 0
    assert (tmp_path / "it").read_text() == "1\n"


@pytest.mark.parametrize(
    "text",
    [
        "```sh\nfalse\n```\n",
        "```sh\nfalse | cat\n```\n",
        "```sh\necho $not_set\n```\n",
        "```sh\nesr-sandbox-that-is-not-there\n```\n",
        "<!-- run: exit code 1 -->\n```sh\ntrue\n```\n",
        "<!-- run: exit code 1 -->\n```sh\nexit 2\n```\n",
        "<!-- run: in the background as it until http://127.0.0.1:9/ answers -->\n```sh\nfalse\n```\n",
    ],
)
def test_block_that_does_not_do_what_it_says_is_told(
    text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert _ran(tmp_path, text) != 0
    assert "FAILED at page.md:" in capfd.readouterr().err


def test_block_ends_with_the_code_that_is_written(tmp_path: Path) -> None:
    text = "<!-- run: exit code 3 -->\n```sh\npython3 -c 'raise SystemExit(3)'\n```\n"

    assert _ran(tmp_path, text) == 0


def test_what_only_a_person_does_is_not_run(tmp_path: Path) -> None:
    assert _ran(tmp_path, "<!-- run: never, it opens a browser -->\n```sh\nfalse\n```\n") == 0


def test_comment_that_says_nothing_known_is_refused() -> None:
    with pytest.raises(ValueError, match=r"README.md:1: nobody knows"):
        Block("README.md:1", "true\n", "somehow").script(1)


@pytest.mark.parametrize("name", _WRITTEN)
def test_every_block_can_be_run_or_says_why_not(name: str) -> None:
    found = blocks_of(ROOT / name, name)

    assert len(found) > 5
    for number, block in enumerate(found):
        assert block.is_left_out or block.script(number)


@pytest.mark.prove
def test_every_block_runs_in_a_clean_clone_with_only_python_and_make() -> None:
    with clean_clone() as (folder, path):
        assert run(script_of(list(_WRITTEN), folder, is_long=False), folder, path, 1800) == 0
