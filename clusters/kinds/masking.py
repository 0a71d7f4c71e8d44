"""Hides what looks like a secret before anybody sees it: by the name it has, or by the password inside an address."""

from __future__ import annotations

import re
import shlex
from typing import Any

MASK = "••••••"
_NAMES = re.compile(
    r"PASS(?!IVE|AGE|THROUGH)|PWD(?!$)|^PWD.|PASSWD|SECRET|TOKEN|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY|AUTH(?!OR)|"
    r"(?:^|[_.-])KEY$|_KEY_|APIKEY|SIGNATURE|SALT$|DSN$|CONNECTION_?STRING",
    re.IGNORECASE,
)
_PASSWORD_IN_URL = re.compile(r"(?P<before>[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s/:@]{0,200}:)[^\s/@]{1,400}(?P<after>@)")
_NAME = re.compile(r"[A-Za-z0-9._/-]{1,317}")  # of a label or a taint, with its prefix
# A flag of a command line that is followed by, or holds, a secret.
_FLAG = re.compile(
    r"^(-{1,2}[A-Za-z0-9-]*(?:pass(?:word)?|secret|token|api-?key|credential)[A-Za-z0-9-]*)(=.*)?$", re.IGNORECASE
)
# Where Kubernetes names an entry, a label or a taint by "key": what stands there holds no secret of its own.
_REFERENCES = {"secretKeyRef", "configMapKeyRef", "fileKeyRef", "tolerations", "taints", "matchExpressions"}
# Below these keys, in any case of letters, every text is a secret, whatever its name.
_VAULTS = {"auths", "identitytoken", "registrytoken", "jointokens", "unlockkey"}

_SCRIPT = 20_000  # characters; of what is longer, quotes are not looked at
_DEEPEST = 3  # lines for a shell within each other
# What holds the words of a command line. ("Command" is a Swarm's, "Test" that of a health check.)
_LINES = {"Cmd", "Entrypoint", "Args", "Command", "Test", "command", "args", "entrypoint", "test"}


def is_secret_name(name: str) -> bool:
    """Does something of this name usually hold a secret?"""
    return bool(_NAMES.search(name[:300]))


def looks_secret(name: str, value: str) -> bool:
    """Is that a secret, by its name or by a password inside an address?"""
    return bool(value) and mask_value(name, value) != value


def mask_value(name: str, value: str) -> str:
    """The value of that name, with what is secret in it hidden. Empty stays empty: that nothing is set is no secret."""
    if value and is_secret_name(name):
        return MASK
    return _PASSWORD_IN_URL.sub(rf"\g<before>{MASK}\g<after>", value)


def mask_pair(pair: str) -> str:
    """One ``NAME=value`` of an environment."""
    name, equals, value = pair.partition("=")
    return f"{name}={mask_value(name, value)}" if equals else mask_value("", pair)


def mask_words(words: list[str], deep: int = 0) -> list[str]:
    """A command line: what follows ``--password`` or stands behind ``--token=``.

    So deep is it inside of other words, as in ["sh", "-c", "…"]: whatever a cluster says, that has an end.
    """
    masked, hide_next = [], False
    for word in words:
        flag = _FLAG.match(word[:2000])
        if hide_next and not word.startswith("-"):
            masked.append(MASK)
        elif flag and flag[2]:
            masked.append(f"{flag[1]}={MASK}")
        else:
            shown = mask_pair(word)
            masked.append(mask_shell(shown, deep + 1) if deep < _DEEPEST and len(shown.split()) > 1 else shown)
        hide_next = bool(flag and not flag[2])
    return masked


def mask_shell(text: str, deep: int = 0) -> str:
    """The same of a line for a shell; as it is where nothing in it is hidden."""
    try:
        words = shlex.split(text) if len(text) <= _SCRIPT else text.split()
    except ValueError:
        words = text.split()  # a quote is not closed
    shown = mask_words(words, deep)
    return mask_value("", text) if shown == words else shlex.join(shown)


def masked(tree: Any, name: str = "", depth: int = 0) -> Any:
    """A JSON tree with every value hidden that its name, or its own shape, gives away."""
    if depth > 60:
        return "…"
    if name.lower() in _VAULTS:
        return _all_hidden(tree, depth)
    if isinstance(tree, dict):
        if isinstance(tree.get("name"), str) and isinstance(
            tree.get("value"), str
        ):  # one variable, as Kubernetes has it
            return {**tree, "value": mask_value(tree["name"], tree["value"])}
        if tree.get("kind") == "Secret":
            tree = _without_values(tree)
        shown = {key: masked(value, str(key), depth + 1) for key, value in tree.items()}
        return {**shown, "key": tree["key"]} if _only_names_a_key(tree, name) else shown
    if isinstance(tree, list):
        if name in _LINES and all(isinstance(one, str) for one in tree):
            return mask_words(tree)
        if name in ("Env", "Environment"):
            return [mask_pair(one) if isinstance(one, str) else masked(one, "", depth + 1) for one in tree]
        return [masked(one, name, depth + 1) for one in tree]
    return mask_value(name, tree) if isinstance(tree, str) else tree


def _all_hidden(tree: Any, depth: int) -> Any:
    """Every text in it, however deep; empty stays empty."""
    if depth > 60:
        return "…"
    if isinstance(tree, dict):
        return {key: _all_hidden(value, depth + 1) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_all_hidden(one, depth + 1) for one in tree]
    return MASK if isinstance(tree, str) and tree else tree


def _only_names_a_key(tree: dict[str, Any], name: str) -> bool:
    known = name in _REFERENCES or (name == "items" and tree.keys() <= {"key", "path", "mode"})
    return known and isinstance(tree.get("key"), str) and bool(_NAME.fullmatch(tree["key"]))


def _without_values(secret: dict[str, Any]) -> dict[str, Any]:
    """A Kubernetes secret with the names of its entries alone; a note of what was applied holds the values, too."""
    hidden: dict[str, Any] = {
        key: dict.fromkeys(secret[key], MASK) for key in ("data", "stringData") if isinstance(secret.get(key), dict)
    }
    metadata = secret.get("metadata")
    notes = metadata.get("annotations") if isinstance(metadata, dict) else None
    if isinstance(metadata, dict) and isinstance(notes, dict):
        kept = {name: MASK if name.endswith("/last-applied-configuration") else text for name, text in notes.items()}
        hidden["metadata"] = {**metadata, "annotations": kept}
    return {**secret, **hidden}
