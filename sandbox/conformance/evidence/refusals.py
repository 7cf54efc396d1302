"""Why a pack is refused: one code for each way in which it can be wrong. A code never changes once published."""

from enum import StrEnum
from typing import Any

import orjson

from sandbox.nesting import is_too_deep


class Code(StrEnum):
    """The stable codes, in the order of the steps that give them."""

    # The zip as such
    PACK_UNREADABLE = "PACK_UNREADABLE"
    NOT_A_ZIP = "NOT_A_ZIP"
    ZIP_TRUNCATED = "ZIP_TRUNCATED"
    ZIP_DAMAGED = "ZIP_DAMAGED"
    # Its entries
    ENTRY_DUPLICATE = "ENTRY_DUPLICATE"
    ENTRY_ABSOLUTE = "ENTRY_ABSOLUTE"
    ENTRY_TRAVERSAL = "ENTRY_TRAVERSAL"
    ENTRY_NAME = "ENTRY_NAME"
    ENTRY_SYMLINK = "ENTRY_SYMLINK"
    ENTRY_ENCRYPTED = "ENTRY_ENCRYPTED"
    ENTRY_METHOD = "ENTRY_METHOD"
    TOO_MANY_ENTRIES = "TOO_MANY_ENTRIES"
    ENTRY_TOO_LARGE = "ENTRY_TOO_LARGE"
    PACK_TOO_LARGE = "PACK_TOO_LARGE"
    ZIP_BOMB = "ZIP_BOMB"
    # The manifest and who signed it
    MANIFEST_MISSING = "MANIFEST_MISSING"
    MANIFEST_MALFORMED = "MANIFEST_MALFORMED"
    KEY_IN_PACK = "KEY_IN_PACK"
    ENVELOPE_MISSING = "ENVELOPE_MISSING"
    ENVELOPE_MALFORMED = "ENVELOPE_MALFORMED"
    KEY_UNKNOWN = "KEY_UNKNOWN"
    SIGNATURE_INVALID = "SIGNATURE_INVALID"
    STATEMENT_DIFFERS = "STATEMENT_DIFFERS"
    # The files
    FILE_MISSING = "FILE_MISSING"
    FILE_EXTRA = "FILE_EXTRA"
    FILE_DAMAGED = "FILE_DAMAGED"
    FILE_SWAPPED = "FILE_SWAPPED"
    SIZE_DIFFERS = "SIZE_DIFFERS"
    DIGEST_DIFFERS = "DIGEST_DIFFERS"
    # What the manifest claims
    LEVEL_NOT_GRANTED = "LEVEL_NOT_GRANTED"
    NONCE_DIFFERS = "NONCE_DIFFERS"
    SEED_NOT_OF_NONCE = "SEED_NOT_OF_NONCE"
    RECORD_FOREIGN = "RECORD_FOREIGN"
    SUBJECT_DIFFERS = "SUBJECT_DIFFERS"
    DATE_ORDER = "DATE_ORDER"
    DATE_FUTURE = "DATE_FUTURE"
    PACK_EXPIRED = "PACK_EXPIRED"
    SUITE_UNKNOWN = "SUITE_UNKNOWN"
    REQUIREMENTS_UNKNOWN = "REQUIREMENTS_UNKNOWN"
    CONTRACT_UNKNOWN = "CONTRACT_UNKNOWN"
    # The verdicts
    RESULTS_MALFORMED = "RESULTS_MALFORMED"
    VOLUME_MALFORMED = "VOLUME_MALFORMED"
    PLAN_DIFFERS = "PLAN_DIFFERS"
    LEDGER_MALFORMED = "LEDGER_MALFORMED"
    LEDGER_CUT = "LEDGER_CUT"
    LEDGER_FOREIGN = "LEDGER_FOREIGN"
    LEDGER_EDITED = "LEDGER_EDITED"
    RECONCILIATION_DIFFERS = "RECONCILIATION_DIFFERS"
    RECOMPUTATION_BROKE = "RECOMPUTATION_BROKE"
    VERDICT_DIFFERS = "VERDICT_DIFFERS"
    ELIGIBILITY_DIFFERS = "ELIGIBILITY_DIFFERS"
    # What was taken back, and the zip once more
    KEY_REVOKED = "KEY_REVOKED"
    PACK_REVOKED = "PACK_REVOKED"
    FORM_DIFFERS = "FORM_DIFFERS"


class PackRefused(Exception):
    """The pack is not what it must be; the text says so in a sentence."""

    def __init__(self, code: Code, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def shown(text: str, limit: int = 80) -> str:
    """What a pack says, as it may be printed: quoted, without control characters, not too long."""
    return repr(text if len(text) <= limit else f"{text[:limit]}…")


def read_json(content: bytes) -> Any:
    """The document that bytes of a pack hold. Raises ValueError where they are no JSON, or nest beyond reason."""
    document = orjson.loads(content)
    if isinstance(document, dict | list) and is_too_deep(content, document):
        raise ValueError("it nests too deeply")
    return document
