"""A change of a service as the `docker service update` line that does the same."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from clusters.kinds.docker.amounts import write_cpus, write_seconds, write_size
from clusters.kinds.docker.run_form import Membership, Mount
from clusters.kinds.docker.run_line import health_words
from clusters.kinds.masking import mask_words
from clusters.kinds.swarm.service_form import Memory
from clusters.kinds.swarm.service_line import given_word, mount_word, network_word, port_word
from clusters.kinds.swarm.service_spec import (
    AGAIN,
    ROLLOUT,
    given_of,
    is_plain_label,
    membership_of,
    mount_of,
    port_of,
    variable_of,
)
from clusters.kinds.variables import shown, typed

if TYPE_CHECKING:
    from clusters.kinds.swarm.service_edit import Edit


def update_line(edit: Edit, *, hidden: bool = False) -> str:
    """The same on a command line; ``hidden``: without what looks like a secret."""
    words = [
        word for name, value in _options(edit, hidden) for word in ((name, value) if value is not None else (name,))
    ]
    return shlex.join(["docker", "service", "update", *words, edit.origin.name])


Option = tuple[str, str | None]


def _options(edit: Edit, hidden: bool) -> Iterator[Option]:
    form, changed = edit.form, edit.changed
    yield from _program(edit, hidden)
    yield from _lists(edit, hidden)
    if any(name.startswith("health_") for name in changed):
        words = health_words(form.check, hidden)
        if words == ["--no-healthcheck"]:
            yield words[0], None
        else:
            yield from zip(words[::2], words[1::2], strict=True) if words else [("--health-cmd", "")]
    values: dict[str, tuple[str, str]] = {
        "copies": ("--replicas", str(form.copies)),
        "endpoint": ("--endpoint-mode", form.endpoint or "vip"),
        "memory": ("--limit-memory", write_size(form.limits.memory) or "0"),
        "cpus": ("--limit-cpu", write_cpus(form.limits.cpus / 1e9) or "0"),
        "pids": ("--limit-pids", str(form.limits.pids)),
        "memory_kept": ("--reserve-memory", write_size(form.kept.memory) or "0"),
        "cpus_kept": ("--reserve-cpu", write_cpus(form.kept.cpus / 1e9) or "0"),
        "most_on_node": ("--replicas-max-per-node", str(form.most_on_node)),
        "again": ("--restart-condition", form.again.condition or AGAIN["Condition"]),
        "again_delay": ("--restart-delay", write_seconds(form.again.delay) or "5s"),
        "again_attempts": ("--restart-max-attempts", str(form.again.attempts or 0)),
        "again_window": ("--restart-window", write_seconds(form.again.window) or "0s"),
    }
    for prefix, which, rollout in (("", "update", form.rollout), ("back_", "rollback", form.back)):
        values |= {
            f"{prefix}at_once": (f"--{which}-parallelism", str(1 if rollout.at_once is None else rollout.at_once)),
            f"{prefix}delay": (f"--{which}-delay", write_seconds(rollout.delay) or "0s"),
            f"{prefix}order": (f"--{which}-order", rollout.order or ROLLOUT["Order"]),
            f"{prefix}failure": (f"--{which}-failure-action", rollout.failure or ROLLOUT["FailureAction"]),
            f"{prefix}watched": (f"--{which}-monitor", write_seconds(rollout.watched or ROLLOUT["Monitor"])),
        }
    yield from (option for name, option in values.items() if name in changed)


def _program(edit: Edit, hidden: bool) -> Iterator[Option]:
    form = edit.form
    hide: Callable[[list[str]], list[str]] = mask_words if hidden else list
    values: dict[str, Option] = {
        "image": ("--image", form.image),
        "entrypoint": ("--entrypoint", shlex.join(hide(list(form.entrypoint)))),
        "command": ("--args", shlex.join(hide(list(form.command)))),
        "user": ("--user", form.user),
        "working_dir": ("--workdir", form.working_dir),
        "hostname": ("--hostname", form.hostname),
        "stop_signal": ("--stop-signal", form.stop_signal),
        "stop_timeout": ("--stop-grace-period", f"{10 if form.stop_timeout is None else form.stop_timeout}s"),
        "init": (f"--init={'true' if form.init else 'false'}", None),
        "tty": (f"--tty={'true' if form.tty else 'false'}", None),
        "read_only": (f"--read-only={'true' if form.read_only else 'false'}", None),
    }
    yield from (option for name, option in values.items() if name in edit.changed)


def _lists(edit: Edit, hidden: bool) -> Iterator[Option]:
    """What goes and what comes, entry by entry."""
    spec, form = edit.origin.spec, edit.form
    template = spec.get("TaskTemplate") or {}
    container, placement = template.get("ContainerSpec") or {}, template.get("Placement") or {}
    labels = [pair for pair in (spec.get("Labels") or {}).items() if is_plain_label(*pair)]
    spread = [(one.get("Spread") or {}).get("SpreadDescriptor") for one in placement.get("Preferences") or ()]
    there = [*(template.get("Networks") or ()), *(spec.get("Networks") or ())]
    mounts = [mount_of(one) for one in container.get("Mounts") or ()]
    write = shown if hidden else typed
    pair: Callable[[str], str] = lambda one: write(one, form.unseen)  # noqa: E731
    ports = map(port_of, (spec.get("EndpointSpec") or {}).get("Ports") or ())
    name_of: Callable[[str], str] = lambda one: one.partition("=")[0]  # noqa: E731
    for field, flag, before, after, gone, come in (
        ("environment", "env", map(variable_of, container.get("Env") or ()), form.environment, name_of, pair),
        ("labels", "label", (f"{k}={v}" for k, v in labels), (f"{k}={v}" for k, v in form.labels), name_of, pair),
        ("ports", "publish", ports, form.ports, lambda one: f"{one.inside}/{one.protocol}", port_word),
        ("volumes", "mount", (one for one in mounts if isinstance(one, Mount)), form.mounts, _target, mount_word),
        ("tmpfs", "mount", (one for one in mounts if isinstance(one, Memory)), form.tmpfs, _target, mount_word),
        ("secrets", "secret", _given(container, "Secret"), form.secrets, lambda one: one.name, given_word),
        ("configs", "config", _given(container, "Config"), form.configs, lambda one: one.name, given_word),
        ("networks", "network", map(membership_of(edit.origin.networks), there), form.networks, _network, network_word),
        ("constraints", "constraint", placement.get("Constraints") or (), form.constraints, str, str),
        ("spread", "placement-pref", spread, form.spread, "spread={}".format, "spread={}".format),
    ):
        if field in edit.changed:
            yield from _apart(flag, before, after, gone, come)


def _network(one: Membership) -> str:
    return one.network


def _target(one: Mount | Memory) -> str:
    return one.target


def _given(container: dict[str, Any], kind: str) -> list[Any]:
    return [given_of(kind)(one) for one in container.get(f"{kind}s") or ()]


def _apart(
    flag: str, before: Iterable[Any], after: Iterable[Any], gone: Callable[[Any], str], come: Callable[[Any], str]
) -> Iterator[Option]:
    old, new = [one for one in before if one is not None], list(after)
    kept = {gone(one) for one in new} if flag in ("env", "label", "mount") else set()  # these are put over the old one
    yield from ((f"--{flag}-rm", gone(one)) for one in old if one not in new and gone(one) not in kept)
    yield from ((f"--{flag}-add", come(one)) for one in new if one not in old)
