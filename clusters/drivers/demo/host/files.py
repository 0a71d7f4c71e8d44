"""The files of the host's containers and volumes: made up and few, read and written as an engine's archives.

What somebody puts in is kept as long as the demonstration lives, and goes along into an image that is made of it.
"""

from __future__ import annotations

import io
import posixpath
import tarfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from clusters.drivers.base import Call
from clusters.drivers.demo.shell import FILES
from clusters.drivers.demo.world import Object
from clusters.errors import Conflict, Invalid, Missing

if TYPE_CHECKING:
    from clusters.drivers.demo.host.world import HostWorld

Files: TypeAlias = dict[str, bytes]  # by path

MOST_BYTES = 1 << 20  # of one archive that is put in
MOST_FILES = 40  # that were put into one container or volume
FOLDERS = ("/app", "/bin", "/etc", "/home", "/tmp", "/usr/local/bin", "/var/log", "/var/run")  # noqa: S108
TREE: Mapping[str, str] = {
    **{f"/app/{name}": text.replace("\r\n", "\n") + "\n" for name, text in FILES.items()},
    "/etc/hostname": "{id}\n",
    "/etc/hosts": "127.0.0.1\tlocalhost\n172.18.0.9\t{id}\n",
    "/etc/os-release": 'NAME="Demonstration Linux"\nID=demo\nPRETTY_NAME="Made up for {name}"\n',
    "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\ndemo:x:1000:1000::/home/demo:/bin/demo-sh\n",
    "/tmp/session.cache": "nothing of worth\n",  # noqa: S108
    "/usr/local/bin/serve": "#!/bin/demo-sh\n# The program of {image} is made up, as all of this is.\n",
    "/var/log/README": "The log of {name} goes to its output: see the tab Logs.\n",
}


def read(world: HostWorld, container: Object, path: str) -> bytes:
    """The archive of what is there, as the engine packs it. Raises Missing."""
    path = _whole(path)
    files = _all(world, container)
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        if path in files:
            _add(archive, posixpath.basename(path), files[path], world.now)
        elif path in (folders := _folders(files)):
            base = posixpath.dirname(path)
            for one in sorted(one for one in folders | set(files) if _inside(one, path)):
                _add(archive, posixpath.relpath(one, base) if one != "/" else "/", files.get(one), world.now)
        else:
            raise Missing(f"There is nothing at {path[:200]}.")
    return held.getvalue()


def write(world: HostWorld, container: Object, folder: str, packed: bytes) -> None:
    """Unpack into a folder. Raises Missing, Invalid and Conflict."""
    folder = _whole(folder)
    if folder not in _folders(_all(world, container)):
        raise Missing(f"There is no folder {folder[:200]}.")
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for entry in archive:
            found = archive.extractfile(entry) if entry.isfile() else None
            if found is not None:
                _put(world, container, posixpath.join(folder, posixpath.basename(entry.name)), found.read())


async def take(call: Call) -> bytes:
    """The archive that is sent. Raises Invalid when it is larger than the demonstration keeps."""
    packed = bytearray()
    if call.data is not None:
        async for piece in call.data:
            packed += piece
            if len(packed) > MOST_BYTES + 4096:
                raise Invalid("The demonstration takes files of 1 MiB at most.")
    return bytes(packed)


def added(world: HostWorld, container: Object) -> list[str]:
    """The files that differ from those of its image."""
    return sorted({"/tmp/session.cache", *world.files.get(container["Id"], {})})  # noqa: S108


def keep_in_image(world: HostWorld, container: Object, image: str) -> None:
    """An image made of it has the files that were put in."""
    world.files[image] = {**world.files.get(container["Image"], {}), **world.files.get(container["Id"], {})}


def _put(world: HostWorld, container: Object, path: str, data: bytes) -> None:
    holder, where = _holder(container, path)
    kept = world.files.setdefault(holder, {})
    if where not in kept and len(kept) >= MOST_FILES:
        raise Conflict(f"The demonstration keeps {MOST_FILES} files of one container.")
    if path in _folders(_all(world, container)):
        raise Conflict(f"{path[:200]} is a folder.")
    kept[where] = data


def _all(world: HostWorld, container: Object) -> Files:
    """Every file of it: those of every container, those of its image, its own, and those of its volumes."""
    words = {"id": container["Id"][:12], "name": container["Name"][1:], "image": container["Config"]["Image"]}
    files = {path: text.format(**words).encode() for path, text in TREE.items()}
    files |= world.files.get(container["Image"], {}) | world.files.get(container["Id"], {})
    for name, inside in _mounts(container):
        files = {path: data for path, data in files.items() if not _inside(path, inside)}
        seeded = {"/README": f"Files of the volume {name}: made up, as all of this is.\n".encode()}
        for path, data in (seeded | world.files.get(f"volume:{name}", {})).items():
            files[inside.rstrip("/") + path] = data
    return files


def _holder(container: Object, path: str) -> tuple[str, str]:
    """Whose file that is, and its path there."""
    for name, inside in _mounts(container):
        if _inside(path, inside):
            return f"volume:{name}", path[len(inside.rstrip("/")) :]
    return container["Id"], path


def _mounts(container: Object) -> list[tuple[str, str]]:
    """(volume, where it is inside)."""
    made = [(one.get("Name"), one.get("Destination")) for one in container.get("Mounts") or ()]
    asked = [(one.get("Source"), one.get("Target")) for one in container["HostConfig"].get("Mounts") or ()]
    return sorted({(str(name), str(inside)) for name, inside in [*made, *asked] if name and inside})


def _folders(files: Files) -> set[str]:
    found = {"/"}
    for path in (*FOLDERS, *(posixpath.dirname(one) for one in files)):
        while path != "/":
            found.add(path)
            path = posixpath.dirname(path)
    return found


def _inside(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _whole(path: str) -> str:
    return "/" + posixpath.normpath(f"/{path}").strip("/")


def _add(archive: tarfile.TarFile, name: str, data: bytes | None, now: float) -> None:
    """A file, or a folder where there is no data."""
    entry = tarfile.TarInfo(name)
    entry.mtime, entry.mode = int(now) - 86_400, 0o644
    if data is None:
        entry.type, entry.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(entry)
    else:
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
