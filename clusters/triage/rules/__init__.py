"""The rules that go beyond what one resource says of itself: each takes findings and gives fewer or better ones.

To add one: a file beside these with a function ``(findings, clusters) -> findings``, and its name in RULES.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from clusters.triage.finding import Finding
from clusters.triage.rules.lost_machine import lost_machine
from clusters.triage.rules.project import one_project
from clusters.triage.rules.same_image import same_image
from clusters.triage.symptoms import Heard

Rule = Callable[[Sequence[Finding], Sequence[Heard]], list[Finding]]

# In order: what explains most comes first.
RULES: tuple[Rule, ...] = (lost_machine, one_project, same_image)
