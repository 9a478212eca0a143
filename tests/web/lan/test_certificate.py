import datetime
import hashlib
import ipaddress
import os
import re
import ssl
import tempfile

import pytest

x509 = pytest.importorskip("cryptography.x509", reason="needs the extra lan")
from cryptography.hazmat.primitives.asymmetric import ec  # noqa: E402
from cryptography.hazmat.primitives.serialization import Encoding  # noqa: E402

from mien.web.lan import certificate  # noqa: E402
from mien.web.lan.certificate import make_certificate  # noqa: E402

ADDRESSES = ("192.168.1.7", "fd00::7")


@pytest.fixture
def loaded(monkeypatch, tmp_path):
    """What TLS is given to read: the file's text, its rights and its folder's, at that moment."""
    seen = []
    load = ssl.SSLContext.load_cert_chain

    def watch(context, file, **options):
        folder_mode, mode = file.parent.stat().st_mode & 0o777, file.stat().st_mode & 0o777
        seen.append((file.read_text(), folder_mode, mode, file))
        return load(context, file, **options)

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(certificate.ssl.SSLContext, "load_cert_chain", watch)
    return seen


@pytest.fixture
def made(loaded):
    own = make_certificate(ADDRESSES, ["laptop", "laptop.local"])
    return own, x509.load_pem_x509_certificate(loaded[0][0].encode())


def test_it_is_for_the_addresses_and_names_only(made):
    names = made[1].extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.IPAddress) == [*map(ipaddress.ip_address, ADDRESSES)]
    assert names.get_values_for_type(x509.DNSName) == ["laptop", "laptop.local"]


def test_it_is_signed_by_its_own_key_on_p256(made):
    own = made[1]
    own.verify_directly_issued_by(own)
    assert isinstance(own.public_key().curve, ec.SECP256R1)
    assert own.signature_hash_algorithm.name == "sha256"


def test_it_is_valid_now_and_for_thirty_days(made):
    now = datetime.datetime.now(datetime.UTC)
    left = made[1].not_valid_after_utc - now
    assert made[1].not_valid_before_utc < now
    assert datetime.timedelta(days=29) < left <= datetime.timedelta(days=30)


def test_it_can_sign_no_other(made):
    find = made[1].extensions.get_extension_for_class
    assert not find(x509.BasicConstraints).value.ca
    assert not find(x509.KeyUsage).value.key_cert_sign
    assert [*find(x509.ExtendedKeyUsage).value] == [x509.ExtendedKeyUsageOID.SERVER_AUTH]


def test_the_fingerprint_is_that_of_the_certificate(made):
    own, parsed = made
    der = parsed.public_bytes(Encoding.DER)
    assert own.fingerprint.replace(":", "") == hashlib.sha256(der).hexdigest().upper()
    assert re.fullmatch(r"([0-9A-F]{2}:){31}[0-9A-F]{2}", own.fingerprint)


def test_each_start_has_a_key_of_its_own(loaded):
    for _ in range(2):
        make_certificate(ADDRESSES)
    one, other = (x509.load_pem_x509_certificate(text.encode()) for text, *_ in loaded)
    assert one.public_key() != other.public_key()
    assert one.serial_number != other.serial_number


def test_nothing_is_left_on_the_disk(loaded, tmp_path):
    make_certificate(ADDRESSES)
    text, _, _, file = loaded[0]
    assert not file.exists()
    assert not [*tmp_path.iterdir()]
    # Were it left by a crash, it would be of no use.
    assert "BEGIN ENCRYPTED PRIVATE KEY" in text
    assert "BEGIN PRIVATE KEY" not in text


@pytest.mark.skipif(os.name != "posix", reason="rights of files are POSIX")
def test_only_the_user_may_read_it_meanwhile(loaded):
    make_certificate(ADDRESSES)
    assert loaded[0][1:3] == (0o700, 0o600)


def test_old_tls_is_refused(made):
    assert made[0].context.minimum_version >= ssl.TLSVersion.TLSv1_2
