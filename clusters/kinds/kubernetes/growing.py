"""A claim made larger: its disk grows where its class allows that, and is never made smaller again."""

from __future__ import annotations

import json
from typing import Any

from clusters.drivers.base import Call
from clusters.kinds.actions import Values, kubectl_line, one_call
from clusters.kinds.base import Action, Look
from clusters.kinds.field import Field
from clusters.kinds.formats import size
from clusters.kinds.kubernetes.base import patch
from clusters.kinds.kubernetes.quantities import quantity
from clusters.kinds.permission import CHANGES
from clusters.kinds.preview import Preview

_AMOUNT = r"[0-9]{1,15}(\.[0-9]{1,3})?(Ki|Mi|Gi|Ti|Pi|k|M|G|T|P)?"


def _body(values: Values) -> dict[str, Any]:
    return {"spec": {"resources": {"requests": {"storage": str(values["size"])}}}}


def grow(api: str, noun: str) -> Action[Any]:
    """More room on its disk."""

    def grown(one: Any, values: Values) -> Call:
        return patch(api, one, _body(values))

    return Action(
        verb="grow",
        label="Enlarge",
        icon="scaling",
        permissions=CHANGES,
        preview=_preview,
        run=one_call(grown, lambda one, values: f"{one.name} was asked to grow to {values['size']}"),
        effect=_effect,
        stays=lambda one: "The data stays. Some disks grow only when their pod is started again.",
        refuse=lambda one: "It has no disk yet." if one.status.phase != "Bound" else "",
        bulk=False,
        fields=(
            Field(
                name="size",
                label="New size",
                pattern=_AMOUNT,
                check=lambda text: "" if quantity(text) else "Say how much: 20Gi, 500Mi.",
                help="20Gi, 500Mi. Its storage class must allow it.",
            ),
        ),
        line=lambda one, values: kubectl_line("patch", noun, one, "-p", json.dumps(_body(values))),
    )


def _effect(one: Any) -> str:
    return f"Asks for more room for {one.name}. Now: {size(one.bytes)}. It cannot be made smaller again."


async def _preview(look: Look, values: Values) -> Preview:
    """Whether its class lets disks grow, and whether that would be more."""
    one, wanted = look.resource, str(values.get("size") or "")
    name = one.spec.storage_class_name
    sort = next((each for each in await look.related("storage-class") if each.name == name), None)
    if sort is not None and not sort.allow_volume_expansion:
        words = f"The storage class {name} does not let disks grow."
        return Preview(effect=words, held=words)
    more = quantity(wanted)
    if wanted and more <= one.bytes:
        words = f"It has {size(one.bytes)} already, and cannot be made smaller."
        return Preview(effect=words, held=words)
    if wanted and more == one.asked:
        words = f"It asks for that already. Now: {size(one.bytes)}, and its disk has not been made larger yet."
        return Preview(effect=words, held=words)
    if wanted and more < one.asked:
        words = f"Asks for less than the {size(one.asked)} that it asks for now; its disk still has {size(one.bytes)}."
        return Preview(effect=words)
    return Preview(effect=_effect(one))
