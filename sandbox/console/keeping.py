"""What the console keeps beside the database: its key, and a folder for each run that was started from it."""

import atexit
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from sandbox.identity.kept import kept_secret
from sandbox.settings import Mode, Settings

_ELSEWHERE = Path(".esr-sandbox") / "console"


def folder_of(settings: Settings) -> Path:
    """The console's folder: the one that the settings name; else beside the SQLite file; else, for a world in memory, one that
    goes with the process, and for a database on a server, one below where the sandbox was started.
    """
    if settings.console_folder is not None:
        folder = settings.console_folder
    elif settings.database_path is not None:
        folder = settings.database_path.with_name(f"{settings.database_path.name}.console")
    elif settings.database_place is None:
        folder = Path(tempfile.mkdtemp(prefix="esr-sandbox-console-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    else:
        folder = _ELSEWHERE
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def key_of(settings: Settings, folder: Path) -> str:
    """What sessions and links are signed with: the same after every restart, unless the folder is lost."""
    return settings.console_key or kept_secret(folder / "key")


def with_key(settings: Settings) -> Settings:
    """The settings with the console's key in them, for processes that are to share it: made once, before any is forked."""
    if settings.mode is not Mode.FULL:
        return settings
    return replace(settings, console_key=key_of(settings, folder_of(settings)))
