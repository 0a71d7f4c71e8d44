"""How people of ours are called in a cluster that is asked as them: never as anybody else, and never as its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clusters.errors import Invalid, Refused

PREFIX = "pilothouse:"
# With its colon at the end no name of ours can become one that it is not meant to be; and no "system:" one at all.
PREFIX_FORM = r"(?!system:)[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?:"
GROUPS_FORM = r"[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?( +[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?){0,19}"
_NAME = re.compile(r"[\w.@+-]{1,150}")  # what a name here may be; no space, no colon, nothing that ends a header


@dataclass(frozen=True, slots=True)
class Impersonation:
    """How people of ours are called in the cluster. Each belongs to all ``groups``, and to no other of ours."""

    prefix: str = PREFIX
    groups: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Impersonation | None:
        """As a connection's settings say it; None where everybody is its account. Raises Invalid."""
        if settings.get("impersonate") is not True:
            return None
        prefix, groups = (str(settings.get(f"impersonate_{name}") or "") for name in ("prefix", "groups"))
        if prefix and not re.fullmatch(PREFIX_FORM, prefix):
            raise Invalid("What stands before people's names is not in the right form.", field="impersonate_prefix")
        if groups and not re.fullmatch(GROUPS_FORM, groups):
            raise Invalid("The groups are not in the right form.", field="impersonate_groups")
        prefix = prefix or PREFIX
        return cls(prefix, tuple(f"{prefix}{name}" for name in dict.fromkeys(groups.split())))

    def user(self, name: str) -> str:
        """What the cluster calls that person. Raises Refused for a name that could be read as something else."""
        if not _NAME.fullmatch(name):
            hint = "Names for that are made of letters, digits and @ . + - _ alone."
            raise Refused("Your name here cannot be told to the cluster, so you cannot act as yourself.", hint=hint)
        return f"{self.prefix}{name}"
