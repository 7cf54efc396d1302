"""What `python -m locust -f` is given. The runner names the orders in the environment variable `ESR_SANDBOX_REPLAY`."""

from __future__ import annotations

import os
from pathlib import Path

import gevent.ssl

from loadtests.sending import ORDERS_VARIABLE, read_orders
from loadtests.users import Sender as _Sender
from loadtests.users import SingleAttempts

_orders = read_orders(Path(os.environ[ORDERS_VARIABLE]))


class ReplaySender(_Sender):
    """The sender with its orders; the only user class that Locust finds here."""

    host = _orders.base_url
    orders = _orders
    client_pool = SingleAttempts(
        concurrency=_orders.connections,
        connection_timeout=_orders.answer_timeout_seconds,
        network_timeout=_orders.answer_timeout_seconds,
        ssl_context_factory=gevent.ssl.create_default_context,
    )
