"""Names, labels and lines that somebody chose to break the page with, and an engine that hands them out."""

from __future__ import annotations

import json
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.server import ROOT

SCRIPTS = (
    '"><img src=x onerror=__p=1>',
    "'><svg/onload=__p=1>",
    "</script><script>__p=1</script>",
    "{{7*7}}{% debug %}",
    "' onmouseover='__p=1",
    "a hx-trigger=load hx-post=/x",
    'a","verb":"remove',
    "<div id=dialog-host hx-swap-oob=true>gone</div>",
    "<b data-hx-get=/x data-hx-trigger=load>",
    "javascript:__p=1",
    "data:text/html,<script>__p=1</script>",
    "//evil.example/x",
    "java\nscript:__p=1",
    "\u202etxt.exe",
    "\u200bp\u0430yments",  # a zero-width space, and a Cyrillic a
    "line\u2028break",
    "__proto__",
)
LINES = (
    "<div id=nav hx-swap-oob=true>gone</div>",
    "<img src=x onerror=__p=1>",
    '\x1b]8;;https://evil.example/"onmouseover=__p=1\x07link\x1b]8;;\x07',
    "\x1b]52;c;ZXZpbA==\x07\x1b]0;title\x07\x1b[2J\x1b[3A\rover\x08\x08",
    "\u202eevil\u2066 \u200b\x00 \x1b[31mred without an end",
    '{"__proto__": {"polluted": 1}, "level": "<img src=x onerror=__p=1>", "msg": "</script><script>__p=1</script>"}',
)


def container(number: int, text: str) -> dict[str, Any]:
    """What the engine says of a container all of whose words are this text."""
    thing: dict[str, Any] = json.loads((ROOT / "tests/recorded/docker/container-29.json").read_text())
    thing = thing.get("body", thing)
    thing["Id"] = f"{number:064x}"
    thing["Name"] = "/" + text
    thing["Config"] |= {
        "Image": text, "Cmd": [text], "Env": [f"{text}=1", f"PLAIN={text}"], "Hostname": text, "User": text,
        "WorkingDir": text, "Labels": {text: text, "com.docker.compose.project": text, "url": text},
    }  # fmt: skip
    thing["State"] |= {"Status": "exited", "Running": False, "ExitCode": 1, "Error": text}
    thing["State"]["Health"] = {"Status": "unhealthy", "FailingStreak": 3, "Log": [{"ExitCode": 1, "Output": text}]}
    thing["NetworkSettings"]["Networks"] = {text: {"IPAddress": text, "Aliases": [text]}}
    thing["Mounts"] = [{"Type": "volume", "Name": text, "Source": text, "Destination": text, "RW": True}]
    return thing


def image(number: int, text: str) -> dict[str, Any]:
    """An image all of whose words are this text."""
    return {"Id": f"sha256:{number:064x}", "RepoTags": [text], "RepoDigests": [text], "Created": 1, "Size": 1,
            "Labels": {text: text}, "Os": text, "Architecture": text,
            "Config": {"Env": [f"A={text}"], "Cmd": [text], "User": text, "ExposedPorts": {text: {}}}}  # fmt: skip


def network(number: int, text: str) -> dict[str, Any]:
    """A network all of whose words are this text."""
    ranges = [{"Subnet": text, "Gateway": text, "IPRange": text}]
    return {"Id": f"{number:064x}", "Name": text, "Driver": text, "Scope": text, "IPAM": {"Config": ranges},
            "Options": {text: text}, "Labels": {text: text}, "Created": text}  # fmt: skip


def volume(number: int, text: str) -> dict[str, Any]:
    """A volume all of whose words are this text."""
    return {"Name": text, "Driver": text, "Mountpoint": text, "Scope": text, "Options": {text: text},
            "Labels": {text: text}, "UsageData": {"Size": 5, "RefCount": 0}}  # fmt: skip


class _Engine(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    things = {f"{number:064x}": container(number, text) for number, text in enumerate(SCRIPTS, 1)}
    words = SCRIPTS[0]
    images = {one["Id"]: one for one in (image(number, text) for number, text in enumerate(SCRIPTS, 1))}
    networks = {one["Id"]: one for one in (network(number, text) for number, text in enumerate(SCRIPTS, 1))}
    volumes = [volume(number, text) for number, text in enumerate(SCRIPTS, 1)]

    def do_GET(self) -> None:
        path = (
            self.path.partition("?")[0].split("/", 2)[-1]
            if self.path.startswith("/v1")
            else self.path[1:].partition("?")[0]
        )
        parts = path.split("/")
        if path == "events":
            self._events()
        elif path in ("_ping", "version", "info", "containers/json"):
            self._json(getattr(self, "_" + path.strip("_").replace("/", "_"))())
        elif path in ("images/json", "networks", "volumes", "system/df"):
            self._json(self._listed()[path])
        elif parts[0] == "images" and parts[2:] == ["history"]:
            self._json([{"CreatedBy": self.words, "Size": 1, "Tags": [self.words], "Created": 1}])
        elif parts[0] == "images" and parts[1].replace("%3A", ":") in self.images:
            self._json(self.images[parts[1].replace("%3A", ":")])
        elif parts[0] == "networks" and parts[1] in self.networks:
            self._json(self.networks[parts[1]])
        elif parts[0] == "containers" and parts[1] in self.things and parts[2] == "json":
            self._json(self.things[parts[1]])
        elif parts[0] == "containers" and parts[2:] == ["logs"]:
            self._body(b"".join(_frame(line) for line in LINES), "application/vnd.docker.multiplexed-stream")
        else:
            self._json({"message": self.words}, 404)

    def do_HEAD(self) -> None:
        self._body(b"", "text/plain")

    def do_POST(self) -> None:
        self._json({"message": f"{self.words} refuses"}, 409)

    do_DELETE = do_POST  # noqa: N815 - the name that http.server calls

    def _ping(self) -> Any:
        return "OK"

    def _version(self) -> Any:
        return {"Version": self.words, "ApiVersion": "1.52", "MinAPIVersion": "1.40", "Os": "linux", "Arch": self.words}

    def _info(self) -> Any:
        return {"ID": "hostile", "Name": self.words, "ServerVersion": self.words, "OperatingSystem": self.words,
                "KernelVersion": self.words, "Architecture": self.words, "NCPU": 1, "MemTotal": 1 << 30,
                "Warnings": [self.words], "Labels": [f"{self.words}=1"], "SecurityOptions": [self.words]}  # fmt: skip

    def _listed(self) -> dict[str, Any]:
        images, networks = list(self.images.values()), list(self.networks.values())
        cache = [{"ID": "x", "Description": self.words, "Size": 1, "InUse": False}]
        df = {"LayersSize": 1, "Images": images, "Containers": [], "Volumes": self.volumes, "BuildCache": cache}
        return {"images/json": images, "networks": networks, "volumes": {"Volumes": self.volumes}, "system/df": df}

    def _containers_json(self) -> Any:
        return [
            {"Id": uid, "Names": [one["Name"]], "State": "exited", "Status": "Exited (1)"}
            for uid, one in self.things.items()
        ]

    def _json(self, value: Any, status: int = 200) -> None:
        self._body(json.dumps(value).encode(), "application/json", status)

    def _body(self, body: bytes, kind: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Api-Version", "1.52")
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _events(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.flush()
        self.server.ends.wait(120)  # type: ignore[attr-defined]
        self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass


def _frame(line: str) -> bytes:
    data = f"2026-01-01T00:00:00.000000000Z {line}\n".encode()
    return struct.pack(">BxxxL", 1, len(data)) + data


@contextmanager
def hostile_engine() -> Iterator[str]:
    """The address of an engine whose every word is hostile."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Engine)
    server.daemon_threads = True
    server.ends = threading.Event()  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"tcp://127.0.0.1:{server.server_address[1]}"
    finally:
        server.ends.set()  # type: ignore[attr-defined]
        server.shutdown()
        server.server_close()
