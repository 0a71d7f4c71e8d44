"""How a job ended: what its row says of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from django.utils import timezone

from clusters.models import Job
from clusters.storable import storable

State = Literal["running", "done", "failed", "unknown", "cancelled", "interrupted"]


@dataclass(frozen=True, slots=True)
class End:
    """``result`` is added to what the row says already. Texts of a cluster are made ``storable``."""

    state: State
    reason: str = ""
    result: Mapping[str, str] = field(default_factory=dict)
    at: datetime = field(default_factory=timezone.now)

    def apply_to(self, job: Job) -> None:
        """The row is as this says."""
        job.state = self.state
        job.reason = storable(self.reason)
        job.result = {**job.result, **{name: storable(text) for name, text in self.result.items()}}
        job.ended = self.at

    async def keep(self, job: Job) -> None:
        """Write it. The row in memory stays as it is: who follows the job hears of its end when it is kept."""
        ended = Job(pk=job.pk, result=job.result)
        self.apply_to(ended)
        await Job.objects.filter(pk=job.pk).aupdate(
            state=ended.state, reason=ended.reason, result=ended.result, ended=ended.ended
        )
