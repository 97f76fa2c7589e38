"""The certificates and keys of a control plane that lives for minutes."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVER_NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
LIFETIME = datetime.timedelta(days=7)


@dataclass(frozen=True)
class KeyPair:
    """A certificate and its key, on disk and in memory, because a CA signs with it."""

    certificate_file: Path
    key_file: Path
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Authority:
    """A certificate authority that issues into its own folder."""

    folder: Path
    pair: KeyPair

    @classmethod
    def create(cls, folder: Path, name: str) -> Authority:
        """A new self-signed authority, in the files NAME.crt and NAME.key."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _subject(name)
        builder = (
            _unsigned(subject, subject, key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(_key_usage(authority=True), critical=True)
        )
        return cls(folder, _written(folder, name, builder.sign(key, hashes.SHA256()), key))

    def server(self, name: str, addresses: Sequence[str], hosts: Sequence[str] = SERVER_NAMES) -> KeyPair:
        """A certificate that serves these names, by default those of the API server, and these IP addresses."""
        names: list[x509.GeneralName] = [x509.DNSName(host) for host in hosts]
        names += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
        return self._issue(name, ExtendedKeyUsageOID.SERVER_AUTH, x509.SubjectAlternativeName(names))

    def client(self, name: str) -> KeyPair:
        """A certificate that a client shows; its common name is the user."""
        return self._issue(name, ExtendedKeyUsageOID.CLIENT_AUTH, None)

    def _issue(self, name: str, usage: x509.ObjectIdentifier, names: x509.SubjectAlternativeName | None) -> KeyPair:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _unsigned(_subject(name), self.pair.certificate.subject, key)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(_issuer(self.pair.key), critical=False)
        )
        if names is not None:
            builder = builder.add_extension(names, critical=False)
        return _written(self.folder, name, builder.sign(self.pair.key, hashes.SHA256()), key)


def write_signing_key(path: Path) -> Path:
    """A key that signs service account tokens; its public half is read from the same file."""
    _write_private(path, ec.generate_private_key(ec.SECP256R1()))
    return path


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _unsigned(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    """Valid from an hour ago: the clocks of two processes on one machine agree, the clock of a VM may jump."""
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _issuer(key: ec.EllipticCurvePrivateKey) -> x509.AuthorityKeyIdentifier:
    """Strict verification, the default of Python's ssl since 3.13, wants to be told who issued a certificate."""
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _written(folder: Path, name: str, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> KeyPair:
    pair = KeyPair(folder / f"{name}.crt", folder / f"{name}.key", certificate, key)
    pair.certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    _write_private(pair.key_file, key)
    return pair


def _write_private(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    """In the older of the two formats: the API server reads a public key out of no other private one."""
    text = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    path.touch(mode=0o600)
    path.write_bytes(text)
