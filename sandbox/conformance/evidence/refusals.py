"""Why a pack is refused: one code for each way in which it can be wrong. A code never changes once published."""

from enum import StrEnum
from typing import Any

import orjson

from sandbox.nesting import is_too_deep


class Code(StrEnum):
    """The stable codes, in the order of the steps that give them; each with what it means, for the reference."""

    # The zip as such
    PACK_UNREADABLE = "PACK_UNREADABLE"
    """There is no such file, or it cannot be read: name the pack."""
    NOT_A_ZIP = "NOT_A_ZIP"
    """The file is no zip: ask for the pack itself."""
    ZIP_TRUNCATED = "ZIP_TRUNCATED"
    """The zip was cut, or something was put behind it: ask for the pack again."""
    ZIP_DAMAGED = "ZIP_DAMAGED"
    """The zip's list of entries is damaged: ask for the pack again."""
    # Its entries
    ENTRY_DUPLICATE = "ENTRY_DUPLICATE"
    """Two entries have one name, so that two readers could read two packs."""
    ENTRY_ABSOLUTE = "ENTRY_ABSOLUTE"
    """An entry names an absolute path; nothing was unpacked."""
    ENTRY_TRAVERSAL = "ENTRY_TRAVERSAL"
    """An entry leads out of the pack; nothing was unpacked."""
    ENTRY_NAME = "ENTRY_NAME"
    """An entry has a name that no pack has."""
    ENTRY_SYMLINK = "ENTRY_SYMLINK"
    """An entry is a link and not a file."""
    ENTRY_ENCRYPTED = "ENTRY_ENCRYPTED"
    """An entry is encrypted; a pack has nothing to hide."""
    ENTRY_METHOD = "ENTRY_METHOD"
    """An entry is packed by another method than a pack's are."""
    TOO_MANY_ENTRIES = "TOO_MANY_ENTRIES"
    """There are more entries than a pack has."""
    ENTRY_TOO_LARGE = "ENTRY_TOO_LARGE"
    """An entry is larger than any file of a pack."""
    PACK_TOO_LARGE = "PACK_TOO_LARGE"
    """The pack, or what is in it, is larger than is read."""
    ZIP_BOMB = "ZIP_BOMB"
    """An entry would grow beyond reason, or beyond what it declares; it was not inflated."""
    # The manifest and who signed it
    MANIFEST_MISSING = "MANIFEST_MISSING"
    """The pack does not say what is in it."""
    MANIFEST_MALFORMED = "MANIFEST_MALFORMED"
    """What the pack says is in it has not the form that it must have."""
    KEY_IN_PACK = "KEY_IN_PACK"
    """The pack brings a key along. It is not used: a key counts only when the verifier has it from elsewhere."""
    ENVELOPE_MISSING = "ENVELOPE_MISSING"
    """The pack is not signed."""
    ENVELOPE_MALFORMED = "ENVELOPE_MALFORMED"
    """The signature has not the form that it must have."""
    KEY_UNKNOWN = "KEY_UNKNOWN"
    """No key that you trust has signed: name the signer's public key with --trust."""
    SIGNATURE_INVALID = "SIGNATURE_INVALID"
    """The signature was not made with the key that it names, over this statement."""
    STATEMENT_DIFFERS = "STATEMENT_DIFFERS"
    """What was signed is about another manifest: the pack was changed after, or put together from two."""
    # The files
    FILE_MISSING = "FILE_MISSING"
    """A file that the manifest lists was taken away."""
    FILE_EXTRA = "FILE_EXTRA"
    """A file that the manifest does not list was added."""
    FILE_DAMAGED = "FILE_DAMAGED"
    """A file cannot be read whole: ask for the pack again."""
    FILE_SWAPPED = "FILE_SWAPPED"
    """A file holds what the manifest lists as another."""
    SIZE_DIFFERS = "SIZE_DIFFERS"
    """A file has another size than the manifest says: it was changed."""
    DIGEST_DIFFERS = "DIGEST_DIFFERS"
    """A file has another digest than the manifest says: it was changed."""
    # What the manifest claims
    LEVEL_NOT_GRANTED = "LEVEL_NOT_GRANTED"
    """The pack claims a level for which no key that signed it is trusted."""
    NONCE_DIFFERS = "NONCE_DIFFERS"
    """The run was not made for this challenge: run again with the challenge that was given."""
    SEED_NOT_OF_NONCE = "SEED_NOT_OF_NONCE"
    """The run's seed does not follow from the challenge that it names."""
    RECORD_FOREIGN = "RECORD_FOREIGN"
    """A record is of another case or of another run than the pack's."""
    SUBJECT_DIFFERS = "SUBJECT_DIFFERS"
    """The subject file and the manifest do not agree on who was judged."""
    DATE_ORDER = "DATE_ORDER"
    """The run ended before it began, or at a moment that cannot be."""
    DATE_FUTURE = "DATE_FUTURE"
    """The run ended after today: look at the clock of the machine that ran it, and at your own."""
    PACK_EXPIRED = "PACK_EXPIRED"
    """The run ended more than twelve months ago: run again."""
    SUITE_UNKNOWN = "SUITE_UNKNOWN"
    """The cases are not those of this release: verify with the release that made the pack, or run again."""
    REQUIREMENTS_UNKNOWN = "REQUIREMENTS_UNKNOWN"
    """The requirements are not those of this release: verify with the release that made the pack, or run again."""
    CONTRACT_UNKNOWN = "CONTRACT_UNKNOWN"
    """A contract is not one of this release: verify with the release that made the pack, or run again."""
    # The verdicts
    RESULTS_MALFORMED = "RESULTS_MALFORMED"
    """The results are missing, or have not the form of results."""
    VOLUME_MALFORMED = "VOLUME_MALFORMED"
    """A file of the replay is missing, or is not what it must be."""
    PLAN_DIFFERS = "PLAN_DIFFERS"
    """The replay's scope or counts are not what profile, seed and applicants make."""
    LEDGER_MALFORMED = "LEDGER_MALFORMED"
    """The replay's ledger is missing, or has not the form of one."""
    LEDGER_CUT = "LEDGER_CUT"
    """The ledger ends before its end, or lacks messages that were read back."""
    LEDGER_FOREIGN = "LEDGER_FOREIGN"
    """The ledger belongs to another replay."""
    LEDGER_EDITED = "LEDGER_EDITED"
    """A message of the ledger is not the plan's, or its times cannot be."""
    RECONCILIATION_DIFFERS = "RECONCILIATION_DIFFERS"
    """What was read back is not about this ledger."""
    RECOMPUTATION_BROKE = "RECOMPUTATION_BROKE"
    """The records cannot be judged: they are not what the suite writes."""
    VERDICT_DIFFERS = "VERDICT_DIFFERS"
    """A verdict is not what its records come to."""
    ELIGIBILITY_DIFFERS = "ELIGIBILITY_DIFFERS"
    """The pack claims to be enough for a certificate for which its verdicts are not enough."""
    # What was taken back, and the zip once more
    KEY_REVOKED = "KEY_REVOKED"
    """A key that signed was revoked in the register."""
    PACK_REVOKED = "PACK_REVOKED"
    """The certificate on this evidence was revoked in the register."""
    FORM_DIFFERS = "FORM_DIFFERS"
    """The zip was written anew after the suite wrote it: ask for the file as it was written."""


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
