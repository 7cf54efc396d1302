"""What a browser would send of a form on a page that nobody has touched."""

from html.parser import HTMLParser
from typing import Any


def submitted(page: str, action: str) -> dict[str, str]:
    """The names and values of the form whose action ends with `action`. Raises LookupError where there is none."""
    reader = _Forms(action)
    reader.feed(page)
    if reader.values is None:
        raise LookupError(f"no form for {action} on the page")
    return reader.values


class _Forms(HTMLParser):
    def __init__(self, action: str) -> None:
        super().__init__()
        self._action = action
        self._is_within = False
        self._select = self._textarea = ""
        self.values: dict[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, Any]]) -> None:
        given = dict(attrs)
        if tag == "form" and given.get("action", "").endswith(self._action):
            self._is_within, self.values = True, {} if self.values is None else self.values
        if not self._is_within or self.values is None:
            return
        name, value = given.get("name", ""), given.get("value") or ""
        if tag == "input" and (given.get("type") != "radio" or "checked" in given):
            self.values[name] = value
        elif tag == "select":
            self._select = name
        elif tag == "option" and self._select and ("selected" in given or not self._has_select()):
            self.values[self._select] = value
        elif tag == "textarea":
            self._textarea, self.values[name] = name, ""

    def _has_select(self) -> bool:
        return self._select in (self.values or {})

    def handle_data(self, data: str) -> None:
        if self._textarea and self.values is not None:
            self.values[self._textarea] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_within = False
        elif tag == "select":
            self._select = ""
        elif tag == "textarea":
            self._textarea = ""
