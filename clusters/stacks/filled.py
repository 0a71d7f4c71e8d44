"""The variables of a stack's text, read once: the program that deploys stacks reads `${…}` by rules of its own.

``${N?a-b}`` is the value of N to Compose, and always ``b`` to `docker stack`. What was checked is what Compose read. So
each text with a ``$`` is given to the other program as one plain name, whose value is what Compose made of that text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import yaml

from clusters.compose.check import Checked, texts_as_read
from clusters.compose.problem import Problem, Wrong

LONGEST, MOST = 100_000, 1_000_000  # bytes of one value and of all: a program takes no more of an environment
_SECTIONS = ("services", "networks", "volumes", "secrets", "configs")  # in others no program reads variables
_NAME = "PILOTHOUSE_TEXT_"


async def fill(root: yaml.MappingNode, checked: Checked) -> Mapping[str, str]:
    """Put a name where a text has variables; the values by these names. Raises Wrong for what is too long."""
    prefix = _NAME
    while any(name.startswith(prefix) for name in checked.values):
        prefix += "_"
    found: list[yaml.ScalarNode] = []
    seen: set[int] = set()
    for key, node in root.value:
        if key.value in _SECTIONS:
            _name(node, prefix, found, seen)
    made = await texts_as_read(checked, [one.value for one in found])
    sizes = [len(one.encode("utf-8", "replace")) for one in made]
    for node, size in zip(found, sizes, strict=True):
        if size > LONGEST or sum(sizes) > MOST:
            raise Wrong([Problem(node.start_mark.line + 1, "with its variables this is too long for a stack.")])
    return {f"{prefix}{number}": text for number, text in enumerate(made)}


def _name(node: yaml.Node, prefix: str, found: list[yaml.ScalarNode], seen: set[int]) -> None:
    """Of the values below a node; each node once, however many aliases lead to it."""
    if id(node) in seen or isinstance(node, yaml.ScalarNode):
        return
    seen.add(id(node))

    def named(one: yaml.Node) -> yaml.Node:
        if not isinstance(one, yaml.ScalarNode) or "$" not in one.value:
            return one
        found.append(one)
        name = f"${{{prefix}{len(found) - 1}}}"
        return yaml.ScalarNode(one.tag, name, one.start_mark, one.end_mark, style='"')

    for below in _values(node):
        _name(below, prefix, found, seen)
    if isinstance(node, yaml.MappingNode):
        node.value = [(key, named(one)) for key, one in node.value]
    else:
        node.value = [named(one) for one in node.value]


def _values(node: yaml.Node) -> Iterator[yaml.Node]:
    yield from (one for _, one in node.value) if isinstance(node, yaml.MappingNode) else node.value
