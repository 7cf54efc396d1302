"""What the pre-flight says of a driver that does not answer as it should."""

from pathlib import Path

import httpx
import pytest

from sandbox.conformance.preflight import check_all
from sandbox.conformance.subject import INBOUND, Subject


@pytest.mark.parametrize(
    ("status", "to_do"), [(401, "does not take the token"), (404, "must be the base")]
)
def test_a_driver_that_refuses_says_what_to_mend(tmp_path: Path, status: int, to_do: str) -> None:
    subject = Subject(
        role="recruitment-system",
        product="A product",
        name="A company",
        version="1",
        build="1",
        environment="test",
        features=("esr",),
        driving=INBOUND,
        addresses={"driver": "http://driver.test/driver/v1", "control": "http://sandbox.test"},
        tokens={"driver": "wrong"},
    )
    transport = httpx.MockTransport(lambda _request: httpx.Response(status))

    with httpx.Client(transport=transport) as client:
        checks = check_all(subject, (), {}, tmp_path, client)

    [told] = [check for check in checks if check.name == "the driver answers"]
    assert not told.ok
    assert to_do in told.to_do
