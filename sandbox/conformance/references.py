"""The reference subjects, started for one run: our mock ESR, our mock NHS Jobs, and the example supplier.

They are subjects like any other. What they have and others do not is that anything can be arranged at them.
"""

import secrets
import tempfile
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from sandbox import __version__
from sandbox.conformance.driving import InboundDriver, OutboundDriver
from sandbox.conformance.receiver import EventReceiver
from sandbox.conformance.run import Traffic
from sandbox.conformance.scene import CannotArrange, SandboxStage, Stage
from sandbox.conformance.signing_proxy import Sign
from sandbox.conformance.started import access_of
from sandbox.conformance.subject import INBOUND, OUTBOUND, Subject
from sandbox.conformance.supplier_stage import SupplierStage
from sandbox.contracts import load_contract
from sandbox.server import Started, started
from simulators.credentials import Access
from simulators.workspaces import as_operator

ESR, NHS_JOBS, SUPPLIER, SUPPLIER_OUTBOUND = "esr", "nhs-jobs", "supplier", "supplier-outbound"
REFERENCES = (ESR, NHS_JOBS, SUPPLIER, SUPPLIER_OUTBOUND)


@dataclass(frozen=True, slots=True)
class Reached:
    """A subject that can be run against."""

    subject: Subject
    stage: Stage
    traffic: Traffic | None = None
    sign: Sign | None = None


@contextmanager
def reference(name: str, seed: int) -> Iterator[Reached]:
    """The reference subject `name`, started and stopped at the end. Raises CannotArrange or CannotStart."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="esr-sandbox-run-")))
        receiver = EventReceiver()
        stack.callback(receiver.close)
        if name in (ESR, NHS_JOBS):
            sandbox = stack.enter_context(
                started("--seed", "1", folder=folder, database=str(folder / "sandbox.db"))
            )
            base = load_contract(name).base_path
            subject = _own(
                name,
                f"Mock {'ESR' if name == ESR else 'NHS Jobs'}",
                {name: sandbox.url + base, "control": f"{sandbox.url}/control/v1"},
                {
                    name: access_of(sandbox),
                    **(
                        {}
                        if sandbox.operator_token is None
                        else {"control": sandbox.operator_token}
                    ),
                },
                ("signed-tokens",) if name == ESR else (),
            )
            stage = SandboxStage(sandbox.url, receiver, operator=sandbox.operator_token)
            yield Reached(subject, stage)
            return
        sandbox = stack.enter_context(
            started(
                "--world", "empty", "--only", "esr", folder=folder, database=str(folder / "esr.db")
            )
        )
        yield _supplier(name, sandbox, seed, receiver, stack)


def _supplier(
    name: str, sandbox: Started, seed: int, receiver: EventReceiver, stack: ExitStack
) -> Reached:
    from simulators.supplier import Settings, running_supplier

    url = sandbox.url
    stage = stack.enter_context(
        SupplierStage.opened(url, seed, receiver, operator=sandbox.operator_token)
    )
    driver_token = secrets.token_urlsafe(24)
    queue = None
    if name == SUPPLIER_OUTBOUND:
        queue = stack.enter_context(OutboundDriver.serving(driver_token))
    settings = Settings(
        # By its path, a call without a token is the workspace's too.
        esr_url=f"{url}/w/{stage.workspace}/esr/v1",
        esr_token=stage.supplier_access,
        driver_token=driver_token,
        queue_url=queue.url if queue else None,
        version=__version__,
        build=f"{__version__}+example",
    )
    running = stack.enter_context(running_supplier(settings))
    addresses = {"receiver": running.receiver_url.removesuffix("/events")}
    if queue is None:
        addresses["driver"] = running.driver_url
        client = stack.enter_context(httpx.Client(timeout=20.0, trust_env=False))
        stage.driver = InboundDriver(running.driver_url, driver_token, client)
    else:
        stage.driver = queue
    stage.receiver_url = addresses["receiver"]
    subject = _own(
        "recruitment-system",
        "Example Supplier",
        addresses,
        {"driver": driver_token},
        ("esr", "signed-tokens"),
        OUTBOUND if queue else INBOUND,
    )
    return Reached(subject, stage, stage, signer(stage.control, stage.control_access))


def signer(control: str, access: Access | None) -> Callable[[str, bytes], Mapping[str, str]]:
    """Signs a delivery as the reference ESR would, by the power `sign_delivery` of its sandbox, with what that asks for."""
    client = httpx.Client(timeout=20.0, trust_env=False)

    def sign(address: str, body: bytes) -> Mapping[str, str]:
        answer = client.post(
            f"{control}/esr/event-signatures",
            json={"url": address, "body": b64encode(body).decode()},
            headers=as_operator(access),
        )
        if answer.status_code != 200:
            raise CannotArrange(f"the sandbox did not sign: {answer.text[:300]}")
        headers: dict[str, str] = answer.json()["headers"]
        return headers

    return sign


def _own(
    role: str,
    product: str,
    addresses: Mapping[str, str],
    tokens: Mapping[str, Access],
    features: tuple[str, ...],
    driving: str = INBOUND,
) -> Subject:
    return Subject(
        role,
        product,
        "ESR integration sandbox",
        __version__,
        __version__,
        "reference",
        addresses,
        features,
        driving,
        tokens,
    )
