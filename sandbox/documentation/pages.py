"""The generated pages of docs/reference, and whether they say what the code says now."""

from collections.abc import Callable
from pathlib import Path

from sandbox.documentation import (
    cases,
    codes,
    commands,
    contracts,
    events,
    faults,
    requirements,
    settings,
)

PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands.page,
    "settings.md": settings.page,
    "codes.md": codes.page,
    "requirements.md": requirements.page,
    "events.md": events.page,
    "faults.md": faults.page,
    "contracts.md": contracts.page,
    "case-list.md": cases.page,
}
FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"


def write(folder: Path = FOLDER) -> list[Path]:
    """Writes each page that is not as it must be; answers those. Raises Undocumented, and then nothing is written."""
    made = {folder / name: page() for name, page in PAGES.items()}
    changed = [path for path, text in made.items() if _held(path) != text]
    for path in changed:
        path.write_text(made[path], encoding="utf-8")
    return changed


def fault(name: str, folder: Path = FOLDER) -> str | None:
    """What is wrong with a page, in a sentence that says what to run; None where nothing is. Raises Undocumented."""
    if _held(folder / name) == PAGES[name]():
        return None
    return f"docs/reference/{name} does not say what the code says now. Run: make docs"


def _held(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
