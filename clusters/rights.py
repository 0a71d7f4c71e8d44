"""The rights that operators are granted one by one: what each is called on every page, and what it lets them do."""

from __future__ import annotations

from typing import NamedTuple

from clusters.kinds.base import Right


class Words(NamedTuple):
    """``grants`` goes on after "Operators also"."""

    right: Right
    label: str
    grants: str


RIGHTS = (
    Words("run", "Run", "start new containers and workloads"),
    Words("compose", "Compose", "deploy Compose projects from their text, and see the texts that were deployed"),
    Words("build", "Build", "build images, which runs commands on the host"),
    Words("exec", "Terminal", "open terminals inside containers, look at their files, open ports of pods"),
    Words("files", "Files", "put files into containers"),
    Words("apply", "YAML", "create and change anything by YAML: worth as much as all other rights in those namespaces"),
    Words("reveal", "Reveal", "see the values of secrets"),
)
_LABELS = {one.right: one.label for one in RIGHTS}


def label_of(right: Right) -> str:
    """What it is called where it is granted; "" for none."""
    return _LABELS.get(right, right)
