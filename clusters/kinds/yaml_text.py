"""Trees as YAML for people: in the order they have, with texts of several lines as such."""

from __future__ import annotations

import re
from typing import Any

import yaml

APPLIED = "kubectl.kubernetes.io/last-applied-configuration"  # a note that repeats the object, secrets and all
# What others take for a number, and PyYAML for text that needs no quotes.
_NUMBER = re.compile(r"[-+]?(?:\.?[0-9][0-9_.]*[eE][-+]?[0-9]+|0o[0-7_]+)")
FIRST = ("apiVersion", "kind", "metadata")


def text_of(tree: Any) -> str:
    """The text; read again it is the same tree. What an object is stands first."""
    if isinstance(tree, dict) and "apiVersion" in tree:
        tree = {name: tree[name] for name in dict.fromkeys((*FIRST, *tree)) if name in tree}
    return yaml.dump(tree, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=1_000_000)


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Lines stay lines; nothing is shared by anchors."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: Any, text: str) -> Any:
    lines = text.split("\n")
    clear = len(lines) > 1 and text.strip("\n") and all(line == line.rstrip() and "\t" not in line for line in lines)
    style = "|" if clear else "'" if _NUMBER.fullmatch(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
