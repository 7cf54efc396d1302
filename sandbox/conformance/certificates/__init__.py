"""Certificates: what the ESR team says of a product after it verified its evidence, and what a change of a contract does to them.

A certificate is a signed token over a pack that `sandbox.conformance.evidence` accepted, kept in a register with everything that
happened to it since.
"""
