"""The contracts: hand-written sources under `openapi/`, bundled into one document each.

A reader edits the sources; everything that runs (Connexion, Schemathesis, the pages, a supplier's own tools) reads the
bundle. A bundle is written once its sources validate, and carries their digest, so that a start needs no YAML at all.

    contract = load_contract("esr")
    contract.document["paths"]["/applicants"]
"""

from sandbox.contracts.bundle import ContractError, Fault
from sandbox.contracts.library import (
    CONTRACT_NAMES,
    Contract,
    contracts_folder,
    load_contract,
    stale_bundles,
    write_bundles,
)

__all__ = [
    "CONTRACT_NAMES",
    "Contract",
    "ContractError",
    "Fault",
    "contracts_folder",
    "load_contract",
    "stale_bundles",
    "write_bundles",
]
