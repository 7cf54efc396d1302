"""What the token endpoint answers: the platform's own form, in which numbers are texts and errors are no problems."""

import secrets

from sandbox.identity.faults import TokenRefused
from sandbox.identity.issuing import Issued
from sandbox.limits.windows import MINUTE, Quota
from sandbox.web.reply import Reply, answer

# RFC 6749 section 5.1: what holds a token is not to be kept anywhere under way.
_NOT_KEPT = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def refusal(refused: TokenRefused) -> Reply:
    """The answer to a request that got no token."""
    row = refused.fault.value
    document = {
        "error": row.error,
        "error_description": row.description,
        "message_id": _message_id(),
    }
    return answer(refused.status, document, _NOT_KEPT)


def limited(client_id: str, quota: Quota) -> Reply:
    """The answer to a client that has asked for as many tokens as it may."""
    unit, limit = ("second", "minute")[quota.exceeded == MINUTE], quota.limit
    document = {
        "interval": 1,
        "limit": limit,
        "message": f"Your application, {client_id}, has exceeded its quota of {limit} requests every 1 {unit}(s) "
        "and is being rate limited.",
        "message_id": _message_id(),
        "policy": "quota",
        "ratelimiting_expiry_time_ms": quota.ends_at,
        "scope": "application",
        "timeunit": unit,
    }
    return answer(429, document, _NOT_KEPT | {"Retry-After": str(quota.retry_after)})


def issued(given: Issued) -> Reply:
    """The answer with a token."""
    document = {
        "access_token": given.token,
        "expires_in": str(given.seconds),
        "token_type": "Bearer",
        "issued_at": str(given.issued_at),
    }
    return answer(200, document, _NOT_KEPT)


def _message_id() -> str:
    """In the form of the platform's, and unlike any other."""
    number, process, message = (secrets.randbelow(10**digits) for digits in (19, 7, 7))
    return f"rrt-{number:019}-a-sbx1-{process:07}-{message:07}-1"
