"""A batch job as far as we read it."""

from __future__ import annotations

from clusters.kinds.formats import epoch
from clusters.kinds.kubernetes.base import Condition, Object, Part, condition
from clusters.kinds.kubernetes.replica_set import Template
from clusters.live.resource import Number


class JobSpec(Part, frozen=True, gc=False, rename="camel"):
    """What was asked for."""

    parallelism: Number = 1
    completions: Number | None = None
    backoff_limit: Number = 6
    active_deadline_seconds: Number | None = None
    ttl_seconds_after_finished: Number | None = None
    suspend: bool = False
    template: Template = Template()


class JobStatus(Part, frozen=True, gc=False, rename="camel"):
    """How it is."""

    active: Number = 0
    ready: Number = 0
    succeeded: Number = 0
    failed: Number = 0
    start_time: str | None = None
    completion_time: str | None = None
    conditions: list[Condition] | None = None


class Job(Object, frozen=True, gc=False, rename="camel"):
    """One piece of work."""

    spec: JobSpec = JobSpec()
    status: JobStatus = JobStatus()

    @property
    def finished(self) -> bool:
        """Did it do its work?"""
        complete = condition(self.status.conditions, "Complete")
        return complete is not None and complete.status == "True"

    @property
    def failed(self) -> bool:
        """Was it given up?"""
        failed = condition(self.status.conditions, "Failed")
        return failed is not None and failed.status == "True"

    @property
    def started(self) -> float:
        """When it began, in epoch seconds; 0.0 while it did not."""
        return epoch(self.status.start_time)

    @property
    def lasted(self) -> float:
        """How long it took, in seconds; 0.0 while it is not done."""
        return max(0.0, epoch(self.status.completion_time) - epoch(self.status.start_time)) if self.finished else 0.0
