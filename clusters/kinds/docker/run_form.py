"""What is filled in to run a container: the fields, their checks with clear words, and the same as `docker run`.

What could give a container power over its machine (folders of the machine, devices, privileges) is not in this form.
"""

from __future__ import annotations

import ipaddress
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from clusters.errors import Invalid
from clusters.kinds.base import Field
from clusters.kinds.docker.image_name import split_image
from clusters.kinds.docker.names import NAME, RESTART
from clusters.kinds.masking import mask_pair, mask_words

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,200}")
FIELDS = (
    Field(name="image", label="Image", help="Like nginx:1.29 or registry.example.com/shop/web:2.", max_length=500),
    Field(name="name", label="Name", required=False, help="Left empty, the engine makes one up.", max_length=128),
    Field(name="command", label="Command", required=False, help="Instead of what the image runs by itself."),
    Field(
        name="ports",
        label="Ports",
        type="lines",
        required=False,
        help="One a line: 8080:80 (port of the machine, port inside), 127.0.0.1:8080:80, 53:53/udp.",
    ),
    Field(name="environment", label="Environment", type="lines", required=False, help="One a line: NAME=value."),
    Field(
        name="volumes",
        label="Volumes",
        type="lines",
        required=False,
        help="One a line: data:/var/lib/data, or data:/var/lib/data:ro to only read it.",
    ),
    Field(
        name="restart",
        label="Start it again by itself",
        type="choice",
        choices=RESTART,
        required=False,
        initial=lambda _: "unless-stopped",
    ),
)


@dataclass(frozen=True, slots=True)
class Port:
    """One published port; ``address`` "" is every address of the machine, ``outside`` "" lets the engine choose."""

    inside: str  # "80/tcp"
    outside: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunForm:
    """What to run, checked."""

    image: str
    name: str = ""
    command: tuple[str, ...] = ()
    ports: tuple[Port, ...] = ()
    environment: tuple[str, ...] = ()
    volumes: tuple[tuple[str, str, bool], ...] = ()  # the volume, where inside, read-only
    restart: str = "no"

    @property
    def body(self) -> dict[str, Any]:
        """What the engine's API takes to create it; made anew from what was checked, nothing is passed through."""
        bindings: dict[str, list[dict[str, str]]] = {}
        for port in self.ports:
            bindings.setdefault(port.inside, []).append({"HostIp": port.address, "HostPort": port.outside})
        return {
            "Image": self.image,
            "Cmd": list(self.command) or None,
            "Env": list(self.environment),
            "ExposedPorts": {inside: {} for inside in bindings},
            "HostConfig": {
                "PortBindings": bindings,
                "RestartPolicy": {"Name": self.restart},
                "Mounts": [
                    {"Type": "volume", "Source": volume, "Target": target, "ReadOnly": read_only}
                    for volume, target, read_only in self.volumes
                ],
            },
        }


def read_form(values: Mapping[str, Any]) -> RunForm:
    """The form as it was filled in. Raises Invalid with the line that is wrong."""
    name = _text(values, "name")
    if name and not NAME.fullmatch(name):
        raise Invalid(f"“{name}” cannot be a name.", hint="Letters, digits, “_”, “.” and “-”, beginning with a letter.")
    restart = _text(values, "restart") or "no"
    if restart not in dict(RESTART):
        raise Invalid("That is not one of the restart policies.")
    image = _text(values, "image")
    split_image(image)
    try:
        command = tuple(shlex.split(_text(values, "command")))
    except ValueError as error:
        raise Invalid("A quotation mark in the command is not closed.") from error
    return RunForm(
        image=image,
        name=name,
        command=command,
        ports=_each(values, "ports", _port),
        environment=_each(values, "environment", _variable),
        volumes=_each(values, "volumes", _volume),
        restart=restart,
    )


def docker_line(form: RunForm, *, hidden: bool = False) -> str:
    """The same on a command line; ``hidden``: without what looks like a secret, for those who did not type it."""
    words = ["docker", "run", "--detach"]
    if form.name:
        words += ["--name", form.name]
    if form.restart != "no":
        words += ["--restart", form.restart]
    for port in form.ports:
        address = f"[{port.address}]" if ":" in port.address else port.address
        inside = port.inside.removesuffix("/tcp")
        outside = f"{port.outside}:" if port.outside or address else ""
        words += ["--publish", f"{address + ':' if address else ''}{outside}{inside}"]
    for variable in form.environment:
        words += ["--env", mask_pair(variable) if hidden else variable]
    for volume, target, read_only in form.volumes:
        words += ["--volume", f"{volume}:{target}{':ro' if read_only else ''}"]
    command = mask_words(list(form.command)) if hidden else form.command
    return shlex.join([*words, form.image, *command])


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name) or ""
    if not isinstance(value, str) or "\0" in value:
        raise Invalid(f"The value of “{name}” is not a text.")
    return value.strip()


def _each(values: Mapping[str, Any], name: str, read: Callable[[str], Any]) -> tuple[Any, ...]:
    lines = [line.strip() for line in _text(values, name).splitlines() if line.strip()]
    if len(lines) > 200:
        raise Invalid(f"More than 200 lines of {name} are too many.")
    return tuple(read(line) for line in lines)


def _port(line: str) -> Port:
    wrong = Invalid(f"“{line[:100]}” is not a port.", hint="Write 8080:80, 127.0.0.1:8080:80, or 80 alone.")
    numbers, _, protocol = line.partition("/")
    address, outside, inside = _split_port(numbers, wrong)
    if protocol not in ("", "tcp", "udp", "sctp") or not _is_port(inside) or (outside and not _is_port(outside)):
        raise wrong
    if address:
        try:
            ipaddress.ip_address(address)
        except ValueError as error:
            raise wrong from error
    return Port(f"{int(inside)}/{protocol or 'tcp'}", outside, address)


def _split_port(numbers: str, wrong: Invalid) -> tuple[str, str, str]:
    if numbers.startswith("["):
        address, found, rest = numbers[1:].partition("]:")
        parts = rest.split(":")
        if not found or len(parts) != 2:
            raise wrong
        return address, parts[0], parts[1]
    parts = numbers.split(":")
    if len(parts) > 3:
        raise wrong
    address, outside, inside = ["", "", *parts][-3:]
    return address, outside, inside


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536


def _variable(line: str) -> str:
    name, equals, _ = line.partition("=")
    if not equals or not _VARIABLE.fullmatch(name):
        raise Invalid(f"“{name[:60]}” is not a variable.", hint="Write NAME=value.")
    return line


def _volume(line: str) -> tuple[str, str, bool]:
    volume, _, rest = line.partition(":")
    target, _, mode = rest.partition(":")
    if volume.startswith(("/", ".", "~")):
        raise Invalid(
            f"“{volume[:60]}” is a folder of the machine.",
            hint="Only volumes can be used here: a folder of the machine would give power over it.",
        )
    inside = target.startswith("/") and ".." not in target.split("/")
    if not NAME.fullmatch(volume) or not inside or mode not in ("", "ro", "rw"):
        raise Invalid(f"“{line[:100]}” is not a volume.", hint="Write data:/var/lib/data, or data:/var/lib/data:ro.")
    return volume, target, mode == "ro"
