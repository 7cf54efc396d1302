"""Workspaces: one tenant each, with a world, a clock and a journal of its own."""
