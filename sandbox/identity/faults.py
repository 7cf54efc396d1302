"""The faults of the token endpoint, in the order in which they are looked for; the first that is found is answered.

Source: the NHS England identity service, github.com/NHSDigital/identity-service-api, commit 5100cca3 (its policies, the script
`validate-client-assertion-claims.js` and the end-to-end tests `test_client_credentials.py`).
"""

from dataclasses import dataclass
from enum import Enum, StrEnum


class Proof(StrEnum):
    """How well a row is known."""

    TESTED = "tested"
    """The owner's own end-to-end tests assert it."""
    POLICY = "policy"
    """It stands in the owner's policies, with its status."""
    STATUS_NOT_PROVEN = "status not proven"
    """It stands in the owner's policies, which leave the status to the gateway; 401 is usual there."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table: what is answered, and what brings it about."""

    status: int
    error: str
    description: str
    trigger: str
    proof: Proof = Proof.TESTED


_REQUEST, _KEY, _DENIED = "invalid_request", "public_key error", "access_denied"
_JWT = "claim in client_assertion JWT"
_HEADER = "header in client_assertion JWT"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_POLICY, _OPEN = Proof.POLICY, Proof.STATUS_NOT_PROVEN


class Fault(Enum):
    """Every row, in the order of the checks."""

    PATH_UNKNOWN = Row(404, _REQUEST, "Not Found", "another path below /oauth2", _POLICY)
    CONTENT_TYPE = Row(
        415,
        _REQUEST,
        "Content-Type header must be application/x-www-form-urlencoded",
        "any other Content-Type, one with a charset included",
        _POLICY,
    )
    GRANT_TYPE_MISSING = Row(400, _REQUEST, "grant_type is missing", "no grant_type")
    GRANT_TYPE_INVALID = Row(
        400, "unsupported_grant_type", "grant_type is invalid", "an unknown grant_type"
    )
    CLIENT_SECRET = Row(
        401,
        "invalid_client",
        "client_id or client_secret is invalid",
        "a grant_type that goes with a secret; no client here has one",
        _OPEN,
    )
    ASSERTION_TYPE = Row(
        400,
        _REQUEST,
        f"Missing or invalid client_assertion_type - must be '{ASSERTION_TYPE}'",
        "no client_assertion_type, or another",
    )
    ASSERTION_MISSING = Row(400, _REQUEST, "Missing client_assertion", "no client_assertion")
    ASSERTION_MALFORMED = Row(
        400, _REQUEST, "Malformed JWT in client_assertion", "what cannot be decoded"
    )
    ALG = Row(
        400,
        _REQUEST,
        f"Invalid 'alg' {_HEADER} - unsupported JWT algorithm - must be 'RS512'",
        "no alg, or another than RS512",
    )
    EXPIRED = Row(400, _REQUEST, f"Invalid 'exp' {_JWT} - JWT has expired", "exp has passed")
    KID_MISSING = Row(400, _REQUEST, f"Missing 'kid' {_HEADER}", "no kid")
    TYP = Row(
        400, _REQUEST, f"Invalid 'typ' {_HEADER} - must be 'JWT'", "no typ, or another than JWT"
    )
    EXP_MISSING = Row(400, _REQUEST, f"Missing 'exp' {_JWT}", "no exp")
    EXP_TYPE = Row(
        400, _REQUEST, f"Invalid 'exp' {_JWT} - must be an integer", "exp is not an integer"
    )
    SUBJECT_MISSING = Row(
        400,
        _REQUEST,
        "Missing or non-matching 'iss'/'sub' claims in client_assertion JWT",
        "iss or sub is absent, or they differ",
    )
    JTI_MISSING = Row(400, _REQUEST, f"Missing 'jti' {_JWT}", "no jti")
    JTI_TYPE = Row(
        400,
        _REQUEST,
        f"Invalid 'jti' {_JWT} - must be a unique string value such as a GUID",
        "jti is not a string",
    )
    JTI_REUSED = Row(
        400, _REQUEST, f"Non-unique 'jti' {_JWT}", "the subject has sent this jti before"
    )
    EXP_TOO_FAR = Row(
        400,
        _REQUEST,
        f"Invalid 'exp' {_JWT} - more than 5 minutes in future",
        "exp is more than 310 seconds ahead",
    )
    CLIENT_UNKNOWN = Row(
        401,
        _REQUEST,
        "Invalid 'iss'/'sub' claims in client_assertion JWT",
        "there is no such client",
    )
    NO_PUBLIC_KEY = Row(
        403,
        _KEY,
        "You need to register a public key to use this authentication method - please contact support to configure",
        "the client has neither given keys nor said where they are",
    )
    KEYS_UNREACHABLE = Row(
        403,
        _KEY,
        "The JWKS endpoint, for your client_assertion can't be reached",
        "its keys cannot be fetched",
    )
    KID_UNKNOWN = Row(
        401,
        _REQUEST,
        f"Invalid 'kid' {_HEADER} - no matching public key",
        "no key of the client has this kid",
    )
    SIGNATURE = Row(401, _KEY, "JWT signature verification failed", "the signature is not good")
    AUD = Row(
        401, _REQUEST, f"Missing or invalid 'aud' {_JWT}", "no aud, or another than the token URL"
    )
    ACCESS_LEVEL = Row(
        401,
        "unauthorized_client",
        "you have tried to request authorization but your application is not configured to use this authorization grant type",
        "the client's state is USER_RESTRICTED",
        _POLICY,
    )
    NOT_APPROVED = Row(
        401,
        _DENIED,
        "The developer app associated with the API key is not approved or revoked",
        "the client's state is REVOKED",
        _OPEN,
    )
    NOT_SUBSCRIBED = Row(
        401,
        _DENIED,
        "API Key supplied does not have access to this resource. Please check the API Key you are using belongs to an app "
        "which has sufficient access to access this resource.",
        "the client's state is NOT_SUBSCRIBED",
        _OPEN,
    )
    COMPANY_INACTIVE = Row(
        401,
        _DENIED,
        "The company associated with the developer app that has the API key you are using has an inactive status",
        "the client's state is COMPANY_INACTIVE",
        _OPEN,
    )
    DEVELOPER_INACTIVE = Row(
        401,
        _DENIED,
        "The developer who created the developer app that has the API key you are using has an inactive status",
        "the client's state is DEVELOPER_INACTIVE",
        _OPEN,
    )
    UNKNOWN = Row(
        401,
        "unknown_error",
        "An unknown error occurred processing this request. Contact us for assistance diagnosing this issue: "
        "https://digital.nhs.uk/developer/help-and-support quoting Message ID",
        "anything else: nbf is ahead by more than 10 seconds, or the client's state is FAILING; 500 where the sandbox fails",
        _OPEN,
    )


class TokenRefused(Exception):
    """The token endpoint gives no token."""

    def __init__(self, fault: Fault, status: int | None = None) -> None:
        super().__init__(fault.name)
        self.fault = fault
        self.status = status or fault.value.status
