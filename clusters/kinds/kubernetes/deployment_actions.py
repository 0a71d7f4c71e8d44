"""What can be done to a deployment: scale, restart, pause, resume; going back is in roll_back.py."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from clusters.drivers.base import Call
from clusters.kinds.actions import Values, kubectl_line, one_call
from clusters.kinds.base import JSON, Action, Field, Kind, Look
from clusters.kinds.formats import count
from clusters.kinds.kubernetes.base import patch
from clusters.kinds.kubernetes.deployment_model import Deployment
from clusters.kinds.preview import Preview

MOST_COPIES = 1000


def _kind() -> Kind[Deployment]:
    from clusters.kinds.kubernetes.deployment import DEPLOYMENT  # the kind lists these actions, so it comes later

    return DEPLOYMENT


def _line(verb: str) -> Callable[[Deployment, Values], str]:
    return lambda one, values: kubectl_line(verb, "deployment", one)


def _scaled(one: Deployment, values: Values) -> Call:
    return patch(_kind(), one, {"spec": {"replicas": int(values["copies"])}})


def _scaled_words(one: Deployment, values: Values) -> str:
    return f"{one.name}: {one.spec.replicas} → {count(int(values['copies']), 'copy', 'copies')}"


def _restarted(one: Deployment, values: Values) -> Call:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    stamp = {"kubectl.kubernetes.io/restartedAt": now}  # kubectl's own mark, so that both tell the same story
    return patch(_kind(), one, {"spec": {"template": {"metadata": {"annotations": stamp}}}}, "strategic")


def _change(**spec: JSON) -> Callable[[Deployment, Values], Call]:
    return lambda one, values: patch(_kind(), one, {"spec": spec})


async def _preview_scale(look: Look, values: Values) -> Preview:
    """What becomes of it with that number."""
    one: Deployment = look.resource
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
    return Preview(effect=effect)


def _undo_scale(one: Deployment, params: Values) -> tuple[str, Mapping[str, JSON]]:
    return "scale", {"copies": one.spec.replicas}


SCALE: Action[Deployment] = Action(
    verb="scale",
    label="Scale",
    icon="scaling",
    run=one_call(_scaled, _scaled_words),
    preview=_preview_scale,
    undo=_undo_scale,
    effect=lambda one: f"Changes the number of copies of {one.name}. Now: {one.spec.replicas}.",
    stays=lambda one: "Its settings, addresses and disks stay.",
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
    line=lambda one, values: kubectl_line("scale", "deployment", one, f"--replicas={values['copies']}"),
)
RESTART: Action[Deployment] = Action(
    verb="restart",
    label="Restart",
    icon="rotate-cw",
    run=one_call(_restarted, "{name} is restarted copy by copy"),
    effect=lambda one: (
        f"Replaces the copies of {one.name} by new ones, a few at a time; it goes on answering meanwhile."
    ),
    refuse=lambda one: "" if one.spec.replicas else "It has no copies. Scale it up instead.",
    stays=lambda one: "Version and settings stay.",
    line=_line("rollout restart"),
)
PAUSE: Action[Deployment] = Action(
    verb="pause",
    label="Pause rollout",
    icon="circle-pause",
    run=one_call(_change(paused=True), "The rollout of {name} is paused"),
    confirm=False,
    effect=lambda one: f"{one.name} goes on as it is; changes wait until it is resumed.",
    refuse=lambda one: "It is paused already." if one.spec.paused else "",
    undo=lambda one, values: ("resume", {}),
    line=_line("rollout pause"),
)
RESUME: Action[Deployment] = Action(
    verb="resume",
    label="Resume rollout",
    icon="circle-play",
    run=one_call(_change(paused=None), "The rollout of {name} goes on"),
    confirm=False,
    effect=lambda one: f"Changes of {one.name} that waited are carried out, copy by copy.",
    refuse=lambda one: "" if one.spec.paused else "It is not paused.",
    undo=lambda one, values: ("pause", {}),
    line=_line("rollout resume"),
)
