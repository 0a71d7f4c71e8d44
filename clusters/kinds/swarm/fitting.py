"""Which placement rules keep a task from a node, as far as nodes tell it; the rest is for the scheduler to say."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clusters.kinds.swarm.node_model import Node

_RULE = re.compile(r"\s*(?P<key>[\w./-]{1,300})\s*(?P<sign>==|!=)\s*(?P<value>.{0,300}?)\s*")


def broken_rules(rules: Sequence[str], nodes: Sequence[Node]) -> list[str]:
    """The rules that keep a task from each of these nodes: one, where none of them keeps it, or all that some break.

    None when a node may fit, or when there is no node.
    """
    broken = [[rule for rule in rules if not _keeps(rule, node)] for node in nodes]
    if not nodes or not all(broken):
        return []
    by_all = [rule for rule in rules if all(rule in some for some in broken)]
    return by_all[:1] or [rule for rule in rules if any(rule in some for some in broken)]


def _keeps(rule: str, node: Node) -> bool:
    """Does that node keep it? What we cannot read, or cannot tell of a node, it does."""
    match = _RULE.fullmatch(rule)
    found = _told(match["key"], node) if match else None
    if match is None or found is None:
        return True
    return (found.casefold() == match["value"].casefold()) == (match["sign"] == "==")  # as the scheduler compares


def _told(key: str, node: Node) -> str | None:
    """What the node is for that key; "" for a label that it has not, None for what we do not know of it."""
    for start, labels in (("node.labels.", node.labels), ("engine.labels.", node.description.engine.labels or {})):
        if key.startswith(start):
            return labels.get(key.removeprefix(start), "")
    known = {"node.id": node.id, "node.hostname": node.description.hostname, "node.role": node.spec.role}
    return known.get(key)
