"""Another image for a container of all that keeps copies, as ``kubectl set image`` does: a new version, rolled out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from clusters.drivers.base import Call
from clusters.errors import Conflict, Missing
from clusters.kinds.actions import Values, kubectl_line, one_call
from clusters.kinds.base import JSON, Action, Look
from clusters.kinds.docker.image_name import IMAGE
from clusters.kinds.field import Field
from clusters.kinds.kubernetes.base import patch
from clusters.kinds.kubernetes.pod_model import Container
from clusters.kinds.permission import CHANGES
from clusters.kinds.preview import Difference, Preview


def change_image(api: str, noun: str, how: str) -> Action[Any]:
    """Another image. ``noun`` is what kubectl calls it, ``how`` the sentence about how its copies are replaced."""

    def changed(one: Any, values: Values) -> Call:
        container, image = _asked(one, values)
        if image == container.image:
            raise Conflict(f"{container.name} of {one.name} has that image already.")
        at = "containers" if container in (one.spec.template.spec.containers or ()) else "initContainers"
        body = {"spec": {"template": {"spec": {at: [{"name": container.name, "image": image}]}}}}
        return patch(api, one, body, "strategic")

    async def preview(look: Look, values: Values) -> Preview:
        one = look.resource
        container, image = _asked(one, values)
        names = tuple((each.name, f"{each.name} · {each.image}") for each in _containers(one))
        return Preview(
            effect=_effect(one, container, image, how),
            differences=[Difference(f"{container.name} › image", container.image, image)]
            if _differs(container, image)
            else (),
            values={"container": container.name, "image": image},
            choices={"container": names},
        )

    return Action(
        verb="set-image",
        label="Change image",
        joint="of",
        icon="layers",
        permissions=CHANGES,
        run=one_call(changed, lambda one, values: f"{one.name} changes to {values['image']}"),
        preview=preview,
        undo=_undo,
        effect=lambda one: f"Gives {one.name} another image. {how} Now: {one.spec.template.image or 'none'}.",
        refuse=lambda one: "" if _containers(one) else "It names no container.",
        stays=lambda one: "Its settings, addresses, disks and the number of copies stay.",
        fields=(
            Field(name="container", label="Container", required=False, max_length=253),
            Field(
                name="image",
                label="Image",
                initial=lambda one: one.spec.template.image,
                pattern=IMAGE,
                max_length=500,
                help="With its tag or digest, like nginx:1.29 or registry.example.com/shop/web:2.",
            ),
        ),
        line=lambda one, values: kubectl_line("set image", noun, one, _pair(one, values)),
    )


def _containers(one: Any) -> list[Container]:
    """The app's own containers, the one that stands for it first; then those that run before it."""
    spec = one.spec.template.spec
    return [*(spec.containers or ()), *(spec.init_containers or ())]


def _asked(one: Any, values: Values) -> tuple[Container, str]:
    name, image = str(values.get("container") or ""), str(values.get("image") or "")
    for container in _containers(one):
        if name in ("", container.name):
            return container, image
    raise Missing(f"{one.name} has no container called {name[:100]}.")


def _differs(container: Container, image: str) -> bool:
    return bool(image) and image != container.image


def _effect(one: Any, container: Container, image: str, how: str) -> str:
    if not _differs(container, image):
        return f"{container.name} of {one.name} has {container.image} already: nothing would change."
    waits = " Its rollout is paused: this waits until it is resumed." if getattr(one.spec, "paused", False) else ""
    return f"Gives {container.name} of {one.name} the image {image}. {how}{waits}"


def _pair(one: Any, values: Values) -> str:
    container, image = _asked(one, values)
    return f"{container.name}={image}"


def _undo(one: Any, values: Values) -> tuple[str, Mapping[str, JSON]]:
    container, _ = _asked(one, values)
    return "set-image", {"container": container.name, "image": container.image}
