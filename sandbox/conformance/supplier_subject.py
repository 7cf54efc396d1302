"""A supplier's own system as the subject: it calls a sandbox of ours, which is its ESR while it is certified."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from sandbox.conformance.driving import Driver, InboundDriver, OutboundDriver
from sandbox.conformance.plain import plain_client
from sandbox.conformance.preflight import check_client
from sandbox.conformance.receiver import EventReceiver
from sandbox.conformance.references import Reached, signer
from sandbox.conformance.scene import CannotArrange
from sandbox.conformance.subject import INBOUND, OUTBOUND, Subject
from sandbox.conformance.supplier_stage import SupplierStage
from simulators.credentials import SignedTokens

_CONTROL = "/control/v1"


@contextmanager
def supplier_at(
    subject: Subject, seed: int, guided: Driver, *, only_looks: bool = False
) -> Iterator[Reached]:
    """The subject and its stage: the sandbox at `addresses.control`, to which the supplier's test system is connected.

    With `only_looks` nothing is changed there, and nobody drives the subject. Raises CannotArrange where the subject file does
    not say what is needed.
    """
    control = subject.addresses.get("control", "")
    if not control.endswith(_CONTROL):
        raise CannotArrange(
            "A supplier is certified against a sandbox: start one with esr-sandbox up --only esr --fresh --world empty, connect "
            "your test system to it, and name it as addresses.control, such as "
            f"http://127.0.0.1:8080{_CONTROL}."
        )
    with ExitStack() as stack:
        receiver = EventReceiver()
        stack.callback(receiver.close)
        access = subject.tokens.get("esr")
        if access is None:
            raise CannotArrange(
                "The suite looks at ESR as the client that your system is: give its token, or its key, as tokens.esr."
            )
        if isinstance(access, SignedTokens) and not (check := check_client("esr", access)).ok:
            raise CannotArrange(f"{check.found} {check.to_do}")
        url, _, workspace = control.removesuffix(_CONTROL).partition("/w/")
        stage = stack.enter_context(
            SupplierStage.opened(
                url,
                seed,
                receiver,
                workspace or "default",
                access,
                subject.tokens.get("control"),
                only_looks=only_looks,
            )
        )
        if "receiver" in subject.addresses:
            stage.receiver_url = subject.addresses["receiver"]
        if not only_looks:
            stage.driver = _driver(subject, guided, stack)
        yield Reached(subject, stage, stage, signer(stage.control, stage.control_access))


def _driver(subject: Subject, guided: Driver, stack: ExitStack) -> Driver:
    token = str(subject.tokens.get("driver", ""))
    if subject.driving == INBOUND:
        if "driver" not in subject.addresses:
            raise CannotArrange(
                "An inbound driver needs addresses.driver, and its token tokens.driver."
            )
        client = stack.enter_context(plain_client(timeout=20.0))
        return InboundDriver(subject.addresses["driver"], token, client)
    if subject.driving == OUTBOUND:
        address = subject.addresses.get("driver", "")
        return stack.enter_context(OutboundDriver.serving(token, address))
    return guided
