"""A deployment as far as we read it."""

from __future__ import annotations

from clusters.kinds.kubernetes.base import Condition, Object, Part
from clusters.kinds.kubernetes.replica_set import Template


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

    spec: DeploymentSpec = DeploymentSpec()
    status: DeploymentStatus = DeploymentStatus()

    @property
    def image(self) -> str:
        """The image of the app's own container."""
        return self.spec.template.image
