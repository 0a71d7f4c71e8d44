"""What was typed in a form and is hidden in the text that came of it: which of the typed objects a document is now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from clusters.apply.documents import Document

_Who: TypeAlias = tuple[str, str, str, str]  # apiVersion, kind, namespace, name


def typed_as(
    document: Document,
    documents: Sequence[Document],
    typed: Sequence[Mapping[str, Any]],
    namespace: str,
    *,
    is_new: bool,
) -> Mapping[str, Any] | None:
    """The typed object of its name, or the one that was given this new name; None where that is not certain.

    Certain it is where that object is the only one of its kind that no document has, and this the only document that
    no typed object has. What is on the cluster already was never renamed to: its secrets are its own.
    """
    known = {_who(one, namespace): one for one in typed}
    mine = _who(document.tree, namespace)
    if mine in known or not is_new:
        return known.get(mine)
    written = {_who(one.tree, namespace) for one in documents}
    gone = [who for who in known.keys() - written if who[:2] == mine[:2]]
    added = [who for who in written - known.keys() if who[:2] == mine[:2]]
    return known[gone[0]] if len(gone) == len(added) == 1 else None


def _who(tree: Mapping[str, Any], namespace: str) -> _Who:
    metadata = tree["metadata"]
    return (
        str(tree["apiVersion"]),
        str(tree["kind"]),
        str(metadata.get("namespace") or namespace),
        str(metadata["name"]),
    )
