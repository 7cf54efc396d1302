"""Mock ESR and mock NHS Jobs, built from their contracts, and the judgement of those who talk to them."""

import warnings

# Connexion imports it, and nothing here uses it; no user is to read of it, whichever module comes first to Connexion.
warnings.filterwarnings("ignore", message="Using `httpx` with `starlette.testclient`")

__version__ = "0.1.0"
