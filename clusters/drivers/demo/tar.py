"""The tar of the demonstration's pods: it packs made-up files, and takes none."""

from __future__ import annotations

import io
import posixpath
import tarfile
from collections.abc import AsyncIterator, Mapping, Sequence

from clusters.drivers.demo.shell import FILES
from clusters.errors import Unsupported

TREE = {
    **{f"/app/{name}": text.replace("\r\n", "\n") + "\n" for name, text in FILES.items()},
    "/etc/hostname": "{name}\n",
    "/etc/os-release": 'NAME="Demonstration Linux"\nID=demo\nPRETTY_NAME="Made up for {name}"\n',
    "/var/log/README": "What {name} says goes to its output: see the tab Logs.\n",
}


class DemoTar:
    """One that runs: ``tar -cf - -C /etc ./hostname``."""

    ends_input = True

    def __init__(self, surroundings: Mapping[str, str], command: Sequence[str], now: float) -> None:
        if tuple(command[:4]) != ("tar", "-cf", "-", "-C"):
            raise Unsupported("The demonstration's pods run no programs, and take no files.")
        self._path = posixpath.normpath(posixpath.join(*command[4:6]))
        self._name, self._now = surroundings.get("HOSTNAME", "this pod"), now
        self.ended = self.errors = ""

    async def output(self) -> AsyncIterator[bytes]:
        """The archive."""
        within = self._path.rstrip("/") + "/"
        found = {path: text for path, text in TREE.items() if path == self._path or path.startswith(within)}
        self.ended, self.errors = (
            ("exit 0", "") if found else ("exit 1", f"tar: {self._path}: No such file or directory")
        )
        held = io.BytesIO()
        with tarfile.open(fileobj=held, mode="w") as archive:
            if found and self._path not in found:
                self._add(archive, self._path, None)
            for path, text in found.items():
                self._add(archive, path, text.format(name=self._name).encode())
        yield held.getvalue()

    def _add(self, archive: tarfile.TarFile, path: str, data: bytes | None) -> None:
        info = tarfile.TarInfo(f"./{posixpath.relpath(path, posixpath.dirname(self._path))}")
        info.mtime = int(self._now)
        info.type, info.mode = (tarfile.DIRTYPE, 0o755) if data is None else (tarfile.REGTYPE, 0o644)
        info.size = len(data or b"")
        archive.addfile(info, io.BytesIO(data or b""))

    async def write(self, data: bytes) -> None:
        """It reads nothing."""

    async def end_input(self) -> None:
        """It reads nothing."""

    async def close(self) -> None:
        """Nothing is kept."""
