"""Tokens over HTTP."""

from urllib.parse import parse_qsl

from sandbox.identity.answers import issued, limited, refusal
from sandbox.identity.faults import Fault, TokenRefused
from sandbox.identity.issuing import Asked, QuotaExceeded
from sandbox.settings import Level
from sandbox.web.call import Call
from sandbox.web.reply import Reply

_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 50


async def issue_token(call: Call) -> Reply:
    """POST /token"""
    settings = call.runtime.settings
    prefixed = call.workspace if call.is_placed else None
    asked = Asked(_form(call.raw_body), settings.token_url, prefixed, call.wall.timestamp())
    try:
        if call.headers.get("content-type") != _FORM:
            raise TokenRefused(Fault.CONTENT_TYPE)
        return issued(await call.runtime.issuer.issue(asked))
    except TokenRefused as refused:
        return refusal(refused)
    except QuotaExceeded:
        assert asked.client is not None
        assert asked.quota is not None
        call.journalled = asked.quota.is_noise
        return limited(asked.client.client_id, asked.quota)
    finally:
        if asked.quota is not None:
            call.quota = asked.quota.headers
        # Where strangers may call, to name a client is not to be it.
        if asked.client and (asked.is_proven or settings.level != Level.PLATFORM):
            call.client, call.workspace = asked.client.client_id, asked.client.workspace


def _form(body: bytes) -> dict[str, str]:
    """The fields of a form; of one that is there twice, the first. Nothing of what is no form."""
    try:
        fields = parse_qsl(
            body.decode("utf-8"),
            keep_blank_values=True,
            max_num_fields=_MOST_FIELDS,
            errors="strict",
        )
    except ValueError:
        return {}
    return dict(reversed(fields))
