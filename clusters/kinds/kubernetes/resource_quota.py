"""Resource quota: how much all that is in a namespace may use together."""

from __future__ import annotations

from clusters.kinds.base import Column, Health, Kind, Level
from clusters.kinds.columns import AGE, NAMESPACE, STATUS, name_column
from clusters.kinds.formats import size
from clusters.kinds.kubernetes.base import Object, Part, understood
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.facts import Fact, facts_panel
from clusters.kinds.kubernetes.panels import EVENTS, YAML
from clusters.kinds.kubernetes.quantities import quantity

API, NOUN = "v1/resourcequotas", "quota"
NEARLY = 0.9  # of what there is


class QuotaStatus(Part, frozen=True, gc=False, rename="camel"):
    """What there is, and what of it is taken: quantities by name."""

    hard: dict[str, str] | None = None
    used: dict[str, str] | None = None


class Quota(Object, frozen=True, gc=False, rename="camel"):
    """One quota."""

    status: QuotaStatus = QuotaStatus()

    @property
    def shares(self) -> list[tuple[str, str, str, float]]:
        """What, taken, there is, and the share of it; the fullest first."""
        used = self.status.used or {}
        found = []
        for name, hard in (self.status.hard or {}).items():
            taken, most = quantity(used.get(name, "0")), quantity(hard)
            share = taken / most if most else 1.0 if taken else 0.0
            found.append((name, used.get(name, "0"), hard, share))
        return sorted(found, key=lambda one: (-one[3], one[0]))


_WHAT = {
    "cpu": "cores asked for",
    "memory": "memory asked for",
    "requests.cpu": "cores asked for",
    "requests.memory": "memory asked for",
    "limits.cpu": "cores at most",
    "limits.memory": "memory at most",
    "requests.storage": "room on disks",
    "persistentvolumeclaims": "claims",
    "configmaps": "config maps",
    "replicationcontrollers": "replication controllers",
    "resourcequotas": "quotas",
    "services.loadbalancers": "services with an outside address",
    "services.nodeports": "ports of nodes",
    "cronjobs.batch": "cron jobs",
    "jobs.batch": "batch jobs",
}


def what_words(name: str) -> str:
    """ "count/configmaps" -> "config maps". What is not known stays as it is written."""
    bare = name.removeprefix("count/")
    return _WHAT.get(bare) or bare.removesuffix(".apps")


def amount(name: str, text: str) -> str:
    """A quantity of that name: bytes and cores for people, all else as it is written."""
    if name.endswith("cpu"):
        return f"{quantity(text):g}"
    return size(quantity(text)) if name.endswith(("memory", "storage")) else text


def _said(name: str, used: str, hard: str, share: float) -> str:
    return f"{what_words(name)} {amount(name, used)} of {amount(name, hard)}"


@understood
def health(one: Quota) -> Health:
    """Room left, nearly gone, or gone."""
    if not one.shares:
        return Health(Level.CHANGING, "New", "The cluster has not counted yet.", since=one.created)
    name, used, hard, share = one.shares[0]
    code = f"{name} {used} of {hard}"
    if quantity(hard) and share >= 1:
        words = (
            f"All is taken of {what_words(name)}: {amount(name, used)} of {amount(name, hard)}. No more can be made."
        )
        return Health(Level.AT_RISK, "Used up", words, code)
    if quantity(hard) and share >= NEARLY:
        return Health(Level.AT_RISK, "Nearly used up", f"{what_words(name).capitalize()}: {share:.0%} is taken.", code)
    return Health(Level.HEALTHY, "Room left", "", code)


def _facts(one: Quota) -> list[Fact]:
    return [
        Fact(what_words(name).capitalize(), f"{amount(name, used)} of {amount(name, hard)} ({share:.0%})")
        for name, used, hard, share in one.shares
    ]


RESOURCE_QUOTA: Kind[Quota] = Kind(
    model=Quota,
    api=API,
    name="resource-quota",
    label="Quota",
    plural="Quotas",
    icon="gauge",
    group="Config and secrets",
    platform="kubernetes",
    words="How much all that is in a namespace may use together, and how many things it may hold.",
    health=health,
    always=True,
    columns=(
        name_column(),
        STATUS,
        NAMESPACE,
        Column(
            key="used",
            label="Taken",
            value=lambda one: ", ".join(_said(*share) for share in one.shares) or None,
            sort=lambda one: one.shares[0][3] if one.shares else 0.0,
            width="minmax(200px, 2.4fr)",
            words="What is taken of what there is; the fullest first.",
        ),
        AGE,
    ),
    panels=(facts_panel(_facts), EVENTS, YAML),
    actions=(
        deleting(
            API,
            NOUN,
            effect=lambda one: f"Deletes {one.name}: nothing limits any longer what {one.namespace} may use.",
            stays=lambda one: "What is in the namespace stays.",
        ),
    ),
)
