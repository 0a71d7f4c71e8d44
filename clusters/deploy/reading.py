"""The form as it was filled in, read strictly: each field that is wrong says so, all of them at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from clusters.deploy import lines, quantity
from clusters.deploy.fields import FIELDS
from clusters.deploy.form import STRICT, DeployForm, Pairs, Port, Probe, Security
from clusters.deploy.objects import NAME_LABEL
from clusters.errors import Invalid
from clusters.field_reader import FieldReader
from clusters.fields import NotFilledIn, clean, still_hidden
from clusters.kinds.docker.image_name import split_image
from clusters.kinds.kubernetes.names import NAMESPACE

T = TypeVar("T")

LONGEST = {"deployment": 63, "stateful-set": 52, "daemon-set": 52}  # the cluster makes labels of longer ones
_NAME = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")


def read(given: Mapping[str, Any]) -> DeployForm:
    """What to deploy. Raises NotFilledIn with a sentence for every field that is wrong."""
    form, problems = look(given)
    if problems:
        raise NotFilledIn(problems)
    return form


def look(given: Mapping[str, Any]) -> tuple[DeployForm, dict[str, str]]:
    """As much of it as is right so far, and what is wrong by field."""
    values, problems = _cleaned(given)
    reader = _Reader(values, problems)
    kind: Any = values.get("kind") or "deployment"
    ports = reader.each("ports", lines.port)
    requests, limits = reader.resources()
    variables = reader.each("environment", lines.variable)
    form = DeployForm(
        kind=kind,
        name=reader.one("name", lambda text: _name(text, kind)) or "",
        namespace=reader.one("namespace", _namespace) or "",
        image=reader.one("image", _image) or "",
        entry=reader.one("command", lines.words_of) or (),
        arguments=reader.one("arguments", lines.words_of) or (),
        copies=1 if values.get("copies") is None else values["copies"],
        ports=_unlike(reader, "ports", ports),
        service=values.get("service") or "",
        environment=tuple((one.name, one.value) for one in variables if not one.is_secret),
        secrets=tuple((one.name, one.value) for one in variables if one.is_secret),
        sources=reader.each("sources", lines.source),
        requests=requests,
        limits=limits,
        ready=reader.probe("ready", ports),
        alive=reader.probe("alive", ports),
        init=reader.each("init", lines.init),
        mounts=reader.each("volumes", lines.mount),
        nodes=reader.each("nodes", lines.label),
        tolerations=reader.each("tolerations", lines.toleration),
        labels=reader.each("labels", _own_label),
        pull=values.get("pull") or "",
        pull_secret=reader.one("pull_secret", lines.object_name) or "",
        security=reader.security(),
    )
    _check_doubles(form, problems)
    return form, problems


def _cleaned(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Each field by itself, so that one that is wrong hides no other."""
    values: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for one in FIELDS:
        try:
            values |= clean([one], given)
            problems |= still_hidden({one.name: values[one.name]})
        except NotFilledIn as wrong:
            problems |= wrong.problems
    return values, problems


class _Reader(FieldReader):
    def resources(self) -> tuple[Pairs, Pairs]:
        """What is kept for each copy, and the most that it may use."""
        found: dict[str, list[tuple[str, str]]] = {"request": [], "limit": []}
        for what, read_amount in (("cpu", quantity.processors), ("memory", quantity.memory)):
            amounts = {}
            for way in found:
                text = self.one(f"{what}_{way}", lambda text, read=read_amount: text if read(text) else "")  # type: ignore[misc]
                if text:
                    found[way].append((what, text))
                    amounts[way] = read_amount(text)
            if len(amounts) == 2 and amounts["request"] > amounts["limit"]:
                self.wrong(f"{what}_limit", Invalid("This is less than what is kept for each copy."))
        return found["request"], found["limit"]

    def probe(self, name: str, ports: tuple[Port, ...]) -> Probe | None:
        """One probe; None where there is none, or where it is wrong."""
        how, at = self.values.get(name) or "", self.values.get(f"{name}_at") or ""
        times: dict[str, Any] = {"after": self.values.get(f"{name}_after"), "every": self.values.get(f"{name}_every")}
        try:
            if how == "exec":
                if not at:
                    raise Invalid("Which command?", hint="Write it here.")
                return Probe("exec", command=lines.words_of(at), **times)
            if how in ("http", "tcp"):
                port, path = lines.probed(at, how, ports)
                return Probe(how, port, path, **times)  # type: ignore[arg-type]
        except Invalid as wrong:
            self.wrong(f"{name}_at", wrong)
        return None

    def security(self) -> Security:
        """As whom it runs. A level that is not chosen one by one leaves what is hidden then out of account."""
        level = self.values.get("security") or ""
        strict = {name: level == "restricted" or (level == "own" and bool(self.values.get(name))) for name in STRICT}
        if strict["non_root"] and self.values.get("user") == 0:
            self.wrong("user", Invalid("0 is root, which it is never to run as.", hint="Take another number."))
        return Security(
            account=self.one("service_account", lines.object_name) or "",
            no_token=bool(self.values.get("no_token")),
            read_only_root=bool(self.values.get("read_only_root")),
            user=self.values.get("user"),
            group=self.values.get("user_group"),
            volume_group=self.values.get("volume_group"),
            **strict,
        )


def _check_doubles(form: DeployForm, problems: dict[str, str]) -> None:
    typed = (*form.environment, *form.secrets)
    variables = [*(name for name, _ in typed), *(one.variable for one in form.sources if one.variable)]
    for field_name, what, names in (
        ("environment", "The variable {} is", variables),
        ("volumes", "{} is", [one.path.rstrip("/") for one in form.mounts]),
        ("init", "A container {} is", [*([form.name] if form.name else ()), *(one.name for one in form.init)]),
        ("labels", "The label {} is", [name for name, _ in form.labels]),
        ("nodes", "The label {} is", [name for name, _ in form.nodes]),
    ):
        if double := _double(names):
            problems.setdefault(field_name, f"{what.format(double)} there twice.")


def _double(some: Sequence[T]) -> T | None:
    """The first that is there twice."""
    return next((one for number, one in enumerate(some) if one in some[:number]), None)


def _unlike(reader: _Reader, name: str, ports: tuple[Port, ...]) -> tuple[Port, ...]:
    numbers = [(one.number, one.protocol) for one in ports]
    names = [one.name for one in ports if one.name]
    outside = [(one.service or one.number, one.protocol) for one in ports]
    on_nodes = [(one.node, one.protocol) for one in ports if one.node]
    if double := _double(numbers):
        reader.wrong(name, Invalid(f"Port {double[0]} {double[1]} is there twice."))
    if _double(names):
        reader.wrong(name, Invalid("Two ports have the same name."))
    if double := _double(outside):
        reader.wrong(name, Invalid(f"Port {double[0]} {double[1]} of the service is there twice."))
    if double := _double(on_nodes):
        reader.wrong(name, Invalid(f"Port {double[0]} {double[1]} of every node is there twice."))
    return ports


def _name(text: str, kind: str) -> str:
    longest = LONGEST.get(kind, 63)
    if len(text) > longest:
        raise Invalid(f"This is longer than {longest} letters.")
    if not _NAME.fullmatch(text):
        raise Invalid("Only small letters, digits and “-”, beginning with a letter and not ending with “-”.")
    return text


def _namespace(text: str) -> str:
    if not NAMESPACE.fullmatch(text):
        raise Invalid("That cannot be the name of a namespace.")
    return text


def _image(text: str) -> str:
    split_image(text)
    return text


def _own_label(text: str) -> tuple[str, str]:
    name, value = lines.label(text)
    if name == NAME_LABEL:
        raise Invalid(f"{NAME_LABEL} is what the copies are known by: it is the name.")
    return name, value
