"""This machine's own certificate authority, and certificates of its servers: made on first use, for development alone."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFETIME = timedelta(days=3650)
RENEW_BEFORE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Authority:
    """A folder with `ca.pem`, and its key, which only its owner can read."""

    folder: Path

    @property
    def certificate(self) -> Path:
        return self.folder / "ca.pem"

    def identity(self, name: str) -> Path:
        """A PEM file with the private key, and the certificate, of a server or client of this machine."""
        file = self.folder / f"{name}.pem"
        if file.exists() and certificate_in(file).not_valid_after_utc - RENEW_BEFORE > datetime.now(UTC):
            return file
        authority = self.key()
        key = ec.generate_private_key(ec.SECP256R1())
        usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        names = x509.SubjectAlternativeName(
            [x509.DNSName(name), x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
        )
        certificate = (
            built(name, certificate_in(self.certificate).subject, key)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(names, critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False)
            .sign(authority, hashes.SHA256())
        )
        private(file, pem(key) + certificate.public_bytes(serialization.Encoding.PEM))
        return file

    def key(self) -> ec.EllipticCurvePrivateKey:
        """Made, with its certificate, where it is not there."""
        file = self.folder / "ca-key.pem"
        if not file.exists():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            key = ec.generate_private_key(ec.SECP256R1())
            name = f"casepath of {self.folder.name}"
            certificate = (
                built(name, subject(name), key)
                .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
                .add_extension(key_usage_of_an_authority(), critical=True)
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
                .sign(key, hashes.SHA256())
            )
            self.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
            private(file, pem(key))
        loaded = serialization.load_pem_private_key(file.read_bytes(), None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey)
        return loaded


def built(name: str, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(subject(name)).issuer_name(issuer).public_key(key.public_key())
    serial = x509.random_serial_number()
    return builder.serial_number(serial).not_valid_before(now - timedelta(hours=1)).not_valid_after(now + LIFETIME)


def subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def key_usage_of_an_authority() -> x509.KeyUsage:
    others = dict.fromkeys(
        ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
    )
    return x509.KeyUsage(key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False, **others)


def certificate_in(file: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificates(file.read_bytes())[0]


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """PKCS #8, as Java reads it too."""
    plain = serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)


def private(file: Path, content: bytes) -> None:
    file.touch(mode=0o600)
    file.write_bytes(content)
