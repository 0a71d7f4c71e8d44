"""Containers of one Compose project that fail alike are one finding."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from clusters.triage import explain
from clusters.triage.finding import Finding
from clusters.triage.rules.merging import merged
from clusters.triage.symptoms import Heard


def one_project(findings: Sequence[Finding], clusters: Sequence[Heard]) -> list[Finding]:
    """Fold containers of the same project whose technical code is the same."""
    groups: dict[tuple[int, str, str], list[Finding]] = defaultdict(list)
    for one in findings:
        if one.kind == "container" and one.namespace and one.code:
            groups[one.cluster, one.namespace, one.code].append(one)
    kept = list(findings)
    for (cluster, project, code), group in groups.items():
        if len(group) > 1:
            names = [one.key.rpartition("/")[2] for one in group]
            cause = f"{explain.listed(names)}: {group[0].cause}"
            one = merged(
                group,
                identity=f"{cluster}~project~{project}~{code}",
                cause=cause,
                title=f"{len(group)} containers of {project} fail alike",
            )
            kept = [other for other in kept if other not in group]
            kept.append(replace(one, action=None))
    return kept
