"""An autoscaler made for what keeps copies, as ``kubectl autoscale`` makes it: by the processor they use."""

from __future__ import annotations

from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import Invalid
from clusters.kinds.actions import Values, kubectl_line
from clusters.kinds.base import Action, Look
from clusters.kinds.field import Field
from clusters.kinds.formats import count
from clusters.kinds.kubernetes.base import collection
from clusters.kinds.kubernetes.horizontal_autoscaler_actions import API
from clusters.kinds.kubernetes.horizontal_autoscaler_model import steering
from clusters.kinds.kubernetes.rollouts import MOST_COPIES
from clusters.kinds.permission import Permission
from clusters.kinds.preview import Preview

ADDED = "Copies are added when they use more than this."


def autoscale(api_kind: str, noun: str) -> Action[Any]:
    """``api_kind`` is what the cluster calls it ("Deployment"), ``noun`` what kubectl calls it."""

    async def run(driver: Driver, one: Any, values: Values) -> str:
        fewest, most, share = _given(values)
        body = {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": one.name, "namespace": one.namespace},
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": api_kind, "name": one.name},
                "minReplicas": fewest,
                "maxReplicas": most,
                "metrics": [
                    {
                        "type": "Resource",
                        "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": share}},
                    }
                ],
            },
        }
        await driver.call(Call("POST", collection(API, one.namespace), {"fieldManager": "pilothouse"}, body))
        return f"{one.name} is scaled by itself, from {fewest} to {count(most, 'copy', 'copies')}"

    return Action(
        verb="autoscale",
        label="Autoscale",
        icon="scaling",
        permissions=(Permission("create", api=API),),
        run=run,
        preview=_preview,
        effect=lambda one: f"Makes an autoscaler for {one.name}, which changes its number of copies by itself.",
        stays=lambda one: "How it runs stays. The autoscaler is found under Autoscalers: changed and deleted there.",
        bulk=False,
        more=True,
        fields=(
            _number("fewest", "At least", lambda one: max(1, one.spec.replicas), "Never fewer copies than this."),
            _number("most", "At most", lambda one: max(2, 2 * one.spec.replicas), "Never more copies than this."),
            _number(
                "share",
                "Processor, % of what is requested",
                lambda one: 80,
                ADDED,
                1000,
            ),
        ),
        line=lambda one, values: kubectl_line(
            "autoscale",
            noun,
            one,
            f"--min={values['fewest']}",
            f"--max={values['most']}",
            f"--cpu={values['share']}%",
        ),
    )


def _number(name: str, label: str, initial: Any, words: str, most: int = MOST_COPIES) -> Field:
    return Field(name=name, label=label, type="number", minimum=1, maximum=most, initial=initial, help=words)


def _given(values: Values) -> tuple[int, int, int]:
    fewest, most, share = (int(values[name]) for name in ("fewest", "most", "share"))
    if most < fewest:
        raise Invalid("The most copies cannot be fewer than the fewest.", field="most")
    return fewest, most, share


async def _preview(look: Look, values: Values) -> Preview:
    """Whether there is one already, and whether it would have anything to go by."""
    one = look.resource
    if already := steering(await look.related("horizontal-autoscaler"), look.kind.name, one):
        name = already.name
        words = f"The autoscaler {name} changes its number of copies already. Two would work against each other."
        return Preview(effect=words, held=words)
    fewest, most, share = _given(values)
    tree = await look.driver.get(look.kind, one.namespace, one.name)
    effect = (
        f"{one.name} gets {fewest} to {count(most, 'copy', 'copies')}: more while they use over {share} % of the "
        f"processor that they request, fewer when they are idle. Now: {one.spec.replicas}."
    )
    without = [each["name"] for each in tree["spec"]["template"]["spec"]["containers"] if not _requests_cpu(each)]
    if without:
        ask = "requests" if len(without) == 1 else "request"
        effect += f" But {', '.join(without[:3])} {ask} no processor: nothing is scaled until that is set."
    return Preview(effect=effect)


def _requests_cpu(container: Any) -> bool:
    resources = container.get("resources") or {}
    return any("cpu" in (resources.get(key) or {}) for key in ("requests", "limits"))
