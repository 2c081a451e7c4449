"""Certificates that a test's server signs for itself."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NAME = "i-1.eu-central-1.nodes.example.com"


def write_pair(folder: Path, serial: int, *, only: str = "both", when: int = 0) -> tuple[Path, Path]:
    """Write certificate and key, or one of them, as if at so many nanoseconds; both files' paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = folder / "certificate.pem", folder / "key.pem"
    if only in ("both", "certificate"):
        files[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    if only in ("both", "key"):
        plain = serialization.NoEncryption()
        pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
        files[1].write_bytes(key.private_bytes(pem, form, plain))
    for file in files:
        # Files of a test are written within one tick of some clocks.
        os.utime(file, ns=(when, when))
    return files
