"""A little ESR for each test, and a replay against it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from loadtests.results import ReplayPlan
from tests.load.esr_stub import EsrStub
from tests.load.replaying import WORLD, plan_for


@pytest.fixture
def stub() -> Iterator[EsrStub]:
    with EsrStub(WORLD.make()) as running:
        yield running


@pytest.fixture
def plan(stub: EsrStub, tmp_path: Path) -> ReplayPlan:
    return plan_for(stub, tmp_path)
