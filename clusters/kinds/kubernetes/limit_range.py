"""Limit range: what one container, pod or disk of a namespace may ask for, and gets when it asks for nothing."""

from __future__ import annotations

from clusters.kinds.base import Column, Health, Kind, Level
from clusters.kinds.columns import AGE, NAMESPACE, STATUS, name_column
from clusters.kinds.kubernetes.base import Object, Part, understood
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.facts import Fact, facts_panel
from clusters.kinds.kubernetes.panels import EVENTS, YAML
from clusters.kinds.kubernetes.quantities import quantity
from clusters.kinds.kubernetes.resource_quota import amount

API, NOUN = "v1/limitranges", "limitrange"
_OF = {"Container": "a container", "Pod": "a pod", "PersistentVolumeClaim": "a claim"}
_WHAT = {
    "cpu": "Processor",
    "memory": "Memory",
    "storage": "Storage",
    "ephemeral-storage": "Space on the node's disk",
}


class Limit(Part, frozen=True, gc=False, rename="camel"):
    """The rule for one sort of thing: quantities by name."""

    type: str = ""
    min: dict[str, str] | None = None
    max: dict[str, str] | None = None
    default: dict[str, str] | None = None
    default_request: dict[str, str] | None = None
    max_limit_request_ratio: dict[str, str] | None = None


class LimitRangeSpec(Part, frozen=True, gc=False, rename="camel"):
    """What was asked for."""

    limits: list[Limit] | None = None


class LimitRange(Object, frozen=True, gc=False, rename="camel"):
    """One set of rules."""

    spec: LimitRangeSpec = LimitRangeSpec()

    @property
    def rules(self) -> list[tuple[str, str]]:
        """For what, and what: ("Processor of a container", "at most 2 cores")."""
        return [rule for limit in self.spec.limits or () for rule in _rules(limit)]


def _rules(limit: Limit) -> list[tuple[str, str]]:
    found = []
    for words, amounts in (
        ("at least {}", limit.min),
        ("at most {}", limit.max),
        ("asks for {} unless it says otherwise", limit.default_request),
        ("limited to {} unless it says otherwise", limit.default),
    ):
        found += [(name, words.format(_amount(name, text))) for name, text in (amounts or {}).items()]
    for name, text in (limit.max_limit_request_ratio or {}).items():
        found.append((name, f"its limit is at most {quantity(text):g} times what it asks for"))
    of = _OF.get(limit.type, limit.type)
    return [(f"{_WHAT.get(name, name)} of {of}", rule) for name, rule in found]


def _amount(name: str, text: str) -> str:
    if name != "cpu":
        return amount(name, text)
    cores = quantity(text)
    return f"{cores:g} {'core' if cores == 1 else 'cores'}"


@understood
def health(one: LimitRange) -> Health:
    """It holds for whatever is made from now on."""
    return Health(Level.HEALTHY, "In force") if one.rules else Health(Level.STOPPED, "Empty", "It has no rules.")


def _facts(one: LimitRange) -> list[Fact]:
    said: dict[str, list[str]] = {}
    for what, rule in one.rules:
        said.setdefault(what, []).append(rule)
    return [Fact(what, "; ".join(rules)) for what, rules in said.items()]


LIMIT_RANGE: Kind[LimitRange] = Kind(
    model=LimitRange,
    api=API,
    name="limit-range",
    label="Limit range",
    plural="Limit ranges",
    icon="sliders-horizontal",
    group="Config and secrets",
    platform="kubernetes",
    words="What one container, pod or disk of a namespace may ask for, and what it gets when it asks for nothing.",
    health=health,
    columns=(
        name_column(),
        STATUS,
        NAMESPACE,
        Column(
            key="rules",
            label="Rules",
            cell="tags",
            value=lambda one: [f"{what}: {rule}" for what, rule in one.rules[:4]],
            width="minmax(200px, 2.4fr)",
        ),
        AGE,
    ),
    panels=(facts_panel(_facts), EVENTS, YAML),
    actions=(
        deleting(
            API,
            NOUN,
            effect=lambda one: f"Deletes {one.name}: what is made in {one.namespace} from now on has no such limits.",
            stays=lambda one: "What is there already keeps the limits that it got.",
        ),
    ),
)
