"""What `python -m locust -f` is given. Environment variables say what to do: see `sending`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from locust import events
from locust.env import Environment

from loadtests.sending import ORDERS_VARIABLE, PIPE_VARIABLE, SEED_VARIABLE, read_orders
from loadtests.users import Replayer, attach

_orders = read_orders(Path(os.environ[ORDERS_VARIABLE])) if ORDERS_VARIABLE in os.environ else None


class ReplaySender(Replayer):
    """The only user class that Locust finds here."""

    expected_seed = int(os.environ[SEED_VARIABLE]) if SEED_VARIABLE in os.environ else None


def join(environment: Environment, **_: Any) -> None:
    """Join the replay as soon as Locust's runner is there."""
    attach(environment, _orders, int(os.environ[PIPE_VARIABLE]))


events.init.add_listener(join)  # type: ignore[no-untyped-call]
