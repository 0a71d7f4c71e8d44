"""What a form hides, kept while its YAML is edited by hand: sealed, in the page itself, for who typed it and where.

The page never shows it, nothing is stored here, and to anybody else, or on another cluster, it is of no use.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from clusters.apply.documents import read
from clusters.connect.secrets import Sealed, open_text, seal, text_of
from clusters.errors import Invalid

LASTS = 86_400.0  # seconds
LONGEST = 1_000_000  # characters, sealed


class _Packed(msgspec.Struct):
    at: float
    text: str


def hold(text: str, user_id: int, cluster_id: int) -> str:
    """The whole text of the form, for the page."""
    return text_of(seal(msgspec.json.encode(_Packed(time.time(), text)), _about(user_id, cluster_id)))


def held(sealed: str, user_id: int, cluster_id: int) -> Sequence[Mapping[str, Any]]:
    """Its objects. Raises Invalid where it is another's, of another cluster, too old or damaged."""
    try:
        opened = open_text(sealed[:LONGEST], _about(user_id, cluster_id))
        packed = msgspec.json.decode(opened, type=_Packed)
    except (Sealed, msgspec.DecodeError) as error:
        raise _lost() from error
    if time.time() - packed.at > LASTS:
        raise _lost()
    return [one.tree for one in read(packed.text)]


def _lost() -> Invalid:
    return Invalid(
        "What was typed in the form is not known any more.", hint="Write each hidden value anew, or begin in the form."
    )


def _about(user_id: int, cluster_id: int) -> str:
    return f"deploy-form:{user_id}:{cluster_id}"
