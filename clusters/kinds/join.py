"""How a kind is completed from what the stores of other kinds know."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from clusters.live.resource import Resource

T = TypeVar("T", bound=Resource)


@dataclass(frozen=True, kw_only=True)
class Join(Generic[T]):
    """How resources are completed from, or wholly made of, those of other kinds. The cluster is asked nothing for it.

    ``make`` gets what the driver told of this kind (nothing, for a kind without ``api``) and the live resources of
    the others, by kind name. It is called again when any of them changed. What it makes of other ones has another
    ``version``, or nobody hears of it.
    """

    kinds: tuple[str, ...]
    make: Callable[[Sequence[T], Mapping[str, Sequence[Any]]], Sequence[T]]
    without: frozenset[str] = frozenset()  # those that ``make`` can do without, where our account may not list them
