"""How a replay reaches a supplier's own system: what the subject file says of its driver, its receiver and its ESR."""

from dataclasses import dataclass

from loadtests.errors import PlanError
from loadtests.supplier.access import SupplierAccess
from sandbox.conformance.subject import INBOUND, Subject
from simulators.credentials import Access

_CONTROL = "/control/v1"
_ROLE = "recruitment-system"


@dataclass(frozen=True, slots=True)
class SupplierLoad:
    """A supplier that can be replayed through."""

    access: SupplierAccess
    esr_url: str
    """ESR in the supplier's workspace."""
    esr_access: Access
    """The supplier's own."""


def supplier_load(subject: Subject) -> SupplierLoad:
    """The supplier of a subject file. Raises `PlanError`, which says what to change, where it cannot be replayed through."""
    if subject.role != _ROLE:
        raise PlanError(
            f"A replay goes through a subject of the role {_ROLE}, and {subject.product} has the role {subject.role}; an ESR is "
            "replayed against with --esr."
        )
    check_driving(subject)
    control = subject.addresses.get("control", "")
    if not control.endswith(_CONTROL):
        raise PlanError(
            "A supplier is replayed through against a sandbox: start one with esr-sandbox up --only esr --fresh --world empty, "
            f"connect your test system to it, and name it as addresses.control, such as http://127.0.0.1:8080{_CONTROL}."
        )
    missing = [name for name in ("esr", "driver") if name not in subject.tokens]
    if missing:
        raise PlanError(f"The subject file gives no tokens.{' and no tokens.'.join(missing)}.")
    return SupplierLoad(
        SupplierAccess(
            control_url=control,
            driver_url=subject.addresses["driver"],
            driver_token=str(subject.tokens["driver"]),
            receiver_url=subject.addresses.get("receiver"),
        ),
        f"{control.removesuffix(_CONTROL)}/esr/v1",
        subject.tokens["esr"],
    )


def check_driving(subject: Subject) -> None:
    """Raises `PlanError` for a supplier that cannot be given orders at the pace of a replay."""
    if subject.driving != INBOUND or "driver" not in subject.addresses:
        raise PlanError(
            f"{subject.product} has the driving {subject.driving}, and only an inbound driver can be given orders at the pace of "
            "a replay: a queue hands out one at a time, and a person is slower. Offer an inbound driver, as addresses.driver "
            "with driving: inbound."
        )
