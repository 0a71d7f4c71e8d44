"""How the files of a kind's resources are reached."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from clusters.live.resource import Resource

if TYPE_CHECKING:
    from clusters.drivers.base import Driver
    from clusters.kinds.files import Files

T = TypeVar("T", bound=Resource)


def _alone(one: Resource) -> Sequence[str]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Filing(Generic[T]):
    """Where the files of a resource are. ``containers``: those whose files can be looked at, where it has several."""

    way: Callable[[Driver, T, str, bool], AbstractAsyncContextManager[Files]]  # (…, container, for writing)
    containers: Callable[[T], Sequence[str]] = _alone
