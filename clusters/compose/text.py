"""A project's text, read strictly and written anew: the program sees what we saw, however it reads YAML itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from clusters.apply.documents import Path, Unreadable, locate, words_of

MOST_BYTES = 256 << 10
MOST_NODES = 20_000
MOST_DEPTH = 40
MOST_ALIASES = 100
MOST_REBUILT = 4 << 20  # characters, with what aliases repeat
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# What is more than text when it stands without quotes: written on as it is, so that the program decides what it means.
_PLAIN = re.compile(r"[-+]?\.?[0-9][0-9A-Za-z_.+-]*|true|True|TRUE|false|False|FALSE")
_NOTHING = {"", "~", "null", "Null", "NULL"}
_BREAKS = {"\x7f": "\\x7f", "\x85": "\\x85", "\u2028": "\\u2028", "\u2029": "\\u2029", "\ufeff": "\\ufeff"}

# Every value as text (None for nothing): what a value means is the program's to say, which keys there are is ours.
Tree: TypeAlias = "dict[str, Tree] | list[Tree] | str | None"
Field: TypeAlias = tuple[yaml.ScalarNode, yaml.Node]


@dataclass(frozen=True, slots=True)
class ProjectText:
    """A text that was read: what is in it, where, and how the program gets it."""

    tree: dict[str, Any]
    node: yaml.MappingNode
    rebuilt: str

    def line_of(self, path: Path) -> int:
        """Where a field stands, or what comes nearest to it, from 1."""
        return int(locate(self.node, path).start_mark.line) + 1


def read(text: str) -> ProjectText:
    """The project. Raises Unreadable with the line and what is wrong, in words."""
    text = text.replace("\r\n", "\n")
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise Unreadable(f"This is longer than {MOST_BYTES >> 10} KiB.")
    try:
        _check(text)
        node = yaml.compose(text, Loader=_Loader)
        if not isinstance(node, yaml.MappingNode):
            raise Unreadable("a project begins with “services:”.", 1)
        maker = _Maker()
        tree, rebuilt = maker.make(node, 0), "".join(maker.write(node))
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Unreadable("there is a character that cannot be part of YAML.", line, detail=str(error)) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = min(mark.line + 1, text.rstrip().count("\n") + 1) if mark else 0
        raise Unreadable(words_of(error, text), line, detail=str(error)[:600]) from error
    except (yaml.YAMLError, RecursionError, UnicodeError) as error:
        raise Unreadable("This cannot be read as YAML.", detail=str(error)[:600]) from error
    if not isinstance(tree.get("services"), dict) or not tree["services"]:
        raise Unreadable("there is no service: a project needs “services:” with at least one below it.", 1)
    return ProjectText(tree, node, rebuilt)


def made_of(tree: Mapping[str, Any]) -> ProjectText:
    """A project of our own making."""
    node = _node(tree)
    return ProjectText(dict(tree), node, written(node))


def _node(tree: Any) -> Any:
    nowhere = yaml.Mark("", 0, 0, 0, None, 0)
    if isinstance(tree, Mapping):
        pairs = [(_node(key), _node(value)) for key, value in tree.items()]
        return yaml.MappingNode("tag:yaml.org,2002:map", pairs, nowhere, nowhere)
    return yaml.ScalarNode("tag:yaml.org,2002:str", str(tree), nowhere, nowhere, style='"')


def written(node: yaml.MappingNode) -> str:
    """A document anew, after a part of it was changed."""
    return "".join(_Maker().write(node))


def _check(text: str) -> None:
    """On the stream of events, before anything is made of it: a bomb of aliases is small until then."""
    depth = aliases = documents = 0
    for nodes, event in enumerate(yaml.parse(text, Loader=_Loader)):
        line = event.start_mark.line + 1 if event.start_mark else 0
        documents += isinstance(event, yaml.DocumentStartEvent)
        aliases += isinstance(event, yaml.AliasEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if documents > 1:
            raise Unreadable("a second document (---) begins here; a project is one.", line)
        if getattr(event, "tag", None):
            raise Unreadable("tags (!) are not allowed.", line)
        if depth > MOST_DEPTH or nodes > 2 * MOST_NODES or aliases > MOST_ALIASES:
            raise Unreadable("it is nested too deeply, or too long.", line)


class _Maker:
    """Makes plain data of nodes, and text of them; both count aliases and merges as often as they are used."""

    def __init__(self) -> None:
        self._made = self._size = 0
        self._fields: dict[int, list[Field] | None] = {}  # of a node by its id; None while they are being found

    def make(self, node: yaml.Node, depth: int) -> Any:
        """Dicts, lists, texts and None."""
        self._count(node, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.make(one, depth + 1) for one in node.value]
        if isinstance(node, yaml.MappingNode):
            return {key.value: self.make(value, depth + 1) for key, value in self._counted(node, depth)}
        return None if _is_nothing(node) else str(node.value)

    def write(self, node: yaml.Node, depth: int = 0) -> Iterator[str]:
        """YAML on one line, in which no name, no quote and no line break can be read in two ways."""
        self._count(node, depth)
        if isinstance(node, yaml.ScalarNode):
            yield _scalar(node)
            return
        opening, closing = "[]" if isinstance(node, yaml.SequenceNode) else "{}"
        yield opening
        for number, one in enumerate(node.value if opening == "[" else self._counted(node, depth)):
            yield ", " if number else ""
            if opening == "{":
                yield f"{_quoted(one[0].value)}: "
            yield from self.write(one if opening == "[" else one[1], depth + 1)
        yield closing

    def _count(self, node: yaml.Node, depth: int, made: int = 1) -> None:
        self._made += made
        if isinstance(node, yaml.ScalarNode):
            self._size += len(node.value)
        # Everything is counted twice: when it is made, and when it is written.
        if self._made > 2 * MOST_NODES or self._size > 2 * MOST_REBUILT or depth > MOST_DEPTH:
            raise Unreadable("with its aliases it is too large.", node.start_mark.line + 1)

    def _counted(self, node: yaml.Node, depth: int) -> Iterator[Field]:
        for key, value in self._pairs(node, depth):
            self._count(key, depth, made=0)
            yield key, value

    def _pairs(self, node: Any, depth: int) -> list[Field]:
        """The fields of a mapping, with those that << merges into it; found once, however often it is used."""
        if id(node) in self._fields:
            known = self._fields[id(node)]
            if known is None:
                raise Unreadable("<< merges this into itself.", node.start_mark.line + 1)
            return known
        self._fields[id(node)] = None
        own: dict[str, Field] = {}
        merged: dict[str, Field] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise Unreadable("this name of a field is not plain text.", line)
            if key.value == "<<":
                for name, one in self._merged(value, line, depth + 1):
                    merged.setdefault(name.value, (name, one))
            elif key.value in own:
                raise Unreadable(f"“{key.value[:80]}” stands twice here.", line)
            else:
                own[key.value] = (key, value)
        found = list((merged | own).values())
        self._fields[id(node)] = found
        return found

    def _merged(self, value: yaml.Node, line: int, depth: int) -> Iterator[Field]:
        """What << brings, the first of doubled names counting; each merge and each field of it is counted."""
        for one in value.value if isinstance(value, yaml.SequenceNode) else [value]:
            if not isinstance(one, yaml.MappingNode):
                raise Unreadable("<< merges fields only.", line)
            self._count(one, depth)
            fields = self._pairs(one, depth)
            self._count(one, depth, made=len(fields))
            yield from fields


def _is_nothing(node: Any) -> bool:
    return not node.style and node.value in _NOTHING


def _scalar(node: Any) -> str:
    if _is_nothing(node):
        return "null"
    return str(node.value) if not node.style and _PLAIN.fullmatch(node.value) else _quoted(node.value)


def _quoted(text: str) -> str:
    written = json.dumps(text, ensure_ascii=False)
    return "".join(_BREAKS.get(one, one) for one in written)
