"""What a project may not have here, because it reaches for files or programs beside Pilothouse.

It is looked for in the text itself, before the program sees anything of it: the program would open those files.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from clusters.apply.documents import Path
from clusters.compose.problem import Problem
from clusters.compose.text import ProjectText
from clusters.kinds.docker.run_volumes import is_volume_name

_TOP = {
    "include": "“include” reads other files. Write everything into this text.",
    "models": "“models” starts programs beside Pilothouse.",
}
_SERVICE = {
    "build": "“build” needs files that are not here. Build the image under Builds, then name it with “image”.",
    "env_file": "“env_file” reads a file. Write the values under “environment”, or as ${NAME}.",
    "label_file": "“label_file” reads a file. Write the labels under “labels”.",
    "credential_spec": "“credential_spec” reads a file.",
    "provider": "“provider” starts a program beside Pilothouse.",
    "develop": "“develop” watches and copies files that are not here.",
    "models": "“models” starts programs beside Pilothouse.",
    "use_api_socket": "“use_api_socket” hands on the sign-ins of the machine that runs the program.",
}
_OWN_LABELS = "com.docker.compose."


def refusals(text: ProjectText) -> list[Problem]:
    """Everything that is refused, by line."""
    found = [Problem(text.line_of(path), words) for path, words in _found(text.tree)]
    return sorted(found, key=lambda one: one.line)


def _found(tree: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    for key in tree.keys() & _TOP:
        yield (key,), _TOP[key]
    for name, service in tree["services"].items():
        if isinstance(service, dict):
            yield from _of_service(("services", name), service)
    for section in ("configs", "secrets"):
        for name, one in _mapping(tree.get(section)).items():
            if isinstance(one, dict) and "file" in one:
                words = "“file” reads a file. Write it as “content”, or give it as a value with “environment: NAME”."
                yield (section, name, "file"), words
    for section in ("networks", "volumes"):
        for name, one in _mapping(tree.get(section)).items():
            if isinstance(one, dict):
                yield from _labels((section, name), one)


def refused_in_project(project: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """What is refused of a project as the program understood it: a value may have made it so."""
    for name, service in _mapping(project.get("services")).items():
        for one in service.get("volumes") or ():
            source = str(one.get("source") or "")
            if one.get("type") == "bind" and not source.startswith("/"):
                words = f"{source[:100]} is no whole path on that machine: it must begin with a slash."
                yield ("services", name, "volumes"), words
        for one in service.get("security_opt") or ():
            if _reads_profile(str(one)):
                words = "a seccomp profile is read from a file. Only “unconfined” and “builtin” can be named."
                yield ("services", name, "security_opt"), words
    for section in ("services", "networks", "volumes", "configs", "secrets"):
        for name, one in _mapping(project.get(section)).items():
            yield from _labels((section, name), _mapping(one))
            if section in ("configs", "secrets") and _mapping(one).get("file"):
                yield (section, name), "“file” reads a file."
    for name, volume in _mapping(project.get("volumes")).items():
        called = str((volume or {}).get("name") or name)
        if not is_volume_name(called):  # an engine would take "/" as a folder of its machine
            yield ("volumes", name, "name"), f"“{called[:100]}” cannot be the name of a volume."


def _of_service(path: Path, service: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    for key in service.keys() & _SERVICE:
        yield (*path, key), _SERVICE[key]
    extends = service.get("extends")
    if isinstance(extends, dict) and "file" in extends:
        yield (*path, "extends", "file"), "“extends” reads another file. Name a service of this text."
    volumes = service.get("volumes")
    for number, one in enumerate(volumes if isinstance(volumes, list) else ()):
        if _is_relative(one):
            words = "a folder beside the text is not here. Use a named volume, or the whole path on that machine."
            yield (*path, "volumes", number), words
    yield from _labels(path, service)


def _reads_profile(option: str) -> bool:
    """Whether the program opens a file for it, whichever sign stands before the path."""
    name, *value = re.split("[=:]", option, maxsplit=1)
    return name.strip().casefold() == "seccomp" and value not in (["unconfined"], ["builtin"])


def _is_relative(volume: Any) -> bool:
    if isinstance(volume, str):
        source, colon, _ = volume.partition(":")
        return bool(colon) and source.startswith((".", "~"))
    if isinstance(volume, dict) and volume.get("type") == "bind":
        return str(volume.get("source") or "").startswith((".", "~"))
    return False


def _labels(path: Path, one: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """The program's own labels say to which project something belongs: nobody else writes them."""
    for field in ("labels", "annotations"):
        labels = one.get(field)
        names = labels if isinstance(labels, list) else list(labels) if isinstance(labels, dict) else []
        for number, name in enumerate(names):
            if str(name).startswith(_OWN_LABELS):
                where = number if isinstance(labels, list) else name
                yield (*path, field, where), f"labels that begin with {_OWN_LABELS} are the program's own."


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
