"""A typed variable with the switch before it: is its value a secret, or plain whatever it looks like?"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from clusters.errors import Invalid
from clusters.kinds.field import Part
from clusters.kinds.masking import MASK, looks_secret, mask_pair

SECRET, PLAIN, FILE = "secret:", "plain:", "file:"  # no variable has such a name
NAME, VALUE = "Name", "Value"


@dataclass(frozen=True, slots=True)
class Variable:
    """One line. ``switch`` "" leaves it to how it looks."""

    pair: str = field(repr=False)  # "NAME=value"
    switch: str = ""

    @property
    def name(self) -> str:
        """What a program asks for."""
        return self.pair.partition("=")[0]

    @property
    def value(self) -> str:
        """What it is given."""
        return self.pair.partition("=")[2]

    @property
    def is_secret(self) -> bool:
        """By its switch, or else by how it looks."""
        return self.switch in (SECRET, FILE) or (not self.switch and looks_secret(self.name, self.value))


def read_switch(line: str) -> Variable:
    """``secret: DB_PASSWORD=…``, ``plain: TOKEN_LIMIT=5``, ``LOG_LEVEL=info``."""
    first, _, rest = line.strip().partition(" ")
    return Variable(rest.strip(), first) if first in (SECRET, PLAIN, FILE) else Variable(line.strip())


def marked(text: str) -> tuple[str, ...]:
    """The names of all that somebody marked as a secret, whatever they look like."""
    return tuple(one.name for one in switched(text) if one.switch == SECRET)


def shown(pair: str, unseen: Collection[str]) -> str:
    """One ``NAME=value`` for everybody: without its value where that is ``unseen``, or looks like a secret."""
    name, equals, value = pair.partition("=")
    return f"{name}={MASK}" if name in unseen and equals and value else mask_pair(pair)


def typed(pair: str, unseen: Collection[str]) -> str:
    """The same for a line that is to do the same: what is unseen is taken from where the line is carried out."""
    name = pair.partition("=")[0]
    return name if name in unseen else pair


def check_variable(name: str) -> None:
    """Raises Invalid for one that begins with a switch: it would be a variable of that whole name."""
    if found := next((one for one in (SECRET, PLAIN, FILE) if name.startswith(one)), ""):
        raise Invalid(
            f"“{name[:60]}” is not the name of a variable.",
            hint=f"Write a space behind “{found}” where there is such a switch, or leave it out.",
        )


def switched(text: str) -> list[Variable]:
    """All of a field."""
    return [read_switch(line) for line in text.splitlines() if line.strip()]


def parts_with(*switches: tuple[str, str]) -> tuple[Part, ...]:
    """The parts of such a line, with these as what its switch may say."""
    unseen = tuple(name for name, _ in switches if name in (SECRET, FILE))
    return (
        Part(label="Kept as", name="switch", choices=(("", "Variable"), *switches)),
        Part(label=NAME, hint="LOG_LEVEL"),
        Part(label=VALUE, before="=", hides=unseen, wide=True),
    )
