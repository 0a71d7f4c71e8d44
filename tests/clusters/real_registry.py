"""The real registries of this machine, and images made for tests: put there over the registry's own API, taken away again."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import secrets
import socket
import tarfile
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError

from tests.real import listens, need

OCI = "application/vnd.oci.image"


@dataclass(frozen=True)
class RealRegistry:
    """One that is there. Empty ``user``: open to everybody."""

    host: str
    user: str = ""
    password: str = ""

    @property
    def form(self) -> dict[str, str]:
        """How it is filled in."""
        return {"name": self.host, "host": self.host, "user": self.user, "password": self.password, "plain": "1"}

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[Mapping[str, str], bytes]:
        """One request to its API."""
        url = path if path.startswith("http") else f"http://{self.host}{path}"
        request = urllib.request.Request(url, data=body, method=method)
        for name, value in headers.items():
            request.add_header(name.replace("_", "-"), value)
        if self.user:
            pair = base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
            request.add_header("Authorization", f"Basic {pair}")
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.headers, answer.read()

    def put_blob(self, repository: str, data: bytes) -> dict[str, Any]:
        """Keep a content; what describes it."""
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        headers, _ = self.ask("POST", f"/v2/{repository}/blobs/uploads/", b"")
        where = headers["Location"]
        where = f"{where}{'&' if '?' in where else '?'}digest={digest}"
        self.ask("PUT", where, data, Content_Type="application/octet-stream")
        return {"digest": digest, "size": len(data)}

    def put_manifest(self, repository: str, version: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Keep a manifest under a tag (or, "" as version, under its digest); what describes it."""
        data = json.dumps(manifest).encode()
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        path = f"/v2/{repository}/manifests/{version or digest}"
        self.ask("PUT", path, data, Content_Type=str(manifest["mediaType"]))
        return {"mediaType": manifest["mediaType"], "digest": digest, "size": len(data)}

    def put_image(
        self,
        repository: str,
        tag: str,
        *,
        architecture: str = "amd64",
        layers: tuple[bytes, ...] = (b"hello",),
        labels: Mapping[str, str] | None = None,
        created: str = "2026-01-02T03:04:05Z",
    ) -> dict[str, Any]:
        """A small image that an engine can pull; what describes it, with ``config`` beside it."""
        packed = [tar_layer(one) for one in layers]
        config = {
            "created": created,
            "architecture": architecture,
            "os": "linux",
            "config": {"Cmd": ["/hello"], "Labels": dict(labels or {})},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(plain) for plain, _ in packed]},
            "history": [{"created_by": f"COPY {number} /"} for number, _ in enumerate(packed)],
        }
        about = self.put_blob(repository, json.dumps(config).encode())
        manifest = {
            "schemaVersion": 2,
            "mediaType": f"{OCI}.manifest.v1+json",
            "config": {"mediaType": f"{OCI}.config.v1+json", **about},
            "layers": [
                {"mediaType": f"{OCI}.layer.v1.tar+gzip", **self.put_blob(repository, small)} for _, small in packed
            ],
        }
        described = self.put_manifest(repository, tag, manifest)
        return {**described, "platform": {"os": "linux", "architecture": architecture}}

    def put_index(self, repository: str, tag: str, images: list[dict[str, Any]]) -> dict[str, Any]:
        """Images for several platforms under one tag."""
        index = {"schemaVersion": 2, "mediaType": f"{OCI}.index.v1+json", "manifests": images}
        return self.put_manifest(repository, tag, index)

    def forget(self, repository: str) -> None:
        """Delete every tag of a repository."""
        with suppress(HTTPError):
            for tag in json.loads(self.ask("GET", f"/v2/{repository}/tags/list")[1])["tags"] or []:
                with suppress(HTTPError):
                    headers, _ = self.ask("HEAD", f"/v2/{repository}/manifests/{tag}", Accept=f"{OCI}.index.v1+json, {OCI}.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json")  # fmt: skip
                    self.ask("DELETE", f"/v2/{repository}/manifests/{headers['Docker-Content-Digest']}")


@dataclass
class Put:
    """A repository of a real registry that a test fills."""

    registry: RealRegistry
    name: str = field(default_factory=lambda: f"pilothouse-{secrets.token_hex(5)}/web")

    def image(self, tag: str) -> str:
        """The name of an image in it."""
        return f"{self.registry.host}/{self.name}:{tag}"


@contextmanager
def repository(registry: RealRegistry) -> Iterator[Put]:
    """A repository whose tags are deleted afterwards."""
    put = Put(registry)
    try:
        yield put
    finally:
        registry.forget(put.name)


def find_registry() -> RealRegistry:
    """An open registry: PILOTHOUSE_REGISTRY, or the testbed's."""
    return _there(os.environ.get("PILOTHOUSE_REGISTRY", "registry.test:5000"))


def find_private_registry() -> RealRegistry:
    """One that asks for a user: PILOTHOUSE_PRIVATE_REGISTRY as user:password@host:port, or the testbed's."""
    given = os.environ.get("PILOTHOUSE_PRIVATE_REGISTRY", "robot:s3cret@private.test:5001")
    pair, _, host = given.rpartition("@")
    user, _, password = pair.partition(":")
    return _there(host, user, password)


def tar_layer(content: bytes) -> tuple[bytes, bytes]:
    """A layer with one file: as it is, and packed."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        info = tarfile.TarInfo("hello")
        info.size, info.mode = len(content), 0o755
        archive.addfile(info, io.BytesIO(content))
    return made.getvalue(), gzip.compress(made.getvalue(), 1, mtime=0)


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _there(host: str, user: str = "", password: str = "") -> RealRegistry:
    name, _, port = host.partition(":")
    there = False
    with suppress(OSError):
        there = listens((socket.gethostbyname(name), int(port or 80)))
    need("registry", there, f"nothing listens at {host}")
    return RealRegistry(host, user, password)
