"""What can be done to a deployment: scale, restart, roll back, pause, resume."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import Conflict, Missing
from clusters.kinds.actions import Values, one_call
from clusters.kinds.base import JSON, Action, Field, Kind
from clusters.kinds.formats import count
from clusters.kinds.kubernetes.base import REVISION, patch
from clusters.kinds.kubernetes.deployment_model import Deployment

MOST_COPIES = 1000


def _kind() -> Kind[Deployment]:
    from clusters.kinds.kubernetes.deployment import DEPLOYMENT  # the kind lists these actions, so it comes later

    return DEPLOYMENT


def _line(verb: str, one: Deployment, rest: str = "") -> str:
    return f"kubectl {verb} deployment/{one.name} -n {one.namespace}{rest}"


def _change(**spec: JSON) -> Callable[[Deployment, Values], Call]:
    return lambda one, values: patch(_kind(), one, {"spec": spec})


def _scaled(one: Deployment, values: Values) -> Call:
    return patch(_kind(), one, {"spec": {"replicas": int(values["copies"])}})


def _scaled_words(one: Deployment, values: Values) -> str:
    return f"{one.name}: {one.spec.replicas} → {count(int(values['copies']), 'copy', 'copies')}"


def _restarted(one: Deployment, values: Values) -> Call:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    stamp = {"kubectl.kubernetes.io/restartedAt": now}  # kubectl's own mark, so that both tell the same story
    return patch(_kind(), one, {"spec": {"template": {"metadata": {"annotations": stamp}}}}, "strategic")


async def _roll_back(driver: Driver, one: Deployment, params: Values) -> str:
    """Put the template of the version before in the place of the present one, as ``kubectl rollout undo`` does."""
    versions = await _versions(driver, one)
    wanted = str(params.get("revision") or "")
    before = [
        version
        for version in versions
        if (_revision(version) == int(wanted) if wanted else _revision(version) != one.revision)
    ]
    if not before:
        raise Missing(
            "There is no version to go back to." if not wanted else f"Version {wanted} is not kept any longer."
        )
    target = before[0]
    template = target["spec"]["template"]
    (template.get("metadata", {}).get("labels") or {}).pop("pod-template-hash", None)
    if template == await _template(driver, one):
        raise Conflict("That version is in use already.")
    path = ("apis", "apps", "v1", "namespaces", one.namespace, "deployments", one.name)
    body = [
        {"op": "test", "path": "/metadata/uid", "value": one.uid},
        {"op": "replace", "path": "/spec/template", "value": template},
    ]
    await driver.call(Call("PATCH", path, {"fieldManager": "pilothouse"}, body, "application/json-patch+json"))
    image = template["spec"]["containers"][-1].get("image", "")
    return f"{one.name} goes back to version {_revision(target)} ({image})"


async def _versions(driver: Driver, one: Deployment) -> list[dict[str, Any]]:
    """Its replica sets, newest version first."""
    selector = ",".join(f"{key}={value}" for key, value in (one.spec.selector.match_labels or {}).items())
    path = ("apis", "apps", "v1", "namespaces", one.namespace, "replicasets")
    answer = await driver.call(Call("GET", path, {"labelSelector": selector}))
    mine = [item for item in answer.get("items") or [] if _is_owned(item, one.uid)]
    return sorted(mine, key=_revision, reverse=True)


async def _template(driver: Driver, one: Deployment) -> Any:
    return (await driver.get(_kind(), one.namespace, one.name))["spec"]["template"]


def _is_owned(item: Mapping[str, Any], uid: str) -> bool:
    return any(
        owner.get("uid") == uid and owner.get("controller") for owner in item["metadata"].get("ownerReferences") or ()
    )


def _revision(item: Mapping[str, Any]) -> int:
    text = (item["metadata"].get("annotations") or {}).get(REVISION, "0")
    return int(text) if text.isdigit() else 0


def _undo_scale(one: Deployment, params: Values) -> tuple[str, Mapping[str, JSON]]:
    return "scale", {"copies": one.spec.replicas}


SCALE: Action[Deployment] = Action(
    verb="scale",
    label="Scale",
    icon="scaling",
    run=one_call(_scaled, _scaled_words),
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
    line=lambda one, params: _line("scale", one, f" --replicas={params.get('copies', '')}"),
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
    line=lambda one, params: _line("rollout restart", one),
)
ROLL_BACK: Action[Deployment] = Action(
    verb="roll-back",
    label="Roll back",
    icon="undo-2",
    run=_roll_back,
    effect=lambda one: f"Puts {one.name} back to the version before {one.image or 'this one'}, copy by copy.",
    refuse=lambda one: "" if one.revision > 1 else "This is its first version: there is none before it.",
    stays=lambda one: "The number of copies stays, and so do disks and addresses.",
    undo=lambda one, params: ("roll-back", {"revision": str(one.revision)}),
    fields=(
        Field(
            name="revision",
            label="Version",
            required=False,
            pattern=r"[0-9]{1,9}",
            max_length=9,
            help="Empty: the one before. The Overview lists those that are kept.",
        ),
    ),
    line=lambda one, params: _line(
        "rollout undo", one, f" --to-revision={params['revision']}" if params.get("revision") else ""
    ),
)
PAUSE: Action[Deployment] = Action(
    verb="pause",
    label="Pause rollout",
    icon="circle-pause",
    run=one_call(_change(paused=True), "The rollout of {name} is paused"),
    confirm=False,
    effect=lambda one: f"{one.name} goes on as it is; changes wait until it is resumed.",
    refuse=lambda one: "It is paused already." if one.spec.paused else "",
    undo=lambda one, params: ("resume", {}),
    line=lambda one, params: _line("rollout pause", one),
)
RESUME: Action[Deployment] = Action(
    verb="resume",
    label="Resume rollout",
    icon="circle-play",
    run=one_call(_change(paused=None), "The rollout of {name} goes on"),
    confirm=False,
    effect=lambda one: f"Changes of {one.name} that waited are carried out, copy by copy.",
    refuse=lambda one: "" if one.spec.paused else "It is not paused.",
    undo=lambda one, params: ("pause", {}),
    line=lambda one, params: _line("rollout resume", one),
)
