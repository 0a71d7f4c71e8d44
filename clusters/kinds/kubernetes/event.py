"""Event: what the cluster itself noted of something, kept for an hour or so."""

from __future__ import annotations

import msgspec

from clusters.kinds.base import Column, Health, Kind, Level
from clusters.kinds.columns import NAMESPACE, STATUS
from clusters.kinds.formats import count, epoch
from clusters.kinds.kubernetes.base import Object, Part, understood
from clusters.kinds.kubernetes.facts import Fact, facts_panel
from clusters.kinds.kubernetes.names import collection_of, page_of
from clusters.kinds.kubernetes.owners import said_kind
from clusters.kinds.kubernetes.panels import YAML
from clusters.live.resource import Number

API = "v1/events"
LONGEST = 200  # characters of a message in a list


class About(Part, frozen=True, gc=False, rename="camel"):
    """What it is about."""

    api_version: str = ""
    kind: str = ""
    namespace: str = ""
    name: str = ""

    @property
    def page(self) -> tuple[str, str]:
        """The kind and the key of its page; of what says too little, none."""
        if not (self.api_version and self.kind and self.name):
            return "", ""
        key = f"{self.namespace}/{self.name}" if self.namespace else self.name
        return page_of(collection_of(self.api_version, self.kind)), key

    @property
    def words(self) -> str:
        """ "pod web-1" """
        return f"{said_kind(self.kind)} {self.name}".strip()


class Series(Part, frozen=True, gc=False, rename="camel"):
    """The same, again and again."""

    count: Number = 0
    last_observed_time: str | None = None


class Source(Part, frozen=True, gc=False, rename="camel"):
    """Who noted it, as older programs say it."""

    component: str = ""
    host: str = ""


class Event(Object, frozen=True, gc=False, rename="camel"):
    """One note."""

    involved_object: About = About()
    type: str = ""
    reason: str = ""
    message: str = ""
    times: Number | None = msgspec.field(default=None, name="count")
    series: Series | None = None
    first_timestamp: str | None = None
    last_timestamp: str | None = None
    event_time: str | None = None
    source: Source = Source()
    reporting_component: str = ""

    @property
    def seen(self) -> float:
        """When it was last so, in epoch seconds."""
        last = self.series.last_observed_time if self.series else None
        return epoch(last or self.last_timestamp or self.event_time or self.first_timestamp) or self.created

    @property
    def often(self) -> int:
        """How often it was so."""
        return (self.series.count if self.series else 0) or self.times or 1


@understood
def health(one: Event) -> Health:
    """A warning, or a note."""
    if one.type == "Warning":
        return Health(Level.AT_RISK, "Warning", "", one.reason, one.seen)
    return Health(Level.HEALTHY, "Note", "", one.reason, one.seen)


def _facts(one: Event) -> list[Fact]:
    about = one.involved_object
    kind, key = about.page
    return [
        Fact("What", one.message or "nothing was said"),
        Fact("Why", one.reason or "–", mono=True),
        Fact("About", about.words or "–", kind, key),
        Fact("How often", count(one.often, "time")),
        Fact("Noted by", one.reporting_component or one.source.component or "–", mono=True),
        *((Fact("On", one.source.host, "node", one.source.host),) if one.source.host else ()),
    ]


EVENT: Kind[Event] = Kind(
    model=Event,
    api=API,
    name="event",
    label="Event",
    plural="Events",
    icon="activity",
    group="Everything else",
    platform="kubernetes",
    sort="seen",
    words="What the cluster itself noted of something lately: kept for an hour or so.",
    health=health,
    columns=(
        Column(
            key="name",
            label="About",
            cell="name",
            value=lambda one: [one.involved_object.name or one.name, said_kind(one.involved_object.kind)],
            sort=lambda one: one.involved_object.name,
            width="minmax(160px, 1.6fr)",
        ),
        STATUS,
        NAMESPACE,
        Column(
            key="reason",
            label="Why",
            cell="mono",
            value=lambda one: one.reason or None,
            sort=lambda one: one.reason,
            facet=lambda one: one.reason,
            width="minmax(110px, .9fr)",
        ),
        Column(
            key="message",
            label="What",
            value=lambda one: one.message[:LONGEST] or None,
            width="minmax(220px, 3fr)",
        ),
        Column(
            key="often",
            label="Times",
            cell="number",
            value=lambda one: one.often,
            sort=lambda one: one.often,
            width="70px",
            end=True,
        ),
        Column(
            key="seen",
            label="Last",
            cell="age",
            value=lambda one: one.seen or None,
            sort=lambda one: -one.seen,
            width="64px",
            end=True,
            words="How long ago it was last so.",
        ),
    ),
    panels=(facts_panel(_facts), YAML),
    search=lambda one: f"{one.involved_object.words} {one.reason} {one.message[:LONGEST]}",
)
