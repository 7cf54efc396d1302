"""Mock ESR and mock NHS Jobs, built from their contracts, and the judgement of those who talk to them."""

__version__ = "0.1.0"
