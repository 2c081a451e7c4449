"""The node's certificate and the OpenSSL context of all its handshakes.

Made once for a process: a context of its own for each connection would cost more than the handshake. Source:
RFC 8827 section 6.5 (P-256, certificates made by oneself), RFC 5764 (SRTP profiles), RFC 8122 (fingerprints).
"""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL

VALID_FOR = timedelta(days=365)
DTLS_1_2 = 0xFEFD
# The first three are for our part as server; as client the node meets RSA certificates too.
CIPHERS = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"
    b"ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA"
)


@dataclass(frozen=True)
class SrtpProfile:
    """A protection profile: how OpenSSL and the plane call it, and the lengths of its keys."""

    openssl_name: bytes
    plane_name: str
    key_bytes: int
    salt_bytes: int


# AES-128-GCM first: the cheapest for both sides.
PROFILES = (
    SrtpProfile(b"SRTP_AEAD_AES_128_GCM", "AEAD_AES_128_GCM", 16, 12),
    SrtpProfile(b"SRTP_AEAD_AES_256_GCM", "AEAD_AES_256_GCM", 32, 12),
    SrtpProfile(b"SRTP_AES128_CM_SHA1_80", "AES128_CM_SHA1_80", 16, 14),
)


class Certificate:
    """A P-256 key with its certificate."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
        self.sha256_fingerprint = certificate.fingerprint(hashes.SHA256()).hex(":").upper()
        self.context = _context(key, certificate)

    @classmethod
    def generate(cls) -> "Certificate":
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, secrets.token_hex(8))])
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        # A day before now: clients' clocks differ.
        dated = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + VALID_FOR)
        return cls(key, dated.sign(key, hashes.SHA256()))


def _context(key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> SSL.Context:
    context = SSL.Context(SSL.DTLS_METHOD)
    context.set_min_proto_version(DTLS_1_2)
    context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_RENEGOTIATION)
    # A session is never resumed: remembering them would only cost memory.
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)
    # Any certificate is taken here: it is the fingerprint of the offer that says whose it is.
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
    context.use_certificate(certificate)
    context.use_privatekey(key)
    context.set_cipher_list(CIPHERS)
    context.set_tlsext_use_srtp(b":".join(profile.openssl_name for profile in PROFILES))
    return context
