"""What can be done alike to all that keeps copies: another number of them, or new ones in the place of the old."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from clusters.drivers.base import Call
from clusters.kinds.actions import Values, kubectl_line, one_call
from clusters.kinds.base import JSON, Action, Look
from clusters.kinds.field import Field
from clusters.kinds.formats import count
from clusters.kinds.kubernetes.base import patch
from clusters.kinds.kubernetes.horizontal_autoscaler_model import Autoscaler, steering
from clusters.kinds.permission import CHANGES
from clusters.kinds.preview import Preview

MOST_COPIES = 1000


def scale(
    api: str, noun: str, stays: str | Callable[[Any], str], refuse: Callable[[Any], str] | None = None
) -> Action[Any]:
    """Another number of copies. ``noun`` is what kubectl calls it."""

    def scaled(one: Any, values: Values) -> Call:
        return patch(api, one, {"spec": {"replicas": int(values["copies"])}})

    return Action(
        verb="scale",
        label="Scale",
        icon="scaling",
        permissions=CHANGES,
        run=one_call(scaled, _scaled_words),
        preview=_preview_scale,
        undo=_undo_scale,
        effect=lambda one: f"Changes the number of copies of {one.name}. Now: {one.spec.replicas}.",
        stays=lambda one: stays if isinstance(stays, str) else stays(one),
        refuse=refuse,
        fields=(
            Field(
                name="copies",
                label="Copies",
                type="number",
                minimum=0,
                maximum=MOST_COPIES,
                initial=lambda one: one.spec.replicas,
                help="0 stops it.",
            ),
        ),
        line=lambda one, values: kubectl_line("scale", noun, one, f"--replicas={values['copies']}"),
    )


def restart(api: str, noun: str, effect: str) -> Action[Any]:
    """New copies in the place of the old. ``{name}`` in the effect is the resource's."""

    def restarted(one: Any, values: Values) -> Call:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        stamp = {"kubectl.kubernetes.io/restartedAt": now}  # kubectl's own mark, so that both tell the same story
        return patch(api, one, {"spec": {"template": {"metadata": {"annotations": stamp}}}}, "strategic")

    return Action(
        verb="restart",
        label="Restart",
        icon="rotate-cw",
        permissions=CHANGES,
        run=one_call(restarted, "{name} is restarted copy by copy"),
        effect=lambda one: effect.replace("{name}", one.name),
        refuse=lambda one: "" if getattr(one.spec, "replicas", 1) else "It has no copies. Scale it up instead.",
        stays=lambda one: "Version and settings stay.",
        line=lambda one, values: kubectl_line("rollout restart", noun, one),
    )


def _scaled_words(one: Any, values: Values) -> str:
    return f"{one.name}: {one.spec.replicas} → {count(int(values['copies']), 'copy', 'copies')}"


async def _preview_scale(look: Look, values: Values) -> Preview:
    """What becomes of it with that number."""
    one = look.resource
    has, wanted = one.spec.replicas, int(values["copies"])
    if wanted == has:
        effect = f"{one.name} has {count(has, 'copy', 'copies')} already: nothing would change."
    elif not wanted:
        effect = (
            f"Ends {'its only copy' if has == 1 else f'all {has} copies'} of {one.name}: nothing serves any longer."
        )
    elif wanted > has:
        effect = f"Starts {count(wanted - has, 'more copy', 'more copies')} of {one.name}: {has} → {wanted}."
    else:
        effect = f"Ends {count(has - wanted, 'copy', 'copies')} of {one.name}: {has} → {wanted}."
    if autoscaler := steering(await look.related("horizontal-autoscaler"), look.kind.name, one):
        effect += _steered(autoscaler, wanted)
    return Preview(effect=effect)


def _steered(autoscaler: Autoscaler, wanted: int) -> str:
    """What an autoscaler makes of another number: said before, for it would be taken back without a word."""
    name, fewest, most = autoscaler.name, autoscaler.spec.min_replicas, autoscaler.spec.max_replicas
    if not wanted:
        return f" The autoscaler {name} rests until it has copies again."
    if fewest <= wanted <= most:
        return f" The autoscaler {name} goes on changing it by itself, between {fewest} and {most}."
    return f" But the autoscaler {name} takes that back: it allows {fewest} to {most}. Change its limits instead."


def _undo_scale(one: Any, params: Values) -> tuple[str, Mapping[str, JSON]]:
    return "scale", {"copies": one.spec.replicas}
