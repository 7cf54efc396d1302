"""Faults on demand: what a test asks the sandbox to do wrong.

A rule says what it strikes, when, and what it does. `rules` keeps the rules and finds the one that strikes; `documents`
spoils a document; what befalls an answer stands in `sandbox.web.spoiling`, what befalls a delivery in
`sandbox.outbox.spoiling`.
"""
