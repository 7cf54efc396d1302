"""The recruitment systems that `esr-sandbox replay` goes through: one of a subject file, or the example supplier."""

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loadtests.supplier.access import SupplierAccess
from sandbox.cli import Stop
from sandbox.cli.targets import Sandbox
from sandbox.conformance.started import access_of
from sandbox.conformance.subject import SubjectUnusable, read_subject
from sandbox.conformance.supplier_load import supplier_load
from sandbox.server import started

SUPPLIER = "supplier"
"""The profile by which a supplier is replayed through unless another is named."""
REFERENCES = ("supplier",)


@contextmanager
def supplier_at(path: Path) -> Iterator[tuple[Sandbox, SupplierAccess]]:
    """ESR and the supplier of a subject file. Raises Stop, or PlanError where it cannot be replayed through."""
    if not path.is_file():
        raise Stop(f"There is no subject file {path}.")
    try:
        load = supplier_load(read_subject(path))
    except SubjectUnusable as problem:
        raise Stop(str(problem)) from problem
    yield Sandbox(load.esr_url, load.esr_access), load.access


@contextmanager
def example_supplier() -> Iterator[tuple[Sandbox, SupplierAccess]]:
    """The example supplier and the sandbox that is its ESR, both stopped at the end."""
    from simulators.supplier import Settings, running_supplier

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        arguments = ("--only", "esr", "--world", "empty")
        with started(*arguments, folder=folder, database=str(folder / "sandbox.db")) as running:
            esr = f"{running.url}/esr/v1"
            access = access_of(running)
            settings = Settings(esr, access, driver_token=secrets.token_urlsafe(24))
            with running_supplier(settings) as supplier:
                yield (
                    Sandbox(esr, access),
                    SupplierAccess(
                        control_url=f"{running.url}/control/v1",
                        driver_url=supplier.driver_url,
                        driver_token=settings.driver_token,
                    ),
                )
