"""Configs and secrets that Compose copies into containers: no engine tells of them, only the text of their project."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from clusters.kinds.masking import mask_pair, mask_value

Kind = Literal["config", "secret"]
_FOLDERS: Mapping[Kind, str] = {"config": "/", "secret": "/run/secrets/"}
_SECTIONS: Mapping[Kind, str] = {"config": "configs", "secret": "secrets"}
_ENTRY = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Copied:
    """One file of a service. ``content`` None: what is in it is in no text that is kept here."""

    kind: Kind
    name: str  # as its project calls it
    target: str  # the whole path inside
    content: str | None = field(default=None, repr=False)
    owned: str = ""  # by whom and how, where the text says that

    @property
    def is_secret(self) -> bool:
        """Is it one, or does a line of it look like one?"""
        return self.kind == "secret" or any(map(_looks_secret, (self.content or "").splitlines()))

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


def copied_files(project: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, list[Copied]]:
    """By service, of a project as the program understood it. What comes from a file of its machine is mounted: that
    is told as a volume."""
    services = project.get("services") or {}
    return {
        str(name): [one for kind in _SECTIONS for one in _of_service(project, service or {}, values, kind)]
        for name, service in services.items()
    }


def _of_service(
    project: Mapping[str, Any], service: Mapping[str, Any], values: Mapping[str, str], kind: Kind
) -> Iterator[Copied]:
    declared = project.get(_SECTIONS[kind]) or {}
    for one in service.get(_SECTIONS[kind]) or ():
        name = str(one.get("source"))
        source = declared.get(name) or {}
        if not source.get("file"):
            target = str(one.get("target") or name)
            whole = target if target.startswith("/") else f"{_FOLDERS[kind]}{target}"
            yield Copied(kind, name, whole, _content(source, values), _owned(one))


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
