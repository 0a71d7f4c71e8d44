"""What else than the text differs between two versions of a project; of secret values only that they do."""

from __future__ import annotations

from clusters.compose.versions import Kept
from clusters.kinds.preview import NOTHING, Difference

AS_TEXT = "as the text says"


def changed_values(old: Kept, new: Kept) -> list[Difference]:
    """By the names of the values."""
    secret = {*old.secrets, *new.secrets, *old.secret, *new.secret}
    found = []
    for name in sorted({*old.values, *new.values}):
        before, after = old.values.get(name), new.values.get(name)
        if before == after:
            continue
        if name in secret:
            found.append(Difference(name, _hidden(before), _hidden(after, another=before is not None)))
        else:
            found.append(Difference(name, _shown(before), _shown(after)))
    return found


def changed_copies(old: Kept, new: Kept) -> list[Difference]:
    """By the names of the services."""
    names = sorted({*old.scale, *new.scale})
    pairs = [(name, str(old.scale.get(name, AS_TEXT)), str(new.scale.get(name, AS_TEXT))) for name in names]
    return [Difference(*each) for each in pairs if each[1] != each[2]]


def _shown(value: str | None) -> str:
    return NOTHING if value is None else value[:200]


def _hidden(value: str | None, *, another: bool = False) -> str:
    return NOTHING if value is None else "••• (another)" if another else "•••"
