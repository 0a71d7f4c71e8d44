"""What can be changed about a container while it stays the same one: its name, its limits; and an image made of it."""

from __future__ import annotations

import shlex
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import Invalid
from clusters.kinds.actions import Values, one_call
from clusters.kinds.base import Action
from clusters.kinds.docker.amounts import read_cpus, read_memory, write_cpus, write_size
from clusters.kinds.docker.container_model import Container
from clusters.kinds.docker.image_name import split_image
from clusters.kinds.docker.names import NAME, NAME_HELP, RESTART
from clusters.kinds.field import Field
from clusters.kinds.formats import short_id

_SIGNALS = (
    ("KILL", "KILL: end it at once"),
    ("TERM", "TERM: ask it to end"),
    ("INT", "INT: as Ctrl-C does"),
    ("HUP", "HUP: many read their settings again"),
    ("QUIT", "QUIT: end it, with a dump"),
    ("USR1", "USR1: means what the program says"),
    ("USR2", "USR2: means what the program says"),
    ("WINCH", "WINCH: some web servers end gently"),
    ("STOP", "STOP: freeze its main process"),
    ("CONT", "CONT: let it go on"),
)
_COMMIT_PATIENCE = 110.0  # seconds; it copies all that was changed


def _signal(container: Container, values: Values) -> Call:
    return Call("POST", ("containers", container.uid, "kill"), {"signal": f"SIG{values['signal']}"})


def _renaming(container: Container, values: Values) -> Call:
    return Call("POST", ("containers", container.uid, "rename"), {"name": values["name"]})


def _limits(container: Container, values: Values) -> Call:
    """The change, and no more: what is left empty stays. An engine cannot take a limit away in place."""
    body: dict[str, Any] = {}
    if memory := read_memory(values.get("memory") or ""):
        body |= {"Memory": memory, "MemorySwap": _swap(container, memory)}
    elif container.memory_limit:
        raise Invalid("A limit of memory can be changed in place, but not taken away.", hint=_EDIT)
    if cpus := read_cpus(values.get("cpus") or ""):
        body["NanoCpus"] = cpus
    elif container.cpu_limit:
        raise Invalid("A limit of processors can be changed in place, but not taken away.", hint=_EDIT)
    policy = {"Name": values["restart"]}
    if values["restart"] == "on-failure" and values.get("retries"):
        policy["MaximumRetryCount"] = values["retries"]
    return Call("POST", ("containers", container.uid, "update"), body={**body, "RestartPolicy": policy})


_EDIT = "“Edit” makes the container again without it."


def _swap(container: Container, memory: int) -> int:
    """Memory and swap together: the share of swap stays what it was; by itself the engine gives as much again."""
    before, both = int(container.memory_limit), container.host_config.memory_swap or 0
    if both == -1:
        return -1
    return memory + both - before if before and both >= before and both != 2 * before else 2 * memory


async def _update(driver: Driver, container: Container, values: Values) -> str:
    answer = await driver.call(_limits(container, values))
    warnings = answer.get("Warnings") if isinstance(answer, dict) else None
    more = f" The engine says: {str(warnings[0])[:200]}" if warnings else ""
    return f"{container.name} has its new limits.{more}"


def _update_line(container: Container, values: Values) -> str:
    words = ["docker", "update"]
    for flag, name in (("--memory", "memory"), ("--cpus", "cpus")):
        if values.get(name):
            words += [flag, str(values[name])]
    retries = f":{values['retries']}" if values.get("restart") == "on-failure" and values.get("retries") else ""
    return shlex.join([*words, "--restart", f"{values.get('restart') or 'no'}{retries}", container.name])


async def _commit(driver: Driver, container: Container, values: Values) -> str:
    name, tag = split_image(values["image"])
    if "@" in values["image"]:
        raise Invalid("An image is made under a name and a tag, not under a digest.")
    query = {"container": container.uid, "repo": name, "tag": tag, "pause": "true" if values.get("pause") else "false"}
    if values.get("comment"):
        query["comment"] = values["comment"]
    # Without a body of its own the engine takes over the container's settings.
    made = await driver.call(Call("POST", ("commit",), query, {}, timeout=_COMMIT_PATIENCE))
    uid = made.get("Id", "") if isinstance(made, dict) else ""
    return f"The image {name}:{tag} is made{f' ({short_id(uid)})' if isinstance(uid, str) and uid else ''}."


def _commit_line(container: Container, values: Values) -> str:
    words = ["docker", "commit"]
    if not values.get("pause"):
        words.append("--pause=false")
    if values.get("comment"):
        words += ["--message", str(values["comment"])]
    return shlex.join([*words, container.name, str(values.get("image") or "")])


def _restart_now(container: Container) -> str:
    policy = container.host_config.restart_policy
    return (policy.name if policy else "") or "no"


def _retries_now(container: Container) -> int | None:
    policy = container.host_config.restart_policy
    return (policy.maximum_retry_count if policy else 0) or None


def _may_rename(container: Container) -> str:
    return "It is being removed." if container.state.status in ("removing", "dead") else ""


KILL: Action[Container] = Action(
    verb="kill",
    more=True,
    label="Send a signal",
    joint="to",
    icon="zap",
    effect=lambda one: f"Sends a signal to the main process of {one.name}. What it does then is up to the program.",
    stays=lambda one: "Its files and volumes stay.",
    run=one_call(_signal, lambda one, values: f"SIG{values['signal']} is sent to {one.name}."),
    refuse=lambda one: "" if one.state.status in ("running", "paused") else "It does not run.",
    fields=(
        Field(name="signal", label="Signal", type="choice", choices=_SIGNALS, initial=lambda _: "KILL", max_length=8),
    ),
    line=lambda one, values: shlex.join(["docker", "kill", "--signal", str(values.get("signal") or "KILL"), one.name]),
)
RENAME: Action[Container] = Action(
    verb="rename",
    more=True,
    label="Rename",
    icon="pencil",
    effect=lambda one: f"Gives {one.name} another name; it runs on meanwhile.",
    stays=lambda one: "On networks of your own it is found under the new name only.",
    run=one_call(_renaming, lambda one, values: f"{one.name} is called {values['name']} now."),
    refuse=_may_rename,
    bulk=False,
    fields=(
        Field(
            name="name",
            label="Name",
            initial=lambda one: one.name,
            pattern=NAME.pattern,
            max_length=128,
            help=NAME_HELP,
        ),
    ),
    undo=lambda one, values: ("rename", {"name": one.name}),
    line=lambda one, values: shlex.join(["docker", "rename", one.name, str(values.get("name") or "")]),
)
LIMITS: Action[Container] = Action(
    verb="update",
    more=True,
    label="Change limits",
    joint="of",
    icon="gauge",
    effect=lambda one: f"Changes what {one.name} may use and when it is started again, while it runs.",
    stays=lambda one: "It is not restarted.",
    run=_update,
    refuse=_may_rename,
    fields=(
        Field(
            name="memory",
            label="Memory",
            required=False,
            initial=lambda one: write_size(one.memory_limit),
            max_length=20,
            help="Like 512m or 1.5g. When it needs more, the kernel ends it.",
        ),
        Field(
            name="cpus",
            label="Processors",
            required=False,
            initial=lambda one: write_cpus(one.cpu_limit),
            max_length=10,
            help="Like 0.5 or 2. When it needs more, it waits.",
        ),
        Field(name="restart", label="Start it again by itself", type="choice", choices=RESTART, initial=_restart_now),
        Field(
            name="retries",
            label="At most so often",
            type="number",
            required=False,
            minimum=0,
            maximum=10_000,
            initial=_retries_now,
            help="For “when it fails” only.",
        ),
    ),
    line=_update_line,
)
COMMIT: Action[Container] = Action(
    verb="commit",
    more=True,
    label="Make an image",
    joint="of",
    icon="package",
    effect=lambda one: (
        f"Makes an image of the files of {one.name} as they are now, with its settings and its environment. "
        "What is in volumes is not in it."
    ),
    stays=lambda one: "The container goes on.",
    run=_commit,
    right="run",
    bulk=False,
    fields=(
        Field(name="image", label="Name of the image", max_length=300, help="Like shop/web:debugged."),
        Field(name="comment", label="What for", required=False, max_length=200),
        Field(
            name="pause",
            label="Freeze it while its files are copied",
            type="flag",
            required=False,
            initial=lambda _: True,
            help="Without it, files may change while they are copied.",
        ),
    ),
    line=_commit_line,
)
