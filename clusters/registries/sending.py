"""What is sent to a registry: contents that it does not have yet, and manifests byte for byte."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import urlencode

from clusters.errors import Missing, Unsupported
from clusters.registries import content
from clusters.registries.client import Raw, RegistryClient, quoted
from clusters.registries.reference import checked_version, is_tag
from clusters.registries.session import SMALL


async def has(to: RegistryClient, repository: str, digest: str) -> bool:
    """Is that content in the repository?"""
    path = f"/v2/{quoted(repository)}/blobs/{digest}"
    try:
        await to.session.ask("HEAD", path, limit=SMALL, subject=digest, redirects=True)
    except Missing:
        return False
    return True


async def has_manifest(to: RegistryClient, repository: str, version: str) -> str:
    """The digest of what is under that tag or digest there; "" when there is nothing."""
    try:
        return await to.digest(repository, version)
    except Missing:
        return ""


async def begin(to: RegistryClient, repository: str, digest: str = "", mount_from: str = "") -> str:
    """Where to send a content; "" when it was taken over from another repository there (``mount_from``)."""
    path = f"/v2/{quoted(repository)}/blobs/uploads/"
    query = urlencode({"mount": digest, "from": mount_from}) if mount_from else ""
    asked = f"{path}?{query}" if query else path
    answer = await to.session.ask("POST", asked, limit=SMALL, subject=repository, body=b"")
    if answer.status == 201 and mount_from:
        return ""
    if answer.status != 202 or not (location := answer.header("location")):
        raise Unsupported(f"{to.way.host} does not say where to send it.", detail=f"status {answer.status}")
    return to.session.own_path(path, location)


async def send(
    to: RegistryClient, repository: str, where: str, digest: str, pieces: AsyncIterator[bytes], size: int
) -> None:
    """Send a content whole. The registry checks it against its digest, and keeps nothing that is not whole."""
    path = f"{where}{'&' if '?' in where else '?'}{urlencode({'digest': digest})}"
    part = f"/v2/{quoted(repository)}/blobs"
    await to.session.send("PUT", path, pieces, size, part=part, subject=repository)


async def put(to: RegistryClient, repository: str, version: str, manifest: Raw) -> None:
    """Keep a manifest under its digest, or under a tag, which leads to it from then on."""
    path = f"/v2/{quoted(repository)}/manifests/{checked_version(version)}"
    subject = f"{repository}{':' if is_tag(version) else '@'}{version}"
    sent = {"Content-Type": manifest.media_type}
    answer = await to.session.ask("PUT", path, sent, limit=SMALL, subject=subject, body=manifest.body)
    said = answer.header("docker-content-digest")
    if said and said != manifest.digest:
        raise Unsupported(f"{to.way.host} made something else of it: {said[:80]}.", hint="Do not use it.")


def media_type_of(manifest: Raw, read: content.Manifest) -> str:
    """As what it is sent: as what it was given out, where that is a type of a manifest, else as what it says itself."""
    known = (*content.INDEXES, *content.IMAGES)
    found = next((one for one in (manifest.media_type, read.media_type) if one in known), "")
    return found or (content.INDEXES[0] if read.manifests is not None else content.IMAGES[0])
