"""What the tests through the front door share beside the sandbox itself."""

from collections.abc import Iterator

import pytest
from receiving import Receiver


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()
