"""Opaque cursors: where to go on in a list."""

import base64
import binascii

from sandbox.errors import Code, Place, Refusal

_LARGEST = 2**63 - 1


def encode_cursor(number: int) -> str:
    """The cursor that stands for `number`."""
    return base64.urlsafe_b64encode(str(number).encode()).decode().rstrip("=")


def decode_cursor(cursor: str | None, name: str = "cursor") -> int:
    """The number that a cursor stands for; 0 for none. Raises Refusal CONTRACT_VIOLATION for one that was made up."""
    if cursor is None:
        return 0
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        text = ""
    # Compared with what we would have written: one number has one cursor.
    if not (text.isascii() and text.isdigit() and len(text) <= 19):
        raise _made_up(name)
    number = int(text)
    if number > _LARGEST or encode_cursor(number) != cursor:
        raise _made_up(name)
    return number


def _made_up(name: str) -> Refusal:
    detail = "This is no cursor of ours. Send `next` of the page before, as it was given."
    return Refusal(Code.CONTRACT_VIOLATION, detail, places=(Place("query", name, detail),))


def page_of(name: str, rows: list[tuple[int, dict[str, object]]], limit: int) -> dict[str, object]:
    """A page of `limit` items at most, of rows that were asked for with `limit + 1`: (number, item), in order."""
    items = [item for _, item in rows[:limit]]
    page: dict[str, object] = {name: items, "more": len(rows) > limit}
    if len(rows) > limit:
        page["next"] = encode_cursor(rows[limit - 1][0])
    return page


def feed_page_of(
    name: str, rows: list[tuple[int, dict[str, object]]], limit: int, after: int
) -> dict[str, object]:
    """As `page_of`, of what may have more tomorrow: `next` is always there, `after` itself where nothing came."""
    last = rows[:limit][-1][0] if rows else after
    return {**page_of(name, rows, limit), "next": encode_cursor(last)}
