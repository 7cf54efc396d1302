"""Judges the files of a pack anew, with the judge of the live run: the one function that writes and verifies results.json."""

from collections.abc import Mapping
from typing import Any

from sandbox.conformance.operations import Operations
from sandbox.conformance.verdict import verdicts
from sandbox.contracts import CONTRACT_NAMES, load_contract


def recompute(files: Mapping[str, bytes]) -> dict[str, Any]:
    """What results.json must be. Raises whatever a malformed file raises."""
    return verdicts(files, Operations([load_contract(name) for name in CONTRACT_NAMES]))
