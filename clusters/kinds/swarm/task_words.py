"""Why a task could not be placed, did not start or ended, in plain words: from those of the scheduler and its node."""

from __future__ import annotations

import re

from clusters.errors import ClusterError
from clusters.kinds.docker.full_disk import is_full
from clusters.kinds.docker.transfer_errors import transfer_error
from clusters.kinds.exit_codes import exit_term, exit_words
from clusters.kinds.formats import count, listed, size
from clusters.kinds.swarm.service_model import tagged
from clusters.kinds.swarm.task_model import Task
from clusters.registries.reference import read_reference

NO_PLACE, NO_IMAGE, CANNOT_START, UNHEALTHY, FAILED = (
    "Cannot be placed",
    "No image",
    "Cannot start",
    "Unhealthy",
    "Failed",
)
KILLED = 137  # the exit code of what was ended by force
_LONGEST = 200  # characters of what is passed on as it is
_CODE = re.compile(r"non-zero exit \((\d{1,3})\)")
_NOT_FITTING = re.compile(r"no suitable node \((.{0,1000})\)")
_NODES = re.compile(r"(\d{1,6}) nodes?")

# What the scheduler says of some nodes, and what it means: for several, for one.
_WHY_NOT = (
    ("scheduling constraints not satisfied", "do not match its placement rules", "does not match its placement rules"),
    ("insufficient resources", "have too little free for it", "has too little free for it"),
    ("host-mode port already in use", "have its port in use already", "has its port in use already"),
    ("not available for new tasks", "take no new tasks", "takes no new tasks"),
    ("unsupported platform", "cannot run programs of its image", "cannot run programs of its image"),
    ("max replicas per node", "have as many copies as one may have", "has as many copies as one may have"),
    ("missing plugin", "lack a driver that it needs", "lacks a driver that it needs"),
    ("missing network", "lack a network driver that it needs", "lacks a network driver that it needs"),
    ("CSI volume", "cannot mount its volumes", "cannot mount its volumes"),
)
# What a node says, and what it means. ``what`` stands for what is found in it.
_STARTING = (
    (r'exec: \\?"(?P<what>[^"\\]{1,200})\\?": executable file not found', "Its command {what} is not in the image"),
    (
        r'exec: \\?"(?P<what>[^"\\]{1,200})\\?": stat [^:]{1,200}: no such file',
        "Its command {what} is not in the image",
    ),
    (r"bind source path does not exist: (?P<what>\S{1,200})", "The folder {what} is not on that node"),
    (r"exec format error", "Its program is made for another processor than the node has"),
    (r"permission denied", "Its program may not be run, or something it needs may not be opened"),
    (r"port is already allocated|address already in use", "Its port is in use on that node already"),
    (r"(?:secret|config) reference|(?:secret|config)s? not found", "A secret or config that it needs is not there"),
    (r"network \S{1,200} not found|could not find (?:the )?network", "A network that it needs is not there"),
    (r"no available IPv4 addresses|non-overlapping IPv4", "The addresses of its network are used up"),
    (r"cannot allocate memory", "There is too little memory for it on that node"),
)
_STARTS = tuple((re.compile(pattern), words) for pattern, words in _STARTING)
_IMAGE = ("no such image", "failed to resolve reference", "pull access denied", "manifest", "error pulling image")


def placing_words(said: str) -> str:
    """ "no suitable node (insufficient resources on 3 nodes)": "No node fits: 3 nodes have too little free for it"."""
    match = _NOT_FITTING.search(said)
    if match is None:
        return "No node fits"
    return f"No node fits: {listed([_of_some_nodes(part.strip()) for part in match[1].split(';')])}"


def _of_some_nodes(part: str) -> str:
    number = _NODES.search(part)
    many = int(number[1]) if number else 0
    for known, several, one in _WHY_NOT:
        if known in part:
            return f"{count(many, 'node')} {one if many == 1 else several}" if many else f"the nodes {several}"
    return part[:_LONGEST]


def why(task: Task) -> tuple[str, str]:
    """Of one that failed: a word, and the reason as a sentence part."""
    said = task.status.err or task.status.message or ""
    if "unhealthy container" in said:
        return UNHEALTHY, "It failed its health check"
    if is_full(said):
        return CANNOT_START, "The disk of that node is full"
    for pattern, words in _STARTS:
        if match := pattern.search(said):
            return CANNOT_START, words.replace("{what}", match.groupdict().get("what") or "")
    if any(part in said.lower() for part in _IMAGE):
        return NO_IMAGE, _image_words(task, said)
    if match := _CODE.search(said):
        number = int(match[1])
        return FAILED, _killed_words(task) if number == KILLED else exit_words(number)
    first = next((line.strip() for line in said.splitlines() if line.strip()), "")
    return (FAILED if task.status.state == "failed" else CANNOT_START), first[:_LONGEST] or "Its node does not say why"


def _killed_words(task: Task) -> str:
    """A Swarm does not tell who killed it; what it ends itself does not count as failed."""
    limits = task.spec.resources.limits if task.spec.resources else None
    memory = limits.memory_bytes if limits else 0
    wanted = (
        f"it wanted more memory than its limit of {size(memory)}" if memory > 0 else "the memory of its node ran out"
    )
    return f"It was killed: {wanted}, or somebody killed it"


def _image_words(task: Task, said: str) -> str:
    image = tagged(task.spec.container.image)
    try:
        host = read_reference(image).host
    except ClusterError:
        return said[:_LONGEST]
    error = transfer_error(ClusterError(said[:_LONGEST], detail=said), image, host, push=False)
    return error.message.removesuffix(".")


def code(task: Task) -> str:
    """The technical term beside the words: "exit 3", "rejected"."""
    return exit_term(task.exit_code) if task.status.state == "failed" and task.exit_code else task.status.state
