"""No personal data in an address: addresses end up in logs, histories and proxies (RFC 9110 section 17.9)."""

import re
from urllib.parse import unquote_plus

from sandbox.conformance.traffic.recording import Call
from sandbox.conformance.traffic.rule import Context, Rule

_NAMES = frozenset(
    """
    birthdate dateofbirth dob email emailaddress familyname firstname forename fullname givenname lastname middlenames mobile
    mobilenumber nationalinsurance nationalinsurancenumber nhsnumber ni nino ninumber phone phonenumber surname telephone
    """.split()
)
"""Names of parameters that hold personal data, in small letters and without signs."""
_MASKED = re.compile(r"\[masked( [0-9a-f]{12})?\]")
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(\.[\w-]{1,63})+")
_NI_NUMBER = re.compile(
    r"(?<![A-Z0-9])[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-D](?![A-Z0-9])", re.IGNORECASE | re.ASCII
)
_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)-[01]\d-[0-3]\d(?!\d)", re.ASCII)
_YOUNGEST = 15
"""Whoever applies was born longer ago than this; so a day that lies further back is taken for a day of birth."""
_SHORTEST = 4
"""A value of fewer letters is found anywhere."""


class KeepsPeopleOutOfAddresses(Rule):
    """Neither path nor query tells of a person."""

    judges = ("ESR-REQ-039",)

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        values = sorted(value for value in self.facts.personal_values if len(value) >= _SHORTEST)
        self._values = (
            re.compile("|".join(map(re.escape, values)), re.IGNORECASE) if values else None
        )

    def see(self, call: Call) -> None:
        found = self._found(call)
        if found:
            self.tally.breach(
                f"Expected no personal data in an address, but that of {call.operation or call.method} (exchange {call.id}) "
                f"holds {found}.",
                call,
            )
        else:
            self.tally.held += 1

    def _found(self, call: Call) -> str | None:
        """What of a person is in the address, without repeating it; None for nothing."""
        path = unquote_plus(call.path)
        parts = [part.partition("=") for part in call.query.split("&") if part]
        known = self.context.parameters.get(call.operation or "")
        described = known.query if known else frozenset()
        for raw, _, text in parts:
            name = unquote_plus(raw)
            if name in described:
                continue
            plain = re.sub(r"[^a-z]", "", name.lower())
            if plain in _NAMES or _MASKED.fullmatch(unquote_plus(text)):
                return f"a parameter {name[:40]}"
        texts = [path, *(unquote_plus(text) for _, _, text in parts)]
        return next((found for text in texts if (found := self._told(text, call))), None)

    def _told(self, text: str, call: Call) -> str | None:
        if _EMAIL.search(text):
            return "an e-mail address"
        if _NI_NUMBER.search(text):
            return "a National Insurance number"
        if _MASKED.search(text):
            return "personal data"
        year = int(str(call.exchange.get("worldTime") or call.exchange["startedAt"])[:4])
        if any(int(found) < year - _YOUNGEST for found in _DATE.findall(text)):
            return "a day of birth"
        if self._values is not None and self._values.search(text):
            return "what is known of a person in this run"
        return None
