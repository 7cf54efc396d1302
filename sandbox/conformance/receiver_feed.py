"""What a fuzz of a receiver needs: the marks of a sound signature, which the signing proxy then puts in place."""

from collections.abc import Mapping
from typing import Any

from sandbox.conformance.world_feed import EmptyFeed, Known
from sandbox.contracts.schema import resolve


class ReceiverFeed(EmptyFeed):
    """Marks each sound call as one that is to be signed."""

    def __init__(self, sound: Mapping[str, str]) -> None:
        self._sound = sound

    def known(self, operation_id: str, *, fresh: bool) -> Known:  # noqa: ARG002
        """The marks."""
        return Known(forced_headers=dict(self._sound))


def marks(document: Mapping[str, Any]) -> dict[str, str]:
    """The example of each header that signs a delivery, by its name in the contract: it keeps the contract's form."""
    operation = document["paths"]["/events"]["post"]
    parameters = [resolve(item, dict(document)) for item in operation["parameters"]]
    return {item["name"]: str(item["example"]) for item in parameters if item["in"] == "header"}
