"""The certificate of a node's HTTPS port, and its change while the node serves."""

import socket
import ssl
import threading
from pathlib import Path

import pytest
from cryptography import x509

from media_node.certificate import ServerCertificate
from media_node.config import Settings
from tests.support.certificates import NAME, write_pair


def serial_shown(context: ssl.SSLContext) -> int:
    """The serial number that a client is shown by a server with this context."""
    ours, theirs = socket.socketpair()

    def serve() -> None:
        with context.wrap_socket(ours, server_side=True) as served:
            served.recv(1)

    server = threading.Thread(target=serve)
    server.start()
    anybody = ssl.create_default_context()
    anybody.check_hostname, anybody.verify_mode = False, ssl.CERT_NONE
    with anybody.wrap_socket(theirs, server_hostname=NAME) as client:
        shown = client.getpeercert(binary_form=True)
        client.send(b"x")
    server.join()
    assert shown is not None
    return x509.load_der_x509_certificate(shown).serial_number


def test_new_files_are_shown_to_new_connections(tmp_path):
    certificate = ServerCertificate(*write_pair(tmp_path, 1, when=1))
    assert serial_shown(certificate.context) == 1
    assert certificate.refresh() is False
    write_pair(tmp_path, 2, when=2)
    assert certificate.refresh() is True
    assert serial_shown(certificate.context) == 2


@pytest.mark.parametrize("only", ["key", "certificate"])
def test_half_of_a_new_pair_is_left_alone_until_the_other_half_comes(tmp_path, only):
    certificate = ServerCertificate(*write_pair(tmp_path, 1, when=1))
    write_pair(tmp_path, 2, only=only, when=2)
    assert certificate.refresh() is False
    assert serial_shown(certificate.context) == 1
    write_pair(tmp_path, 3, when=3)
    assert certificate.refresh() is True
    assert serial_shown(certificate.context) == 3


def test_files_that_vanish_change_nothing(tmp_path):
    files = write_pair(tmp_path, 1, when=1)
    certificate = ServerCertificate(*files)
    for file in files:
        file.unlink()
    assert certificate.refresh() is False
    assert serial_shown(certificate.context) == 1


def test_a_node_does_not_start_with_files_that_are_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        ServerCertificate(tmp_path / "certificate.pem", tmp_path / "key.pem")


def test_a_certificate_without_its_key_is_a_wrong_setting():
    with pytest.raises(ValueError, match="both or not at all"):
        Settings(jwks_url="http://127.0.0.1/", tls_certificate=Path("certificate.pem"))


def test_old_versions_of_tls_are_refused(tmp_path):
    certificate = ServerCertificate(*write_pair(tmp_path, 1, when=1))
    assert certificate.context.minimum_version >= ssl.TLSVersion.TLSv1_2
