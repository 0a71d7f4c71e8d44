"""A cron job as far as we read it."""

from __future__ import annotations

import msgspec

from clusters.kinds.formats import epoch
from clusters.kinds.kubernetes.base import Metadata, Object, Part
from clusters.kinds.kubernetes.job_model import JobSpec
from clusters.live.resource import Number


class JobTemplate(Part, frozen=True, gc=False, rename="camel"):
    """What its jobs are made from."""

    spec: JobSpec = JobSpec()


class CronJobSpec(Part, frozen=True, gc=False, rename="camel"):
    """What was asked for."""

    schedule: str = ""
    time_zone: str = ""
    suspend: bool = False
    concurrency_policy: str = "Allow"
    starting_deadline_seconds: Number | None = None
    job_template: JobTemplate = JobTemplate()


class Reference(Part, frozen=True, gc=False, rename="camel"):
    """A job that is at work."""

    name: str = ""


class CronJobStatus(Part, frozen=True, gc=False, rename="camel"):
    """How it is."""

    active: list[Reference] | None = None
    last_schedule_time: str | None = None
    last_successful_time: str | None = None


class Run(msgspec.Struct, frozen=True, gc=False):
    """How the last of its jobs that is over ended. No cluster sends this."""

    good: bool
    reason: str
    code: str
    at: float


class Fields(Part, frozen=True, gc=False):
    """Which fields somebody wrote, as far as we read that: whether it is suspended."""

    spec: dict[str, object] = msgspec.field(default_factory=dict, name="f:spec")


class Change(Part, frozen=True, gc=False, rename="camel"):
    """Who wrote which fields, and when they were last others."""

    time: str | None = None
    fields: Fields = msgspec.field(default=Fields(), name="fieldsV1")


class CronJobMetadata(Metadata, frozen=True, gc=False, rename="camel"):
    """Metadata with when each writer last changed something."""

    managed_fields: list[Change] | None = None

    def __post_init__(self) -> None:
        """Keep the changes that may have been about suspending, and of these nothing but when they were."""
        kept = [Change(one.time) for one in self.managed_fields or () if "f:suspend" in one.fields.spec]
        msgspec.structs.force_setattr(self, "managed_fields", kept or None)


class CronJob(Object, frozen=True, gc=False, rename="camel"):
    """Work by the clock."""

    metadata: CronJobMetadata = CronJobMetadata()
    spec: CronJobSpec = CronJobSpec()
    status: CronJobStatus = CronJobStatus()
    last: Run | None = msgspec.field(default=None, name="$last")  # joined from the batch jobs

    @property
    def version(self) -> str:
        """Changes with the cron job and with how its last run ended."""
        return f"{self.metadata.resource_version}.{hash(self.last):x}"

    @property
    def image(self) -> str:
        """The image of its jobs."""
        return self.spec.job_template.spec.template.image

    @property
    def running(self) -> int:
        """How many of its jobs are at work."""
        return len(self.status.active or ())

    @property
    def started(self) -> float:
        """When it was last due and started, in epoch seconds; 0.0 for never."""
        return epoch(self.status.last_schedule_time)

    @property
    def resumed(self) -> float:
        """When it was suspended or resumed at the latest, in epoch seconds; 0.0 where the cluster does not note it.

        Whoever wrote that field may have changed another one then: it is never later than that.
        """
        return max((epoch(one.time) for one in self.metadata.managed_fields or ()), default=0.0)

    @property
    def succeeded(self) -> float:
        """When one of its jobs last did its work, in epoch seconds; 0.0 for never."""
        return epoch(self.status.last_successful_time)
