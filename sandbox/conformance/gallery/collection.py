"""The whole gallery, in its order: named defects first, then the rows."""

from sandbox.conformance.gallery.deviation import Deviation
from sandbox.conformance.gallery.named import named
from sandbox.conformance.gallery.rule_rows import generated


class Unsound(Exception):
    """The gallery itself is not well formed; the message says where."""


def deviations(role: str | None = None) -> list[Deviation]:
    """Every deviation, or those of the subjects of one role. Raises Unsound when an id stands twice or breaks nothing."""
    found = [*named(), *generated()]
    seen: set[str] = set()
    for item in found:
        if item.id in seen:
            raise Unsound(f"the deviation {item.id} stands twice")
        if not item.requirements:
            raise Unsound(f"the deviation {item.id} breaks no requirement")
        seen.add(item.id)
    return [item for item in found if role in (None, item.role)]
