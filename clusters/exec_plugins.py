"""The programs that kubeconfigs may name to sign in: each with the beginning of its command, and the options it takes.

An entry of the list is ``/usr/local/bin/aws eks get-token [--cluster-name --region]``: the path, the words that follow
it in every case, and the options that a kubeconfig may give, each with one value. Nothing else gets to the program: one
that can read files or send them somewhere does that on other words of a kubeconfig.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from clusters.errors import Invalid

_OPTION = re.compile(r"--?[A-Za-z0-9][A-Za-z0-9_.-]*")
_FORM = "Write the whole path, the words of the command and the allowed options: /usr/bin/aws eks get-token [--region]"
LONGEST = 4096  # characters of a value
_HINT = (
    "Make a service account for Pilothouse in that cluster, and use its token. Or whoever runs Pilothouse allows the"
    " command with its options (PILOTHOUSE_EXEC_PLUGINS)."
)


@dataclass(frozen=True, slots=True)
class Program:
    """One entry of the list."""

    path: str
    words: tuple[str, ...] = ()
    options: frozenset[str] = frozenset()

    def arguments(self, given: Sequence[str]) -> tuple[str, ...]:
        """What it is run with: its own words, then the options that were given among them. Raises Invalid."""
        words: list[str] = []
        options: dict[str, tuple[str, ...]] = {}
        rest = iter(given)
        for one in rest:
            name, equals, value = one.partition("=")
            if name not in self.options:
                words.append(one)
                continue
            if name in options:
                raise Invalid(f"“exec” gives {name} twice.")
            value = value if equals else next(rest, "")
            _check(name, value)
            options[name] = (one,) if equals else (one, value)
        if tuple(words) != self.words:
            raise Invalid(
                f"“exec” is not allowed: it would run “{shown(self.path, given)}”, and with"
                f" {Path(self.path).name} only “{self}” is allowed.",
                hint=_HINT,
            )
        return (*self.words, *(part for parts in options.values() for part in parts))

    def __str__(self) -> str:
        options = " ".join(sorted(self.options))
        return shown(self.path, self.words) + (f" [{options}]" if options else "")


def read(text: str) -> tuple[Program, ...]:
    """The list as it is set, its entries separated by commas. Raises ValueError with words."""
    return tuple(_program(part.strip()) for part in text.split(",") if part.strip())


def allowed(programs: Iterable[Program], command: str, given: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The path and all arguments of that command, as the first entry that fits allows it. Raises Invalid."""
    refused: Invalid | None = None
    for program in programs:
        if command in (program.path, Path(program.path).name):
            try:
                return program.path, program.arguments(given)
            except Invalid as error:
                refused = refused or error
    named = command[:200] or "without a name"
    raise refused or Invalid(f"“exec” is not allowed: it runs a program ({named}).", hint=_HINT)


def shown(path: str, arguments: Sequence[str]) -> str:
    """A command as it would be typed, also when what is in it is hostile."""
    text = " ".join(shlex.quote(one) for one in (path, *arguments))
    return "".join(one if one.isprintable() else "\ufffd" for one in text)


def _program(entry: str) -> Program:
    command, bracket, options = entry.partition("[")
    if bracket and not options.endswith("]"):
        raise ValueError(f"“{entry}” does not end with “]”. {_FORM}")
    path, *words = shlex.split(command) or [""]
    names = options[:-1].split()
    if not Path(path).is_absolute() or ":" in path:
        raise ValueError(f"“{entry}” does not begin with the whole path of one program. {_FORM}")
    if wrong := [one for one in names if not _OPTION.fullmatch(one)]:
        raise ValueError(f"“{wrong[0]}” is not the name of an option. {_FORM}")
    return Program(path, tuple(words), frozenset(names))


def _check(name: str, value: str) -> None:
    # A value that begins like an option may be read as one; "@file" and "file://…" are read as files by many programs.
    if not value or len(value) > LONGEST or not value.isprintable():
        raise Invalid(f"The value of {name} in “exec” is empty, too long, or holds characters that no value has.")
    if value.startswith(("-", "@")) or value.lower().startswith(("file:", "fileb:")):
        raise Invalid(f"The value of {name} in “exec” is not allowed: it may be read as an option, or as a file.")
