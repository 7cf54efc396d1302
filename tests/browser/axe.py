"""Looks for accessibility faults in a page with axe-core, as Deque publishes it."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

_AXE = Path(__file__).parents[2] / ".venv" / "console" / "node_modules" / "axe-core" / "axe.min.js"
_WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def violations(page: Page) -> list[str]:
    """What breaks WCAG 2.2 AA on the page as it stands: rule, sentence, and the first places."""
    if not _AXE.is_file():
        pytest.skip("axe-core is not installed, so accessibility was not looked at: `make console`")
    page.evaluate(_AXE.read_text("utf-8"))
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", _WCAG
    )
    return [
        f"{item['id']}: {item['help']} at {'; '.join(str(node['target']) for node in item['nodes'][:3])}"
        for item in found["violations"]
    ]
