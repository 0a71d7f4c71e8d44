"""Containers on a real engine that a measure starts, stops and removes, as somebody beside Pilothouse would."""

from __future__ import annotations

import http.client
import json
import secrets
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

IMAGE = "busybox:latest"


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("engine", timeout=60)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(60)
        self.sock.connect(self._path)


class Engine:
    """The engine behind a socket."""

    def __init__(self, path: str) -> None:
        self._path = path

    def call(self, method: str, path: str, body: Any = None, raw: bytes | None = None) -> Any:
        """One request; the answer, decoded where it is one object."""
        connection = _UnixConnection(self._path)
        headers = {"Content-Type": "application/json"}
        sent = raw if raw is not None else json.dumps(body) if body is not None else None
        connection.request(method, path, sent, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {text[:200]!r}")
        return json.loads(text) if text.strip() and raw is None else None

    @contextmanager
    def container(self, command: Sequence[str] = ("sleep", "100000"), **body: Any) -> Iterator[Container]:
        """A running one, removed afterwards."""
        name = f"bench-{secrets.token_hex(4)}"
        made = self.call("POST", f"/containers/create?name={name}", {"Image": IMAGE, "Cmd": list(command), **body})
        one = Container(self, made["Id"], name)
        try:
            one.start()
            yield one
        finally:
            self.call("DELETE", f"/containers/{one.id}?force=1&v=1")


class Container:
    """One of them."""

    def __init__(self, engine: Engine, number: str, name: str) -> None:
        self._engine, self.id, self.name = engine, number, name

    def start(self) -> None:
        """Start it."""
        self._engine.call("POST", f"/containers/{self.id}/start")

    def stop(self) -> None:
        """Stop it without patience."""
        self._engine.call("POST", f"/containers/{self.id}/stop?t=0")
