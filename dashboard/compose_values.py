"""The values that a project's or a stack's text asks for, as the fields of a page; and the seal of both together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.crypto import salted_hmac

from clusters.compose.check import Checked, Variable, read_text, variables_of
from clusters.errors import ClusterError, Invalid
from clusters.live.cluster import ClusterInfo
from dashboard.request import Request

LONGEST = 64 << 10  # bytes of a value: a key with its chain of certificates fits
MOST = 512 << 10  # bytes of all of them


@dataclass(frozen=True, slots=True)
class Value:
    """A variable as a field. What is secret and stored is never put into a page; left empty, it stays."""

    variable: Variable
    text: str = field(default="", repr=False)
    kept: bool = False

    @property
    def masked(self) -> bool:
        """Nobody is to read it over a shoulder."""
        return self.variable.secret or self.kept


def given_values(request: Request) -> dict[str, str]:
    """The values that were filled in; an empty field is no value, so that the text's own default counts.

    Raises Invalid for what is too long: a key of which the end is missing would be worse.
    """
    posted = [(name, text) for name, text in request.POST.dict().items() if name.startswith("value-") and text]
    given = {name.removeprefix("value-")[:200]: text.replace("\r\n", "\n") for name, text in posted[:200]}
    sizes = {name: len(text.encode("utf-8", "replace")) for name, text in given.items()}
    for name, size in sizes.items():
        if size > LONGEST:
            raise Invalid(f"The value of {name} is longer than {LONGEST >> 10} KiB.")
    if sum(sizes.values()) > MOST:
        raise Invalid(f"The values are longer than {MOST >> 10} KiB together.")
    return given


async def value_fields(text: str, given: Mapping[str, str], stored: Mapping[str, str]) -> list[Value]:
    """The fields of a text; none while it cannot be read. Of what is ``stored`` only that it is."""
    try:
        found = await variables_of(read_text(text))
    except ClusterError:
        return []
    return [_field(one, given, stored) for one in found]


def _field(one: Variable, given: Mapping[str, str], stored: Mapping[str, str]) -> Value:
    kept = one.name in stored
    return Value(one, "" if one.secret or kept else given.get(one.name, ""), kept)


def seal_of(kind: str, where: ClusterInfo, asked: Checked) -> str:
    """Of exactly this, as a project or a stack: what is deployed is what was looked at."""
    pairs = [*sorted(asked.values.items()), ("", ""), *sorted(asked.scale.items())]
    what = "\0".join((str(where.id), asked.name, asked.text, *(f"{name}={value}" for name, value in pairs)))
    return salted_hmac(kind, what, algorithm="sha256").hexdigest()
