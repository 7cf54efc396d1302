"""World: its records, what makes the other party act, its clock, its faults, its snapshots and its settings."""

from sandbox.console.pages.world import acts, clock, faults, lists, settings, snapshots, things
from sandbox.console.pages.world.blueprint import page

__all__ = ["acts", "clock", "faults", "lists", "page", "settings", "snapshots", "things"]
