"""Putting real values into generated calls, without making a broken call whole.

A generated call keeps the contract, or breaks it in one part on purpose. Into the parts that keep it go values that
exist at the target: so the call reaches past "not found", and is refused for the broken part alone.
"""

import hashlib
import uuid
import zlib
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from sandbox.conformance.world_feed import FeedExhaustedError, Known, WorldFeed, replaced

REQUEST_ID = "X-Request-ID"
AUTHORIZATION = "authorization"
PATH, QUERY, HEADER, BODY = "path", "query", "header", "body"


class NoBody(Enum):
    """The call has no body, which is not the same as the body `null`."""

    NO_BODY = "no body"


NO_BODY = NoBody.NO_BODY


class Style(Enum):
    """How much of a sound call is taken from the world."""

    WHOLE = "known identifiers and a known body"
    REFERENCES = "known identifiers, and a generated body that refers to what exists"
    TESTED = "known identifiers, and a known body with the one value that the case is about"
    IDENTIFIED = "known identifiers in the path, all else as generated"
    GENERATED = "as generated, save for the request id and invented cursors"


# Half of the random sound calls should succeed; the others explore bodies, conditions and identifiers.
_STYLES = (
    Style.WHOLE,
    Style.REFERENCES,
    Style.WHOLE,
    Style.IDENTIFIED,
    Style.WHOLE,
    Style.GENERATED,
)
_STYLE_OF_PHASE = {"examples": Style.REFERENCES, "coverage": Style.TESTED}
# The fuzzer repeats the beginnings of sequences and gives up where a repeated call has another outcome: so a call of a
# sequence is filled by what was generated, never by what came before it, and never with what can be taken only once.
_STYLES_IN_SEQUENCES = (Style.WHOLE, Style.REFERENCES)


@dataclass(slots=True)
class Draft:
    """A generated call before it is sent; `CaseFiller.fill` changes it in place.

    - `sound`: nothing in it breaks the contract.
    - `broken`: the parts (path, query, header, body) that break it.
    - `broken_names`: lower-case names of the parameters that were broken or left out, where that is known.
    - `tested_pointer`: the place in the body that this case is about, where that is known.
    """

    operation_id: str
    phase: str
    sound: bool
    broken: frozenset[str]
    broken_names: frozenset[str]
    tested_pointer: str | None
    declared_headers: Mapping[str, bool]
    path: dict[str, Any]
    query: dict[str, Any]
    headers: MutableMapping[str, str]
    body: Any


@dataclass(slots=True)
class CaseFiller:
    """Fills drafts from a feed, and remembers what the target said exists.

    Request ids follow from (seed, run id, number of the call): a run can be told from every other run, and each of its
    calls can be worked out again. Letters are in upper case in every second one: the contract allows both.
    """

    feed: WorldFeed
    seed: int
    run_id: str
    gaps: dict[str, str] = field(default_factory=dict)
    _calls: int = 0
    _sound_calls: dict[str, int] = field(default_factory=dict)
    _seen: dict[str, set[str]] = field(default_factory=dict)

    def fill(self, draft: Draft) -> None:
        """Replace what may be replaced."""
        self._calls += 1
        if draft.sound:
            self._fill_sound(draft)
        else:
            # A header of which the contract says nothing may break nothing: what the call uses up is then really gone.
            unnoticed = draft.broken == {HEADER} and not any(
                name.lower() in draft.broken_names for name in draft.declared_headers
            )
            known = self._known(draft.operation_id, fresh=unnoticed)
            self._fill_parts(draft, known, Style.WHOLE)
        self._set_request_id(draft)

    def observe(self, operation_id: str, status: int, body: Any, names: frozenset[str]) -> None:
        """Learn from an answer: `names` are the path parameters of the contract, whose values become known."""
        if 200 <= status < 300:
            self._remember(body, names)
        try:
            self.feed.observe(operation_id, status, body)
        except FeedExhaustedError as gap:
            self.gaps.setdefault(operation_id, str(gap))

    def _fill_sound(self, draft: Draft) -> None:
        style = _STYLE_OF_PHASE.get(draft.phase)
        if draft.phase == "stateful":
            style = _STYLES_IN_SEQUENCES[_checksum(draft) % len(_STYLES_IN_SEQUENCES)]
        if style is None:
            number = self._sound_calls.get(draft.operation_id, 0)
            self._sound_calls[draft.operation_id] = number + 1
            style = _STYLES[number % len(_STYLES)]
        following = draft.phase == "stateful" and self._leads_somewhere(draft.path)
        known = self._known(
            draft.operation_id, fresh=style is not Style.GENERATED and not following
        )
        if following:  # a link of the contract led here: keep to it
            known = replace(known, path={}, forced_headers={})
        if style is Style.IDENTIFIED:
            known = replace(known, forced_headers={}, references={})
        if style is Style.GENERATED:
            known = Known(query=known.query, always=known.always)
        self._fill_parts(draft, known, style)

    def _fill_parts(self, draft: Draft, known: Known, style: Style) -> None:
        if PATH not in draft.broken and known.path:
            draft.path.update({n: v for n, v in known.path.items() if n in draft.path})
        if QUERY not in draft.broken:
            for name, value in known.query.items():
                if name in draft.query:
                    draft.query.pop(name)
                    if value is not None:
                        draft.query[name] = value
        self._fill_headers(draft, known)
        if BODY not in draft.broken and draft.body is not NO_BODY:
            draft.body = _body(draft, known, style)

    def _fill_headers(self, draft: Draft, known: Known) -> None:
        for name, value in {**known.headers, **known.forced_headers}.items():
            wanted = name in known.forced_headers or draft.declared_headers.get(name, False)
            if _may_set(draft, name) and (wanted or name in draft.headers):
                draft.headers[name] = value

    def _set_request_id(self, draft: Draft) -> None:
        if REQUEST_ID in draft.declared_headers and _may_set(draft, REQUEST_ID):
            text = f"{self.seed}:{self.run_id}:{self._calls}".encode()
            digest = hashlib.blake2b(text, digest_size=16).digest()
            request_id = str(uuid.UUID(bytes=digest, version=4))
            draft.headers[REQUEST_ID] = request_id if self._calls % 2 else request_id.upper()

    def _known(self, operation_id: str, *, fresh: bool) -> Known:
        try:
            return self.feed.known(operation_id, fresh=fresh)
        except FeedExhaustedError as gap:
            self.gaps.setdefault(operation_id, str(gap))
            return Known()

    def _leads_somewhere(self, path: Mapping[str, Any]) -> bool:
        return bool(path) and all(str(v) in self._seen.get(n, ()) for n, v in path.items())

    def _remember(self, body: Any, names: frozenset[str]) -> None:
        if isinstance(body, dict):
            for name, value in body.items():
                if name in names and isinstance(value, str | int):
                    self._seen.setdefault(name, set()).add(str(value))
                self._remember(value, names)
        elif isinstance(body, list):
            for item in body:
                self._remember(item, names)


def _checksum(draft: Draft) -> int:
    """The same for the same generated call, in every process."""
    return zlib.crc32(repr((draft.path, draft.query, draft.body)).encode())


def _may_set(draft: Draft, name: str) -> bool:
    """Whether the header `name` may be set without mending what the case breaks.

    Where the token is what is broken, no header is touched: the fuzzer looks at changed headers again, without the
    token, would find them whole, and would expect the call to succeed.
    """
    if name.lower() in draft.broken_names or AUTHORIZATION in draft.broken_names:
        return False
    return HEADER not in draft.broken or bool(draft.broken_names)


def _body(draft: Draft, known: Known, style: Style) -> Any:
    if style is Style.WHOLE and known.body is not None:
        body = known.body
    elif style is Style.TESTED and known.body is not None:
        names = draft.tested_pointer.split("/")[1:] if draft.tested_pointer else []
        body = _grafted(known.body, draft.body, names) if names else _shaped(known.body, draft.body)
    else:
        body = _with(draft.body, known.references)
    return _with(body, known.always)


def _grafted(known: Any, generated: Any, names: list[str]) -> Any:
    """`known`, with what `generated` has at the place that `names` lead to."""
    if not names:
        return generated
    name = names[0]
    if not isinstance(known, dict) or not isinstance(generated, dict) or name not in generated:
        return known
    if name not in known:
        return {**known, name: generated[name]}
    return {**known, name: _grafted(known[name], generated[name], names[1:])}


def _shaped(known: Any, generated: Any) -> Any:
    """The properties of `generated`, with the values of `known` where it has them."""
    if isinstance(known, dict) and isinstance(generated, dict):
        return {
            name: _shaped(known[name], value) if name in known else value
            for name, value in generated.items()
        }
    return known


def _with(body: Any, values: Mapping[str, Any]) -> Any:
    for pointer, value in values.items():
        body = replaced(body, pointer, value)
    return body
