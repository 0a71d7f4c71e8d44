"""What can be done to a volume, and how a new one is made."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import Conflict, Invalid, Missing
from clusters.kinds.actions import docker_line, one_call
from clusters.kinds.base import JSON, Action, Says
from clusters.kinds.docker.run_volumes import gives_power
from clusters.kinds.docker.used_by import in_use
from clusters.kinds.docker.volume_model import Volume
from clusters.kinds.field import Field
from clusters.kinds.makers import Maker
from clusters.kinds.masking import mask_pair
from clusters.kinds.readable import check_labels

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{1,254}")
_KEY = re.compile(r"[^\s=\0]{1,200}")

REMOVE: Action[Volume] = Action(
    verb="remove",
    label="Remove",
    icon="trash-2",
    effect=lambda one: f"Removes {one.name} with all files in it. They cannot be brought back.",
    run=one_call(lambda one, values: Call("DELETE", ("volumes", one.name)), "{name} is removed."),
    refuse=lambda one: in_use(one),
    danger=True,
    line=docker_line("volume", "rm"),
)
ACTIONS = (REMOVE,)

FIELDS = (
    Field(name="name", label="Name", help="Letters, digits, “_”, “.” and “-”: like shop_data.", max_length=255),
    Field(name="driver", label="Driver", help="“local” keeps the files on the machine of the engine.", max_length=200,
          initial=lambda _: "local"),
    Field(name="options", label="Options of the driver", type="lines", required=False,
          help="One a line: type=nfs, o=addr=10.0.0.5,rw, device=:/exports/data."),
    Field(name="labels", label="Labels", type="lines", required=False, help="One a line: name=value."),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class VolumeForm:
    """What to make, checked."""

    name: str
    driver: str
    options: Mapping[str, str]
    labels: Mapping[str, str]


def pairs(values: Mapping[str, JSON], name: str) -> dict[str, str]:
    """The lines ``name=value`` of a field. Raises Invalid with the one that is wrong."""
    found: dict[str, str] = {}
    for line in str(values.get(name) or "").splitlines():
        if text := line.strip():
            key, equals, value = text.partition("=")
            if not _KEY.fullmatch(key) or (not equals and name == "options"):
                raise Invalid(f"“{text[:60]}” is not of the form name=value.")
            if key in found:
                raise Invalid(f"“{key[:60]}” is there twice.")
            found[key] = value
    return found


def read_form(values: Mapping[str, JSON]) -> VolumeForm:
    """The form as it was filled in. Raises Invalid."""
    name, driver = str(values["name"]), str(values["driver"])
    if not NAME.fullmatch(name):
        hint = "Two or more letters, digits, “_”, “.” and “-”, beginning with a letter or digit."
        raise Invalid(f"“{name[:60]}” cannot be the name of a volume.", hint=hint)
    options = pairs(values, "options")
    if driver == "local" and _is_folder(options):
        raise Invalid(
            "These options make a folder of the machine a volume.",
            hint="That would give power over the machine: only options of network shares and memory are taken here.",
        )
    return VolumeForm(name, driver, options, pairs(values, "labels"))


def _is_folder(options: Mapping[str, str]) -> bool:
    """``type=none,o=bind,device=/`` reaches every file of the machine; so does the device of one of its disks."""
    device, kind = options.get("device", ""), options.get("type", "").strip().lower()
    binds = {word.strip().lower() for word in options.get("o", "").split(",")} & {"bind", "rbind"}
    share = kind.startswith(("nfs", "cifs", "smb")) or kind == "tmpfs"
    return bool(binds) or (bool(options) and not share and (bool(device) or bool(kind)))


def line(form: VolumeForm, *, hidden: bool = False) -> str:
    """The same on a command line; ``hidden``: without what looks like a secret."""
    words = ["docker", "volume", "create"]
    if form.driver != "local":
        words += ["--driver", form.driver]
    for flag, given in (("--opt", form.options), ("--label", form.labels)):
        for key, value in given.items():
            words += [flag, _hide(f"{key}={value}") if hidden else f"{key}={value}"]
    return shlex.join([*words, form.name])


def _hide(pair: str) -> str:
    return re.sub(r"(?i)(password|passwd|pass|credentials)=[^,]*", r"\1=••••••", mask_pair(pair))


async def _make(driver: Driver, form: VolumeForm, says: Says) -> str:
    says.say(line(form, hidden=True))
    # The engine answers "made" for a name that is there already, whatever its driver: so ask first.
    try:
        await driver.call(Call("GET", ("volumes", form.name)))
    except Missing:
        pass
    else:
        raise Conflict(f"There is a volume called {form.name} already.", hint="Choose another name.")
    body: dict[str, Any] = {"Name": form.name, "Driver": form.driver}
    body |= {"DriverOpts": dict(form.options), "Labels": dict(form.labels)}
    await driver.call(Call("POST", ("volumes", "create"), body=body))
    return form.name


CREATE: Maker[Volume] = Maker(
    label="Create a volume",
    icon="plus",
    fields=FIELDS,
    read=read_form,
    line=line,
    record=lambda form: line(form, hidden=True),
    title=lambda form: f"Create volume {form.name}",
    run=_make,
    check=check_labels,
    button="Create",
    ended="{name} is made",
    powers=lambda form: (
        ["reaches beyond the machine's own folder for volumes"] if gives_power(form.driver, form.options) else ()
    ),
)
