"""Reads and writes the rows of NHS Jobs. Each function takes a connection and a workspace; none opens a transaction."""
