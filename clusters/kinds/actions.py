"""Actions that are one request: the request, the words when it is done, and the line that does the same."""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias, TypeVar

from clusters.drivers.base import Call, Driver
from clusters.kinds.base import JSON, Says
from clusters.live.resource import Resource

T = TypeVar("T", bound=Resource)
Values: TypeAlias = Mapping[str, JSON]


def one_call(
    call: Callable[[T, Values], Call], words: str | Callable[[T, Values], str]
) -> Callable[[Driver, T, Values], Awaitable[str]]:
    """``run`` of an action that is one request. ``{name}`` in the words is the resource's."""

    async def run(driver: Driver, resource: T, values: Values) -> str:
        await driver.call(call(resource, values))
        return words.replace("{name}", resource.name) if isinstance(words, str) else words(resource, values)

    return run


class Quiet:
    """Says nothing: for work that goes on without a job of its own."""

    key = ""

    def say(self, text: str, level: str = "info") -> None:
        """Nothing."""

    def progress(self, slot: str, text: str, done: int | None = None, total: int | None = None) -> None:
        """Nothing."""


def quietly(
    work: Callable[[Driver, T, Values, Says], Awaitable[str]],
) -> Callable[[Driver, T, Values], Awaitable[str]]:
    """``run`` of an action that tells a job how far it is: the same without a word."""
    return lambda driver, resource, values: work(driver, resource, values, Quiet())


def docker_line(*words: str) -> Callable[[Resource, Values], str]:
    """``line`` of an action whose line takes the name alone: ``docker stop web``."""
    return lambda one, values: shlex.join(["docker", *words, one.name])


def kubectl_line(verb: str, kind: str, one: Resource, *rest: str) -> str:
    """The line of an action on one object: ``kubectl scale deployment/web -n shop --replicas=5``."""
    namespace = ["-n", one.namespace] if one.namespace else []
    return shlex.join(["kubectl", *verb.split(), f"{kind}/{one.name}", *namespace, *rest])
