"""Another master key: everything that is sealed is sealed anew, row by row, each in one step.

Killed in the middle, both keys are in the file and every row opens with one of them; asked again, it goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models, transaction

from clusters import audit
from clusters.connect import keys, secrets
from clusters.errors import Refused
from clusters.models import Cluster, ComposeSource, ComposeVersion, KeyCheck, Registry, Undo

CONSOLE = "console"


@dataclass(frozen=True, slots=True)
class Sealed:
    """One sealed thing: what it is sealed for, how to replace it if it is still that, and how to forget it."""

    name: str
    data: bytes
    about: str
    replace: Callable[[bytes], bool]  # False: it was changed meanwhile
    forget: Callable[[], object]


# Whoever keeps sealed things elsewhere gives them to ``rotate`` in the same form (see dashboard/passkeys.py).
ROWS: tuple[type[Cluster | Registry], ...] = (Cluster, Registry)


def sealed_rows() -> Iterator[Sealed]:
    """The secrets of clusters and registries."""
    for model in ROWS:
        for row in model._default_manager.exclude(secret=b"").order_by("pk"):
            data, same = bytes(row.secret), model._default_manager.filter(pk=row.pk, secret=row.secret)
            yield Sealed(f"{model._meta.verbose_name} {row}", data, secrets.sealed_for(row), *_writes(same))


def sealed_row(row: ComposeSource | ComposeVersion | Undo, name: str, about: str) -> Sealed:
    """Of one that is nothing without what is sealed in it."""
    same = type(row)._default_manager.filter(pk=row.pk, sealed=row.sealed)
    return Sealed(name, bytes(row.sealed), about, lambda new: bool(same.update(sealed=new)), same.delete)


def _writes(same: models.QuerySet[Any]) -> tuple[Callable[[bytes], bool], Callable[[], object]]:
    return lambda new: bool(same.update(secret=new)), lambda: same.update(secret=b"")


def rotate(sealed: Callable[[], Iterable[Sealed]], *, new_key: bool = True) -> int:
    """Seal everything with a new key. Returns how many were sealed anew. Raises Sealed, before anything is changed,
    when something does not open with any key; Refused when the key file cannot be written.

    What an earlier run began is finished first, with the key that it began with: then no new key is made.
    """
    secrets.refuse_while_locked()
    waiting = [one for one in sealed() if not secrets.is_current(one.data)]
    for one in sealed():
        secrets.open_sealed(one.data, one.about)
    if new_key and not waiting and _check_is_current():
        keys.begin_new_key()
    count = 0
    while old := [one for one in sealed() if not secrets.is_current(one.data)]:
        count += sum(one.replace(secrets.seal(secrets.open_sealed(one.data, one.about), one.about)) for one in old)
    with transaction.atomic():
        secrets.set_key_check()
        audit.record(audit.Event(actor=CONSOLE, verb="rotate keys", kind="master key", detail={"sealed": count}))
    return count


def drop_old_keys(sealed: Callable[[], Iterable[Sealed]]) -> int:
    """Keep only the key that seals now. Returns how many were dropped. Raises Refused while one is still needed."""
    if any(not secrets.is_current(one.data) for one in sealed()) or not _check_is_current():
        raise Refused("Something is still sealed with an older key.", hint="Run manage.py rotate_keys first.")
    return keys.keep_first_key()


def forget_lost(sealed: Callable[[], Iterable[Sealed]]) -> list[str]:
    """Forget what does not open with any of our keys, and go on with the key that is there. Returns what it was."""
    lost = []
    for one in sealed():
        try:
            secrets.open_sealed(one.data, one.about)
        except secrets.Sealed:
            lost.append(one)
    with transaction.atomic():
        for one in lost:
            one.forget()
        secrets.set_key_check()
        detail = {"forgotten": [one.name for one in lost]}
        audit.record(audit.Event(actor=CONSOLE, verb="forget lost", kind="master key", detail=detail))
    return [one.name for one in lost]


def _check_is_current() -> bool:
    check = KeyCheck.objects.first()
    return check is None or secrets.is_current(bytes(check.sealed))
