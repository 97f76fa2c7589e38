"""Images of one static program, pushed to a registry on loopback."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import io
import json
import tarfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.kubelet.registries import LOOPBACK

Body = dict[str, Any]
PROGRAM = "/workload"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


@dataclass(frozen=True)
class Repository:
    """A repository of the registry on this port, which anybody may push to."""

    port: int
    name: str

    def push(self, tag: str, program: Path, architecture: str) -> None:
        """An index of one image, for one architecture, with nothing but the program in it.

        Its label makes it an image of its own, of which the node has nothing yet.
        """
        plain = _archive(program)
        layer = self._upload(gzip.compress(plain, mtime=0), LAYER)
        platform = {"architecture": architecture, "os": "linux"}
        config = {
            **platform,
            "config": {"Entrypoint": [PROGRAM], "Labels": {"name": f"{self.name}:{tag}"}},
            "rootfs": {"type": "layers", "diff_ids": [_digest(plain)]},
        }
        described = self._upload(json.dumps(config).encode(), CONFIG)
        image = self._put({"schemaVersion": 2, "mediaType": MANIFEST, "config": described, "layers": [layer]})
        self._put({"schemaVersion": 2, "mediaType": INDEX, "manifests": [{**image, "platform": platform}]}, tag)

    def _upload(self, data: bytes, media_type: str) -> Body:
        place = urlsplit(self._send("POST", f"/v2/{self.name}/blobs/uploads/"))
        self._send("PUT", f"{place.path}?{place.query}&digest={_digest(data)}", data, "application/octet-stream")
        return _described(data, media_type)

    def _put(self, manifest: Body, tag: str = "") -> Body:
        data, media_type = json.dumps(manifest).encode(), manifest["mediaType"]
        self._send("PUT", f"/v2/{self.name}/manifests/{tag or _digest(data)}", data, media_type)
        return _described(data, media_type)

    def _send(self, method: str, path: str, body: bytes = b"", media_type: str = "") -> str:
        """Send it; the place that the registry names in return."""
        with closing(http.client.HTTPConnection(LOOPBACK, self.port, timeout=60)) as connection:
            connection.request(method, path, body, {"Content-Type": media_type})
            answer = connection.getresponse()
            said = answer.read().decode(errors="replace")
        if answer.status >= http.HTTPStatus.BAD_REQUEST:
            raise OSError(f"{method} {path}: {answer.status} {said}")
        return answer.headers["Location"]


def _archive(program: Path) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        entry = tarfile.TarInfo(PROGRAM.lstrip("/"))
        entry.mode, entry.size = 0o755, program.stat().st_size
        with program.open("rb") as file:
            archive.addfile(entry, file)
    return buffer.getvalue()


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _described(data: bytes, media_type: str) -> Body:
    return {"mediaType": media_type, "digest": _digest(data), "size": len(data)}
