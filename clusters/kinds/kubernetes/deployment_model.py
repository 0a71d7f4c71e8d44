"""A deployment as far as we read it."""

from __future__ import annotations

from clusters.kinds.kubernetes.base import Condition, Part
from clusters.kinds.kubernetes.replica_set import Template
from clusters.kinds.kubernetes.selectors import LabelSelector
from clusters.kinds.kubernetes.traced import Traced
from clusters.live.resource import Number


class RollingUpdate(Part, frozen=True, gc=False, rename="camel"):
    """How many copies more or fewer there may be while it changes: numbers, or shares ("25%")."""

    max_surge: Number | str = "25%"
    max_unavailable: Number | str = "25%"


class Strategy(Part, frozen=True, gc=False, rename="camel"):
    """How it changes from one version to the next."""

    type: str = "RollingUpdate"
    rolling_update: RollingUpdate = RollingUpdate()


class DeploymentSpec(Part, frozen=True, gc=False, rename="camel"):
    """What was asked for."""

    replicas: Number = 1
    paused: bool = False
    selector: LabelSelector = LabelSelector()
    strategy: Strategy = Strategy()
    template: Template = Template()
    progress_deadline_seconds: Number = 600


class DeploymentStatus(Part, frozen=True, gc=False, rename="camel"):
    """How it is."""

    observed_generation: Number = 0
    replicas: Number = 0
    updated_replicas: Number = 0
    ready_replicas: Number = 0
    available_replicas: Number = 0
    conditions: list[Condition] | None = None


class Deployment(Traced, frozen=True, gc=False, rename="camel"):
    """An app in a number of copies."""

    spec: DeploymentSpec = DeploymentSpec()
    status: DeploymentStatus = DeploymentStatus()

    @property
    def image(self) -> str:
        """The image of the app's own container."""
        return self.spec.template.image
