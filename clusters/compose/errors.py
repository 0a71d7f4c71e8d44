"""What the program says against a project, in plain words at the line that it is about."""

from __future__ import annotations

import re
from collections.abc import Sequence

import yaml

from clusters.apply.documents import Path
from clusters.compose.problem import Problem, Wrong
from clusters.compose.text import ProjectText

_SEEN = re.compile(
    r"validating [^\s:]*: +(?P<path>services\S*|networks\S*|volumes\S*|configs\S*|secrets\S*)? ?(?P<what>.+)"
)
_UNKNOWN = re.compile(r"additional \w+ (?P<names>.+) not allowed")
_MISSING = re.compile(
    r"interpolating (?P<path>\S+): required variable (?P<name>\S+) is missing a value(?:: (?P<why>.*))?"
)
_CAST = re.compile(r"interpolating (?P<path>\S+): failed to cast to expected type: (?P<what>.+)")
_SOMEWHERE = re.compile(r"\b(?P<path>(?:services|networks|volumes|configs|secrets)\.[^\s:]+)")
_BAD_FORM = re.compile(r"invalid interpolation format for (?P<path>\S+?)\.?\s")
_CYCLE = re.compile(r"dependency cycle detected: (?P<names>.+)")
_DEPENDS = re.compile(r'service "(?P<service>[^"]+)" depends on undefined service "?(?P<name>[^":\s]+)"?')
_UNDEFINED = re.compile(r'service "(?P<service>[^"]+)" refers to undefined (?P<what>\w+) "?(?P<name>[^":\s]+)"?')
_NO_IMAGE = re.compile(r'service "(?P<service>[^"]+)" has neither an image')
_PORT = re.compile(r"invalid (?:hostPort|containerPort|published port|start port|range start)[^:]*: (?P<port>\S+)")
_QUOTED_PATH = re.compile(r"'(?P<path>\w[^']*)' (?P<what>.+)")
_SERVICE = re.compile(r'service "(?P<service>[^"]+)"')
_SECTIONS = {"volume": "volumes", "network": "networks", "config": "configs", "secret": "secrets"}


def explain(said: str, text: ProjectText) -> Wrong:
    """The error of a program that did not take the text."""
    told = _told(said)
    line, words = _explained(told, text)
    return Wrong([Problem(line, words)], detail=told)


def _explained(said: str, text: ProjectText) -> tuple[int, str]:
    if found := _MISSING.search(said):
        why = f": {found['why'].strip()}" if (found["why"] or "").strip() else ""
        return _line(text, found["path"]), f"{found['name']} needs a value{why}."
    if found := _CAST.search(said):
        return _line(text, found["path"]), f"“{found['path'].rpartition('.')[2]}” cannot be read: {found['what']}."
    if found := _BAD_FORM.search(said):
        return _line(
            text, found["path"]
        ), "this ${…} is not closed, or not written rightly. A dollar sign itself is $$."
    if found := _CYCLE.search(said):
        names = found["names"].split(" -> ")
        line = text.line_of(("services", names[0], "depends_on"))
        return line, f"the services wait for each other in a circle: {' → '.join(names)}."
    if found := _DEPENDS.search(said):
        path = _deepest(text, ("services", found["service"]), "depends_on", found["name"])
        return path, f"{found['service']} depends on {found['name']}, and there is no such service."
    if found := _UNDEFINED.search(said):
        section = _SECTIONS.get(found["what"], found["what"])
        line = _deepest(text, ("services", found["service"]), section, found["name"])
        return line, f"there is no {found['what']} {found['name']}: name it under “{section}:” at the end of the text."
    if found := _NO_IMAGE.search(said):
        return text.line_of(("services", found["service"])), f"{found['service']} has no image."
    if found := _PORT.search(said):
        return holding(text.node, found["port"]), f"{found['port']} is no port: a number from 1 to 65535."
    return _schema(said, text)


def _schema(said: str, text: ProjectText) -> tuple[int, str]:
    if found := _SEEN.search(said):
        path, what = found["path"] or "", found["what"].strip()
        if unknown := _UNKNOWN.search(what):
            names = [name.strip(" '\"") for name in unknown["names"].split(",")]
            where = f"{path}.{names[0]}" if path else names[0]
            return _line(text, where), f"“{', '.join(names)[:120]}” is not known here."
        if what == "false schema":
            return _line(text, path), f"“{path.rpartition('.')[2]}” is not known here."
        what = what.replace("must be a integer", "must be a whole number, without quotes")
        return _line(text, path), f"“{path.rpartition('.')[2]}” {what}."
    if found := _QUOTED_PATH.search(said):
        path = re.sub(r"\[([^\]]+)\]", r".\1", found["path"])
        return _line(text, path), f"“{path.rpartition('.')[2]}” cannot be read: {found['what']}."
    if found := _SOMEWHERE.search(said):
        return _line(text, found["path"]), said[:300]
    if (found := _SERVICE.search(said)) and found["service"] in text.tree["services"]:
        return text.line_of(("services", found["service"])), said[:300]
    return 1, said[:300] or "The program does not take this text, and does not say why."


def _told(said: str) -> str:
    """Without what it only warns of."""
    lines = [one for one in said.splitlines() if one.strip() and "level=warning" not in one]
    return "\n".join(lines).strip()[:2000]


def _line(text: ProjectText, dotted: str) -> int:
    return text.line_of(_path(text.node, dotted))


def _path(node: object, dotted: str) -> Path:
    """Where "services.my.web.ports.0" leads: names may have dots themselves."""
    if not dotted:
        return ()
    if isinstance(node, yaml.SequenceNode):
        first, _, rest = dotted.partition(".")
        number = int(first) if first.isdecimal() and len(first) < 6 else 0
        inner = node.value[number] if number < len(node.value) else None
        return (number, *_path(inner, rest))
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if dotted == key.value or dotted.startswith(f"{key.value}."):
                return (key.value, *_path(value, dotted[len(key.value) + 1 :]))
    return (dotted,)


def _deepest(text: ProjectText, path: Path, section: str, name: str) -> int:
    """The line within that part of a service where the name stands."""
    node: yaml.Node = text.node
    for step in (*path, section):
        node = next((value for key, value in _pairs(node) if key.value == step), None) or node
    return holding(node, name) if node is not text.node else text.line_of(path)


def _pairs(node: object) -> Sequence[tuple[yaml.ScalarNode, yaml.Node]]:
    return node.value if isinstance(node, yaml.MappingNode) else ()


def holding(node: yaml.Node, words: str) -> int:
    """The first line in which a value, or a name, holds these words."""
    for one in _scalars(node):
        if words in one.value:
            return int(one.start_mark.line) + 1
    return int(node.start_mark.line) + 1


def _scalars(node: yaml.Node) -> Sequence[yaml.ScalarNode]:
    """All texts of a part of a document, in their order."""
    found: list[yaml.ScalarNode] = []
    todo, seen = [node], set[int]()
    while todo:
        one = todo.pop(0)
        if isinstance(one, yaml.ScalarNode):
            found.append(one)
        elif id(one) not in seen:
            seen.add(id(one))
            inner = [each for pair in one.value for each in pair] if isinstance(one, yaml.MappingNode) else one.value
            todo = [*inner, *todo]
    return found
