"""Requests as no well-meant client sends them, of every kind and to every operation: `python -m tests.malformed`."""
