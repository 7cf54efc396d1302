"""The NHS.UK frontend's own compiled styles and scripts, brought from its npm package into `static/nhsuk`.

`python -m sandbox.console.assets NODE_MODULES` copies what the pages use of an installed package. They are no part of the
repository, and are part of the wheel. Where they are missing the pages are plainer, work all the same, and say so.
"""

import re
import shutil
import sys
from pathlib import Path

STATIC = Path(__file__).parent / "static"
_HERE = STATIC / "nhsuk"
_STYLES, _SCRIPT = "nhsuk-frontend.min.css", "nhsuk-frontend.min.js"
# The typeface comes from a server of the NHS and is licensed for its sites; the pages load nothing from elsewhere.
_TYPEFACES = re.compile(r"@font-face\{[^}]*\}")


def are_here() -> bool:
    """Whether they were brought."""
    return (_HERE / _SCRIPT).is_file()


def bring(modules: Path) -> None:
    """Copies them out of a folder `node_modules`."""
    package = modules / "nhsuk-frontend" / "dist" / "nhsuk"
    _HERE.mkdir(parents=True, exist_ok=True)
    shutil.copytree(package / "assets", _HERE / "assets", dirs_exist_ok=True)
    styles = _TYPEFACES.sub("", (package / _STYLES).read_text("utf-8"))
    (_HERE / _STYLES).write_text(_local(styles), "utf-8")
    manifest = _HERE / "assets" / "manifest.json"
    manifest.write_text(manifest.read_text("utf-8").replace("/assets/", "./"), "utf-8")
    script = (package / _SCRIPT).read_text("utf-8")
    # Last of all: whoever looks whether they are here looks for it.
    (_HERE / _SCRIPT).write_text(_unmapped(script), "utf-8")


def _local(styles: str) -> str:
    return _unmapped(styles.replace("url(/assets/", "url(assets/"))


def _unmapped(text: str) -> str:
    return re.sub(r"(//|/\*)# sourceMappingURL=\S*( \*/)?", "", text)


if __name__ == "__main__":
    bring(Path(sys.argv[1]))
