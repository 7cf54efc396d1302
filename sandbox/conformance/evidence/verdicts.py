"""Whether the verdicts of a pack are those that its own records give: they are judged anew, and compared word by word."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import orjson

from sandbox.conformance.evidence.eligibility import Eligibility, RequirementLike, eligibility
from sandbox.conformance.evidence.manifest import wrong_with_results
from sandbox.conformance.evidence.refusals import Code, PackRefused, shown

Recompute = Callable[[Mapping[str, bytes]], Mapping[str, Any]]
"""Judges the files of a pack anew; answers what results.json must be, the whole of it."""
_ABSENT = object()


def check_verdicts(
    told: Any, files: Mapping[str, bytes], recompute: Recompute, manifest: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The verdicts as recomputed. Raises PackRefused where those that are told differ by a word."""
    _well_formed(told, "results.json")
    try:
        # As it would be read from a file: words of an enumeration are words.
        found: Any = orjson.loads(orjson.dumps(recompute(files)))
    except PackRefused:
        raise
    except Exception as problem:  # whatever breaks the judge is a reason to refuse
        raise PackRefused(
            Code.RECOMPUTATION_BROKE,
            f"The records cannot be judged: {type(problem).__name__}: {shown(str(problem), 200)}.",
        ) from problem
    _well_formed(found, "What the records come to")
    difference = first_difference(told, found)
    if difference:
        place, written, judged = difference
        raise PackRefused(
            Code.VERDICT_DIFFERS,
            f"{place} says {written}, and the records come to {judged}.",
        )
    if manifest["result"] != found["overall"]:
        raise PackRefused(
            Code.VERDICT_DIFFERS,
            f"The manifest says {manifest['result']}, and the records come to {found['overall']}.",
        )
    return dict(found)


def check_eligibility(
    manifest: Mapping[str, Any],
    results: Mapping[str, Any],
    requirements: Iterable[RequirementLike],
) -> Eligibility:
    """What the verdicts are enough for. Raises PackRefused where the manifest claims another kind."""
    subject = manifest["subject"]
    found = eligibility(results, requirements, subject["role"], subject["features"])
    claimed = manifest["certifiable"]["kind"]
    if claimed != found.kind:
        why = f": {found.reasons[0]}" if found.reasons else "."
        raise PackRefused(
            Code.ELIGIBILITY_DIFFERS,
            f"The pack claims to be enough for {claimed}, and by its verdicts and declared features it is for {found.kind}{why}",
        )
    return found


def _well_formed(results: Any, what: str) -> None:
    wrong = wrong_with_results(results)
    if wrong:
        raise PackRefused(Code.RESULTS_MALFORMED, f"{what} has not the form of results: {wrong}.")


def first_difference(told: Any, found: Any, place: str = "") -> tuple[str, str, str] | None:
    """Where two documents first differ: the place, and what stands there in each."""
    if isinstance(told, Mapping) and isinstance(found, Mapping):
        pairs = [
            (name, told.get(name, _ABSENT), found.get(name, _ABSENT))
            for name in sorted({*told, *found})
        ]
    elif isinstance(told, list) and isinstance(found, list):
        length = max(len(told), len(found))
        padded = [[*items, *[_ABSENT] * (length - len(items))] for items in (told, found)]
        pairs = [
            (_label(one, number), one, other)
            for number, (one, other) in enumerate(zip(*padded, strict=True))
        ]
    else:
        same = type(told) is type(found) and told == found
        return None if same else (place or "The whole", _word(told), _word(found))
    for name, one, other in pairs:
        difference = first_difference(one, other, f"{place}/{name}")
        if difference:
            return difference
    return None


def _label(item: Any, number: int) -> str:
    """A case is told by its id, anything else by its place."""
    return str(item["case"]) if isinstance(item, Mapping) and "case" in item else str(number)


def _word(value: Any) -> str:
    return "nothing" if value is _ABSENT else shown(str(value), 60)
