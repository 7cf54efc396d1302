"""The suite that judges an implementation against the contracts."""
