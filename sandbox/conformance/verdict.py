"""The verdicts of a run, by what its pack holds: one pure function for the run that writes them and the verifier that reads them.

    results = verdicts(files, operations)

`files` are those of a pack by name: `cases.json`, `requirements.json`, `subject.json`, the records below `cases/`, the contract
suite's exchanges below `contract/`, the subject's traffic, and a replay's ledger below `volume/`.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import orjson

from sandbox.conformance.case import Case
from sandbox.conformance.contract_suite import judge_contract, read_lines
from sandbox.conformance.evidence.eligibility import VOLUME
from sandbox.conformance.evidence.manifest import VOLUME_PLAN
from sandbox.conformance.judge import judge
from sandbox.conformance.operations import Operations
from sandbox.conformance.record import Record
from sandbox.conformance.results import Result, rolled_up
from sandbox.conformance.run_traffic import judge_run_traffic

if TYPE_CHECKING:
    from sandbox.conformance.volume.judging import VolumeVerdict

CONTRACT, BEHAVIOUR, TRAFFIC, RESILIENCE = "contract", "behaviour", "traffic", "resilience"
SUITES = (CONTRACT, BEHAVIOUR, TRAFFIC, RESILIENCE, VOLUME)
CONTRACTS_OF = {
    "esr": ("esr",),
    "nhs-jobs": ("nhs-jobs",),
    "recruitment-system": ("receiver",),
}
"""By role: the contracts that the subject serves."""


def verdicts(files: Mapping[str, bytes], operations: Operations) -> dict[str, Any]:
    """What results.json must be. Raises whatever a malformed file raises.

    A case that was not played is omitted where it asks for a feature that the subject does not declare, else skipped.
    """
    subject = orjson.loads(files["subject.json"])
    cases = [Case.from_dump(item) for item in orjson.loads(files["cases.json"])]
    levels = {item["id"]: item["level"] for item in orjson.loads(files["requirements.json"])}
    words = [
        _milder(_words(case, files, set(subject["features"]), operations), levels) for case in cases
    ]
    words = _without_known_gaps(words, subject.get("knownGaps", []))
    told: dict[str, Any] = {"cases": words}
    suites: dict[str, list[Result]] = {BEHAVIOUR: [], RESILIENCE: []}
    requirements: dict[str, list[Result]] = {}
    for case, word in zip(cases, words, strict=True):
        suites[case.suite].append(Result(word["result"]))
        for name, result in word["requirements"].items():
            requirements.setdefault(name, []).append(Result(result))
    results = {name: _rolled(held) for name, held in requirements.items()}
    told["contract"] = _contract(files, subject["role"], operations)
    traffic = judge_run_traffic(files, subject["role"], operations, results)
    told["traffic"] = traffic.words
    results |= traffic.requirements
    verdict = {
        CONTRACT: rolled_up(Result(item["result"]) for item in told["contract"].values()),
        BEHAVIOUR: _rolled(suites[BEHAVIOUR]),
        TRAFFIC: traffic.result,
        RESILIENCE: _rolled(suites[RESILIENCE]),
    }
    if subject["role"] == "nhs-jobs":
        verdict[VOLUME] = Result.OMIT  # a replay sends to an ESR, or through a recruitment system
    elif VOLUME_PLAN in files:
        volume = _volume(files)
        verdict[VOLUME] = volume.result
        told[VOLUME] = volume.words
        results |= volume.requirements
    return {
        "overall": str(rolled_up(verdict.values())),
        "suites": {name: str(result) for name, result in verdict.items()},
        "requirements": {name: str(results[name]) for name in sorted(results)},
        **told,
    }


def _volume(files: Mapping[str, bytes]) -> "VolumeVerdict":
    # Imported when it is asked for: no other verdict waits for what measures a replay.
    from sandbox.conformance.volume.judging import judge_volume

    return judge_volume(files)


def _words(
    case: Case, files: Mapping[str, bytes], features: set[str], operations: Operations
) -> dict[str, Any]:
    content = files.get(f"cases/{case.id}.json")
    if content is None:
        result = Result.SKIP if set(case.features) <= features else Result.OMIT
        words = {
            "case": case.id,
            "result": str(result),
            "requirements": dict.fromkeys(case.requirements, str(result)),
        }
    else:
        words = judge(case, Record.from_dump(orjson.loads(content)), operations).words()
    return {**words, "suite": case.suite}


def _milder(word: dict[str, Any], levels: Mapping[str, str]) -> dict[str, Any]:
    """The words, with the failure of what only SHOULD be turned into a warning."""
    failed, fail, warn = [], str(Result.FAIL), str(Result.WARN)
    requirements = dict(word["requirements"])
    for name, result in requirements.items():
        if result == fail:
            failed.append(name)
            requirements[name] = warn if levels.get(name) == "SHOULD" else fail
    milder = word["result"] == fail and fail not in requirements.values() and failed
    return {**word, "requirements": requirements, **({"result": warn} if milder else {})}


def _without_known_gaps(
    words: Iterable[dict[str, Any]], known_gaps: Iterable[str]
) -> list[dict[str, Any]]:
    """The words, with a known gap that no longer fails turned into a failure: the list must say what is."""
    gaps = set(known_gaps)
    return [
        {**word, "result": str(Result.FAIL), "gapClosed": True}
        if word["case"] in gaps and word["result"] == str(Result.PASS)
        else word
        for word in words
    ]


def _contract(
    files: Mapping[str, bytes], role: str, operations: Operations
) -> dict[str, dict[str, Any]]:
    """By contract: its result, each operation's, and what was found."""
    told: dict[str, dict[str, Any]] = {}
    for name in CONTRACTS_OF[role]:
        content = files.get(f"contract/{name}.ndjson")
        if content is None:
            told[name] = {"result": str(Result.SKIP), "operations": {}, "found": []}
            continue
        contract = operations.contracts[name]
        base = orjson.loads(files["subject.json"])["addresses"].get(name, "")
        path = "/" + base.split("/", 3)[3] if base.count("/") > 2 else ""
        verdict = judge_contract(read_lines(content), path, contract.operation_ids, operations)
        told[name] = {
            "result": str(verdict.result),
            "operations": {item: str(result) for item, result in verdict.operations.items()},
            "found": list(verdict.sentences),
        }
    return told


def _rolled(results: Iterable[Result]) -> Result:
    held = list(results)
    if held and all(result is Result.OMIT for result in held):
        return Result.OMIT
    return rolled_up(held)
