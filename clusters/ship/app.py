"""What is to be taken elsewhere: an app of one or several parts, each as its container was made."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from clusters.kinds.docker.origin import Origin, understood
from clusters.kinds.docker.run_form import Check, RunForm
from clusters.kinds.docker.run_like import form_of
from clusters.kinds.masking import looks_secret
from clusters.ship.copied import Copied
from clusters.ship.images import was_pulled

_BY_OTHERS = ("com.docker.compose.", "com.docker.stack.", "com.docker.swarm.")  # labels that say who made it
_NEED = re.compile(r"([^:,\s]+)(?::([^:,\s]*))?(?::[^,]*)?")
_COMPOSE = "com.docker.compose."


@dataclass(frozen=True, slots=True)
class Gap:
    """A setting that a target cannot do, or does otherwise: which, of which part, and what that means."""

    setting: str  # as Compose calls it
    words: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class Secret:
    """A variable that looks like a secret: its value is in no text, but asked for."""

    part: str
    name: str
    value: str = field(repr=False)

    @property
    def key(self) -> str:
        """What a page calls its field."""
        return f"{self.part}/{self.name}"


@dataclass(frozen=True, slots=True)
class Converted:
    """What an app is on a target: its text, and what that target cannot do."""

    text: str
    gaps: Sequence[Gap]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One service of an app: how each of its copies is made, and what else is known of it."""

    name: str
    form: RunForm
    copies: int = 1
    check: Check | None = None  # what is asked of it, also where its image says so
    listens: Sequence[str] = ()  # ports inside, as far as they are known: "80/tcp"
    names: Sequence[str] = ()  # by which others find it on its networks, beside its own
    called: str = ""  # the name that somebody gave its container; "" where Compose made it up
    needs: Sequence[tuple[str, str]] = ()  # other parts, and what is waited for ("service_healthy")
    ended: bool = False  # it did its work and ended, and nobody starts it again
    local: bool = False  # its image came from no registry
    unlike: bool = False  # its copies were not all made alike
    files: Sequence[Copied] = ()  # that Compose copied into it

    @property
    def variables(self) -> list[tuple[str, str]]:
        """Its environment without what looks like a secret."""
        return [(name, value) for name, value in self._pairs if not looks_secret(name, value)]

    @property
    def secrets(self) -> list[Secret]:
        """The variables that look like secrets."""
        return [Secret(self.name, name, value) for name, value in self._pairs if looks_secret(name, value)]

    @property
    def taken_away(self) -> list[str]:
        """Variables of the image that it is not to have."""
        return [one for one in (*self.form.rest.environment, *self.form.environment) if "=" not in one]

    @property
    def _pairs(self) -> list[tuple[str, str]]:
        pairs = (one.partition("=") for one in (*self.form.rest.environment, *self.form.environment))
        return [(name, value) for name, equals, value in pairs if equals]


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """One container, or the services of a Compose project. ``project`` "" is a container by itself."""

    name: str
    parts: Sequence[Part]
    project: str = ""

    told: bool = True  # is it known what was copied into its containers?
    absent: Sequence[str] = ()  # services of its text that have no container

    @property
    def secrets(self) -> list[Secret]:
        """Those of all its parts."""
        return [one for part in self.parts for one in part.secrets]

    @property
    def files(self) -> dict[str, Copied]:
        """The files that were copied into its containers, by their name: several may have the same."""
        return {one.key: one for part in self.parts for one in part.files}

    @property
    def asked(self) -> list[Secret]:
        """All whose values are in no text: variables and files."""
        files = [one for one in self.files.values() if one.is_secret and one.content is not None]
        return [*self.secrets, *(Secret(f"{one.kind} file", one.name, one.content or "") for one in files)]

    def short(self, name: str) -> str:
        """The name of a volume or network without the project's, which Compose put before it."""
        return name.removeprefix(f"{self.project}_") if self.project else name


@understood
def part_of(origin: Origin, copies: int = 1, *, unlike: bool = False) -> Part:
    """A container as a part; ``unlike``: its further copies were not all made like it. Raises Invalid."""
    form = form_of(origin)
    labels = origin.config.get("Labels") or {}
    service = str(labels.get(f"{_COMPOSE}service") or "")
    form = replace(
        form,
        labels=tuple(one for one in form.labels if not one[0].startswith(_BY_OTHERS)),
        rest=replace(form.rest, labels=_own(form.rest.labels)),
    )
    state = origin.container.get("State") or {}
    by_itself = {origin.name, service}
    names = [name for place in form.networks for name in place.aliases if name not in by_itself]
    return Part(
        name=service or origin.name,
        form=form,
        copies=copies,
        check=form.check or _check_of(origin.defaults),
        listens=_listens(form, origin.defaults),
        names=tuple(dict.fromkeys(names)),
        called="" if service and _is_made_up(origin.name, labels, service) else origin.name,
        needs=tuple(_NEED.findall(str(labels.get(f"{_COMPOSE}depends_on") or ""))),
        ended=state.get("Status") == "exited" and not state.get("ExitCode") and form.restart in ("no", "on-failure"),
        local=bool(origin.image) and not was_pulled(origin.image, form.image),
        unlike=unlike,
    )


def _is_made_up(name: str, labels: Mapping[str, Any], service: str) -> bool:
    """Is it what Compose calls its containers? Older ones of it wrote “_” where newer ones write “-”."""
    start = f"{labels.get(f'{_COMPOSE}project')}-{service}-"
    return name.replace("_", "-").startswith(start.replace("_", "-"))


def _own(labels: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in labels.items() if not name.startswith(_BY_OTHERS)}


def _listens(form: RunForm, defaults: Mapping[str, Any]) -> tuple[str, ...]:
    exposed = (*(form.rest.config.get("ExposedPorts") or ()), *(defaults.get("ExposedPorts") or ()))
    known = dict.fromkeys((*(one.inside for one in form.ports), *map(str, exposed)))
    return tuple(one if "/" in one else f"{one}/tcp" for one in known)


def _check_of(defaults: Mapping[str, Any]) -> Check | None:
    """The health check that the image brings along."""
    given = defaults.get("Healthcheck") or {}
    test = tuple(map(str, given.get("Test") or ()))
    if not test or test == ("NONE",):
        return None
    times = (int(given.get(name) or 0) for name in ("Interval", "Timeout", "StartPeriod", "Retries"))
    return Check(test, *times)
