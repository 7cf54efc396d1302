"""The powers of the sandbox: clock, seed, snapshots, workspaces, faults, journal. Never part of the real API."""
