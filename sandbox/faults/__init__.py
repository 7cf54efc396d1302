"""Faults on demand: what a test asks the sandbox to do wrong.

A rule says what it strikes, when, and what it does (`rules`). A workspace's rules stand in the database with how often each was
met and done (`store`), and `striking` finds the one that strikes. What befalls an answer stands in `sandbox.web.spoiling`, what
befalls a delivery in `sandbox.outbox.spoiling`; `documents` spoils a document.
"""
