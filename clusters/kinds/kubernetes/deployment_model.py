"""A deployment as far as we read it."""

from __future__ import annotations

from clusters.kinds.formats import epoch
from clusters.kinds.kubernetes.base import Condition, Metadata, Object, Part
from clusters.kinds.kubernetes.replica_set import Template


class Change(Part, frozen=True, gc=False, rename="camel"):
    """When somebody last changed some of its fields."""

    time: str | None = None


class TracedMetadata(Metadata, frozen=True, gc=False, rename="camel"):
    """Metadata with the times of the last changes."""

    managed_fields: list[Change] | None = None


class Selector(Part, frozen=True, gc=False, rename="camel"):
    """Which pods are its copies."""

    match_labels: dict[str, str] | None = None


class RollingUpdate(Part, frozen=True, gc=False, rename="camel"):
    """How many copies more or fewer there may be while it changes: numbers, or shares ("25%")."""

    max_surge: int | str = "25%"
    max_unavailable: int | str = "25%"


class Strategy(Part, frozen=True, gc=False, rename="camel"):
    """How it changes from one version to the next."""

    type: str = "RollingUpdate"
    rolling_update: RollingUpdate = RollingUpdate()


class DeploymentSpec(Part, frozen=True, gc=False, rename="camel"):
    """What was asked for."""

    replicas: int = 1
    paused: bool = False
    selector: Selector = Selector()
    strategy: Strategy = Strategy()
    template: Template = Template()
    progress_deadline_seconds: int = 600


class DeploymentStatus(Part, frozen=True, gc=False, rename="camel"):
    """How it is."""

    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    ready_replicas: int = 0
    available_replicas: int = 0
    conditions: list[Condition] | None = None


class Deployment(Object, frozen=True, gc=False, rename="camel"):
    """An app in a number of copies."""

    metadata: TracedMetadata = TracedMetadata()
    spec: DeploymentSpec = DeploymentSpec()
    status: DeploymentStatus = DeploymentStatus()

    @property
    def changed(self) -> float:
        """When anybody last changed anything about it (its controller too), in epoch seconds; 0.0 when unknown."""
        return max((epoch(one.time) for one in self.metadata.managed_fields or ()), default=0.0)

    @property
    def image(self) -> str:
        """The image of the app's own container."""
        return self.spec.template.image
