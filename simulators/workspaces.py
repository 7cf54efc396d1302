"""A workspace of a sandbox as a client makes it over the control API: who may, and how it is reached then.

    asked = new_workspace("load-1", operator, journalDetail="LEDGER")
    access = access_to(client.post("/control/v1/workspaces", json=asked, headers=as_operator(operator)).json())

`operator` is the operator's token of a sandbox at level `platform`, and None at the others, where nobody is asked for one.
"""

from collections.abc import Mapping
from typing import Any

from simulators.credentials import (
    Access,
    SignedTokens,
    authorization,
    client_access,
    own_key,
)


def new_workspace(
    name: str, operator: Access | None, *, signs: bool = False, **about: Any
) -> dict[str, Any]:
    """What `create_workspace` is sent; at level `platform`, or for a client that `signs`, with a key of this process's own.

    There are no limits there: what is sent is a test's, or as fast as it can be, and would spend most of its time waiting.
    """
    if operator is None and not signs:
        return {"name": name, **about}
    return {
        "name": name,
        "client": {"jwks": dict(own_key()[2])},
        "limits": {"mode": "OFF"},
        **about,
    }


def access_to(made: Mapping[str, Any]) -> Access:
    """How the workspace of `create_workspace`'s answer is reached: by its token, or with the key that was sent."""
    if made.get("token"):
        return str(made["token"])
    return signed_access_to(made)


def signed_access_to(made: Mapping[str, Any]) -> SignedTokens:
    """How the workspace of `create_workspace`'s answer is reached with the key that was sent."""
    key, kid, _ = own_key()
    return client_access(made["clientId"], key, made["tokenUrl"], kid)


def as_operator(operator: Access | None) -> dict[str, str]:
    """The header that the control API asks for, if it asks for one."""
    return {} if operator is None else {"Authorization": authorization(operator)}
