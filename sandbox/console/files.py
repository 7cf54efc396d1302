"""Files of a run, given to whoever may see the run: reports to read, and files to take away."""

import stat
from collections.abc import Collection
from pathlib import Path

from flask import Response, abort, send_file

_PAGE = ".html"
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
"""Our reports are one page each, with its styles and pictures inside; nothing in them may run or load."""
_TYPES = {
    _PAGE: "text/html",
    ".json": "application/json",
    ".ndjson": "application/x-ndjson",
    ".xml": "application/xml",
    ".csv": "text/csv",
    ".txt": "text/plain",
    ".zip": "application/zip",
}


def is_there(folder: Path, name: str) -> bool:
    """Whether a folder has a file of that name: a file of its own, and no way to another."""
    try:
        return stat.S_ISREG((folder / name).lstat().st_mode)
    except OSError:
        return False


def give(folder: Path, name: str, names: Collection[str], called: str | None = None) -> Response:
    """The file `name` of a folder, if it is one of `names`; 404 otherwise.

    A page is shown, with a policy under which nothing in it runs; every other file is taken away, as `called` or as it is.
    """
    if name not in names or Path(name).name != name or not is_there(folder, name):
        abort(404, "There is no such file.")
    is_page = name.endswith(_PAGE)
    answer = send_file(
        (folder / name).resolve(),
        mimetype=_TYPES.get(Path(name).suffix, "application/octet-stream"),
        as_attachment=not is_page,
        download_name=None if is_page else called or name,
        conditional=True,
    )
    if is_page:
        answer.headers["Content-Security-Policy"] = _POLICY
    answer.headers["Cache-Control"] = "no-store"
    return answer
