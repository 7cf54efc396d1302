"""How Sphinx builds the documentation: Markdown by MyST, the theme Furo, nothing from another host.

`make docs` writes the generated pages first (`python -m sandbox.documentation`). Warnings are errors there.
"""

import posixpath
import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from sandbox import __version__

project = "ESR integration sandbox"
release = version = __version__
project_copyright = "the ESR integration sandbox contributors"

extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "performance.template.md"]
language = "en_GB"
templates_path = ["_templates"]

myst_heading_anchors = 4

html_theme = "furo"
html_title = "ESR integration sandbox"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_use_index = False
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "announcement": "A model of ours, not ESR's specification.",
}

_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(((?:\.\./)+[^)#\s]*)(#[^)\s]*)?\)")


def _name_what_is_no_page(app: Sphinx, page: str, source: list[str]) -> None:
    """Turns a link to a folder, or to a file outside docs, into its name: the site has no such address."""

    def named(found: re.Match[str]) -> str:
        place = posixpath.normpath(posixpath.join("docs", posixpath.dirname(page), found[2]))
        target = Path(app.srcdir).parent / place
        if place.startswith("docs/") and not target.is_dir():
            return found[0]
        return f"{found[1]} (`{place}` in the repository)"

    source[0] = _LINK.sub(named, source[0])


def _level_captions(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: Any
) -> None:
    """Gives the captions of the menu, which the theme marks as headings, the level that a heading must have."""
    menu = context.get("furo_navigation_tree", "")
    context["furo_navigation_tree"] = menu.replace(
        'role="heading"', 'role="heading" aria-level="2"'
    )


def setup(app: Sphinx) -> dict[str, Any]:
    """Hooks in."""
    app.connect("source-read", _name_what_is_no_page)
    app.connect(
        "html-page-context", _level_captions, priority=900
    )  # after the theme has made its menu
    return {"parallel_read_safe": True}
