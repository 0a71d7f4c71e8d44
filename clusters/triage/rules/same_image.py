"""The same image failing in the same way in several places is one finding: the image is to blame."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from clusters.triage import explain
from clusters.triage.finding import Finding
from clusters.triage.rules.merging import merged
from clusters.triage.symptoms import Heard


def same_image(findings: Sequence[Finding], clusters: Sequence[Heard]) -> list[Finding]:
    """Fold apps with the same image and the same technical code, in different clusters or namespaces."""
    groups: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for one in findings:
        if one.image and one.code and one.kind:
            groups[one.image, one.code].append(one)
    names = {cluster.id: cluster.name for cluster in clusters}
    kept = list(findings)
    for (image, code), group in groups.items():
        places = sorted({" / ".join(filter(None, (names.get(one.cluster, ""), one.namespace))) for one in group})
        if len(places) > 1:
            first = group[0]
            one = merged(
                group,
                identity=f"image~{image}~{code}",
                cause=f"{first.cause} In {explain.listed(places)}.",
                title=f"{image.rpartition('/')[2]} fails in {len(places)} places",
            )
            kept = [other for other in kept if other not in group]
            kept.append(replace(one, action=None, places=tuple(places)))
    return kept
