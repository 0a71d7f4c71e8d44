"""Why a container would be made anew: how its service is now, beside how it would be.

An engine keeps no more than a hash of the text that a container was made from. So one of the last versions that were
deployed from here tells how it is now, as long as the program makes that very hash of it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from clusters.compose.check import Checked, check, config, read_text
from clusters.compose.hiding import HIDDEN
from clusters.compose.leads import leads_to
from clusters.compose.power import PROJECT_LABEL
from clusters.compose.progress import Effect
from clusters.compose.stays import SERVICE_LABEL
from clusters.compose.versions import open_version, versions_of
from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError
from clusters.kinds.formats import short_id
from clusters.kinds.preview import MOST, Difference, differences

HASH_LABEL = "com.docker.compose.config-hash"
LOOKED_THROUGH = 3  # versions
SEEN = 5.0  # seconds for one question to the engine
Said = tuple[list[Effect], list[str]]  # what becomes of each thing, and words on what cannot be told


@dataclass(frozen=True, slots=True)
class _There:
    """A container that is there."""

    service: str
    hash: str
    image: str  # its id


async def say_differences(driver: Driver, cluster_id: int, asked: Checked, found: Sequence[Effect]) -> Said:
    """Say it of each service that is made anew, at the first of its containers."""
    there = await _there(driver, asked.name) if any(_is_anew(one) for one in found) else {}
    first = {there[one.name].service: one.name for one in reversed(found) if _is_anew(one) and one.name in there}
    made_from = await _made_from(cluster_id, asked.name, {service: there[name].hash for service, name in first.items()})
    told, words = {}, []
    for service, name in sorted(first.items()):
        before = made_from.get(service)
        differ = _between(before, asked, service) if before else []
        differ = differ or await _other_image(driver, there[name], str(_service(asked, service).get("image") or ""))
        told[name] = (service, differ)
        if not differ:
            words.append(_untold(service, is_known=before is not None))
    return [_with(one, told.get(one.name)) for one in found], words


def _is_anew(one: Effect) -> bool:
    return (one.sort, one.what) == ("Container", "re-created")


def _with(one: Effect, told: tuple[str, list[Difference]] | None) -> Effect:
    if told is None:
        return one
    service, differ = told
    return replace(one, service=service, differences=differ[:MOST], more=max(0, len(differ) - MOST))


def _untold(service: str, *, is_known: bool) -> str:
    if is_known:
        return f"The text of {service} is the same: it is made anew because something that it uses is another one."
    return f"What differs of {service} cannot be told: it was not made from a text that is kept here."


async def _there(driver: Driver, project: str) -> dict[str, _There]:
    query = {"all": "1", "filters": json.dumps({"label": [f"{PROJECT_LABEL}={project}"]})}
    listed = await driver.call(Call("GET", ("containers", "json"), query, timeout=SEEN))
    found = {}
    for one in listed or ():
        labels, names = one.get("Labels") or {}, one.get("Names") or [""]
        there = _There(str(labels.get(SERVICE_LABEL)), str(labels.get(HASH_LABEL)), str(one.get("ImageID")))
        found[str(names[0]).removeprefix("/")] = there
    return found


async def _made_from(cluster_id: int, name: str, hashes: Mapping[str, str]) -> dict[str, Checked]:
    """By service, the version that its container was made from; without those of which that is not known."""
    found: dict[str, Checked] = {}
    versions = await versions_of(cluster_id, name) if hashes else []
    for version in versions[:LOOKED_THROUGH]:
        if len(found) == len(hashes):
            break
        try:
            kept = await open_version(cluster_id, name, version.number)
            checked = await check(kept.text, name, kept.values, stored=kept.secrets)
            printed = await config(read_text(kept.text), name, checked.values, "--hash", "*", hide=checked.hide)
        except ClusterError:
            continue  # it cannot be opened or read any longer: another one may tell
        made = dict(line.split(maxsplit=1) for line in printed.splitlines() if len(line.split()) == 2)
        found |= {
            service: checked for service, one in hashes.items() if service not in found and made.get(service) == one
        }
    return found


def _between(before: Checked, after: Checked, service: str) -> list[Difference]:
    def hide(text: str) -> str:
        return before.hide(after.hide(text))

    return [
        *differences(_service(before, service), _service(after, service), hide),
        *differences(_configs(before, service), _configs(after, service), hide),
        *_other_secrets(before, after, service),
    ]


def _service(one: Checked, service: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = (one.project.get("services") or {}).get(service) or {}
    return found


def _sources(one: Checked, service: str, section: str) -> dict[str, Mapping[str, Any]]:
    """The configs or the secrets that it uses, by their names."""
    every = one.project.get(section) or {}
    return {
        name: every.get(name) or {} for use in _service(one, service).get(section) or () if (name := use.get("source"))
    }


def _configs(one: Checked, service: str) -> Mapping[str, Any]:
    return {"config": _sources(one, service, "configs")}


def _other_secrets(before: Checked, after: Checked, service: str) -> list[Difference]:
    """Those in both that hold something else now."""
    old, new = (_sources(one, service, "secrets") for one in (before, after))
    held = [(name, _held(before, old[name]), _held(after, new[name])) for name in sorted(old.keys() & new.keys())]
    return [Difference(f"secret › {name}", HIDDEN, f"{HIDDEN} (another)") for name, was, will in held if was != will]


def _held(one: Checked, secret: Mapping[str, Any]) -> str:
    return one.values.get(str(secret.get("environment")), "")


async def _other_image(driver: Driver, there: _There, image: str) -> list[Difference]:
    """Where its name leads to another image by now."""
    try:
        now = await leads_to(driver, image, SEEN)
    except ClusterError:
        return []  # it cannot be told now: no reason to say nothing of all the rest
    return [Difference(f"image {image}", short_id(there.image), short_id(now))] if now not in ("", there.image) else []
