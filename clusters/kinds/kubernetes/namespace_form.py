"""What is filled in to make a namespace: its name, what its pods may, and its labels."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clusters.drivers.base import Call, Driver
from clusters.errors import Conflict, Invalid
from clusters.kinds.base import JSON, Role, Says
from clusters.kinds.field import Field
from clusters.kinds.kubernetes.base import collection
from clusters.kinds.kubernetes.names import NAMESPACE as NAME
from clusters.kinds.kubernetes.pairs import read, wrong_labels
from clusters.kinds.makers import Maker, Remark
from clusters.kinds.masking import mask_value
from clusters.kinds.readable import check_labels

API = "v1/namespaces"
ENFORCED = "pod-security.kubernetes.io/enforce"
_LEVELS = (
    ("", "what the cluster says"),
    ("restricted", "restricted: nothing that gives power over the machine, and no root"),
    ("baseline", "baseline: nothing that is known to give power over the machine"),
    ("privileged", "privileged: anything"),
)

FIELDS = (
    Field(
        name="name",
        label="Name",
        pattern=NAME.pattern,
        max_length=63,
        help="Small letters, digits and “-”: it becomes part of addresses.",
    ),
    Field(
        name="security",
        label="What its pods may",
        type="choice",
        choices=_LEVELS,
        required=False,
        initial=lambda _: "",
        help="Pod security: copies that ask for more are not made.",
    ),
    Field(
        name="labels",
        label="Labels",
        type="lines",
        required=False,
        check=wrong_labels,
        help="One a line: team=shop.",
    ),
)


@dataclass(frozen=True, slots=True)
class NamespaceForm:
    """What to make, checked."""

    name: str
    labels: Mapping[str, str]


def read_form(values: Mapping[str, JSON]) -> NamespaceForm:
    """The form as it was filled in. Raises Invalid."""
    labels = read(str(values.get("labels") or ""))
    if security := str(values.get("security") or ""):
        if labels.get(ENFORCED, security) != security:
            raise Invalid(f"What its pods may is said twice: as {security}, and among the labels.", field="labels")
        labels = {**labels, ENFORCED: security}
    return NamespaceForm(str(values["name"]), labels)


def line(form: NamespaceForm) -> str:
    """The same on a command line, for whoever wrote it."""
    return _line(form, [f"{key}={value}" for key, value in form.labels.items()])


def record(form: NamespaceForm) -> str:
    """The same for the job and the audit, which others read: without what looks secret."""
    return _line(form, [f"{key}={mask_value(key, value)}" for key, value in form.labels.items()])


def _line(form: NamespaceForm, pairs: Sequence[str]) -> str:
    words = ["kubectl", "create", "namespace", form.name]
    if not pairs:
        return shlex.join(words)
    return f"{shlex.join(words)} && {shlex.join(['kubectl', 'label', 'namespace', form.name, *pairs])}"


def _taken(form: NamespaceForm) -> str:
    return f"There is a namespace called {form.name} already."


async def _check(driver: Driver, form: NamespaceForm, there: Sequence[Any]) -> Sequence[Remark]:
    if any(one.name == form.name for one in there):
        return [Remark(_taken(form), "stop")]
    if form.name.startswith("kube-"):
        return [Remark("Names that begin with “kube-” are meant for Kubernetes itself.", "warn")]
    return await check_labels(driver, form, there)


async def _make(driver: Driver, form: NamespaceForm, says: Says) -> str:
    says.say(record(form))
    body = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {"name": form.name, "labels": dict(form.labels)},
    }
    try:
        await driver.call(Call("POST", collection(API, ""), {"fieldManager": "pilothouse"}, body, timeout=30.0))
    except Conflict as error:
        raise Conflict(_taken(form), hint="Choose another name.", detail=error.detail) from error
    return form.name


CREATE: Maker[Any] = Maker(
    label="New namespace",
    icon="plus",
    fields=FIELDS,
    read=read_form,
    line=line,
    record=record,
    title=lambda form: f"Create namespace {form.name}",
    run=_make,
    check=_check,
    role=Role.ADMIN,
    right="apply",
    button="Create",
    ended="{name} is made",
)
