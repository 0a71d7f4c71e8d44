"""Another image for a service, as ``docker service update --image`` does: rolled out as the settings beside it say."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from clusters.drivers.base import Driver
from clusters.errors import Conflict
from clusters.kinds.actions import Values
from clusters.kinds.base import JSON, Action, Look
from clusters.kinds.docker.image_name import IMAGE
from clusters.kinds.field import Field
from clusters.kinds.formats import count
from clusters.kinds.preview import Difference, Preview
from clusters.kinds.swarm.base import Tree, as_its_text_says, change_spec, read_spec
from clusters.kinds.swarm.images import pinned
from clusters.kinds.swarm.service_model import Service, UpdateConfig, tagged
from clusters.kinds.swarm.service_power import hidden_powers, spec_powers
from clusters.registries.reference import read_reference

_SECOND = 1_000_000_000
ORDERS = (("stop-first", "the old copy ends, then the new one starts"), ("start-first", "the new copy starts first"))
ON_FAILURE = (
    ("pause", "stop there, so that somebody looks"),
    ("rollback", "go back by itself"),
    ("continue", "go on all the same"),
)


def _config(one: Service) -> UpdateConfig:
    return one.spec.update_config or UpdateConfig(parallelism=1, failure_action="pause", order="stop-first")


def _settings(one: Service) -> dict[str, JSON]:
    config = _config(one)
    return {
        "at_once": config.parallelism,
        "delay": config.delay // _SECOND,
        "order": config.order or "stop-first",
        "failure": config.failure_action or "pause",
    }


async def _run(driver: Driver, one: Service, values: Values) -> str:
    image = str(values["image"])
    fixed = await pinned(driver, image)

    def edit(spec: Tree) -> None:
        container = (spec.get("TaskTemplate") or {}).get("ContainerSpec")
        if not isinstance(container, dict):
            raise Conflict(f"{one.name} runs no container.")
        container["Image"] = fixed.image
        before = spec.get("UpdateConfig") or {}
        spec["UpdateConfig"] = {
            **before,
            "Parallelism": int(values["at_once"]),
            "Delay": _delay(int(before.get("Delay") or 0), int(values["delay"])),
            "Order": values["order"],
            "FailureAction": values["failure"],
        }

    await change_spec(driver, "services", one.uid, edit, registry=read_reference(image).host)
    loose = f". {fixed.loose.removesuffix('.')}" if fixed.loose else ""
    return f"{one.name} changes to {tagged(image)}{loose}"


async def _powers(driver: Driver, one: Service) -> list[str]:
    """Whoever says what runs in there has what it is given."""
    spec, _ = await read_spec(driver, "services", one.uid)
    return [*spec_powers(spec), *await hidden_powers(driver, spec)]


def _delay(before: int, seconds: int) -> int:
    """In billionths of a second. The form has whole seconds: a part of one stays where these are not changed."""
    return before if before // _SECOND == seconds else seconds * _SECOND


async def _preview(look: Look, values: Values) -> Preview:
    one: Service = look.resource
    image, before = str(values.get("image") or ""), _settings(one)
    found = [Difference("image", one.image, image)] if image not in ("", one.image) else []
    labels = {"at_once": "at once", "delay": "seconds between", "order": "order", "failure": "when copies fail"}
    for name, label in labels.items():
        then = values.get(name)
        if then not in (None, "") and str(then) != str(before[name]):
            found.append(Difference(label, str(before[name]), str(then)))
    return Preview(effect=_effect(one, values), differences=found)


def _effect(one: Service, values: Values) -> str:
    at_once = int(values.get("at_once") or 0)
    some = f"{count(at_once, 'copy', 'copies')} at a time" if at_once else "all at once"
    new_first = values.get("order") == "start-first"
    order = "each new one before its old one ends" if new_first else "each after its old one has ended"
    again = " It has that image: what its tag leads to now is taken." if str(values.get("image")) == one.image else ""
    return f"Replaces the {count(one.desired, 'copy', 'copies')} of {one.name}, {some}, {order}.{again}"


def _undo(one: Service, values: Values) -> tuple[str, Mapping[str, JSON]]:
    return "set-image", {"image": one.template.container.image, **_settings(one)}


def _line(one: Service, values: Values) -> str:
    return shlex.join(
        [
            "docker", "service", "update", "--image", str(values["image"]),
            "--update-parallelism", str(values["at_once"]), "--update-delay", f"{values['delay']}s",
            "--update-order", str(values["order"]), "--update-failure-action", str(values["failure"]), one.name,
        ]
    )  # fmt: skip


SET_IMAGE: Action[Service] = Action(
    verb="set-image",
    label="Change image",
    joint="of",
    icon="layers",
    effect=lambda one: f"Gives {one.name} another image; its copies are replaced. Now: {one.image or 'none'}.",
    stays=lambda one: f"Its networks, volumes and the number of copies stay. {as_its_text_says(one.namespace)}".strip(),
    preview=_preview,
    powers=_powers,
    run=_run,
    refuse=lambda one: "" if one.template.container.image else "It runs no container.",
    undo=_undo,
    fields=(
        Field(
            name="image",
            label="Image",
            pattern=IMAGE,
            max_length=500,
            initial=lambda one: one.image,
            help="With its tag or digest, like nginx:1.29 or registry.example.com/shop/web:2.",
        ),
        Field(
            name="at_once",
            label="At once",
            type="number",
            minimum=0,
            maximum=1000,
            initial=lambda one: _settings(one)["at_once"],
            help="Copies that are replaced at a time. 0: all.",
        ),
        Field(
            name="delay",
            label="Seconds between",
            type="number",
            minimum=0,
            maximum=86_400,
            initial=lambda one: _settings(one)["delay"],
        ),
        Field(name="order", label="Order", type="choice", choices=ORDERS, initial=lambda one: _settings(one)["order"]),
        Field(
            name="failure",
            label="When copies fail",
            type="choice",
            choices=ON_FAILURE,
            initial=lambda one: _settings(one)["failure"],
        ),
    ),
    bulk=False,
    line=_line,
)
