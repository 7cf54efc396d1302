"""What the tests of certificates share."""

from pathlib import Path

import pytest
from evidence_packs import Desk

from sandbox.conformance.certificates.register import Register


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def register(tmp_path: Path) -> Register:
    return Register(tmp_path / "register")
