"""A text checked by the program itself: the project as it understands it, with its variables, or what is wrong."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from clusters.apply.documents import Unreadable
from clusters.compose.errors import explain, holding
from clusters.compose.hiding import Hide, hiding
from clusters.compose.problem import Problem, Wrong
from clusters.compose.program import environment, private_folder, refused_name, run, the_program
from clusters.compose.refused import refusals, refused_in_project
from clusters.compose.text import ProjectText, made_of, read
from clusters.errors import Invalid
from clusters.kinds.masking import MASK, is_secret_name, looks_secret

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
MOST_VARIABLES = 100
_at_once = asyncio.Semaphore(4)


@dataclass(frozen=True, slots=True)
class Variable:
    """A value that the text asks for."""

    name: str
    default: str = ""
    required: bool = False
    content: bool = False  # all that is in a config or a secret: it may have many lines
    # Its value gives itself away (a password in an address), or was a secret's before: whatever asks for it now.
    stored: bool = False

    @property
    def secret(self) -> bool:
        """Is it one, or does it look like one?"""
        return self.content or self.stored or is_secret_name(self.name)


@dataclass(frozen=True, slots=True)
class Checked:
    """A text that the program takes, and how it understood it."""

    name: str
    text: str
    rebuilt: str
    values: Mapping[str, str] = field(repr=False)
    project: Mapping[str, Any] = field(repr=False)
    variables: Sequence[Variable] = ()
    scale: Mapping[str, int] = field(default_factory=dict)  # copies that are another number than the text says

    @property
    def hide(self) -> Hide:
        """Takes the secret values out of a text."""
        return _hiding(self.variables, self.values)

    @property
    def secret(self) -> frozenset[str]:
        """The names of its values that nobody is to read."""
        return frozenset(one.name for one in self.variables if one.secret)

    @property
    def services(self) -> list[str]:
        """Their names."""
        return sorted(self.project.get("services") or {})


def check_name(name: str) -> str:
    """The name of a project. Raises Invalid."""
    if not NAME.fullmatch(name):
        hint = "Small letters, digits, - and _, beginning with a letter or a digit; at most 63."
        raise Invalid(
            "That cannot be the name of a project." if name else "The name is missing.", hint=hint, field="name"
        )
    return name


def read_text(text: str, name: str = "") -> ProjectText:
    """The text, when nothing in it reaches outside. Raises Wrong with all that is refused."""
    try:
        found = read(text)
    except Unreadable as error:
        raise Wrong([Problem(error.line or 1, error.message.partition(": ")[2] or error.message)]) from error
    problems = [*_hidden(text), *refusals(found)]
    called = found.tree.get("name")
    if name and isinstance(called, str) and "$" not in called and called != name:
        words = f"the text calls the project {called[:63]}, and above it is called {name}."
        problems.append(Problem(found.line_of(("name",)), words))
    if problems:
        raise Wrong(problems)
    return found


def _hidden(text: str) -> list[Problem]:
    """Lines of a text that was written with something hidden: it must never be deployed as if that were meant."""
    lines = ((number, line) for number, line in enumerate(text.splitlines(), start=1) if MASK in line)
    words = f"{MASK} only stands for what is hidden: write it, or ${{A_NAME}}, whose value is then asked for."
    return [Problem(number, words) for number, line in lines if not line.lstrip().startswith("#")]


async def variables_of(found: ProjectText) -> list[Variable]:
    """What the text asks for: as the program sees it, and names that stand where a value is meant to be given."""
    made: dict[str, Variable] = {}
    if "$" in found.rebuilt:
        ended = await config(found, "pilothouse", {}, "--variables", "--format", "json")
        for name, one in (_object(ended) or {}).items():
            if name:  # of a ${ that is not closed there is none: the next look says so
                made[name] = Variable(name, str(one.get("DefaultValue") or ""), bool(one.get("Required")))
    for name in _bare(found.tree):
        made.setdefault(name, Variable(name))
    for name in contents(found.tree):
        known = made.get(name, Variable(name))
        made[name] = replace(known, content=True)
    return [made[name] for name in sorted(made)][:MOST_VARIABLES]


async def check(
    text: str,
    name: str,
    values: Mapping[str, str],
    scale: Mapping[str, int] | None = None,
    *,
    named: bool = True,
    stored: Collection[str] = (),
) -> Checked:
    """Raises Wrong with lines, Invalid for the name, Unsupported where the program is missing.

    ``named``: it has that name; otherwise it stands in for one that is still to be given. ``stored``: names of the
    values that whoever asks may not read.
    """
    found = read_text(text, check_name(name) if named else "")
    variables = [
        replace(one, stored=one.name in stored or looks_secret(one.name, values.get(one.name, "")))
        for one in await variables_of(found)
    ]
    for one in variables:
        if why := refused_name(one.name):
            raise Wrong([Problem(holding(found.node, one.name), why)])
    if variables:  # what is written wrongly is said before what is still to be filled in
        await config(found, name, {}, "--no-interpolate", "--quiet")
    asked = {one.name for one in variables}
    given = {key: value for key, value in values.items() if key in asked}
    hide = _hiding(variables, given)
    try:
        printed = await config(found, name, given, "--format", "json", "--no-path-resolution", hide=hide)
    except Wrong as error:
        raise await _without_secrets(error, found, name, variables, given) from None
    project = _object(printed)
    if project is None:
        raise Wrong([Problem(1, "the program did not say how it understands this.")], detail=hide(printed)[:500])
    if problems := [Problem(found.line_of(path), hide(words)) for path, words in refused_in_project(project)]:
        raise Wrong(problems)
    services = project.get("services") or {}
    kept = {service: number for service, number in (scale or {}).items() if service in services}
    return Checked(name, text, found.rebuilt, given, project, variables, kept)


async def _without_secrets(
    error: Wrong, found: ProjectText, name: str, variables: Sequence[Variable], given: Mapping[str, str]
) -> Wrong:
    """The same, as the program says it of stand-ins for secret values: of one that it cannot read it tells a piece."""
    shown = {one.name: MASK if one.secret else given[one.name] for one in variables if one.name in given}
    if shown == given:
        return error
    try:
        await config(found, name, shown, "--format", "json", "--no-path-resolution")
    except Wrong as told:
        return told
    line = error.problems[0].line
    return Wrong([Problem(line, "a secret value does not fit where it stands. What it is, is not told here.")])


async def texts_as_read(checked: Checked, texts: Sequence[str]) -> list[str]:
    """What the program makes of single texts with the values of that project: their variables filled in."""
    if not texts:
        return []
    labels = {f"t{number}": text for number, text in enumerate(texts)}
    found = made_of({"services": {"a": {"image": "a", "labels": labels}}})
    printed = await config(found, "pilothouse", checked.values, "--format", "json", hide=checked.hide)
    made = ((_object(printed) or {}).get("services") or {}).get("a") or {}
    read_as = [(made.get("labels") or {}).get(name) for name in labels]
    if not all(isinstance(one, str) for one in read_as):
        raise Wrong([Problem(1, "the program did not say how it understands its variables.")])
    return [str(one).replace("$$", "$") for one in read_as]


def secret_values(text: str, values: Mapping[str, str]) -> dict[str, str]:
    """Of the values of a text those that no page gets; all of them where it cannot be read."""
    try:
        known = set(contents(read(text).tree))
    except Unreadable:
        known = set(values)
    return {
        name: value
        for name, value in values.items()
        if name in known or is_secret_name(name) or looks_secret(name, value)
    }


async def config(found: ProjectText, name: str, values: Mapping[str, str], *how: str, hide: Hide = str) -> str:
    """What the program prints of a text. Raises Wrong with what it does not take, at its line."""
    program = await the_program()
    async with _at_once, private_folder() as folder:
        words = ("--project-directory", str(folder), "--project-name", name, "--file", "-", "config", *how)
        ended = await run(program, words, environment(folder, values), folder, found.rebuilt, within=20.0)
    if ended.code:
        raise explain(hide(ended.said.replace(str(folder), "")), found)
    return ended.printed


def _object(printed: str) -> dict[str, Any] | None:
    try:
        made = json.loads(printed)
    except ValueError:
        return None
    return made if isinstance(made, dict) else None


def _hiding(variables: Sequence[Variable], values: Mapping[str, str]) -> Hide:
    return hiding(values[one.name] for one in variables if one.secret and one.name in values)


def _bare(tree: Mapping[str, Any]) -> list[str]:
    """Names of an environment without a value."""
    names = []
    for service in tree["services"].values():
        given = service.get("environment") if isinstance(service, dict) else None
        if isinstance(given, list):
            names += [one for one in given if isinstance(one, str) and "=" not in one and "$" not in one]
        elif isinstance(given, dict):
            names += [name for name, value in given.items() if value is None]
    return names


def contents(tree: Mapping[str, Any]) -> list[str]:
    """Names of the values that secrets and configs are given by."""
    names = []
    for section in ("configs", "secrets"):
        part = tree.get(section)
        for one in part.values() if isinstance(part, dict) else ():
            if isinstance(one, dict) and isinstance(one.get("environment"), str):
                names.append(one["environment"])
    return names
