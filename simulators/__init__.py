"""Invents the people and the events of NHS recruitment: deterministic, fictional, and plausible.

The same seed gives the same bytes, one item alone or a year of them. Apart from `generate` (which
writes to a stream that it is given) and `actors` (who act over HTTP), the modules are pure: no
clock, no I/O, no chance but `streams`.
"""
