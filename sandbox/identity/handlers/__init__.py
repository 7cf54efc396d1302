"""One function per operation of the contract of the token endpoint."""

from sandbox.identity.handlers.tokens import issue_token

__all__ = ["issue_token"]
