"""A stack's text as the program gets it: what Compose calls `content` and `environment` it knows as files only.

They are written into the folder of the program, which nobody else can open and which goes afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from clusters.compose.check import Checked, check
from clusters.compose.problem import Problem, Wrong
from clusters.compose.program import environment, private_folder, run
from clusters.compose.text import ProjectText, read, written
from clusters.errors import Invalid
from clusters.stacks.copies import with_copies
from clusters.stacks.filled import fill
from clusters.stacks.program import at_once, the_docker

_SAID = re.compile(r"^(?P<path>\(root\)|[A-Za-z][\w.-]*) (?P<what>[A-Z].*|must .*)$")
_UNKNOWN = re.compile(r"Additional property (?P<name>\S+) is not allowed")
_PLACE = re.compile(r"\b(?P<path>(?:services|networks|volumes|configs|secrets)\.[\w.-]+)")


_VALUES = ("content", "environment")
LONGEST = 62  # letters of a name, so that what it makes still has one


@dataclass(frozen=True, slots=True)
class StackText:
    """A text that both programs take: as it was checked, and as the one that deploys stacks gets it."""

    checked: Checked
    text: str = field(repr=False)
    files: Mapping[str, str] = field(repr=False)  # by name, in the folder of the program
    values: Mapping[str, str] = field(repr=False)  # what stands for the texts with variables, as Compose reads them


async def check_stack(
    text: str,
    name: str,
    values: Mapping[str, str],
    scale: Mapping[str, int] | None = None,
    *,
    named: bool = True,
    stored: Collection[str] = (),
) -> StackText:
    """As ``check``; also Unsupported where the program that deploys is missing."""
    program = await the_docker()
    if len(name) > LONGEST:
        raise Invalid(f"The name of a stack is at most {LONGEST} letters long.", field="name")
    checked = await check(text, name, values, scale, named=named, stored=stored)
    found = read(text)
    asked = await _for_the_program(checked, found)
    async with at_once, private_folder() as folder:
        write_files(folder, asked)
        words = ("stack", "config", "--compose-file", "-")
        ended = await run(program, words, environment(folder, asked.values), folder, asked.text, within=20.0)
    if ended.code:
        raise _explained(checked.hide(ended.said.replace(str(folder), "")), found)
    return asked


def write_files(folder: Path, asked: StackText) -> None:
    """Put what its secrets and configs hold where the text says it is."""
    for name, content in asked.files.items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(content, encoding="utf-8", newline="")


async def _for_the_program(checked: Checked, found: ProjectText) -> StackText:
    """The same text with files and plain names in the place of values. Its name is said beside it."""
    files: dict[str, str] = {}
    root = found.node
    root.value = [pair for pair in root.value if pair[0].value != "name"]
    for section, node in ((key.value, value) for key, value in root.value if key.value in ("secrets", "configs")):
        if isinstance(node, yaml.MappingNode):
            pairs = [(key, one) for key, one in node.value if _is_used(checked, section, key.value, one)]
            node.value = [(key, _as_file(checked, found, (section, key.value), one, files)) for key, one in pairs]
    filled = await fill(root, checked)
    text = with_copies(written(root), checked.scale)
    return StackText(checked, text, files, {**checked.values, **filled})


def _is_used(checked: Checked, section: str, name: str, one: yaml.Node) -> bool:
    """Whether any service has it: Compose leaves out what none has, and then nobody knows what is in it."""
    given = isinstance(one, yaml.MappingNode) and any(key.value in _VALUES for key, _ in one.value)
    return not given or name in (checked.project.get(section) or {})


def _as_file(
    checked: Checked, found: ProjectText, path: tuple[str, str], one: yaml.Node, files: dict[str, str]
) -> yaml.Node:
    """A secret or config that is read from a file, in which stands what the text says that it holds."""
    content = _content(checked, found, path)
    if content is None or not isinstance(one, yaml.MappingNode):
        return one
    name = f"{path[0]}-{len(files)}"
    files[name] = content
    kept = [pair for pair in one.value if pair[0].value not in _VALUES]
    if len(kept) == len(one.value):
        raise Wrong([Problem(found.line_of(path), "write “content” or “environment” here, not through <<.")])
    pairs = [*kept, (_plain("file", one), _plain(f"./{name}", one))]
    return yaml.MappingNode(one.tag, pairs, one.start_mark, one.end_mark)


def _content(checked: Checked, found: ProjectText, path: tuple[str, str]) -> str | None:
    """What is in a secret or config, where the text says it; None for one that is there already."""
    one = (checked.project.get(path[0]) or {}).get(path[1]) or {}
    if isinstance(one.get("environment"), str):
        value = checked.values.get(one["environment"])
        if value is None:
            raise Wrong([Problem(found.line_of(path), f"{one['environment']} needs a value.")])
        return value
    content = one.get("content")
    return content.replace("$$", "$") if isinstance(content, str) else None


def _plain(text: str, at: yaml.Node) -> yaml.ScalarNode:
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, at.start_mark, at.end_mark, style='"')


def _explained(said: str, found: ProjectText) -> Wrong:
    """What the program says against it, at its line."""
    lines = [one.strip() for one in said.splitlines() if one.strip() and "level=warning" not in one]
    told = lines[0] if lines else ""
    if match := _SAID.match(told):
        path = () if match["path"] == "(root)" else tuple(match["path"].split("."))
        if unknown := _UNKNOWN.search(match["what"]):
            words = f"a stack knows no “{unknown['name']}” here."
            return Wrong([Problem(found.line_of((*path, unknown["name"])), words)], detail=told)
        return Wrong([Problem(found.line_of(path), f"“{path[-1] if path else ''}” {match['what']}.")], detail=told)
    if "forbidden properties" in told:
        words = (
            "it holds keys that no stack can have (like cpus or mem_limit): write limits under “deploy: resources:”."
        )
        return Wrong([Problem(1, words)], detail=told)
    place = _PLACE.search(told)
    line = found.line_of(tuple(place["path"].split("."))) if place else 1
    return Wrong(
        [Problem(line, told[:300] or "The program does not take this text, and does not say why.")], detail=told
    )
