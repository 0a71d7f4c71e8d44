"""A real server for browser tests, bench and pictures: ``manage.py up`` on a free port, with a data folder of its own."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import ClassVar

from tests.shell import Shell

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "correct horse battery"
# Without a window's own pages, which take two thirds of a browser's processor time, where that is installed.
CHROMIUM = os.environ.get("PILOTHOUSE_CHROMIUM") or next(
    filter(os.path.exists, ("/usr/bin/chromium-headless-shell", "/usr/bin/chromium")), "/usr/bin/chromium"
)
# Chromium as root in a container, without anything it would send home.
CHROMIUM_ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
                      "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]  # fmt: skip

PEOPLE = f"""
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from clusters.kinds.base import Role
from clusters.models import Cluster, Grant
password = make_password("{PASSWORD}")  # the real hash takes a third of a second
shop = Cluster.objects.filter(driver="demo", platform="kubernetes").first()
for name, role, cluster, rights in (("ada", Role.ADMIN, None, []), ("otto", Role.OPERATOR, shop, ["exec"]),
                                    ("vera", Role.VIEWER, shop, []), ("nora", Role.NOBODY, None, [])):
    user = get_user_model().objects.create(username=name, password=password)
    if role:
        Grant.objects.create(user=user, role=role, cluster=cluster, rights=rights)
"""

SESSION = """
import time
from django.contrib.auth import get_user_model, SESSION_KEY, BACKEND_SESSION_KEY, HASH_SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
user = get_user_model().objects.get(username="{name}")
session = SessionStore()
session.update({{SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: "allauth.account.auth_backends.AuthenticationBackend",
                HASH_SESSION_KEY: user.get_session_auth_hash(), "confirmed": time.time()}})
session.create()
print(session.session_key)
"""


class Server:
    """Started by ``with``; ``setup_link`` is the one-time link it printed, "" once somebody has an account."""

    at: ClassVar[dict[str, Server]] = {}  # by its address

    def __init__(self, *arguments: str, **environment: str) -> None:
        self.data = Path(tempfile.mkdtemp(prefix="pilothouse-server-"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.arguments = arguments
        self.environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "dashboard.settings", "PILOTHOUSE_DATA": str(self.data), "PILOTHOUSE_URL": self.url,
                            "PILOTHOUSE_BIND": f"127.0.0.1:{self.port}", **environment}  # fmt: skip
        self.setup_link = ""
        self.output: list[str] = []
        self._shell: Shell | None = None
        self.at[self.url] = self

    def __enter__(self) -> Server:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.leave()

    def leave(self) -> None:
        """Nothing of it stays."""
        self.at.pop(self.url, None)
        if self._shell is not None:
            self._shell.close()
        shutil.rmtree(self.data, ignore_errors=True)

    def start(self) -> float:
        """Start it; returns the seconds until it answered that it is ready."""
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "up", *self.arguments],
            cwd=ROOT, env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        while not self._ready():
            if self.process.poll() is not None or time.perf_counter() - began > 60:
                raise RuntimeError("the server did not start:\n" + "".join(self.output))
            time.sleep(0.02)
        seconds = time.perf_counter() - began
        found = re.search(r"\S+/setup/#\S+", "".join(self.output))
        self.setup_link = found.group() if found else ""
        return seconds

    def stop(self) -> None:
        """End it as Ctrl-C would."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def manage(self, code: str) -> str:
        """Run Python inside its Django, in a process of its own."""
        self._shell = self._shell or Shell(ROOT, self.environment)
        return self._shell.run(code)

    def add_people(self) -> None:
        """The cast: Ada admin, Otto operator, Vera viewer, Nora nothing."""
        self.manage(PEOPLE)

    def session_of(self, name: str) -> str:
        """The key of a session of somebody who has just signed in."""
        return self.manage(SESSION.format(name=name)).strip()

    def memory(self) -> int:
        """Resident bytes of the process."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        return int(found.group(1)) * 1024 if found else 0

    def processor_seconds(self) -> float:
        """Processor time used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _ready(self) -> bool:
        import http.client

        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
            connection.request("GET", "/readyz", headers={"Host": f"127.0.0.1:{self.port}"})
            return connection.getresponse().status == 200
        except OSError:
            return False

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.output.append(line)
