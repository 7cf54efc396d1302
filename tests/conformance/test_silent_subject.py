"""A subject that does nothing at all is inconclusive in every suite, and never passes."""

import socket
import threading
from collections.abc import Iterator

import orjson
import pytest

from sandbox.conformance.bound_stage import BoundStage
from sandbox.conformance.case import load_cases
from sandbox.conformance.evidence.eligibility import MANDATORY_SUITES
from sandbox.conformance.operations import Operations
from sandbox.conformance.receiver import EventReceiver
from sandbox.conformance.run import Run, RunPlan
from sandbox.conformance.subject import Subject
from sandbox.conformance.verdict import CONTRACTS_OF, verdicts
from sandbox.contracts import CONTRACT_NAMES, load_contract
from sandbox.contracts.requirements import load_requirements

OPERATIONS = Operations([load_contract(name) for name in CONTRACT_NAMES])


@pytest.fixture
def silent() -> Iterator[str]:
    """An address at which every connection is taken and closed without a word."""
    listening = socket.create_server(("127.0.0.1", 0))

    def close_all() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            connection.close()

    thread = threading.Thread(target=close_all, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    listening.shutdown(socket.SHUT_RDWR)
    listening.close()
    thread.join(5)


@pytest.mark.parametrize("role", ["esr", "nhs-jobs", "recruitment-system"])
def test_every_suite_is_inconclusive(role: str, silent: str) -> None:
    world = {
        "employer": {"odsCode": "X0A1B"},
        "vacancy": {"vacancyReference": "901-A", "positionId": 1},
        "position": {"positionId": 1, "staffGroup": "03", "jobRole": "03007"},
    }
    addresses = {"esr": silent, "nhs-jobs": silent, "receiver": silent}
    subject = Subject(role, "Silence", "Nobody", "1", "1", "test", addresses, bindings=world)
    cases = load_cases(role)
    receiver = EventReceiver()
    plan = RunPlan(
        subject,
        cases,
        load_requirements(),
        1,
        MANDATORY_SUITES,
        frozenset(case.id for case in cases),
        CONTRACTS_OF[role],
    )
    run = Run(plan, BoundStage(subject, receiver), OPERATIONS, lambda _: None, lambda *_: None)

    files = run.execute()
    receiver.close()

    results = orjson.loads(files["results.json"])
    omitted = {"esr": "traffic", "nhs-jobs": "volume"}
    expected = dict.fromkeys(MANDATORY_SUITES, "inconclusive") | (
        {omitted[role]: "omit"} if role in omitted else {}
    )
    assert results["suites"] == expected
    # What is asked of those alone who say that they have it is no part of it.
    optional = {case.id for case in cases if case.features}
    for item in results["cases"]:
        wanted = "omit" if item["case"] in optional else "inconclusive"
        assert item["result"] == wanted, item["case"]
    assert results["overall"] == "inconclusive"
    assert verdicts(files, OPERATIONS) == results
