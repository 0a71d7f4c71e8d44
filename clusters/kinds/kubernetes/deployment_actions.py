"""What can be done to a deployment: scale, restart, pause, resume, delete. Its image and going back have own files."""

from __future__ import annotations

from collections.abc import Callable

from clusters.drivers.base import Call
from clusters.kinds.actions import Values, kubectl_line, one_call
from clusters.kinds.base import JSON, Action
from clusters.kinds.formats import count
from clusters.kinds.kubernetes import rollouts
from clusters.kinds.kubernetes.autoscaling import autoscale
from clusters.kinds.kubernetes.base import patch
from clusters.kinds.kubernetes.changing_image import change_image
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.deployment_model import Deployment
from clusters.kinds.permission import CHANGES

API, NOUN = "apps/v1/deployments", "deployment"


def _line(verb: str) -> Callable[[Deployment, Values], str]:
    return lambda one, values: kubectl_line(verb, NOUN, one)


def _change(**spec: JSON) -> Callable[[Deployment, Values], Call]:
    return lambda one, values: patch(API, one, {"spec": spec})


def _deleted(one: Deployment) -> str:
    copies = count(one.spec.replicas, "copy", "copies")
    return f"Deletes {one.name} with its {copies} and its versions: nothing serves any longer."


SCALE: Action[Deployment] = rollouts.scale(API, NOUN, "Its settings, addresses and disks stay.")
RESTART: Action[Deployment] = rollouts.restart(
    API, NOUN, "Replaces the copies of {name} by new ones, a few at a time; it goes on answering meanwhile."
)
AUTOSCALE: Action[Deployment] = autoscale("Deployment", NOUN)
CHANGE_IMAGE: Action[Deployment] = change_image(
    API, NOUN, "Its copies are replaced a few at a time; it goes on answering meanwhile."
)
PAUSE: Action[Deployment] = Action(
    verb="pause",
    label="Pause rollout",
    joint="of",
    icon="circle-pause",
    permissions=CHANGES,
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
    joint="of",
    icon="circle-play",
    permissions=CHANGES,
    run=one_call(_change(paused=None), "The rollout of {name} goes on"),
    confirm=False,
    effect=lambda one: f"Changes of {one.name} that waited are carried out, copy by copy.",
    refuse=lambda one: "" if one.spec.paused else "It is not paused.",
    undo=lambda one, values: ("pause", {}),
    line=_line("rollout resume"),
)
DELETE: Action[Deployment] = deleting(
    API,
    NOUN,
    effect=_deleted,
    stays=lambda one: "Its addresses, settings, secrets and disks stay.",
)
