"""Sets faults and looks at what comes of them: what the tests of faults share."""

import socket
from typing import Any

import httpx
from harness import Workspace


def fault(workspace: Workspace, **wanted: Any) -> dict[str, Any]:
    """Sets a fault of ESR, unless another system is named."""
    answer = workspace.control.post("/faults", json={"system": "esr", **wanted})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def statuses(workspace: Workspace, times: int) -> list[int]:
    """What as many requests to ESR are answered, one after another."""
    return [workspace.esr.get("/organisations").status_code for _ in range(times)]


def hits(workspace: Workspace) -> list[int]:
    """How often each fault has struck."""
    return [item["hits"] for item in workspace.control.get("/faults").json()["faults"]]


def kept(workspace: Workspace, operation_id: str) -> list[dict[str, Any]]:
    """The whole exchanges of an operation as the journal has them, oldest first."""
    # A refusal that changes nothing is kept without being waited for; a write comes behind it, and is waited for.
    workspace.freeze()
    listed = workspace.control.get("/exchanges", params={"limit": 100}).json()["exchanges"]
    numbers = sorted(
        item["exchangeId"] for item in listed if item.get("operationId") == operation_id
    )
    return [workspace.control.get(f"/exchanges/{number}").json() for number in numbers]


def raw_answer(workspace: Workspace, path: str) -> bytes:
    """All that comes over the wire until the connection ends."""
    address = httpx.URL(workspace.url)
    request = (
        f"GET /esr/v1{path} HTTP/1.1\r\nHost: {address.netloc.decode()}\r\n"
        f"Authorization: Bearer {workspace.token}\r\n\r\n"
    )
    found = b""
    with socket.create_connection((address.host, address.port or 80), timeout=30) as connection:
        connection.sendall(request.encode())
        while part := connection.recv(65_536):
            found += part
    return found
