"""What is worth knowing of a build before it begins: images that its engine cannot get while it builds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from clusters.access import Actor
from clusters.build.dockerfile import read_dockerfile
from clusters.build.engine import build_engine
from clusters.build.form import BuildForm
from clusters.build.running import NEED
from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Invalid, Missing
from clusters.gateway import Gateway
from clusters.kinds.makers import Remark
from clusters.registries.reference import HUB, read_reference
from clusters.shells import in_time

SECONDS = 5.0
OBEYS = 23  # from this Docker on, builds obey insecure-registries, too


async def remarks(gateway: Gateway, actor: Actor, cluster_id: int, form: BuildForm) -> Sequence[Remark]:
    """What is worth knowing. Raises Denied."""
    await gateway.see(actor, cluster_id, None, NEED, verb="build")
    try:
        return await in_time(out_of_reach(gateway.driver(actor, cluster_id), form), SECONDS)
    except ClusterError:
        return ()  # the cluster's own state says what is wrong


async def out_of_reach(driver: Driver, form: BuildForm) -> Sequence[Remark]:
    """The images that an old engine asks for with encryption only. It is asked when one is named with its registry."""
    images = dict(_of_registries(form))
    if not images:
        return ()
    info = await driver.call(Call("GET", ("info",)))
    plain = set(_plain(info)).intersection(images.values())
    if not plain or await build_engine(driver).builder() == "1":
        return ()
    version = str(info["ServerVersion"])
    if not version.partition(".")[0].isdecimal() or int(version.partition(".")[0]) >= OBEYS:
        return ()
    old = ".".join(version.split(".")[:2])
    said = "Docker {} asks {} with encryption only while it builds, whatever its settings say."
    return [
        Remark(f"{said.format(old, host)} If that registry has none, {_way_out(form, image)}", "warn")
        for image, host in images.items()
        if host in plain and (form.pull or not await _is_there(driver, image))
    ]


def _way_out(form: BuildForm, image: str) -> str:
    again = " and do not ask for newer base images" if form.pull else ""
    return f"pull {image} to this host first, under Images{again}."


def _of_registries(form: BuildForm) -> Iterator[tuple[str, str]]:
    """The images that are named with a registry, each with its host."""
    for _, image in read_dockerfile(form.dockerfile).images(dict(form.arguments)):
        try:
            host = read_reference(image).host
        except Invalid:
            continue  # the engine will say so
        if host != HUB:
            yield image, host


def _plain(info: Any) -> Iterator[str]:
    """The registries with which the engine was told to do without encryption that it can trust."""
    known = (info.get("RegistryConfig") or {}).get("IndexConfigs") or {}
    return (host for host, one in known.items() if isinstance(one, dict) and one.get("Secure") is False)


async def _is_there(driver: Driver, image: str) -> bool:
    try:
        await driver.call(Call("GET", ("images", *image.split("/"), "json")))
    except Missing:
        return False
    return True
