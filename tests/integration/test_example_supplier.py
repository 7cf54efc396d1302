"""The example supplier against a running ESR: what its recruiter does arrives once, whatever goes wrong on the way."""

import itertools
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from harness import Workspace
from receiving import change_position, subscribe
from recruiting import (
    Recruiter,
    acceptance,
    applicants,
    exchanges,
    fault,
    offer,
    recruiting,
    until,
)
from starlette.requests import Request

from simulators.supplier import Office, Policies
from simulators.supplier.answers import Answer
from simulators.supplier.messages import Message
from simulators.supplier.receiver import Receiver


@pytest.fixture
def recruiter(workspace: Workspace) -> Iterator[Recruiter]:
    with recruiting(workspace) as recruiter:
        yield recruiter


def began(exchange: dict[str, Any]) -> float:
    return datetime.fromisoformat(exchange["startedAt"]).timestamp()


def test_an_offer_is_accepted_checked_and_hired(workspace: Workspace, recruiter: Recruiter) -> None:
    offered = offer(workspace)
    reference = offered["supplierReference"]

    recruiter.act("START_OFFER", **offered)
    recruiter.act("ACCEPT_OFFER", **acceptance(offered))
    check = {"state": "REQUESTED", "requestedDate": offered["offerDate"]}
    recruiter.act("UPDATE_CHECK", supplierReference=reference, checkType="dbs", check=check)
    view = recruiter.all_sent(reference)

    assert view["status"] == "ACCEPTED"
    number = view["applicantNumber"]
    assert workspace.read(number)["offerAcceptedDate"] == offered["offerDate"]

    done = {"result": "FIT"}
    health = f"/esr/applicants/{number}/occupational-health-clearance"
    workspace.control.post(health, json=done).raise_for_status()
    workspace.hire(number).raise_for_status()
    view = recruiter.until(reference, lambda view: view["status"] == "HIRED")

    assert view["startDate"] == workspace.read(number)["startDate"]
    recruiter.until(
        reference,
        lambda view: (
            {(check["checkType"], check["state"]) for check in view["checks"]}
            == {("dbs", "REQUESTED"), ("work-health-assessment", "COMPLETE")}
        ),
    )
    assert "lastProblem" not in view


def test_a_start_is_moved_and_an_application_is_withdrawn(
    workspace: Workspace, recruiter: Recruiter
) -> None:
    offered = offer(workspace)
    reference = offered["supplierReference"]
    later = offered["startDate"][:8] + "28"

    recruiter.act("START_OFFER", **offered)
    recruiter.act("CHANGE_START_DATE", supplierReference=reference, startDate=later)
    number = recruiter.all_sent(reference)["applicantNumber"]

    assert workspace.read(number)["startDate"] == later

    withdrawal = {"reason": "CANDIDATE_WITHDREW", "withdrawnDate": offered["offerDate"]}
    recruiter.act("WITHDRAW", supplierReference=reference, **withdrawal)
    recruiter.until(reference, lambda view: view["status"] == "TERMINATED")
    refused = recruiter.order("CHANGE_START_DATE", supplierReference=reference, startDate=later)

    assert refused["state"] == "REFUSED"
    assert "TERMINATED" in refused["reason"]


def test_what_esr_refuses_is_kept_for_people_and_not_sent_again(
    workspace: Workspace, recruiter: Recruiter
) -> None:
    offered = offer(workspace)
    reference = offered["supplierReference"]
    offered["offerDate"] = "2099-01-01"

    recruiter.act("START_OFFER", **offered)
    recruiter.order("ACCEPT_OFFER", **acceptance(offered))
    view = recruiter.all_sent(reference)

    assert view["lastProblem"]["code"] == "APPLICANT_REFUSED"
    assert "OFFER_AFTER_START" in view["messageCodes"]
    assert "applicantNumber" not in view
    assert [item["status"] for item in exchanges(workspace, "submit_applicant")] == [422]
    assert exchanges(workspace, "amend_applicant") == []

    recruiter.act("START_OFFER", **offer(workspace, supplierReference=reference))
    assert "applicantNumber" in recruiter.until(reference, lambda view: view.get("status"))


def test_another_application_under_a_reference_that_lives_is_refused(
    workspace: Workspace, recruiter: Recruiter
) -> None:
    offered = offer(workspace)
    recruiter.act("START_OFFER", **offered)

    again = recruiter.order(
        "START_OFFER", **offer(workspace) | {"supplierReference": offered["supplierReference"]}
    )

    assert again["state"] == "REFUSED"


def test_nothing_is_sent_for_an_employer_who_has_not_switched_it_on(
    workspace: Workspace, recruiter: Recruiter
) -> None:
    interfaces = {"applicants": False}
    workspace.change_organisation(interfaces=interfaces).raise_for_status()
    offered = offer(workspace)
    reference = offered["supplierReference"]

    recruiter.act("START_OFFER", **offered)
    view = recruiter.until(reference, lambda view: "lastProblem" in view)

    assert (view["lastProblem"]["code"], view["unsent"]) == ("INTERFACE_NOT_ENABLED", 1)
    assert exchanges(workspace, "submit_applicant") == []

    workspace.change_organisation(interfaces={"applicants": True}).raise_for_status()
    view = recruiter.all_sent(reference)
    assert "lastProblem" not in view


def test_a_position_that_is_gone_is_offered_to_nobody(
    workspace: Workspace, recruiter: Recruiter
) -> None:
    offered = offer(workspace)
    position = offered["positionId"]
    assert recruiter.act("REPORT_POSITION", positionId=position)["present"]

    workspace.control.post(f"/esr/positions/{position}/deletion").raise_for_status()
    recruiter.act("SYNC_POSITIONS")
    refused = recruiter.order("START_OFFER", **offered)

    assert recruiter.act("REPORT_POSITION", positionId=position) == {
        "positionId": position,
        "present": False,
    }
    assert (refused["state"], refused["reason"]) == ("REFUSED", "The position is gone.")


def test_a_lost_answer_makes_no_second_applicant(
    workspace: Workspace, recruiter: Recruiter
) -> None:
    fault(workspace, operationId="submit_applicant", kind="DROP", times=2)
    offered = offer(workspace)

    recruiter.act("START_OFFER", **offered)
    recruiter.all_sent(offered["supplierReference"])

    assert len(applicants(workspace)) == 1
    tries = exchanges(workspace, "submit_applicant")
    assert len(tries) == 3
    assert len({item["requestId"] for item in tries}) == 1
    assert len({item["requestDigest"] for item in tries}) == 1


def test_a_lost_answer_to_an_amendment_is_asked_for_again_on_the_same_version(
    workspace: Workspace, recruiter: Recruiter
) -> None:
    offered = offer(workspace)
    recruiter.act("START_OFFER", **offered)
    recruiter.all_sent(offered["supplierReference"])
    fault(workspace, operationId="amend_applicant", kind="DROP", times=1)

    recruiter.act("ACCEPT_OFFER", **acceptance(offered))
    view = recruiter.all_sent(offered["supplierReference"])

    first, second = exchanges(workspace, "amend_applicant")
    sent = {name.lower(): value for name, value in first["requestHeaders"].items()}
    again = {name.lower(): value for name, value in second["requestHeaders"].items()}
    assert first["requestId"] == second["requestId"]
    assert sent["if-match"] == again["if-match"]
    assert (second["status"], view["status"]) == (200, "ACCEPTED")


def test_retry_after_is_waited_for_by_every_call(
    workspace: Workspace, recruiter: Recruiter
) -> None:
    first, second = offer(workspace), offer(workspace)
    fault(
        workspace,
        operationId="submit_applicant",
        kind="STATUS",
        status=429,
        retryAfterSeconds=2,
        times=1,
    )

    recruiter.act("START_OFFER", **first)
    until(lambda: len(exchanges(workspace, "submit_applicant")) == 1)
    recruiter.act("START_OFFER", **second)
    recruiter.all_sent(first["supplierReference"])
    recruiter.all_sent(second["supplierReference"])

    refused, *others = exchanges(workspace, "submit_applicant")
    assert [refused["status"], *(item["status"] for item in others)] == [429, 201, 201]
    assert all(began(item) >= began(refused) + 2 for item in others)


def test_failures_are_waited_for_longer_and_longer(
    workspace: Workspace, recruiter: Recruiter
) -> None:
    fault(workspace, operationId="submit_applicant", kind="STATUS", status=500, times=4)
    offered = offer(workspace)

    recruiter.act("START_OFFER", **offered)
    recruiter.all_sent(offered["supplierReference"])

    tries = exchanges(workspace, "submit_applicant")
    waits = [began(later) - began(earlier) for earlier, later in itertools.pairwise(tries)]
    assert [item["status"] for item in tries] == [500, 500, 500, 500, 201]
    assert all(wait >= 0.05 * 2**place - 0.002 for place, wait in enumerate(waits)), waits
    assert len({item["requestId"] for item in tries}) == 1


def test_a_version_that_somebody_else_has_changed_is_read_again(
    workspace: Workspace, recruiter: Recruiter
) -> None:
    offered = offer(workspace)
    reference = offered["supplierReference"]
    recruiter.act("START_OFFER", **offered)
    number = recruiter.all_sent(reference)["applicantNumber"]
    # The change is read for, then not sent for a while: meanwhile another party amends.
    fault(
        workspace,
        operationId="amend_applicant",
        kind="STATUS",
        status=503,
        retryAfterSeconds=1,
        times=1,
    )

    recruiter.act("ACCEPT_OFFER", **acceptance(offered))
    until(lambda: len(exchanges(workspace, "amend_applicant")) == 1)
    workspace.amend(number, {"dataSharingConsent": True}).raise_for_status()
    view = recruiter.all_sent(reference)

    ours = [item for item in exchanges(workspace, "amend_applicant") if item["status"] != 503]
    assert [item["status"] for item in ours] == [200, 412, 200]
    assert len({item["requestId"] for item in ours}) == 3
    assert (view["status"], workspace.read(number)["dataSharingConsent"]) == ("ACCEPTED", True)


def test_a_restart_loses_nothing(workspace: Workspace, tmp_path: Path) -> None:
    database = str(tmp_path / "supplier.db")
    offered = offer(workspace)
    reference, action_id = offered["supplierReference"], str(uuid4())
    fault(workspace, operationId="submit_applicant", kind="DROP", times=1)
    fault(workspace, operationId="submit_applicant", kind="STATUS", status=503)

    with recruiting(workspace, database=database) as recruiter:
        first = recruiter.order("START_OFFER", action_id, **offered)
        until(lambda: len(exchanges(workspace, "submit_applicant")) >= 2)
        events = recruiter.act("REPORT_EVENTS")["received"]
    change_position(workspace)
    workspace.control.delete("/faults").raise_for_status()
    with recruiting(workspace, database=database) as recruiter:
        view = recruiter.all_sent(reference)

        assert "applicantNumber" in view
        assert recruiter.order("START_OFFER", action_id, **offered) == first
        until(lambda: recruiter.act("REPORT_EVENTS")["received"] > events)
    assert len(applicants(workspace)) == 1
    assert len({item["requestId"] for item in exchanges(workspace, "submit_applicant")}) == 1
    assert len(workspace.walk("/event-subscriptions")[0]) == 1


def test_a_killed_process_loses_nothing(workspace: Workspace, tmp_path: Path) -> None:
    command = [
        *(sys.executable, "-m", "sandbox.cli", "example-supplier", "--json"),
        *("--esr-url", f"{workspace.url}/esr/v1", "--esr-token", workspace.token),
        *("--database", str(tmp_path / "supplier.db"), "--driver-token", "known"),
        *("--first-wait", "0.05", "--longest-wait", "0.5"),
    ]

    def start() -> tuple[subprocess.Popen[str], httpx.Client]:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        assert told["receiver"] == f"{told['url']}/receiver/v1/events"
        headers = {"Authorization": f"Bearer {told['driverToken']}"}
        return process, httpx.Client(base_url=told["driver"], headers=headers, trust_env=False)

    offered = offer(workspace)
    fault(workspace, operationId="submit_applicant", kind="STATUS", status=503)
    order = {"actionId": str(uuid4()), "hook": "START_OFFER", "arguments": offered}
    process, driver = start()
    with driver:
        assert driver.post("/actions", json=order).json()["state"] == "DONE"
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    workspace.control.delete("/faults").raise_for_status()
    process, driver = start()

    until(lambda: len(applicants(workspace)) == 1)

    with driver:
        assert driver.post("/actions", json=order).json()["state"] == "DONE"
    assert len(applicants(workspace)) == 1
    process.send_signal(signal.SIGTERM)
    process.wait(10)


def test_a_delivery_and_the_feed_bring_an_event_once(
    workspace: Workspace, recruiter: Recruiter
) -> None:
    subscribe(workspace, recruiter.supplier.receiver_url)
    change_position(workspace)
    until(lambda: recruiter.act("REPORT_EVENTS")["received"] == 1)
    workspace.settle()

    recruiter.act("SYNC_EVENTS")

    feed, _ = workspace.walk("/events")
    held = recruiter.act("REPORT_EVENTS")
    assert held["ids"] == [event["id"] for event in feed]
    assert held["lastSequence"] == feed[-1]["sequence"]


def test_a_delivery_that_esr_did_not_sign_is_refused(recruiter: Recruiter) -> None:
    event = {"specversion": "1.0", "id": "1", "source": "/esr/v1", "type": "ping"}
    kind = {"Content-Type": "application/cloudevents+json"}
    signed = {"Content-Digest": "sha-256=:AA==:", "Signature-Input": "x", "Signature": "y"}

    bare = httpx.post(recruiter.supplier.receiver_url, json=event, headers=kind)
    bad = httpx.post(recruiter.supplier.receiver_url, json=event, headers=kind | signed)

    assert (bare.status_code, bare.json()["code"]) == (401, "SIGNATURE_MISSING")
    assert (bad.status_code, bad.json()["code"]) == (401, "SIGNATURE_INVALID")
    assert recruiter.act("REPORT_EVENTS")["received"] == 0


def test_a_key_that_is_new_is_read(workspace: Workspace, recruiter: Recruiter) -> None:
    change_position(workspace)
    until(lambda: recruiter.act("REPORT_EVENTS")["received"] == 1)

    workspace.control.post("/esr/event-signing-keys/rotation").raise_for_status()
    change_position(workspace)

    until(lambda: recruiter.act("REPORT_EVENTS")["received"] == 2)


def test_a_supplier_without_a_receiver_lives_by_the_feed(workspace: Workspace) -> None:
    with recruiting(workspace, subscribes=False, feed_seconds=0.05) as recruiter:
        offered = offer(workspace)
        recruiter.act("START_OFFER", **offered)
        number = recruiter.all_sent(offered["supplierReference"])["applicantNumber"]
        workspace.amend(number, {"offerAcceptedDate": offered["offerDate"]}).raise_for_status()
        workspace.hire(number).raise_for_status()

        recruiter.until(offered["supplierReference"], lambda view: view.get("status") == "HIRED")
    assert workspace.walk("/event-subscriptions")[0] == []


class NewIdAtEachTry(Policies):
    def request_id(self, message: Message) -> str:
        return self.new_request_id()


class Hasty(Policies):
    def wait_seconds(self, failures: int, answer: Answer) -> float:
        return 0.0

    def pause_seconds(self, answer: Answer) -> float:
        return 0.0


class Credulous(Receiver):
    async def verify(self, request: Request, body: bytes) -> None:
        return


class CredulousOffice(Office):
    receiver_class = Credulous


def test_one_method_makes_a_supplier_that_takes_a_new_id_at_each_try(workspace: Workspace) -> None:
    fault(workspace, operationId="submit_applicant", kind="DROP", times=1)
    offered = offer(workspace)

    with recruiting(workspace, NewIdAtEachTry) as recruiter:
        recruiter.act("START_OFFER", **offered)
        view = recruiter.all_sent(offered["supplierReference"])

    assert len({item["requestId"] for item in exchanges(workspace, "submit_applicant")}) == 2
    assert view["lastProblem"]["code"] in ("APPLICANT_EXISTS", "SUPPLIER_REFERENCE_TAKEN")


def test_one_class_makes_a_supplier_that_does_not_wait(workspace: Workspace) -> None:
    asked = {"kind": "STATUS", "status": 429, "retryAfterSeconds": 30, "times": 3}
    fault(workspace, operationId="submit_applicant", **asked)
    offered = offer(workspace)

    with recruiting(workspace, Hasty) as recruiter:
        recruiter.act("START_OFFER", **offered)
        recruiter.all_sent(offered["supplierReference"])

    statuses = [item["status"] for item in exchanges(workspace, "submit_applicant")]
    assert statuses == [429, 429, 429, 201]


def test_one_part_makes_a_supplier_that_believes_everybody(workspace: Workspace) -> None:
    event = {"specversion": "1.0", "id": "1", "source": "/esr/v1", "type": "ping"}
    kind = {"Content-Type": "application/cloudevents+json"}

    with recruiting(workspace, office=CredulousOffice) as recruiter:
        answer = httpx.post(recruiter.supplier.receiver_url, json=event, headers=kind)

        assert answer.status_code == 202
        assert recruiter.act("REPORT_EVENTS")["received"] == 1
