"""Configs and secrets that Compose copies into containers: no engine tells of them, only the text of their project."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from clusters.kinds.masking import mask_pair, mask_value

Kind = Literal["config", "secret"]
_FOLDERS: Mapping[Kind, str] = {"config": "/", "secret": "/run/secrets/"}
_SECTIONS: Mapping[Kind, str] = {"config": "configs", "secret": "secrets"}
_ENTRY = re.compile(r"[^A-Za-z0-9._-]+")
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY")


@dataclass(frozen=True, slots=True)
class Copied:
    """One file of a service. ``content`` None: what is in it is in no text that is kept here."""

    kind: Kind
    name: str  # as its project calls it
    target: str  # the whole path inside
    content: str | None = field(default=None, repr=False)
    owned: str = ""  # by whom and how, where the text says that
    sealed: bool = False  # it holds a value that is kept sealed

    @property
    def is_secret(self) -> bool:
        """Is it one, is something of it kept sealed, or does it look like one?"""
        text = self.content or ""
        if self.kind == "secret" or self.sealed or _PRIVATE_KEY.search(text):
            return True
        return any(map(_looks_secret, text.splitlines()))

    @property
    def key(self) -> str:
        """What a page calls the field of its content."""
        return f"{self.kind} file/{self.name}"

    @property
    def entry(self) -> str:
        """Its entry in a config map or secret of Kubernetes."""
        return _ENTRY.sub("-", self.name)[:250]

    @property
    def variable(self) -> str:
        """The value of a stack that has its content, where that is asked for."""
        return re.sub(r"[^A-Za-z0-9_]", "_", f"{self.name}_file").upper()


def copied_files(
    project: Mapping[str, Any], values: Mapping[str, str], secrets: Iterable[str] = ()
) -> dict[str, list[Copied]]:
    """By service, of a project as the program understood it. What comes from a file of its machine is mounted: that
    is told as a volume.

    ``secrets``: what no page gets of its values; they are filled in in its contents.
    """
    services, unseen = project.get("services") or {}, [one.strip() for one in secrets if one.strip()]
    return {
        str(name): [one for kind in _SECTIONS for one in _of_service(project, service or {}, values, kind, unseen)]
        for name, service in services.items()
    }


def _of_service(
    project: Mapping[str, Any],
    service: Mapping[str, Any],
    values: Mapping[str, str],
    kind: Kind,
    unseen: Sequence[str],
) -> Iterator[Copied]:
    declared = project.get(_SECTIONS[kind]) or {}
    for one in service.get(_SECTIONS[kind]) or ():
        name = str(one.get("source"))
        source = declared.get(name) or {}
        if not source.get("file"):
            target = str(one.get("target") or name)
            whole = target if target.startswith("/") else f"{_FOLDERS[kind]}{target}"
            content = _content(source, values)
            sealed = bool(source.get("environment")) or any(one in (content or "") for one in unseen)
            yield Copied(kind, name, whole, content, _owned(one), sealed)


def _content(source: Mapping[str, Any], values: Mapping[str, str]) -> str | None:
    if isinstance(content := source.get("content"), str):
        return content.replace("$$", "$")  # as the program writes one that is meant
    return values.get(str(source["environment"])) if source.get("environment") else None


def _owned(one: Mapping[str, Any]) -> str:
    said: Sequence[tuple[str, Any]] = [(word, one.get(word)) for word in ("uid", "gid", "mode")]
    return ", ".join(f"{word} {value}" for word, value in said if value not in (None, ""))


def _looks_secret(line: str) -> bool:
    name, colon, value = line.partition(":")
    pair = f"{name.strip()}={value.strip()}" if colon and value.strip() else line.strip()
    return mask_pair(pair) != pair or mask_value("", line) != line
