"""Runs the shell blocks of Markdown files as a reader types them, in order and in one shell.

    python tests/docs/blocks.py README.md docs/tutorial/first-hour.md                in this folder
    python tests/docs/blocks.py --clean-clone README.md docs/tutorial/first-hour.md  in a new clone, without Node
    python tests/docs/blocks.py --print README.md                                    only shows the script

A block marked ```` ```sh ```` runs and must succeed. A comment on the line before says otherwise:

    <!-- run: exit code 1 -->                                      it ends with that code
    <!-- run: in the background as sandbox until URL answers -->   what a reader has in a shell of its own; a later block of
                                                                   the same name comes after Ctrl-C there
    <!-- run: long -->                                             only with --long
    <!-- run: never, REASON -->                                    only a person can, or should, do it
"""

import argparse
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^( *)```(\S*)")
_MARK = re.compile(r"^ *<!-- run: (.*) -->$")
_BACKGROUND = re.compile(r"in the background as ([a-z]+) until (\S+) answers")
_CODE = re.compile(r"exit code (\d+)")
_NOT_ASSUMED = {"node", "nodejs", "npm", "npx", "corepack", "psql", "initdb", "uv", "virtualenv"}
"""What a machine may lack: only Python, make, a shell and its tools are asked for."""
_WAIT_SECONDS = 600

_HEAD = """\
set -euo pipefail -m
where=
declare -A background=()
end() {
    code=$?
    ((code == 0)) || echo "FAILED at $where with exit code $code" >&2
    for name in "${!background[@]}"; do kill -INT -- "-${background[$name]}" 2>/dev/null || true; done
    wait
}
trap end EXIT
trap 'exit 143' TERM INT
# restart NAME: Ctrl-C in the shell of that name, and wait until its program has ended.
restart() {
    if [[ -n ${background[$1]:-} ]]; then kill -INT -- "-${background[$1]}"; wait "${background[$1]}" || true; fi
}
# answers URL LOG PID: waits until something answers there.
answers() {
    for ((look = 0; look < WAIT * 5; look++)); do
        if curl --silent --output /dev/null --max-time 2 "$1"; then cat "$2"; return; fi
        kill -0 "$3" 2>/dev/null || { cat "$2"; echo "It ended before $1 answered." >&2; exit 1; }
        sleep 0.2
    done
    cat "$2"; echo "$1 did not answer." >&2; exit 1
}
""".replace("WAIT", str(_WAIT_SECONDS))


@dataclass(frozen=True)
class Block:
    """One shell block."""

    place: str
    """`README.md:21`, the line of its first command."""
    text: str
    how: str = ""
    """What its comment says."""

    @property
    def is_left_out(self) -> bool:
        """Whether nobody but a person runs it."""
        return self.how.startswith("never, ")

    @property
    def is_long(self) -> bool:
        """Whether it runs only where there is time."""
        return self.how == "long"

    def script(self, number: int) -> str:
        """The block as a part of the script. Raises ValueError where its comment says nothing that is known."""
        head = f"where={shlex.quote(self.place)}; echo; echo '== {self.place}'\n"
        if self.how in {"", "long"}:
            return head + self.text
        if found := _CODE.fullmatch(self.how):
            check = f'[[ $code == {found[1]} ]] || {{ echo "It ended with $code, not {found[1]}." >&2; exit 1; }}\n'
            return f"{head}code=0\n{{\n{self.text}}} || code=$?\n{check}"
        if found := _BACKGROUND.fullmatch(self.how):
            name, url = found.groups()
            log = f'"$logs/{number}.log"'
            begun = f"restart {name}\n{{\n{self.text}}} >{log} 2>&1 &\nbackground[{name}]=$!\n"
            return f"{head}{begun}answers {shlex.quote(url)} {log} $!\n"
        raise ValueError(f"{self.place}: nobody knows what 'run: {self.how}' means")


def blocks_of(file: Path, shown: str) -> list[Block]:
    """The shell blocks of a Markdown file; `shown` is its name in places."""
    found: list[Block] = []
    lines = iter(enumerate(file.read_text("utf-8").splitlines(), 1))
    how = ""
    for number, line in lines:
        if mark := _MARK.match(line):
            how = mark[1]
        elif fence := _FENCE.match(line):
            indent = len(fence[1])
            body = []
            for _, inner in lines:
                if inner.strip() == "```":
                    break
                body.append(inner[indent:])
            if fence[2] == "sh":
                found.append(Block(f"{shown}:{number + 1}", "\n".join(body) + "\n", how))
            how = ""
        elif line.strip():
            how = ""
    return found


def script_of(files: list[str], folder: Path, is_long: bool) -> str:
    """The script that runs the blocks of the files in order; `$logs` names a folder for what runs in the background."""
    parts = [_HEAD]
    for name in files:
        for block in blocks_of(folder / name, name):
            if block.is_left_out or (block.is_long and not is_long):
                parts.append(f"echo; echo '== {block.place}: not run ({block.how})'\n")
            else:
                parts.append(block.script(len(parts)))
    parts.append("echo; echo 'Every block ran.'\n")
    return "\n".join(parts)


def run(script: str, folder: Path, path: str, seconds: float) -> int:
    """Runs a script of `script_of`; answers its exit code. What it started has ended then."""
    environment = {**os.environ, "PATH": path}
    for name in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "MAKEFLAGS", "MAKELEVEL"):
        environment.pop(name, None)
    for name in [each for each in environment if each.startswith(("ESR_SANDBOX_", "PYTEST_"))]:
        del environment[name]
    with tempfile.TemporaryDirectory() as logs:
        process = subprocess.Popen(
            ["bash", "-c", script],
            cwd=folder,
            env={**environment, "logs": logs},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            return process.wait(seconds)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            process.send_signal(signal.SIGTERM)
            process.wait(60)
            print(f"It was given up after {seconds:.0f} s.", file=sys.stderr)
            return 1


@contextmanager
def clean_clone() -> Iterator[tuple[Path, str]]:
    """A clone of what is committed, and a PATH on which only what a machine surely has is found."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "esr-sandbox"
        subprocess.run(["git", "clone", "--quiet", ROOT, folder], check=True)
        tools = Path(name) / "bin"
        tools.mkdir()
        for place in ("/usr/local/bin", "/usr/bin", "/bin"):
            for tool in sorted(Path(place).iterdir()) if Path(place).is_dir() else []:
                link = tools / tool.name
                if tool.name not in _NOT_ASSUMED and not link.is_symlink():
                    link.symlink_to(tool)
        yield folder, str(tools)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--clean-clone", action="store_true")
    parser.add_argument("--long", action="store_true", help="run what takes long too")
    parser.add_argument("--print", action="store_true", dest="only_print")
    parser.add_argument("--seconds", type=float, default=1800.0)
    asked = parser.parse_args()
    if asked.only_print:
        print(script_of(asked.files, ROOT, asked.long))
        return 0
    if not asked.clean_clone:
        return run(
            script_of(asked.files, ROOT, asked.long), ROOT, os.environ["PATH"], asked.seconds
        )
    with clean_clone() as (folder, path):
        return run(script_of(asked.files, folder, asked.long), folder, path, asked.seconds)


if __name__ == "__main__":
    assert shutil.which("bash"), "the blocks are for bash"
    sys.exit(main())
