"""A certificate of this machine's own, made anew at each start and kept by nobody.

No authority gives certificates to addresses of a home network, so browsers warn of this one. It
still keeps others from listening in; its fingerprint tells whether it is the right one.
"""

import datetime
import ipaddress
import secrets
import ssl
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mien.errors import MissingExtraError

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
except ModuleNotFoundError as error:
    raise MissingExtraError("mien live --lan", "lan") from error

VALID = datetime.timedelta(days=30)
# A phone's clock may be behind.
EARLIER = datetime.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a server needs to be reached by https.

    Attributes:
        context: Holds the certificate and its private key.
        fingerprint: SHA-256 of the certificate, as browsers show it: "AB:CD:…".
    """

    context: ssl.SSLContext
    fingerprint: str


def make_certificate(addresses: Iterable[str], names: Iterable[str] = ()) -> Certificate:
    """Make a certificate, signed by itself, for IP addresses and host names."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _sign(key, addresses, names)
    fingerprint = certificate.fingerprint(hashes.SHA256()).hex(":").upper()
    return Certificate(_load(certificate, key), fingerprint)


def _sign(
    key: ec.EllipticCurvePrivateKey, addresses: Iterable[str], names: Iterable[str]
) -> x509.Certificate:
    own_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mien on this network")])
    now = datetime.datetime.now(datetime.UTC)
    alternatives = [
        *(x509.IPAddress(ipaddress.ip_address(address)) for address in addresses),
        *(x509.DNSName(name) for name in names),
    ]
    usage = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(own_name)
        .issuer_name(own_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        # Whoever trusts it trusts this server, and nothing that it might sign.
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(digital_signature=True, **usage), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    return builder.sign(key, hashes.SHA256())


def _load(certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> ssl.SSLContext:
    """Hand both to TLS, which reads them from files only: in a private folder, for a moment.

    The key is encrypted there, so that a crash in that moment leaves nothing of use behind.
    """
    password = secrets.token_bytes(32)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with tempfile.TemporaryDirectory(prefix="mien-") as folder:
        file = Path(folder) / "certificate.pem"
        file.touch(mode=0o600)
        file.write_bytes(
            certificate.public_bytes(serialization.Encoding.PEM)
            + key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.BestAvailableEncryption(password.hex().encode()),
            )
        )
        context.load_cert_chain(file, password=password.hex())
    return context
