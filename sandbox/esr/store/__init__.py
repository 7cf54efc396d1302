"""Reads and writes the rows of the mock ESR. Statements are built once; only values change."""
