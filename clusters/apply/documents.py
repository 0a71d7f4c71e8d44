"""Objects as people write them: documents of YAML or JSON, read strictly, each knowing its lines.

What comes out is what the API server would make of it: JSON, with keys that are text. Times stay text, ``22:22`` is no
number, and a key that stands twice is a mistake.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import yaml

from clusters.errors import Invalid
from clusters.kinds.kubernetes.names import NAMESPACE

MOST_BYTES = 1 << 20
MOST_DOCUMENTS = 100
MOST_NODES = 50_000
MOST_DEPTH = 64
MOST_ALIASES = 100

Path: TypeAlias = tuple[str | int, ...]
_API_VERSION = re.compile(r"([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?/)?v[a-z0-9]{1,62}")
_KIND = re.compile(r"[A-Za-z][A-Za-z0-9]{0,62}")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._:@~-]{0,252}")


class Unreadable(Invalid):
    """A text that is no YAML of objects. ``line`` is where, from 1; 0 when it is about all of it."""

    def __init__(self, message: str, line: int = 0, *, detail: str = "") -> None:
        super().__init__(f"Line {line}: {message}" if line else message, detail=detail)
        self.line = line


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One object of a text."""

    number: int  # from 1
    tree: dict[str, Any]
    node: yaml.MappingNode  # the same with its places in the text

    @property
    def line(self) -> int:
        """Where it begins, from 1."""
        return int(self.node.start_mark.line) + 1

    @property
    def version(self) -> str:
        """ "apps/v1"."""
        return str(self.tree["apiVersion"])

    @property
    def kind(self) -> str:
        """ "Deployment"."""
        return str(self.tree["kind"])

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.tree["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """The namespace that it names; "" for none."""
        return str(self.tree["metadata"].get("namespace") or "")

    def line_of(self, path: Path) -> int:
        """Where a field stands, or what comes nearest to it."""
        return int(locate(self.node, path).start_mark.line) + 1


def read(text: str) -> list[Document]:
    """Every object of a text, in its order. Raises Unreadable with the line and what is wrong, in words."""
    text = text.replace("\r\n", "\n")  # forms send both
    if len(text.encode("utf-8", "replace")) > MOST_BYTES:
        raise Unreadable("This is longer than 1 MiB.")
    try:
        _check(text)
        found = [one for node in _nodes(text) for one in _objects(node)]
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Unreadable("there is a character that cannot be part of YAML.", line, detail=str(error)) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        last = text.rstrip().count("\n") + 1  # what is not closed is noticed behind the end
        line = min(mark.line + 1, last) if mark else 0
        raise Unreadable(words_of(error, text), line, detail=str(error)[:600]) from error
    except (yaml.YAMLError, RecursionError, UnicodeError) as error:
        raise Unreadable("This cannot be read as YAML.", detail=str(error)[:600]) from error
    if len(found) > MOST_DOCUMENTS:
        raise Unreadable(f"These are {len(found)} objects; at most {MOST_DOCUMENTS} are taken at once.")
    return [_document(number, tree, node) for number, (tree, node) in enumerate(found, 1)]


def locate(node: Any, path: Path, *, key: bool = True) -> Any:
    """The node of a field; of what comes nearest to it, where it is not there. ``key``: of its name, not its value."""
    for step in path:
        if isinstance(node, yaml.MappingNode):
            pair = next((pair for pair in node.value if pair[0].value == step), None)
            if pair is None:
                return node
            name, node = pair
            if key and step == path[-1]:
                return name
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
        else:
            return node
    return node


def _check(text: str) -> None:
    """On the stream of events, before anything is made of it: what is deep or many is small until then."""
    depth = aliases = 0
    for nodes, event in enumerate(yaml.parse(text, Loader=_Loader)):
        line = event.start_mark.line + 1 if event.start_mark else 0
        aliases += isinstance(event, yaml.AliasEvent)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if getattr(event, "tag", None):
            raise Unreadable("tags (!) are not allowed.", line)
        if depth > MOST_DEPTH:
            raise Unreadable(f"it is nested more than {MOST_DEPTH} levels deep.", line)
        if nodes > 2 * MOST_NODES or aliases > MOST_ALIASES:
            raise Unreadable(f"there are more than {MOST_NODES:,} values or {MOST_ALIASES} aliases (*).", line)


def _nodes(text: str) -> Iterator[yaml.Node]:
    loader = _Loader(text)
    try:
        while loader.check_node():
            yield loader.get_node()
    finally:
        loader.dispose()


def _objects(node: yaml.Node) -> Iterator[tuple[dict[str, Any], yaml.MappingNode]]:
    """The object of a document, or those of a list; nothing for an empty document."""
    if isinstance(node, yaml.ScalarNode) and node.tag == "tag:yaml.org,2002:null":
        return
    line = node.start_mark.line + 1
    if not isinstance(node, yaml.MappingNode):
        raise Unreadable("this is no object: it must have apiVersion, kind and metadata.", line)
    tree = _Maker().make(node, 0)
    if tree.get("kind") != "List" or tree.get("apiVersion") != "v1":
        yield tree, node
        return
    items = locate(node, ("items",), key=False)
    for item in items.value if isinstance(items, yaml.SequenceNode) else ():
        if not isinstance(item, yaml.MappingNode):
            raise Unreadable("this item of the list is no object.", item.start_mark.line + 1)
        yield _Maker().make(item, 0), item


class _Maker:
    """Makes plain data of nodes. Aliases are counted as often as they are used."""

    def __init__(self) -> None:
        self.made = 0

    def make(self, node: yaml.Node, depth: int) -> Any:
        self.made += 1
        line = node.start_mark.line + 1
        if depth > MOST_DEPTH or self.made > MOST_NODES:
            raise Unreadable("with its aliases it is nested too deeply, or too large.", line)
        if isinstance(node, yaml.SequenceNode):
            return [self.make(one, depth + 1) for one in node.value]
        if not isinstance(node, yaml.MappingNode):
            return _scalar(node, line)
        made: dict[str, Any] = {}
        for key, value in node.value:
            at = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise Unreadable("this name of a field is not plain text.", at)
            if key.value == "<<":
                raise Unreadable("merging with << is not allowed; write the fields out.", at)
            if key.value in made:
                raise Unreadable(f"“{key.value[:80]}” stands twice in the same object.", at)
            made[key.value] = self.make(value, depth + 1)
        return made


def _scalar(node: yaml.Node, line: int) -> Any:
    try:
        value = _constructor.construct_object(node)
    except (ValueError, OverflowError) as error:
        raise Unreadable("this is no value that can be used.", line, detail=str(error)) from error
    if isinstance(value, float) and not math.isfinite(value):
        raise Unreadable("this number is not finite.", line)
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        raise Unreadable("this number is too large.", line)
    return value


def _document(number: int, tree: dict[str, Any], node: yaml.MappingNode) -> Document:
    def wrong(message: str, *path: str | int) -> Unreadable:
        return Unreadable(message, int(locate(node, path).start_mark.line) + 1)

    version, kind, metadata = tree.get("apiVersion"), tree.get("kind"), tree.get("metadata")
    if not isinstance(version, str) or not _API_VERSION.fullmatch(version):
        raise wrong("apiVersion is missing or no version, as v1 or apps/v1 are.", "apiVersion")
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        raise wrong("kind is missing or no name of a kind, as Deployment is.", "kind")
    if not isinstance(metadata, dict):
        raise wrong("metadata is missing; at least its name is needed.", "metadata")
    if not metadata.get("name") and metadata.get("generateName"):
        raise wrong(
            "it needs a name: what is applied is found by it (generateName makes a new one each time).", "metadata"
        )
    if not isinstance(metadata.get("name"), str) or not _NAME.fullmatch(metadata["name"]):
        raise wrong("metadata.name is missing, or cannot be a name.", "metadata", "name")
    namespace = metadata.get("namespace")
    if namespace not in (None, "") and not (isinstance(namespace, str) and NAMESPACE.fullmatch(namespace)):
        raise wrong("metadata.namespace cannot be the name of a namespace.", "metadata", "namespace")
    return Document(number, tree, node)


_PLAIN = (  # what the YAML library says, and what people are told
    (
        "mapping values are not allowed",
        "a colon stands where none may: is the indentation right, or are quotes missing?",
    ),
    ("expected <block end>", "the indentation does not fit that of the lines above."),
    ("could not find expected ':'", "a colon is missing after the name of a field."),
    ("expected ',' or", "a bracket is not closed, or a comma is missing."),
    ("found unexpected end of stream", "a quote or a bracket is not closed."),
    ("unexpected end of stream", "a quote or a bracket is not closed."),
    ("undefined alias", "this alias (*) names an anchor (&) that is not there."),
    ("did not find expected", "this does not fit the lines above: see the indentation, the quotes and the brackets."),
)


def words_of(error: yaml.MarkedYAMLError, text: str) -> str:
    """What the YAML library found wrong in a text, as people are told."""
    mark = error.problem_mark
    lines = text.split("\n")
    if mark and mark.line < len(lines) and "\t" in lines[mark.line][: mark.column + 1]:
        return "a tab stands here; YAML is indented with spaces."
    said = f"{error.problem or ''} {error.context or ''}"
    return next((words for mark, words in _PLAIN if mark in said), "this cannot be read as YAML.")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Knows no times, no merge keys and no numbers to the base of 60, as the API server does not."""

    yaml_implicit_resolvers: dict[str, Sequence[tuple[str, re.Pattern[str]]]] = {}


_INT = re.compile(r"[-+]?(0b[01_]+|0o?[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+)$")
_FLOAT = re.compile(
    r"([-+]?([0-9][0-9_]*)\.[0-9_]*([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+|[-+]?\.[0-9]+([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$"
)
_SWAPPED = {"tag:yaml.org,2002:int": _INT, "tag:yaml.org,2002:float": _FLOAT}
_LEFT_OUT = {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:merge", "tag:yaml.org,2002:value"}
for _first, _known in yaml.SafeLoader.yaml_implicit_resolvers.items():
    _Loader.yaml_implicit_resolvers[_first] = [
        (_tag, _SWAPPED.get(_tag, _pattern)) for _tag, _pattern in _known if _tag not in _LEFT_OUT
    ]


def _integer(maker: Any, node: Any) -> int:
    text = str(maker.construct_scalar(node)).replace("_", "").replace("0o", "0")
    digits = text.lstrip("+-")
    if len(digits) > 40:
        raise ValueError("too many digits")
    base = 2 if digits.startswith("0b") else 16 if digits.startswith("0x") else 8 if digits.startswith("0") else 10
    return int(digits.removeprefix("0b").removeprefix("0x"), base) * (-1 if text.startswith("-") else 1)


class _Constructor(yaml.constructor.SafeConstructor):
    """Numbers as they are written."""


_Constructor.add_constructor("tag:yaml.org,2002:int", _integer)
_constructor = _Constructor()
