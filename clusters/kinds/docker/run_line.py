"""What a form runs, as the `docker run` line that does the same."""

from __future__ import annotations

import shlex

from clusters.kinds.docker.amounts import write_cpus, write_seconds, write_size
from clusters.kinds.docker.run_form import Check, Membership, Port, RunForm
from clusters.kinds.masking import mask_shell, mask_value, mask_words
from clusters.kinds.variables import shown, typed


def docker_line(form: RunForm, *, hidden: bool = False) -> str:
    """The same on a command line; ``hidden``: without what looks like a secret, for those who did not type it."""
    return shlex.join(["docker", "run", *_options(form, hidden), *_runs(form, hidden)])


def docker_lines(form: RunForm, *, hidden: bool = False) -> str:
    """The same to be read: each option on a line of its own, as a terminal takes it."""
    lines: list[list[str]] = [["docker", "run"]]
    for word in _options(form, hidden):
        if word.startswith("--"):
            lines.append([])
        lines[-1].append(word)
    return " \\\n  ".join(map(shlex.join, [*lines, _runs(form, hidden)]))


def _options(form: RunForm, hidden: bool) -> list[str]:
    words = ["--detach"]
    for flags in (_named, _placed, _limited):
        words += flags(form)
    words += [*health_words(form.check, hidden), *_powers(form)]
    for variable in (*form.rest.environment, *form.environment):
        words += ["--env", (shown if hidden else typed)(variable, form.unseen)]
    for name, value in (*form.rest.labels.items(), *form.labels):
        words += ["--label", f"{name}={mask_value(name, value) if hidden else value}"]
    for mount in form.mounts:
        unnamed = mount.read_only and not mount.source  # there is no short way to say that
        words += ["--mount", f"type=volume,target={mount.target},readonly"] if unnamed else ["--volume", mount.text]
    for target, options in form.tmpfs:
        words += ["--tmpfs", f"{target}:{options}" if options else target]
    return [*words, "--entrypoint", form.entrypoint[0]] if form.entrypoint else words


def _runs(form: RunForm, hidden: bool) -> list[str]:
    arguments = [*form.entrypoint[1:], *form.command]
    return [form.image, *(mask_words(arguments) if hidden else arguments)]


def _pairs(*pairs: tuple[str, str]) -> list[str]:
    return [word for flag, value in pairs if value for word in (flag, value)]


def _flags(*pairs: tuple[str, bool]) -> list[str]:
    return [flag for flag, wanted in pairs if wanted]


def _named(form: RunForm) -> list[str]:
    retries = f":{form.retries}" if form.retries and form.restart == "on-failure" else ""
    return [
        *_pairs(
            ("--name", form.name),
            ("--restart", f"{form.restart}{retries}" if form.restart != "no" else ""),
            ("--platform", form.platform),
            ("--user", form.user),
            ("--workdir", form.working_dir),
            ("--hostname", form.hostname),
            ("--stop-signal", form.stop_signal),
            ("--stop-timeout", "" if form.stop_timeout is None else str(form.stop_timeout)),
        ),
        *_flags(
            ("--init", form.init),
            ("--tty", form.tty),
            ("--interactive", form.tty),
            ("--rm", form.auto_remove),
            ("--read-only", form.read_only),
        ),
    ]


def _placed(form: RunForm) -> list[str]:
    words = [word for port in form.ports for word in ("--publish", port_text(port))]
    words += [word for membership in form.networks for word in _membership(membership, alone=len(form.networks) == 1)]
    return [*words, *_pairs(*(("--dns", one) for one in form.dns), *(("--add-host", one) for one in form.hosts))]


def port_text(port: Port) -> str:
    """As it is typed: "127.0.0.1:8080:80"."""
    address = f"[{port.address}]" if ":" in port.address else port.address
    inside = port.inside.removesuffix("/tcp")
    outside = f"{port.outside}:" if port.outside or address else ""
    return f"{address + ':' if address else ''}{outside}{inside}"


def _membership(membership: Membership, *, alone: bool) -> list[str]:
    if alone or not membership.aliases:
        return ["--network", membership.network, *_pairs(*(("--network-alias", alias) for alias in membership.aliases))]
    return ["--network", ",".join([f"name={membership.network}", *(f"alias={alias}" for alias in membership.aliases)])]


def _limited(form: RunForm) -> list[str]:
    return _pairs(
        ("--memory", write_size(form.memory)),
        ("--cpus", write_cpus(form.cpus / 1e9)),
        ("--pids-limit", str(form.pids or "")),
        *(("--cap-drop", one) for one in form.cap_drop),
        ("--log-driver", form.log_driver),
        *(("--log-opt", f"{name}={value}") for name, value in form.log_options),
    )


def health_words(check: Check | None, hidden: bool) -> list[str]:
    """A health check; ``hidden``: without what looks like a secret."""
    if check is None:
        return []
    if check.test == ("NONE",):
        return ["--no-healthcheck"]
    command = check_command(check)
    return _pairs(
        ("--health-cmd", mask_shell(command) if hidden else command),
        ("--health-interval", write_seconds(check.interval)),
        ("--health-timeout", write_seconds(check.timeout)),
        ("--health-start-period", write_seconds(check.start)),
        ("--health-retries", str(check.retries or "")),
    )


def check_command(check: Check) -> str:
    """The command of a health check as one text: as a shell has it."""
    return check.test[-1] if check.test[0] == "CMD-SHELL" else shlex.join(check.test[1:])


def _powers(form: RunForm) -> list[str]:
    return [
        *_flags(("--privileged", form.privileged)),
        *_pairs(
            ("--pid", "host" if form.host_pid else ""),
            ("--ipc", "host" if form.host_ipc else ""),
            *(("--cap-add", one) for one in form.cap_add),
            *(("--device", f"{one.outside}:{one.inside}:{one.may}") for one in form.devices),
        ),
    ]
