"""Who is asked before the cluster takes something in: about what, and what happens when they are silent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from clusters.kinds.base import Action, Column, Health, Level, Look, Panel, Role
from clusters.kinds.columns import AGE, STATUS, labels_text, name_column
from clusters.kinds.formats import count
from clusters.kinds.kubernetes.base import Object, Part, understood
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.facts import Fact, overview, panel
from clusters.kinds.kubernetes.selectors import LabelSelector
from clusters.live.resource import Number

GROUP = "admissionregistration.k8s.io/v1"
_DONE = {"CREATE": "made", "UPDATE": "changed", "DELETE": "deleted", "CONNECT": "connected to", "*": "touched at all"}


class WebhookRule(Part, frozen=True, gc=False, rename="camel"):
    """What it is asked about."""

    operations: list[str] | None = None
    api_groups: list[str] | None = None
    resources: list[str] | None = None

    @property
    def words(self) -> str:
        """ "pods, when made or changed" """
        what = ", ".join("all kinds" if name in ("*", "*/*") else name for name in self.resources or ()) or "nothing"
        groups = [group for group in self.api_groups or () if group not in ("", "*")]
        of = f" of {', '.join(groups)}" if groups else ""
        return f"{what}{of}, when {' or '.join(_DONE.get(one, one) for one in self.operations or ())}"


class WebhookService(Part, frozen=True, gc=False, rename="camel"):
    """The service that answers."""

    namespace: str = ""
    name: str = ""
    path: str = ""


class Client(Part, frozen=True, gc=False, rename="camel"):
    """Where it is asked: a service of the cluster, or an address."""

    service: WebhookService | None = None
    url: str = ""

    @property
    def words(self) -> str:
        """ "service ops/guard", "https://guard.example" """
        return f"service {self.service.namespace}/{self.service.name}" if self.service else self.url.partition("?")[0]


class Webhook(Part, frozen=True, gc=False, rename="camel"):
    """One that is asked."""

    name: str = ""
    client: Client = msgspec.field(default=Client(), name="clientConfig")
    rules: list[WebhookRule] | None = None
    failure_policy: str = "Fail"
    timeout_seconds: Number = 10
    namespace_selector: LabelSelector | None = None

    @property
    def where(self) -> str:
        """In which namespaces."""
        words = self.namespace_selector.words if self.namespace_selector else ""
        return f"namespaces with {words}" if words else "all namespaces"


class WebhookConfiguration(Object, frozen=True, gc=False, rename="camel"):
    """Some that are asked."""

    webhooks: list[Webhook] | None = None

    @property
    def strict(self) -> bool:
        """Is something refused when one of them does not answer?"""
        return any(one.failure_policy == "Fail" for one in self.webhooks or ())


@understood
def health(one: WebhookConfiguration) -> Health:
    """That it is there; whether it can hold up the cluster is said by a column."""
    return Health(Level.HEALTHY, "Asked") if one.webhooks else Health(Level.STOPPED, "Empty", "Nobody is asked.")


def silent(policy: str) -> str:
    """What happens when it does not answer."""
    return "is refused" if policy == "Fail" else "goes on"


def _asked(one: WebhookConfiguration) -> list[str]:
    return list(dict.fromkeys(rule.words for each in one.webhooks or () for rule in each.rules or ()))[:4]


def columns() -> tuple[Column[Any], ...]:
    """Of the lists of both sorts."""
    return (
        name_column(lambda one: count(len(one.webhooks or ()), "webhook")),
        STATUS,
        Column(
            key="asked",
            label="Asked about",
            cell="tags",
            value=lambda one: list(
                dict.fromkeys(rule.words for each in one.webhooks or () for rule in each.rules or ())
            )[:4],
            width="minmax(220px, 2.6fr)",
        ),
        Column(
            key="who",
            label="Answers",
            cell="tags",
            value=lambda one: list(dict.fromkeys(each.client.words for each in one.webhooks or ()))[:3],
            width="minmax(160px, 1.6fr)",
        ),
        Column(
            key="silent",
            label="If it is silent",
            value=lambda one: silent("Fail" if one.strict else "Ignore"),
            facet=lambda one: silent("Fail" if one.strict else "Ignore"),
            words="What becomes of a request when it does not answer.",
        ),
        AGE,
    )


def searched(one: WebhookConfiguration) -> str:
    """What the search box looks through."""
    return f"{' '.join(f'{each.name} {each.client.words}' for each in one.webhooks or ())}\0{labels_text(one)}"


async def _load(look: Look) -> Mapping[str, Any]:
    one: WebhookConfiguration = look.resource
    facts = []
    for each in one.webhooks or ():
        to = each.client.service
        key = f"{to.namespace}/{to.name}" if to else ""
        about = "; ".join(rule.words for rule in each.rules or ()) or "nothing"
        facts += [
            Fact("Webhook", each.name, mono=True),
            Fact("Is asked about", f"{about}; in {each.where}"),
            Fact("Answers", each.client.words or "–", "service" if to else "", key),
            Fact("If it is silent", f"the request {silent(each.failure_policy)}, after {each.timeout_seconds} s"),
        ]
    return await overview(look, facts)


OVERVIEW: Panel[WebhookConfiguration] = panel(_load)


def delete_webhooks(api: str, noun: str) -> Action[Any]:
    """For webhooks of either sort."""
    return deleting(
        api,
        noun,
        effect=lambda one: (
            f"Deletes {one.name}: {count(len(one.webhooks or ()), 'webhook')} of it is not asked any longer."
        ),
        stays=lambda one: "Whoever answered goes on running; some programs make it anew by themselves.",
        role=Role.ADMIN,  # what it guards is unguarded then
    )
