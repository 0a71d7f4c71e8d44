"""What is filled in once for every target: an image's own settings, and the same in the words of each target's form."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from clusters.errors import Invalid
from clusters.kinds.docker.amounts import read_cpus, read_size, write_cpus, write_size
from clusters.kinds.docker.image_name import split_image
from clusters.kinds.docker.run_fields import FIELDS as RUN_FIELDS
from clusters.kinds.field import Field
from clusters.kinds.variables import FILE, PLAIN, SECRET, parts_with, switched
from clusters.ship.kubernetes_pod import memory, plain_name

Values = Mapping[str, Any]
TARGETS = ("container", "swarm-service", "deployment")
NAMES = ("image", "name", "ports", "environment", "volumes", "command", "memory", "cpus", "health_command")
SIZE = "1Gi"
_LOW, _UP = 1024, 8000  # a port that only root may listen on is offered as one that everybody may
_run = {one.name: one for one in RUN_FIELDS}
FIELDS = (
    _run["image"],
    replace(_run["name"], max_length=63, help="Small letters, digits and “-” go everywhere."),
    Field(name="copies", label="Copies", type="number", required=False, minimum=0, maximum=1000, initial=lambda _: 1),
    _run["ports"],
    replace(
        _run["environment"],
        help="What a secret is kept in, its form says: not every target has such a thing for variables.",
        notation="One a line: NAME=value; secret: NAME=value for a secret, plain: NAME=value for what only looks so.",
        parts=parts_with((SECRET, "Secret"), (PLAIN, "Always plain")),
    ),
    replace(_run["volumes"], help=""),
    replace(_run["command"], group="More"),
    replace(_run["memory"], group="More"),
    replace(_run["cpus"], group="More"),
    replace(_run["health_command"], label="Health check", group="More"),
)


def of_image(image: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """What an image says of itself, filled in: a name from its own, the ports that it exposes, how it is checked."""
    exposed = config.get("ExposedPorts")
    ports = [line for one in sorted(exposed if isinstance(exposed, dict) else ()) if (line := _published(str(one)))]
    check = config.get("Healthcheck")
    test = check.get("Test") if isinstance(check, dict) else None
    return {
        "image": image,
        "name": _name_of(image),
        "copies": 1,
        "ports": "\n".join(ports),
        "health_command": _check_text(test if isinstance(test, list) else []),
    }


def to_target(kind: str, values: Values, image_config: Mapping[str, Any]) -> dict[str, Any]:
    """The same in the fields of a target's form. What an image says by itself is left to it where it counts."""
    given = {name: values.get(name) or "" for name in NAMES}
    given["environment"] = _environment_there(str(given["environment"]))
    if kind != "deployment":
        if given["health_command"] == of_image(str(given["image"]), image_config)["health_command"]:
            given["health_command"] = ""
        copies = {"copies": values.get("copies")} if kind == "swarm-service" else {}
        return {**given, **copies}
    check = str(given["health_command"])
    return {
        "image": given["image"],
        "name": plain_name(str(given["name"])) if given["name"] else "",
        "copies": values.get("copies"),
        "ports": "\n".join(line for one in _lines(given["ports"]) if (line := _port_there(one))),
        "environment": given["environment"],
        "arguments": given["command"],
        "volumes": "\n".join(line for one in _lines(given["volumes"]) if (line := _volume_there(one))),
        "memory_limit": _size_there(str(given["memory"])),
        "cpu_limit": _cpus_there(str(given["cpus"])),
        **({"ready": "exec", "ready_at": _command_there(check)} if check and check != "none" else {}),
    }


def from_target(kind: str, values: Values) -> dict[str, Any]:
    """What a target's form holds, back in the fields that all have, so that nothing is typed twice."""
    if kind != "deployment":
        environment = {"environment": _environment_here(str(values.get("environment") or ""))}
        return {name: values[name] for name in (*NAMES, "copies") if name in values} | environment
    check = values.get("ready_at") if values.get("ready") == "exec" else ""
    return {
        **{name: values.get(name) or "" for name in ("image", "name", "copies", "environment")},
        "command": values.get("arguments") or "",
        "ports": "\n".join(line for one in _lines(values.get("ports")) if (line := _port_here(one))),
        "volumes": "\n".join(line for one in _lines(values.get("volumes")) if (line := _volume_here(one))),
        "memory": _size_here(str(values.get("memory_limit") or "")),
        "cpus": _cpus_here(str(values.get("cpu_limit") or "")),
        "health_command": check or "",
    }


def _environment_there(text: str) -> str:
    """Each secret says that it is one: so it is seen, and stays hidden where there are no secrets for variables."""
    return "\n".join(f"{(SECRET if one.is_secret else one.switch)} {one.pair}".strip() for one in switched(text))


def _environment_here(text: str) -> str:
    """What is a file in a Swarm is a secret elsewhere."""
    return "\n".join(f"{SECRET if one.switch == FILE else one.switch} {one.pair}".strip() for one in switched(text))


def _lines(text: object) -> list[str]:
    return [one.strip() for one in str(text or "").splitlines() if one.strip()]


def _name_of(image: str) -> str:
    try:
        name, _ = split_image(image)
    except Invalid:
        return ""
    return plain_name(name.rpartition("/")[2])


def _published(exposed: str) -> str:
    number, _, protocol = exposed.partition("/")
    if not number.isdecimal() or not 0 < int(number) < 65536 or protocol not in ("", "tcp", "udp", "sctp"):
        return ""
    outside = int(number) + (_UP if int(number) < _LOW else 0)
    return f"{outside}:{number}{'' if protocol in ('', 'tcp') else '/' + protocol}"


def _check_text(test: list[Any]) -> str:
    words = [str(one) for one in test]
    if words[:1] == ["CMD-SHELL"] and len(words) > 1:
        return words[1]
    return json.dumps(words[1:], ensure_ascii=False) if words[:1] == ["CMD"] and len(words) > 1 else ""


def _command_there(check: str) -> str:
    """A check as a shell's line or a list of words: as the words of a command."""
    if check.startswith("["):
        with suppress(ValueError):
            words = json.loads(check)
            if isinstance(words, list):
                return shlex.join(map(str, words))
    return shlex.join(["/bin/sh", "-c", check])


def _port_there(line: str) -> str:
    """``8080:80/udp`` -> ``80 UDP >8080``: there a service answers on the port that the machine had."""
    numbers, _, protocol = line.partition("/")
    outside, _, inside = numbers.rpartition(":")
    outside = outside.rpartition(":")[2]
    shown = f"{inside} {protocol.upper()}".strip()
    return f"{shown} >{outside}" if outside.isdecimal() and outside != inside else shown  # a range leads nowhere there


def _port_here(line: str) -> str:
    found = re.fullmatch(r"(\d+)(?:[ /](\w+))?(?: [a-z0-9-]+)?\s*(?:>\s*(\d+))?\s*(?:@\s*\d+)?", line, re.IGNORECASE)
    if found is None:
        return ""
    inside, protocol, outside = found[1], (found[2] or "tcp").lower(), found[3] or found[1]
    return f"{outside}:{inside}{'' if protocol == 'tcp' else '/' + protocol}"


def _volume_there(line: str) -> str:
    """``data:/data:ro`` -> ``/data new 1Gi ro``; of a folder of the machine an empty one."""
    source, _, rest = line.partition(":")
    target, _, mode = rest.partition(":")
    if not rest:
        source, target = "", line
    what = "empty" if source.startswith("/") or not source else f"new {SIZE}"
    return f"{target} {what}{' ro' if mode == 'ro' else ''}"


def _volume_here(line: str) -> str:
    path, what, *more = [*line.split(), ""]
    if what not in ("new", "claim", "empty"):
        return ""
    source = more[0] if what == "claim" else path.strip("/").replace("/", "-") if what == "new" else ""
    return f"{source}:{path}{':ro' if 'ro' in more else ''}" if source else path


def _size_there(text: str) -> str:
    with suppress(Invalid):
        return memory(read_size(text)) if text else ""
    return text


def _size_here(text: str) -> str:
    with suppress(Invalid):
        return write_size(read_size(text.removesuffix("i") if text.endswith("i") else text))
    return text


def _cpus_there(text: str) -> str:
    with suppress(Invalid):
        return f"{read_cpus(text) // 10**6}m" if text else ""
    return text


def _cpus_here(text: str) -> str:
    if text.endswith("m") and text[:-1].isdecimal():
        return write_cpus(int(text[:-1]) / 1000)
    return text
