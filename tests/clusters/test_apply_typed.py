"""What a form's text hides is put back into the object it was typed for, and into no other."""

from __future__ import annotations

from typing import Any

from clusters.apply.documents import read
from clusters.apply.typed import typed_as

SECRET = "apiVersion: v1\nkind: Secret\nmetadata: {name: %s, namespace: %s}\nstringData: {password: ••••••}\n"


def typed(name: str, namespace: str = "shop") -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": namespace}}


def found(*written: tuple[str, str], typed: list[dict[str, Any]], new: bool = True) -> list[Any]:
    """For each document the name of the typed object whose secrets it gets."""
    documents = read("---\n".join(SECRET % one for one in written))
    made = [typed_as(one, documents, typed, "shop", is_new=new) for one in documents]
    return [one and one["metadata"]["name"] for one in made]


def test_an_object_gets_what_was_typed_for_its_name_also_when_it_was_renamed() -> None:
    assert found(("web", "shop"), typed=[typed("web")]) == ["web"]
    assert found(("renamed", "shop"), typed=[typed("web")]) == ["web"]
    assert found(("web", "moved"), typed=[typed("web")]) == ["web"]
    assert found(("db", "shop"), ("renamed", "shop"), typed=[typed("web"), typed("db")]) == ["db", "web"]


def test_another_object_never_gets_it() -> None:
    assert found(("web", "shop"), ("other", "shop"), typed=[typed("web")]) == ["web", None], "added beside it"
    assert found(("other", "shop"), typed=[typed("web")], new=False) == [None], "it is on the cluster already"
    assert found(("web", "shop"), ("web", "other"), typed=[typed("web")]) == ["web", None], "of another namespace"
    assert found(("one", "shop"), ("two", "shop"), typed=[typed("web")]) == [None, None], "which of them, nobody knows"
    assert found(("one", "shop"), typed=[typed("web"), typed("db")]) == [None]
