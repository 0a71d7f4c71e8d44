"""The form of a service as it was filled in, read strictly: whatever is wrong is said beside its field."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from typing import Any

from clusters.errors import Invalid
from clusters.field_reader import FieldReader
from clusters.fields import NotFilledIn
from clusters.kinds.docker.amounts import read_cpus, read_memory, read_seconds, read_size
from clusters.kinds.docker.names import NAME, NAME_HELP
from clusters.kinds.docker.run_form import RunForm
from clusters.kinds.docker.run_read import read_form as read_run_form
from clusters.kinds.swarm.service_fields import AGAIN, MODES
from clusters.kinds.swarm.service_form import Again, Amounts, Given, Memory, Rollout, ServiceForm, ServicePort

_SERVICE = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9_-]{0,61}[a-zA-Z0-9])?")
_PORT = re.compile(r"(?:(?P<outside>\d{1,5}):)?(?P<inside>\d{1,5})(?:/(?P<protocol>tcp|udp|sctp))?(?P<host> +host)?")
_CONSTRAINT = re.compile(
    r"(?P<what>(?:node|engine)\.[A-Za-z0-9_./-]{1,200}) *(?P<how>==|!=) *(?P<value>[\w.:/ @-]{1,200})"
)
_KNOWN = re.compile(
    r"node\.(id|hostname|ip|role|platform\.os|platform\.arch|labels\..+)|engine\.labels\..+", re.IGNORECASE
)
_SPREAD = re.compile(r"(?:node|engine)\.labels\.[A-Za-z0-9_./-]{1,200}")
_OWN_LABELS = "com.docker.stack."  # the program's, that deploys stacks
_TIMES = ("health_interval", "health_timeout", "health_start")
_HEALTH = tuple(f"health_{one}" for one in ("command", "interval", "timeout", "start", "retries"))
# What is read by the rules of the form that runs one container: what is made, of which fields.
_AS_IN_A_CONTAINER: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("image", ("image",)),
    ("command", ("command",)),
    ("entrypoint", ("entrypoint",)),
    ("environment", ("environment", "env_file")),
    ("unseen", ("environment",)),
    ("mounts", ("volumes",)),
    ("networks", ("networks",)),
    ("check", _HEALTH),
    ("user", ("user",)),
    ("working_dir", ("working_dir",)),
    ("stop_signal", ("stop_signal",)),
    ("stop_timeout", ("stop_timeout",)),
    ("labels", ("labels",)),
)


class _Everything:
    def __contains__(self, name: object) -> bool:
        return True


_EVERYTHING = _Everything()


def read_service(values: Mapping[str, Any], only: Container[str] = _EVERYTHING) -> ServiceForm:
    """The service. ``only`` these fields are read: others are as they were. Raises NotFilledIn."""
    reader = _Reader(values, only)
    form = reader.form()
    _check_together(form, reader)
    if reader.problems:
        raise NotFilledIn(reader.problems)
    return form


class _Reader(FieldReader):
    def __init__(self, values: Mapping[str, Any], only: Container[str]) -> None:
        super().__init__({name: value for name, value in values.items() if name in only})
        self._only = only

    def form(self) -> ServiceForm:
        for name in _TIMES:
            self.one(name, read_seconds)  # each is said at its own field
        found = {name: self._common(name, fields) for name, fields in _AS_IN_A_CONTAINER}
        each = self.one("mode", lambda text: _among(text, MODES)) == "each"
        return ServiceForm(
            **{name: value for name, value in found.items() if value is not None},
            name=self.one("name", _name) or "",
            copies=None if each else self._number("copies", 1),
            ports=self.each("ports", read_port),
            endpoint=self.values.get("endpoint") or "",
            tmpfs=self.each("tmpfs", _memory),
            secrets=self.each("secrets", read_given),
            configs=self.each("configs", read_given),
            constraints=self.each("constraints", _constraint),
            spread=self.each("spread", _spread),
            most_on_node=self._number("most_on_node", 0),
            limits=self._amounts("", self._number("pids", 0)),
            kept=self._amounts("_kept", 0),
            rollout=self._rollout(""),
            back=self._rollout("back_"),
            again=Again(
                self.one("again", lambda text: _among(text, AGAIN)) or "",
                self.one("again_delay", read_seconds) or 0,
                self.values.get("again_attempts"),
                self.one("again_window", read_seconds) or 0,
            ),
            hostname=self.one("hostname", _hostname) or "",
            init=bool(self.values.get("init")),
            tty=bool(self.values.get("tty")),
            read_only=bool(self.values.get("read_only")),
        )

    def _common(self, name: str, fields: tuple[str, ...]) -> Any:
        """One part of what a container is asked for, too; None where it is as it was, or known to be wrong."""
        if not any(one in self._only for one in fields) or self.problems.keys() & set(fields):
            return "" if name == "image" else None
        asked: dict[str, Any] = {"image": "any"} if name != "image" else {}
        try:
            return getattr(read_run_form({**asked, **{one: self.values.get(one) for one in fields}}), name)
        except Invalid as wrong:
            self.wrong(fields[0], wrong)
        return "" if name == "image" else None

    def _number(self, name: str, default: int) -> int:
        value = self.values.get(name)
        return value if isinstance(value, int) else default

    def _rollout(self, prefix: str) -> Rollout:
        return Rollout(
            self.values.get(f"{prefix}at_once"),
            self.one(f"{prefix}delay", read_seconds) or 0,
            self.values.get(f"{prefix}order") or "",
            self.values.get(f"{prefix}failure") or "",
            self.one(f"{prefix}watched", read_seconds) or 0,
        )

    def _amounts(self, which: str, pids: int) -> Amounts:
        memory = self.one(f"memory{which}", read_memory) or 0
        return Amounts(memory, self.one(f"cpus{which}", read_cpus) or 0, pids)


def _check_together(form: ServiceForm, reader: _Reader) -> None:
    """What fits not together."""
    for name, kept, most in (
        ("memory_kept", form.kept.memory, form.limits.memory),
        ("cpus_kept", form.kept.cpus, form.limits.cpus),
    ):
        if most and kept > most:
            reader.wrong(name, Invalid("More is kept for each copy than it may use."))
    for one in form.ports:
        if not one.host and form.endpoint == "dnsrr":
            hint = "Choose “Copy's node”, or one address for all copies under Networks."
            reader.wrong(
                "ports", Invalid(f"Port {one.inside} cannot be on every node with its copies' addresses.", hint=hint)
            )
    if any(one.network == "ingress" for one in form.networks):
        hint = "It leads callers from every node to copies, by itself."
        reader.wrong("networks", Invalid("No service is put on the network ingress.", hint=hint))
    for name, keys, words in (
        ("ports", [(one.outside, one.protocol) for one in form.ports if one.outside], "A port outside is there twice."),
        ("volumes", [one.target for one in form.mounts], "A folder inside is there twice."),
        ("secrets", [one.target for one in form.secrets], "Two secrets have the same file."),
        ("configs", [one.target for one in form.configs], "Two configs have the same file."),
        ("labels", [one for one, _ in form.labels], "A label is there twice."),
    ):
        if len(set(keys)) < len(keys):
            reader.wrong(name, Invalid(words))
    if any(name.startswith(_OWN_LABELS) for name, _ in form.labels):
        reader.wrong(
            "labels", Invalid(f"Labels that begin with {_OWN_LABELS} say what a stack is: deploy that instead.")
        )


def _among(text: str, choices: tuple[tuple[str, str], ...]) -> str:
    if text not in dict(choices):
        raise Invalid("Choose one of the list.")
    return text


def _name(text: str) -> str:
    if not _SERVICE.fullmatch(text):
        raise Invalid(
            f"“{text[:80]}” cannot be the name of a service.", hint="Letters, digits, “-” and “_”; at most 63."
        )
    return text


def _hostname(text: str) -> str:
    """A name, or one that each copy fills in: "{{.Node.Hostname}}"."""
    if "{{" in text and text.isprintable():
        return text
    form: RunForm = read_run_form({"image": "any", "hostname": text})
    return form.hostname


def read_port(line: str) -> ServicePort:
    """One line of ports. Raises Invalid."""
    found = _PORT.fullmatch(line)
    numbers = [int(one) for one in (found["inside"], found["outside"]) if one] if found else [0]
    if found is None or not all(0 < one < 65536 for one in numbers):
        raise Invalid(f"“{line[:80]}” is not a port.", hint="Write 8080:80, 53:53/udp, or 8080:80 host.")
    return ServicePort(numbers[0], int(found["outside"] or 0), found["protocol"] or "tcp", bool(found["host"]))


def read_given(line: str) -> Given:
    """One line of secrets or configs. Raises Invalid."""
    name, colon, file = line.partition(":")
    if not NAME.fullmatch(name):
        raise Invalid(f"“{name[:60]}” cannot be a name.", hint=NAME_HELP)
    parts = set(file.split("/"))
    if colon and (not file or not file.isprintable() or len(file) > 500 or parts & {"..", "."} or file.endswith("/")):
        raise Invalid(f"“{file[:80]}” is not a file inside.", hint="Write a name, or the whole path.")
    return Given(name, "" if file == name else file)


def _memory(line: str) -> Memory:
    target, _, amount = line.partition(":")
    try:
        read_run_form({"image": "any", "tmpfs": target})
    except Invalid as wrong:
        raise Invalid(wrong.message, hint="Write /run, or /run:64m.") from wrong
    return Memory(target, read_size(amount))


def _constraint(line: str) -> str:
    found = _CONSTRAINT.fullmatch(line)
    if found is None or not _KNOWN.fullmatch(found["what"]):
        hint = "Write node.role==worker, node.labels.disk==ssd, node.hostname!=old."
        raise Invalid(f"“{line[:80]}” says nothing of a node.", hint=hint)
    if found["what"].lower() == "node.role" and found["value"].strip() not in ("worker", "manager"):
        raise Invalid(f"No node is a “{found['value'].strip()}”.", hint="Write worker or manager.")
    return f"{found['what']}{found['how']}{found['value'].strip()}"


def _spread(line: str) -> str:
    if not _SPREAD.fullmatch(line):
        raise Invalid(f"“{line[:80]}” is no label of nodes.", hint="Write node.labels.room.")
    return line
