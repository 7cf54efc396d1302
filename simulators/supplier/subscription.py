"""Our subscription to ESR's events: one, at the address where we are, kept over restarts."""

import json
from urllib.parse import quote

from simulators.supplier.connection import Connection, EsrRefused
from simulators.supplier.messages import JSON
from simulators.supplier.policies import Policies
from simulators.supplier.storage import Storage

_HELD, _ASKED = "subscription", "subscription-asked"
_PATH = "/event-subscriptions"


class Subscription:
    """Sees to it that ESR delivers to our receiver, and to no former address of ours."""

    def __init__(self, storage: Storage, connection: Connection, policies: Policies) -> None:
        self._storage = storage
        self._connection = connection
        self._policies = policies

    async def establish(self, receiver: str) -> None:
        """Returns when ESR delivers to `receiver`. Raises EsrRefused.

        Only the subscription that we made is looked at: others of the same client are somebody else's.
        """
        held = json.loads(self._storage.note(_HELD) or "null")
        if held is not None:
            place = f"{_PATH}/{quote(held['subscriptionId'], safe='')}"
            if held["url"] != receiver:
                headers = {"X-Request-ID": self._policies.new_request_id()}
                await self._connection.until_definite("DELETE", place, headers)
            elif (await self._connection.until_definite("GET", place, {})).is_success:
                return
            self._storage.forget_note(_HELD)
        await self._ask(receiver)

    async def _ask(self, receiver: str) -> None:
        body = self._policies.subscription(receiver)
        asked = json.loads(self._storage.note(_ASKED) or "null")
        if asked is None or asked["body"] != body:
            # Kept before it goes out: whoever is stopped while asking asks the same again, and has one subscription.
            asked = {"body": body, "requestId": self._policies.new_request_id()}
            self._storage.keep_note(_ASKED, json.dumps(asked))
        headers = {"X-Request-ID": asked["requestId"], "Content-Type": JSON}
        answer = await self._connection.until_definite("POST", _PATH, headers, body)
        self._storage.forget_note(_ASKED)
        identifier = (answer.document or {}).get("subscriptionId")
        if not answer.is_success or not isinstance(identifier, str):
            raise EsrRefused(_PATH, answer)
        self._storage.keep_note(_HELD, json.dumps({"subscriptionId": identifier, "url": receiver}))
