"""Lists: go on with the cursor that was given, and leave no page out.

For each list (operation and filters): the cursors that were given, and those of pages that said there was more and were not
followed yet.
"""

from dataclasses import dataclass, field
from urllib.parse import parse_qsl

from sandbox.conformance.traffic.recording import Call
from sandbox.conformance.traffic.rule import Context, Rule

_FEEDS = frozenset({"list_events", "list_positions"})
"""Lists that are there to be read to the end; of others a caller may want the beginning alone."""


@dataclass(slots=True)
class _List:
    given: set[str] = field(default_factory=set)
    pages: list[Call] = field(default_factory=list)
    """Those that said there was more."""
    followed: set[str] = field(default_factory=set)
    last: Call | None = None


class FollowsCursors(Rule):
    """A cursor is one that was given for this very list, and of a feed every page is read."""

    judges = ("ESR-REQ-028",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._lists: dict[tuple[str, ...], _List] = {}
        self._parameter = {
            operation.name: name
            for operation in context.operations.of("esr")
            for name in ("cursor", "since")
            if name in context.parameters[operation.name].query
        }

    def see(self, call: Call) -> None:
        name = self._parameter.get(call.operation or "")
        if name is None:
            return
        asked = parse_qsl(call.query, keep_blank_values=True)
        filters = sorted(f"{key}={text}" for key, text in asked if key not in (name, "limit"))
        key = (call.path, call.employer or "", *filters)
        held = self._lists.setdefault(key, _List())
        cursor = dict(asked).get(name)
        if cursor is not None:
            self._follow(call, held, cursor)
        held.last = call
        if call.succeeded and isinstance(call.answer, dict):
            following = call.answer.get("next")
            if isinstance(following, str):
                held.given.add(following)
                if call.answer.get("more") is True:
                    held.pages.append(call)

    def _follow(self, call: Call, held: _List, cursor: str) -> None:
        held.followed.add(cursor)
        if cursor in held.given:
            self.tally.held += 1
        elif self.facts.complete or call.status == 400:
            self.tally.breach(
                f"Expected a cursor that ESR gave for this list, but {call} has {cursor[:40]!r}, which it did not.",
                call,
            )
        else:
            # It may have been given before the recording began; what is given from now on is known.
            held.given.add(cursor)

    def close(self) -> None:
        for held in self._lists.values():
            for page in held.pages:
                later = held.last is not None and held.last.started > page.ended
                if (
                    page.operation in _FEEDS
                    and page.answer["next"] not in held.followed
                    and later
                    and held.last is not None
                ):
                    self.tally.breach(
                        f"Expected the page after {page}, which says there is more, to be read, but it never was.",
                        page,
                        held.last,
                    )
