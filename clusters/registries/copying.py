"""An image from one repository to another, through us and onto no host: every platform, byte for byte, as a job."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from clusters import audit, jobs
from clusters.access import Actor
from clusters.carrying_out import recorded_end
from clusters.errors import ClusterError, Invalid, Refused, Unreachable, Unsupported, Unsure
from clusters.kinds.formats import count, short_id, size
from clusters.models import Registry
from clusters.registries import content, seen, sending
from clusters.registries.access import may_copy_to
from clusters.registries.client import Raw, RegistryClient
from clusters.registries.kept import way_to
from clusters.registries.moving import Moving
from clusters.registries.reference import checked_repository, checked_version, is_digest, is_tag
from clusters.rights import label_of

MOST_MANIFESTS, MOST_CONTENTS, MOST_DEEP = 300, 5000, 4
MOST_BYTES = 32 << 20  # of all manifests together: they are kept until the last content is there
MOVED_AT_ONCE = 3


@dataclass(frozen=True, slots=True)
class End:
    """One end of the way: a repository of a registry, and a tag (or, where it comes from, a digest)."""

    registry: Registry
    repository: str
    version: str

    def __str__(self) -> str:
        return f"{self.registry.host}/{self.repository}{'@' if is_digest(self.version) else ':'}{self.version}"


@dataclass(slots=True)
class Parts:
    """All that an image is made of. ``manifests``: what lists others stands after them, what was asked for last."""

    manifests: list[Raw] = field(default_factory=list)
    contents: dict[str, int] = field(default_factory=dict)  # the size of each, by its digest
    elsewhere: int = 0  # layers that no registry keeps
    platforms: int = 1


async def begin_copy(actor: Actor, source: End, target: End) -> str:
    """Check, write down, begin; the key of the job. Raises Invalid or Refused."""
    checked_repository(source.repository), checked_repository(target.repository)
    checked_version(source.version)
    if not is_tag(target.version):
        raise Invalid(
            f"“{target.version[:100]}” cannot be a tag.", hint="Letters, digits, dots, dashes: 1.2 or latest."
        )
    if str(source) == str(target):
        raise Invalid("That is where it is already.", hint="Choose another registry, repository or tag.")
    event = audit.Event(
        actor=actor.name,
        address=actor.address,
        verb="copy image",
        kind="registry",
        name=target.registry.name,
        detail={"image": str(source), "to": str(target)},
    )
    if not await may_copy_to(actor, target.registry):
        why = f"Copying to {target.registry.host} takes what pushing there takes."
        await audit.denied(event, why)
        right = f"The right “{label_of('run')}” on a host"
        raise Refused(why, hint=f"{right}; and, where a password is stored, an administrator allows it.")
    ended = await recorded_end(event)
    title = f"Copy {source.repository}:{short_id(source.version)} to {target.registry.name}"
    about = jobs.Made("", "", "", image=str(target))
    return await jobs.start(title, "copy", actor, None, lambda says: _copy(source, target, says), ended, about)


async def _copy(source: End, target: End, says: jobs.Reporter) -> str:
    scopes = [f"repository:{target.repository}:pull,push"]
    if source.registry.pk == target.registry.pk:
        scopes.append(f"repository:{source.repository}:pull")
    async with (
        RegistryClient(way_to(source.registry)) as here,
        RegistryClient(way_to(target.registry), tuple(scopes)) as there,
    ):
        parts = await read_parts(here, source.repository, source.version)
        whole = parts.manifests[-1]
        before = await sending.has_manifest(there, target.repository, target.version)
        if before == whole.digest:
            return f"{target} leads to {whole.digest} already: nothing was to be done."
        if before:
            says.say(f"{target} led to {before} until now.")
        whole_size = size(sum(parts.contents.values()))
        says.say(f"{source}: {count(parts.platforms, 'platform')}, {count(len(parts.contents), 'part')}, {whole_size}.")
        if parts.elsewhere:
            says.say(
                f"{count(parts.elsewhere, 'layer')} of it are kept in no registry: what runs it fetches them itself."
            )
        moving = Moving(here, source.repository, there, target.repository, says, parts.contents)
        try:
            await moving.all(MOVED_AT_ONCE)
            moving.stage = "manifests"
            for one in parts.manifests[:-1]:
                await sending.put(there, target.repository, one.digest, one)
            moving.stage = "tag"
            await _lead(there, target, whole)
        except BaseException as error:
            if not isinstance(error, Unsure):
                says.say(_until_then(moving, target, before), "warning")
            raise
    seen.changed(f"{target.registry.host}/{target.repository}")
    several = f", for {parts.platforms} platforms" if parts.platforms > 1 else ""
    return f"{target} is there{several}, with the digest {whole.digest}: {moving.words}."


async def read_parts(here: RegistryClient, repository: str, version: str) -> Parts:
    """All of an image, its platforms and what is beside them (attestations). Raises Unsupported beyond all measure."""
    parts, known = Parts(), set[str]()
    taken = 0  # bytes

    async def read(version: str, deep: int) -> None:
        nonlocal taken
        if deep > MOST_DEEP or len(known) >= MOST_MANIFESTS or taken > MOST_BYTES:
            raise Unsupported(f"{repository}:{version} lists more than can be copied.", hint="Nothing was copied.")
        raw = await here.manifest(repository, version)
        taken += len(raw.body)
        manifest = content.read_manifest(raw.body, here.way.host)
        known.add(raw.digest)
        for one in manifest.manifests or ():
            if one.digest not in known:
                await read(one.digest, deep + 1)
        _take(parts, manifest)
        if not deep:
            parts.platforms = len(content.members(manifest)) or 1
        parts.manifests.append(replace(raw, media_type=sending.media_type_of(raw, manifest)))

    await read(version, 0)
    if len(parts.contents) > MOST_CONTENTS:
        raise Unsupported(f"{repository}:{version} lists more than can be copied.", hint="Nothing was copied.")
    return parts


def _take(parts: Parts, manifest: content.Manifest) -> None:
    described: Sequence[content.Descriptor] = manifest.layers or ()
    for one in described:
        if one.urls:
            parts.elsewhere += 1
        else:
            parts.contents[one.digest] = one.size
    if manifest.config:
        parts.contents[manifest.config.digest] = manifest.config.size


async def _lead(there: RegistryClient, target: End, whole: Raw) -> None:
    """Write the tag, the last step: from then on it can be pulled. Raises Unsure when nobody knows whether it was."""
    try:
        await sending.put(there, target.repository, target.version, whole)
        found = await there.digest(target.repository, target.version)
    except Unreachable as error:
        raise await _unsure(there, target, whole, error) from error
    if found != whole.digest:
        raise ClusterError(
            f"{target} leads to {found} now, not to what was sent.", hint="Somebody else writes there, too."
        )


async def _unsure(there: RegistryClient, target: End, whole: Raw, error: Unreachable) -> ClusterError:
    try:
        if await sending.has_manifest(there, target.repository, target.version) != whole.digest:
            return error
    except ClusterError:
        pass
    return Unsure(
        f"{target.registry.host} was lost at the last step: {target} may lead to the new image, or not.",
        hint="Look when it answers. Copying again does no harm.",
        detail=error.message,
    )


def _until_then(moving: Moving, target: End, before: str) -> str:
    done = f"Done until then: {moving.words}."
    if moving.stage == "tag":
        return f"{done} Whether the tag was written tells the page of {target.repository}."
    still = f"{target} still leads to {before}" if before else f"The tag comes last: nobody can pull {target} yet"
    return f"{done} {still}. Copying again goes on from there."
