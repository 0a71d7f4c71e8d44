"""What is worth knowing before a container is made: a taken name or port, an image that must come first."""

from __future__ import annotations

from collections.abc import Sequence

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Missing
from clusters.kinds.docker.container_model import Container
from clusters.kinds.docker.run_form import BUILT_IN, Port, RunForm
from clusters.kinds.makers import Remark
from clusters.kinds.readable import is_plain_secret, readable, readable_labels


async def check(
    driver: Driver, form: RunForm, containers: Sequence[Container], instead_of: str = ""
) -> Sequence[Remark]:
    """``instead_of`` is the id of the container whose place it takes: that one is no obstacle."""
    others = [one for one in containers if one.uid != instead_of]
    return [
        *_name(form, others),
        *_ports(form, others),
        *await _image(driver, form),
        *await _networks(driver, form),
        *_secrets(form),
    ]


def _name(form: RunForm, others: Sequence[Container]) -> list[Remark]:
    taken = form.name and any(one.name == form.name for one in others)
    return [Remark(f"There is a container called {form.name} already.", "stop", "name")] if taken else []


def _ports(form: RunForm, others: Sequence[Container]) -> list[Remark]:
    found = []
    for port in form.ports:
        holder = next((one for one in others if one.running and _holds(one, port)), None) if port.outside else None
        if holder:
            words = f"Port {port.outside} of the machine is taken already, by {holder.name}."
            found.append(Remark(words, "stop", "ports"))
    return found


def _holds(container: Container, port: Port) -> bool:
    protocol = port.inside.rpartition("/")[2]
    return any(
        outside == port.outside
        and inside.rpartition("/")[2] == protocol
        and (not address or not port.address or address == port.address)
        for address, outside, inside in container.ports
    )


def _secrets(form: RunForm) -> list[Remark]:
    pairs = (one.partition("=") for one in form.environment)
    names = [name for name, _, value in pairs if name in form.unseen or is_plain_secret(name, value)]
    words = (readable(names) if names else "", readable_labels(form.labels))
    return [Remark(one, "warn") for one in words if one]


async def _image(driver: Driver, form: RunForm) -> list[Remark]:
    try:
        await driver.call(Call("GET", ("images", *form.image.split("/"), "json"), timeout=5.0))
    except Missing:
        return [Remark(f"{form.image} is not on this machine yet: it will be pulled.")]
    except ClusterError:
        return []  # the cluster's own state says what is wrong
    return []


async def _networks(driver: Driver, form: RunForm) -> list[Remark]:
    found = []
    for one in form.networks[:10]:
        if one.network in BUILT_IN:
            continue
        try:
            await driver.call(Call("GET", ("networks", one.network), timeout=5.0))
        except Missing:
            found.append(Remark(f"There is no network {one.network} on this machine.", "stop", "networks"))
        except ClusterError:
            break
    return found
