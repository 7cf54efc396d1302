"""Files of the hourly interface, as the control contract shows them."""

from typing import Any

from sandbox.esr.store import files as store
from sandbox.web.call import Unit
from sandbox.web.cursor import feed_page_of

_NAMES = {
    "file_id": "fileId",
    "ods_code": "odsCode",
    "direction": "direction",
    "name": "name",
    "file_type": "fileType",
    "sequence": "sequence",
    "state": "state",
    "code": "code",
    "text": "text",
    "rows": "rows",
    "rows_failed": "rowsFailed",
    "answers": "answers",
    "created_at": "createdAt",
    "noted_at": "notedAt",
    "is_filed": "filed",
}


def list_files(
    unit: Unit, after: int, limit: int, ods_code: str | None, direction: str | None
) -> dict[str, Any]:
    """A page of `HubFile` in the order in which ESR noted them; `next` is always there."""
    rows = store.list_files(
        unit.connection,
        unit.workspace.name,
        after,
        limit + 1,
        ods_code=ods_code,
        direction=direction,
    )
    shown = [(file_id, _shown(row)) for file_id, row in rows]
    return feed_page_of("files", shown, limit, after)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[column] for column, name in _NAMES.items() if row[column] is not None}
