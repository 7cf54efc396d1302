"""What one request may ask for by name."""

from typing import Any

from sandbox.faults.scenarios import HEADER, SCENARIOS


def list_scenarios() -> dict[str, Any]:
    """The `ScenarioList` of the control contract."""
    return {
        "header": HEADER,
        "scenarios": [
            {
                "name": scenario.name,
                "description": scenario.sentence,
                "faults": [dict(fault) for fault in scenario.faults],
            }
            for scenario in SCENARIOS.values()
        ],
    }
