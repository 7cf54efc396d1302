"""What the tests of evidence share."""

from pathlib import Path

import pytest
from evidence_packs import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)
