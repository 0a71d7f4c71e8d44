"""Does a registry have something newer under the same name? Asked when somebody looks, and kept for six hours."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from clusters.errors import ClusterError, Invalid, Missing
from clusters.models import Registry
from clusters.registries.client import RegistryClient
from clusters.registries.kept import way_to
from clusters.registries.reference import Reference, called, read_reference
from clusters.registries.seen import State

KEPT = 6 * 3600.0  # seconds between two questions about one image
AGAIN = 60.0  # seconds after one that was not answered
MOST_KEPT = 5000


@dataclass(frozen=True, slots=True)
class Compared:
    """A name, with the digest it has here and the one it has there. ``why`` it cannot be told, when it cannot."""

    name: str
    state: State
    here: str = ""
    there: str = ""
    why: str = ""
    at: float = 0.0  # when the registry was asked, in epoch seconds; 0.0: it was not
    registry: str = ""  # the slug of the registry, where it is one that is kept
    to_add: str = ""  # its host, where it is not
    repository: str = ""
    tag: str = ""


@dataclass(frozen=True, slots=True)
class _Answer:
    at: float
    digest: str = ""
    why: str = ""
    gone: bool = False


_answers: dict[tuple[int, str, str], _Answer] = {}


async def compare(name: str, digests: Sequence[str], *, anew: bool = False) -> Compared:
    """A name of an image, and the digests by which its engine knows it ("registry.test:5000/web@sha256:…")."""
    try:
        reference = read_reference(name)
    except Invalid as error:
        return Compared(name, "unknown", why=error.message)
    here = _digest_here(reference, digests)
    registry = await Registry.objects.filter(host=reference.host).afirst()
    if registry is None:
        why = f"{called(reference.host)} is not among the registries."
        return Compared(name, "unknown", here, why=why, to_add=reference.host)
    found = await _ask(registry, reference, anew=anew)
    state: State = "unknown"
    why = found.why
    if found.gone:
        state = "gone"
    elif found.digest and not here:
        why = "The engine does not say which digest it has of it: it was not pulled from there."
    elif found.digest:
        state = "same" if found.digest == here else "newer"
    return Compared(name, state, here, found.digest, why, found.at, registry.slug, reference.repository, reference.tag)


async def _ask(registry: Registry, reference: Reference, *, anew: bool) -> _Answer:
    about = (registry.pk, reference.repository, reference.tag)
    kept = _answers.get(about)
    if kept and not anew and time.time() - kept.at < (AGAIN if kept.why else KEPT):
        return kept
    try:
        async with RegistryClient(way_to(registry)) as client:
            digest = await client.digest(reference.repository, reference.tag or reference.digest)
            answer = _Answer(time.time(), digest)
    except Missing:
        answer = _Answer(time.time(), gone=True)
    except ClusterError as error:
        answer = _Answer(time.time(), why=error.message)
    if len(_answers) >= MOST_KEPT:
        _answers.clear()
    _answers[about] = answer
    return answer


def _digest_here(reference: Reference, digests: Sequence[str]) -> str:
    """The one that belongs to this name's repository."""
    for one in digests:
        name, _, digest = one.partition("@")
        try:
            found = read_reference(f"{name}@{digest}")
        except Invalid:
            continue
        if (found.host, found.repository) == (reference.host, reference.repository):
            return digest
    return ""
