"""The certificate that the node shows on its HTTPS port, taken anew when its files change.

Whoever renews it replaces both files, one after the other; what does not belong together yet is left alone.
"""

import ssl
from pathlib import Path

import structlog

log = structlog.get_logger()


class ServerCertificate:
    def __init__(self, certificate: Path, key: Path) -> None:
        """Read both files.

        Raises:
            OSError: They cannot be read, or do not belong together (ssl.SSLError).
        """
        self._certificate, self._key = certificate, key
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._seen = self._marks()
        self.context.load_cert_chain(certificate, key)

    def refresh(self) -> bool:
        """Show new connections the files as they are now, if they changed; those that are open stay."""
        try:
            marks = self._marks()
            if marks == self._seen:
                return False
            # On a context of its own: a pair that does not fit would leave ours without either.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self._certificate, self._key)
            self.context.load_cert_chain(self._certificate, self._key)
        except OSError as error:
            log.warning("certificate_not_taken", error=str(error))
            return False
        self._seen = marks
        log.info("certificate_taken")
        return True

    def _marks(self) -> tuple[int, int]:
        return self._certificate.stat().st_mtime_ns, self._key.stat().st_mtime_ns
