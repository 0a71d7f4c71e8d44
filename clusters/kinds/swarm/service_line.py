"""A service as the `docker service create` line that makes the same."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from clusters.kinds.docker.amounts import write_cpus, write_seconds, write_size
from clusters.kinds.docker.run_form import Membership, Mount
from clusters.kinds.docker.run_line import health_words
from clusters.kinds.masking import mask_value, mask_words
from clusters.kinds.swarm.service_form import Given, Memory, ServiceForm, ServicePort
from clusters.kinds.variables import shown, typed


def create_line(form: ServiceForm, *, hidden: bool = False) -> str:
    """The same on a command line; ``hidden``: without what looks like a secret, for those who did not type it.

    A secret that comes with it takes its value from the standard input: it is in no line.
    """
    arguments = [*form.entrypoint[1:], *form.command]
    options = [*_how_many(form), *_inside(form, hidden), *_around(form), *_limits(form), *_changes(form)]
    if form.entrypoint:
        options += ["--entrypoint", form.entrypoint[0]]
    words = mask_words(arguments) if hidden else arguments
    kept = [f"{shlex.join(['docker', 'secret', 'create', one.given.name])} -" for one in form.typed]
    return "\n".join([*kept, shlex.join(["docker", "service", "create", *options, form.image, *words])])


def pairs(*given: tuple[str, str]) -> list[str]:
    """Options with their values, where they have one."""
    return [word for flag, value in given if value for word in (flag, value)]


def each(flag: str, values: Iterable[str]) -> list[str]:
    """An option that is there several times."""
    return [word for value in values for word in (flag, value)]


def _how_many(form: ServiceForm) -> list[str]:
    many = ["--mode", "global"] if form.copies is None else ["--replicas", str(form.copies)]
    return [*pairs(("--name", form.name)), *many]


def _inside(form: ServiceForm, hidden: bool) -> list[str]:
    words = each("--env", ((shown if hidden else typed)(one, form.unseen) for one in form.environment))
    labels = (f"{name}={mask_value(name, value) if hidden else value}" for name, value in form.labels)
    words += each("--label", labels)
    words += pairs(
        ("--user", form.user),
        ("--workdir", form.working_dir),
        ("--hostname", form.hostname),
        ("--stop-signal", form.stop_signal),
        ("--stop-grace-period", "" if form.stop_timeout is None else f"{form.stop_timeout}s"),
    )
    flags = (("--init", form.init), ("--tty", form.tty), ("--read-only", form.read_only))
    return [*words, *(flag for flag, wanted in flags if wanted), *health_words(form.check, hidden)]


def _around(form: ServiceForm) -> list[str]:
    words = each("--publish", map(port_word, form.ports))
    words += pairs(("--endpoint-mode", form.endpoint))
    words += each("--mount", (*map(mount_word, form.mounts), *map(mount_word, form.tmpfs)))
    words += each("--network", map(network_word, form.networks))
    words += each("--secret", map(given_word, (*form.secrets, *(one.given for one in form.typed))))
    words += each("--config", map(given_word, form.configs))
    words += each("--constraint", form.constraints)
    words += each("--placement-pref", (f"spread={one}" for one in form.spread))
    return [*words, *pairs(("--replicas-max-per-node", str(form.most_on_node or "")))]


def port_word(port: ServicePort) -> str:
    """As --publish takes it."""
    outside = f"published={port.outside}," if port.outside else ""
    mode = ",mode=host" if port.host else ""
    return f"{outside}target={port.inside}{'' if port.protocol == 'tcp' else f',protocol={port.protocol}'}{mode}"


def mount_word(mount: Mount | Memory) -> str:
    """As --mount takes it."""
    if isinstance(mount, Memory):
        return f"type=tmpfs,target={mount.target}{f',tmpfs-size={mount.size}' if mount.size else ''}"
    source = f",source={mount.source}" if mount.source else ""
    sort = "bind" if mount.is_folder else "volume"
    return f"type={sort}{source},target={mount.target}{',readonly' if mount.read_only else ''}"


def network_word(membership: Membership) -> str:
    """As --network takes it."""
    aliases = "".join(f",alias={one}" for one in membership.aliases)
    return f"name={membership.network}{aliases}" if aliases else membership.network


def given_word(one: Given) -> str:
    """As --secret and --config take it."""
    return f"source={one.name},target={one.file}" if one.file else one.name


def _limits(form: ServiceForm) -> list[str]:
    return pairs(
        ("--limit-memory", write_size(form.limits.memory)),
        ("--limit-cpu", write_cpus(form.limits.cpus / 1e9)),
        ("--limit-pids", str(form.limits.pids or "")),
        ("--reserve-memory", write_size(form.kept.memory)),
        ("--reserve-cpu", write_cpus(form.kept.cpus / 1e9)),
    )


def _changes(form: ServiceForm) -> list[str]:
    again, words = form.again, list[str]()
    for which, rollout in (("update", form.rollout), ("rollback", form.back)):
        words += pairs(
            (f"--{which}-parallelism", "" if rollout.at_once is None else str(rollout.at_once)),
            (f"--{which}-delay", write_seconds(rollout.delay)),
            (f"--{which}-order", rollout.order),
            (f"--{which}-failure-action", rollout.failure),
            (f"--{which}-monitor", write_seconds(rollout.watched)),
        )
    return words + pairs(
        ("--restart-condition", again.condition),
        ("--restart-delay", write_seconds(again.delay)),
        ("--restart-max-attempts", "" if again.attempts is None else str(again.attempts)),
        ("--restart-window", write_seconds(again.window)),
    )
