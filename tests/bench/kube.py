"""A real API server as somebody beside Pilothouse would call it: plain requests, and a plain watch in a thread."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from tests.bench.world import until


class Api:
    """One API server, with the credential of a kubeconfig's current context."""

    def __init__(self, server: str, context: ssl.SSLContext | None, token: str) -> None:
        self.server, self.context, self.token = server, context, token

    def connect(self) -> http.client.HTTPConnection:
        """A connection of one's own."""
        where = urlsplit(self.server).netloc
        if self.context is None:
            return http.client.HTTPConnection(where, timeout=60)
        return http.client.HTTPSConnection(where, context=self.context, timeout=60)

    def open(
        self, method: str, path: str, body: Any = None, kind: str = "application/json",
        over: http.client.HTTPConnection | None = None,
    ) -> http.client.HTTPResponse:  # fmt: skip
        """An answer to be read. Raises RuntimeError."""
        connection = over or self.connect()
        headers = {"Content-Type": kind} | ({"Authorization": f"Bearer {self.token}"} if self.token else {})
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.read()[:300]!r}")
        return answer

    def send(self, method: str, path: str, body: Any = None, kind: str = "application/json") -> Any:
        """One request; its answer, decoded."""
        with self.open(method, path, body, kind) as answer:
            return json.loads(answer.read() or b"null")


def api(path: Path) -> Api:
    """The cluster of that kubeconfig's current context."""
    config = yaml.safe_load(path.read_text())
    context = _named(config["contexts"], config["current-context"])["context"]
    cluster = _named(config["clusters"], context["cluster"])["cluster"]
    user = _named(config["users"], context["user"])["user"]
    tls = ssl.create_default_context(cadata=_data(cluster, "certificate-authority", path))
    tls.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
    if certificate := _data(user, "client-certificate", path):
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as pair:
            pair.write(certificate + (_data(user, "client-key", path) or ""))
            pair.flush()
            tls.load_cert_chain(pair.name)
    return Api(cluster["server"], tls, user.get("token", ""))


def _named(entries: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(entry for entry in entries if entry["name"] == name)


def _data(entry: dict[str, Any], key: str, path: Path) -> str | None:
    if inline := entry.get(f"{key}-data"):
        return base64.b64decode(inline).decode()
    return (path.parent / entry[key]).read_text() if key in entry else None


class Watch:
    """What ``kubectl get -w`` does: notes when each event came."""

    def __init__(self, of: Api, path: str, key: Callable[[dict[str, Any]], Any]) -> None:
        self._answer = of.open("GET", path)
        self._key = key
        self._at: dict[Any, float] = {}
        threading.Thread(target=self._read, daemon=True).start()

    def heard(self, key: Any) -> float:
        """The time (Unix seconds) of the first event with that key."""
        until(lambda: key in self._at)
        return self._at[key]

    def all(self) -> dict[Any, float]:
        """What was heard so far: each key, and when it was first heard."""
        return dict(self._at)

    def _read(self) -> None:
        with suppress(OSError):  # it is over when nothing was heard for a while
            while line := self._answer.readline():
                now = time.time()
                self._at.setdefault(self._key(json.loads(line)["object"]), now)
