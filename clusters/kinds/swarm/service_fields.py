"""What can be filled in for a service: the everyday part first, the others in groups that open when needed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clusters.kinds.docker.run_fields import ACCESS, PROTOCOLS
from clusters.kinds.docker.run_fields import FIELDS as RUN_FIELDS
from clusters.kinds.field import Field, Part
from clusters.kinds.swarm.service_image import ON_FAILURE, ORDERS

_GIVEN, _NETWORKS, _PLACE = "Secrets and configs", "Networks", "Where copies run"
_LIMITS, _CHANGE, _BACK, _FILES = "Limits", "How it changes", "How it rolls back", "Files"
MODES = (("copies", "A number of copies"), ("each", "One copy on each node"))
AGAIN = (
    ("", "As the Swarm has it: always"),
    ("any", "Always"),
    ("on-failure", "When it fails"),
    ("none", "Never"),
)
WHERE = (("", "Every node"), ("host", "Copy's node"))
ENDPOINTS = (
    ("", "One address for all copies (vip)"),
    ("dnsrr", "The addresses of its copies (dnsrr)"),
)

_as_in_a_container = {one.name: one for one in RUN_FIELDS}


def _same(name: str, **other: object) -> Field:
    """What a service has in common with a container is asked for in the same words."""
    return replace(_as_in_a_container[name], **other)  # type: ignore[arg-type]


def _given(name: str, label: str, kind: str, example: str) -> Field:
    return Field(
        name=name,
        label=label,
        type="lines",
        required=False,
        group=_GIVEN,
        max_length=20_000,
        notation=f"One a line: {example}, or {example}:name.of.the.file.",
        parts=(
            Part(label="Its name", hint=example, among=(("", kind),), wide=True),
            Part(label="File inside", before=":", hint="same name", wide=True),
        ),
    )


def _amount(name: str, label: str, hint: str) -> Field:
    return Field(name=name, label=label, required=False, group=_LIMITS, max_length=20, help=hint)


def _time(name: str, label: str, hint: str, group: str) -> Field:
    return Field(name=name, label=label, required=False, group=group, max_length=12, help=hint)


def _rollout(prefix: str, group: str, failures: Sequence[tuple[str, str]]) -> tuple[Field, ...]:
    """How its copies are replaced: when it is changed, or when it goes back to what it was."""
    return (
        Field(
            name=f"{prefix}at_once",
            label="At once",
            type="number",
            required=False,
            minimum=0,
            maximum=1000,
            group=group,
            help="Copies that are replaced at a time. 0: all. Empty: 1.",
        ),
        _time(f"{prefix}delay", "Wait between them", "Like 10s.", group),
        Field(
            name=f"{prefix}order",
            label="Order",
            type="choice",
            choices=(("", "As the Swarm has it: old first"), *ORDERS),
            required=False,
            group=group,
        ),
        Field(
            name=f"{prefix}failure",
            label="When copies fail",
            type="choice",
            choices=(("", "As the Swarm has it: stop there"), *failures),
            required=False,
            group=group,
        ),
        _time(
            f"{prefix}watched",
            "A new copy is watched for",
            "Like 30s: a copy that fails within it counts as failed. Empty: 5s.",
            group,
        ),
    )


FIELDS = (
    _same("image"),
    Field(name="name", label="Name", max_length=63, help="Letters, digits, “-” and “_”. Others find it by this name."),
    Field(name="mode", label="How many", type="choice", choices=MODES, required=False, initial=lambda _: "copies"),
    Field(
        name="copies",
        label="Copies",
        type="number",
        required=False,
        minimum=0,
        maximum=1000,
        initial=lambda _: 1,
    ),
    Field(
        name="ports",
        label="Ports",
        type="lines",
        required=False,
        help="On every node, the Swarm leads callers to a copy; on nodes with a copy, each node has one copy at most.",
        notation="One a line: 8080:80 (port outside, port inside), 53:53/udp; “host” behind it: on nodes with a copy.",
        parts=(
            Part(label="Port outside", hint="8080"),
            Part(label="Port inside", before=":", alone=True, hint="80"),
            Part(label="Protocol", before="/", choices=PROTOCOLS),
            Part(label="Where", choices=WHERE),
        ),
    ),
    _same("environment"),
    _same(
        "volumes",
        help="Each node has its own. Administrators may name a folder, like /srv/web, that is on every node.",
        parts=(
            Part(label="Volume", hint="data"),
            Part(label="Folder inside", before=":", alone=True, hint="/var/lib/data", wide=True),
            Part(label="Access", before=":", choices=ACCESS),
        ),
    ),
    Field(name="again", label="When a copy ends, start another one", type="choice", choices=AGAIN, required=False),
    _same("entrypoint"),
    _same("command", group="Program"),
    _same("user"),
    _same("working_dir"),
    _same("hostname"),
    _same("stop_signal"),
    _same("stop_timeout"),
    _same("init"),
    _same("tty"),
    _given("secrets", "Secrets", "swarm-secret", "db_password"),
    _given("configs", "Configs", "swarm-config", "web.conf"),
    Field(
        name="networks",
        label="Networks",
        type="lines",
        required=False,
        group=_NETWORKS,
        help="Those of the whole Swarm (overlay). Services on the same one find each other by name.",
        notation="One a line, followed by further names it has there: front web www.",
        parts=(
            Part(label="Network", hint="front", among=(("", "network"),), wide=True),
            Part(label="Further names", hint="further names", wide=True),
        ),
    ),
    Field(
        name="endpoint",
        label="Its name leads to",
        type="choice",
        choices=ENDPOINTS,
        required=False,
        group=_NETWORKS,
        help="With the addresses of its copies, ports are open on nodes with a copy only.",
    ),
    Field(
        name="constraints",
        label="Only where",
        type="lines",
        required=False,
        group=_PLACE,
        help="Like node.role==worker, node.labels.disk==ssd, node.hostname!=old. One a line.",
    ),
    Field(
        name="spread",
        label="Spread evenly over",
        type="lines",
        required=False,
        group=_PLACE,
        help="Like node.labels.room: as many in each room. One a line.",
    ),
    Field(
        name="most_on_node",
        label="On one node at most",
        type="number",
        required=False,
        minimum=1,
        maximum=1000,
        group=_PLACE,
    ),
    _amount("memory", "Memory at most", "Like 512m or 1.5g."),
    _amount("cpus", "Processors at most", "Like 0.5 or 2."),
    _amount("memory_kept", "Memory kept free for each copy", "Only nodes that have it are chosen."),
    _amount("cpus_kept", "Processors kept free for each copy", "Only nodes that have them are chosen."),
    _same("pids", label="Processes at most"),
    _same("health_command"),
    _same("health_interval"),
    _same("health_timeout"),
    _same("health_start"),
    _same("health_retries"),
    *_rollout("", _CHANGE, ON_FAILURE),
    _time("again_delay", "Wait before another one is started", "Like 10s. Empty: 5s.", _CHANGE),
    Field(
        name="again_attempts",
        label="Start another one so often at most",
        type="number",
        required=False,
        minimum=0,
        maximum=10_000,
        group=_CHANGE,
        help="0: without end.",
    ),
    _time("again_window", "Counted within", "Like 2m: what failed longer ago counts no more.", _CHANGE),
    *_rollout("back_", _BACK, [one for one in ON_FAILURE if one[0] != "rollback"]),
    _same("tmpfs", help="One a line: /run, or /run:64m.", group=_FILES),
    _same("read_only", group=_FILES),
    _same("labels", group="Labels"),
)
COPIES_KEPT = (
    "A Swarm never makes a number of copies out of one on each node, or the other way round: make a new service."
)
_OF_ONE_THAT_IS_THERE = {"copies": f"0 stops it. Empty where each node has one. {COPIES_KEPT}"}
EDIT_FIELDS = (
    *(
        replace(one, help=_OF_ONE_THAT_IS_THERE.get(one.name, one.help))
        for one in FIELDS
        if one.name not in ("name", "mode")
    ),
    Field(name="seen", label="What was shown", type="hidden", required=False, max_length=64),
)
