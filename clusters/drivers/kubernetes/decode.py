"""From bytes to resources: lines cut out of a stream, objects decoded into a kind's model, never into dicts."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import Any, Generic, TypeAlias, TypeVar

import msgspec

from clusters.drivers.kubernetes.errors import Status, not_kubernetes
from clusters.errors import Unsupported
from clusters.kinds.kubernetes.base import Object
from clusters.live.resource import Resource

log = logging.getLogger(__name__)

LINE_LIMIT = 8 << 20  # bytes: real objects end at about 3 MiB
HEAD_LIMIT = 8 << 10  # bytes that a list may say of itself before its objects
AT_ONCE = 4 << 20  # bytes of a page that are read in one go, in about 8 ms

Item = TypeVar("Item")


class ListMeta(msgspec.Struct, frozen=True, rename="camel"):
    """Where a list stands."""

    resource_version: str | None = None
    next_page: str | None = msgspec.field(name="continue", default=None)


class Page(msgspec.Struct, Generic[Item], frozen=True, rename="camel"):
    """One page of a list; its items are views into the page's bytes, or resources."""

    metadata: ListMeta
    kind: str
    items: list[Item] | None = None


AnyPage: TypeAlias = Page[msgspec.Raw] | Page[Resource]


class Event(msgspec.Struct, frozen=True):
    """One line of a watch."""

    type: str
    object: msgspec.Raw


class Head(msgspec.Struct, frozen=True):
    """What an object says it is."""

    kind: str | None = None


class BookmarkMeta(msgspec.Struct, frozen=True, rename="camel"):
    """The only part of a bookmark that counts."""

    resource_version: str


class Bookmark(msgspec.Struct, frozen=True):
    """How far the server is, when nothing else happened."""

    metadata: BookmarkMeta


class LeastMeta(msgspec.Struct, frozen=True, rename="camel"):
    """Without this much an object cannot be shown at all."""

    name: str
    uid: str
    namespace: str = ""
    resource_version: str = ""


class Least(msgspec.Struct, frozen=True):
    """An object that we understand nothing else of."""

    metadata: LeastMeta


_decoders: dict[type[Any], tuple[msgspec.json.Decoder[Any], type[Any]]] = {}
_page = msgspec.json.Decoder(Page[msgspec.Raw])
_pages: dict[type[Any], msgspec.json.Decoder[Page[Any]]] = {}
_event = msgspec.json.Decoder(Event)
_head = msgspec.json.Decoder(Head)
_bookmark = msgspec.json.Decoder(Bookmark)
_least = msgspec.json.Decoder(Least)
_status = msgspec.json.Decoder(Status)
MALFORMED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def page(body: bytes) -> Page[msgspec.Raw]:
    """A page of a list. Raises Unsupported when it is something else."""
    try:
        return _a_list(_page.decode(body))
    except MALFORMED as error:
        raise not_kubernetes(str(error)) from error


def next_page(body: bytes) -> str:
    """Where the page after this one begins, as far as that is said before the objects; "" for unknown and for none."""
    end = body.find(b',"items":[', 0, HEAD_LIMIT)
    with contextlib.suppress(*MALFORMED):
        return _page.decode(body[:end] + b"}").metadata.next_page or "" if end > 0 else ""
    return ""


def page_of(body: bytes, model: type[Any]) -> AnyPage:
    """The same with its objects as the kind's model, in half the time; not read yet where one does not fit it."""
    if len(body) <= AT_ONCE:
        if model not in _pages:
            _pages[model] = msgspec.json.Decoder(Page[model])  # type: ignore[valid-type]
        with contextlib.suppress(*MALFORMED):
            return _a_list(_pages[model].decode(body))
    return page(body)


def _a_list(decoded: Page[Item]) -> Page[Item]:
    if not decoded.kind.endswith("List") or not decoded.metadata.resource_version:
        raise not_kubernetes(f"a {decoded.kind[:60]} where a list was asked for")
    return decoded


def event(line: bytes) -> Event:
    """One line of a watch. Raises one of MALFORMED."""
    return _event.decode(line)


def is_of(raw: msgspec.Raw, kind: str) -> bool:
    """Is it an object of that kind? What is not, is skipped."""
    try:
        return _head.decode(raw).kind == kind
    except MALFORMED:
        return False


def bookmark(raw: msgspec.Raw) -> str:
    """The version a bookmark carries; "" when it carries none."""
    try:
        return _bookmark.decode(raw).metadata.resource_version
    except MALFORMED:
        return ""


def status(raw: msgspec.Raw) -> Status:
    """What an ERROR event says."""
    try:
        return _status.decode(raw)
    except MALFORMED as error:
        raise not_kubernetes(str(error)) from error


def resource(raw: msgspec.Raw, model: type[Any]) -> Object | None:
    """The object as the kind's model. One that does not fit is reduced to its name; without that it is skipped."""
    decoder, metadata = _decoder(model)
    try:
        decoded: Object = decoder.decode(raw)
        return decoded if decoded.uid else None
    except MALFORMED as error:
        problem = str(error)[:300]
    try:
        least = _least.decode(raw).metadata
    except MALFORMED:
        log.warning("skipped a %s without usable metadata: %s", model.__name__, problem)
        return None
    known: Object = model(metadata=metadata(**msgspec.structs.asdict(least)), strange=problem)
    return known


def _decoder(model: type[Any]) -> tuple[msgspec.json.Decoder[Any], type[Any]]:
    if model not in _decoders:
        metadata = next(field.type for field in msgspec.structs.fields(model) if field.name == "metadata")
        _decoders[model] = msgspec.json.Decoder(model), metadata
    return _decoders[model]


class Lines:
    """Cuts a stream into lines of any length up to a limit, without ever copying what was cut before."""

    def __init__(self, limit: int = LINE_LIMIT) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The lines that are whole now, without their ends. Raises Unsupported for one that does not end."""
        start = 0
        while (end := data.find(b"\n", start)) >= 0:
            yield self._whole(data[start:end])
            start = end + 1
        if start < len(data):
            self._keep(data[start:])

    def _whole(self, last: bytes) -> bytes:
        if not self._parts:
            return last
        line = b"".join((*self._parts, last))
        self._parts, self._size = [], 0
        return line

    def _keep(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._limit:
            raise Unsupported("The cluster sends an object that is too large.", detail=f"over {self._limit} bytes")
        self._parts.append(part)
