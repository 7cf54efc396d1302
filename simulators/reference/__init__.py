"""National reference data that the simulators draw from, with its source beside each value."""
