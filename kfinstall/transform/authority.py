"""The authority that signed the certificate of a store: what programs read it from, beside those that all trust."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from kfinstall.contracts.manifest import Body, Manifest
from kfinstall.errors import UsageError
from kfinstall.transform.environment import Variable, with_variables
from kfinstall.words import _

FILE = "ca.crt"
"""In Secrets, ConfigMaps and where these are mounted."""

FOLDER = "/etc/kfinstall/store-ca"
VOLUME = "store-ca"


@dataclass(frozen=True, slots=True)
class Authority:
    """text: certificates as PEM, without anything else that the file had."""

    text: str

    @property
    def for_go(self) -> dict[str, Variable]:
        """Go's own folders, and this one: https://pkg.go.dev/crypto/x509#SystemCertPool."""
        return {"SSL_CERT_DIR": f"/etc/ssl/certs:/etc/pki/tls/certs:{FOLDER}"}

    @property
    def for_node(self) -> dict[str, Variable]:
        """https://nodejs.org/api/cli.html#node_extra_ca_certsfile"""
        return {"NODE_EXTRA_CA_CERTS": f"{FOLDER}/{FILE}"}

    @property
    def mount(self) -> Body:
        """Of a container."""
        return {"name": VOLUME, "mountPath": FOLDER, "readOnly": True}

    def volume(self, secret: str) -> Body:
        """Of a pod: the authority alone, of a Secret that has it under FILE."""
        return {"name": VOLUME, "secret": {"secretName": secret, "items": [{"key": FILE, "path": FILE}]}}

    def mounted(self, manifest: Manifest, variables: Mapping[str, Variable], secret: str) -> Manifest:
        """A workload that reads it of this Secret, and is told so by these variables."""
        told = with_variables(manifest, variables)
        spec = told.body["spec"]
        pod = spec["template"]["spec"]
        containers = [
            {**each, "volumeMounts": [*(each.get("volumeMounts") or ()), self.mount]} for each in pod["containers"]
        ]
        volumes = [*(pod.get("volumes") or ()), self.volume(secret)]
        template = {**spec["template"], "spec": {**pod, "containers": containers, "volumes": volumes}}
        return Manifest({**told.body, "spec": {**spec, "template": template}}, told.application)


def read_authority(path: Path, key: str) -> Authority:
    """The authority of a file. key: of the document, which names it. Raises UsageError."""
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(
            _("{key} names {file}, and no certificate can be read there.").format(key=key, file=path),
            why=error.strerror or str(error) if isinstance(error, OSError) else _("It has none in the form PEM."),
            fix=_("Name the certificate of the authority, which begins with -----BEGIN CERTIFICATE-----."),
        ) from error
    return Authority("".join(each.public_bytes(Encoding.PEM).decode() for each in found))
