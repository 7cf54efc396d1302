"""What the tests of reports share."""

import pytest
from certification_run import Outcome, small_run

from sandbox.server import Started


@pytest.fixture(scope="session")
def played(sandbox: Started) -> Outcome:
    """A run of two cases against the mock ESR, of which one fails; a third is left out."""
    return small_run(sandbox.url)
