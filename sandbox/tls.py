"""TLS of the server by certificate files, and how the sandbox knows itself behind them."""

import asyncio
import logging
import os
import ssl
from pathlib import Path

from sandbox.settings import Settings

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 1.0


class CertificateUnusable(Exception):
    """The certificate or its key cannot be used; the message says why and what to do."""


class Certificate:
    """A certificate with its chain and key, as files. What takes their place is used without a restart."""

    def __init__(self, certificate: Path, key: Path) -> None:
        """Reads both. Raises CertificateUnusable."""
        self._certificate, self._key = certificate, key
        self._seen = self._state()
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._load(self.context)
        self.own_context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        """For the sandbox's requests to itself: it trusts this certificate and no other, whatever name stands in it."""
        self.own_context.check_hostname = False
        self.own_context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        self.own_context.load_verify_locations(certificate)

    def renew(self) -> bool:
        """Takes files that have changed for every connection from now on; whether it did.

        Where the new ones cannot be used (one is written already, the other not yet) it goes on with those it has, and takes
        them as soon as they can.
        """
        state = self._state()
        if state == self._seen:
            return False
        try:
            # A pair that does not match would leave the context in use with half of it.
            self._load(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
            self._load(self.context)
            self.own_context.load_verify_locations(self._certificate)
        except CertificateUnusable as problem:
            logger.warning("the new TLS certificate is not used yet: %s", problem)
            return False
        self._seen = state
        logger.warning("the TLS certificate was renewed from %s", self._certificate)
        return True

    def _load(self, context: ssl.SSLContext) -> None:
        for path, option in ((self._certificate, "--tls-certificate"), (self._key, "--tls-key")):
            try:
                path.read_bytes()
            except OSError as problem:
                raise CertificateUnusable(
                    f"{path} cannot be read ({problem.strerror}). Name another file with {option}."
                ) from problem
        try:
            context.load_cert_chain(self._certificate, self._key, password=_no_password)
        except _Encrypted as problem:
            raise CertificateUnusable(
                f"The key {self._key} is encrypted. Keep it unencrypted, readable by the sandbox's user only (mode 0600)."
            ) from problem
        except (ssl.SSLError, ValueError) as problem:
            raise CertificateUnusable(self._explain(problem)) from problem

    def _explain(self, problem: Exception) -> str:
        if getattr(problem, "reason", None) == "KEY_VALUES_MISMATCH":
            return f"The key {self._key} is not the one of the certificate {self._certificate}. Name a pair."
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(self._certificate)
        except ssl.SSLError:
            return f"{self._certificate} is not a certificate in PEM form (the server's own first, then those that signed it)."
        return f"{self._key} is not a private key in PEM form that belongs to {self._certificate}."

    def _state(self) -> tuple[tuple[int, int, int], ...]:
        try:
            found = [os.stat(path) for path in (self._certificate, self._key)]  # noqa: PTH116
        except OSError:
            return ()
        return tuple((each.st_mtime_ns, each.st_ino, each.st_size) for each in found)


def certificate_of(settings: Settings) -> Certificate | None:
    """The certificate that the settings name. Raises CertificateUnusable."""
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    return Certificate(settings.tls_certificate, settings.tls_key)


async def keep_renewed(certificate: Certificate | None) -> None:
    """Takes changed files as soon as they can be used, for as long as it is not cancelled."""
    while certificate is not None:
        await asyncio.sleep(_LOOK_SECONDS)
        certificate.renew()


class _Encrypted(Exception):
    """The key asks for a password."""


def _no_password() -> str:
    raise _Encrypted
