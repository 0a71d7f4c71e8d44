"""A fault of the demonstration: something that goes wrong when it is switched on, and heals as the real thing would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class CanFallSilent(Protocol):
    """A world whose cluster answers, or does not."""

    silent: bool


W = TypeVar("W")
S = TypeVar("S", bound=CanFallSilent)


@dataclass(frozen=True, kw_only=True)
class Fault(Generic[W]):
    """How to break a world and how to mend it. ``is_on`` looks at the world: a person may have healed it meanwhile."""

    key: str
    label: str
    words: str  # what happens and what can be tried, for the person at the switch
    icon: str
    is_on: Callable[[W], bool]
    begin: Callable[[W], None]
    end: Callable[[W], None]


def silence(what: str, cut: str) -> Fault[S]:
    """The fault that nothing of a world answers. ``what`` it is, and the way to what is ``cut``, in words."""

    def fall(one: S) -> None:
        one.silent = True

    def speak(one: S) -> None:
        one.silent = False

    return Fault(
        key="silence",
        label=f"The whole {what} stops answering",
        icon="cloud-off",
        words=f"Nothing answers any more, as when the network to {cut} is cut. What runs there goes on unseen.",
        is_on=lambda one: one.silent,
        begin=fall,
        end=speak,
    )


@dataclass(frozen=True, slots=True)
class FaultState:
    """One switch as the page shows it."""

    key: str
    label: str
    words: str
    icon: str
    on: bool
