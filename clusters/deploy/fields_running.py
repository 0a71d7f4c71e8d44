"""How a container runs: its command, what runs before it, what it may use, and how it is asked whether it is well."""

from __future__ import annotations

from clusters.deploy.choices import PROBES
from clusters.kinds.field import Field, Part

_PROGRAM, _RESOURCES, _CHECKS = "Command and init containers", "Resources", "Probes"
_WHERE_PROBED = (
    "Of a page its path, like /healthz, or :8081/healthz for another port than the first; "
    "of a port its number or name; of a command the command itself."
)


def _probe(name: str, what: str, then: str) -> tuple[Field, ...]:
    return (
        Field(name=name, label=what, type="choice", choices=PROBES, required=False, group=_CHECKS, help=then),
        Field(name=f"{name}_at", label="What is asked", required=False, group=_CHECKS, help=_WHERE_PROBED),
        Field(
            name=f"{name}_after",
            label="First after so many seconds",
            type="number",
            required=False,
            minimum=0,
            maximum=86_400,
            group=_CHECKS,
        ),
        Field(
            name=f"{name}_every",
            label="Every so many seconds",
            type="number",
            required=False,
            minimum=1,
            maximum=86_400,
            group=_CHECKS,
        ),
    )


PROGRAM = (
    Field(
        name="command",
        label="Command",
        required=False,
        group=_PROGRAM,
        help="Instead of the image's entry point. Quotation marks keep words together.",
    ),
    Field(name="arguments", label="Arguments", required=False, group=_PROGRAM, help="Instead of the image's own."),
)
INIT = Field(
    name="init",
    label="Init containers",
    type="lines",
    required=False,
    max_length=20_000,
    group=_PROGRAM,
    help="Run one after the other, each to its end, before it starts: to migrate, to fetch, to wait for something. "
    "They have its environment, volumes and resources.",
    notation="One a line: migrate registry.example.com/shop/web:2 bin/migrate --all.",
    parts=(
        Part(label="Name", hint="migrate"),
        Part(label="Image", hint="nginx:1.29", wide=True),
        Part(label="Command", hint="the image's own", wide=True),
    ),
)
RESOURCES = (
    Field(
        name="cpu_request",
        label="Processor, kept for each copy",
        required=False,
        max_length=20,
        group=_RESOURCES,
        help="Like 100m (a tenth of a processor) or 2.",
    ),
    Field(
        name="cpu_limit",
        label="Processor, at most",
        required=False,
        max_length=20,
        group=_RESOURCES,
        help="Beyond it, a copy is slowed down.",
    ),
    Field(
        name="memory_request",
        label="Memory, kept for each copy",
        required=False,
        max_length=20,
        group=_RESOURCES,
        help="Like 128Mi or 1Gi.",
    ),
    Field(
        name="memory_limit",
        label="Memory, at most",
        required=False,
        max_length=20,
        group=_RESOURCES,
        help="Beyond it, a copy is stopped and started again.",
    ),
)
CHECKS = (
    *_probe("ready", "Is it ready? (readiness)", "Until it is, the service sends nothing to that copy."),
    *_probe("alive", "Does it still work? (liveness)", "When it does not, that copy is started again."),
)
