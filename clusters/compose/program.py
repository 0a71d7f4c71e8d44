"""The official program: found, asked for its version, and run with nothing of ours but what is written here.

No shell, no environment but the one made here, a folder of its own that goes afterwards, limits of time and output;
cancelled, it is asked to stop, and ended with all it started when it does not.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from clusters.errors import ClusterError, Invalid, Unsupported

OLDEST = (2, 20)
INSTALL = "sudo apt-get install docker-compose-plugin"
MISSING = "The program that deploys Compose projects is not installed beside Pilothouse."
MOST_OUTPUT = 8 << 20  # bytes
LINE = 256 << 10  # bytes of one line
STOPS_WITHIN = 8.0  # seconds from "stop" to the end of it
_PLUGINS = ("/usr/local/lib", "/usr/local/libexec", "/usr/lib", "/usr/libexec")
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.\d+")
# What the program, or the language it is written in, reads from its environment for itself.
_RESERVED = re.compile(
    r"(DOCKER|COMPOSE|BUILDX|BUILDKIT|LD|DYLD|OTEL|XDG|MOBY)_[A-Z0-9_]*|PATH|HOME|TMPDIR|PWD|"
    r"SSL_CERT_(FILE|DIR)|GODEBUG|GOGC|GOMAXPROCS|GOMEMLIMIT|GOTRACEBACK|GOROOT|GOCOVERDIR|"
    r"(HTTPS?|ALL|NO|FTP)_PROXY",
    re.IGNORECASE,
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,199}")


@dataclass(frozen=True, slots=True)
class Found:
    """Where the program is and which one; or why there is none that can be used."""

    path: str = ""
    version: str = ""
    why_not: str = ""
    install: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """What it printed, and how it ended: 0 is well."""

    code: int
    printed: str
    said: str


_asked: dict[tuple[str, int, int], Found] = {}  # what a file said of its version, as long as it is that file


async def find_program() -> Found:
    """Look for it, and ask it for its version; the same file is asked once."""
    path = _path()
    if not path:
        named = f"There is no program at {settings.COMPOSE}." if settings.COMPOSE else ""
        why = named or MISSING
        return Found(why_not=why, install=INSTALL)
    try:
        file = await asyncio.to_thread(os.stat, path)
        which = path, file.st_mtime_ns, file.st_size
        if which in _asked:
            return _asked[which]
        async with asyncio.timeout(10), private_folder() as folder:
            ended = await run(path, ("version", "--short"), environment(folder), folder)
    except (OSError, TimeoutError, ClusterError):
        return Found(path, why_not=f"{path} cannot be started, or does not say its version.", install=INSTALL)
    version = ended.printed.strip()[:40]
    numbers = _VERSION.match(version)
    if numbers is None or (int(numbers[1]), int(numbers[2])) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        why = f"Docker Compose {version or 'of an unknown version'} is too old: {oldest} or newer is needed."
        return Found(path, version, why, INSTALL)
    _asked.clear()
    _asked[which] = Found(path, version)
    return _asked[which]


def missing() -> str:
    """Why nothing can be carried out; "" where the program is there. Whether it is new enough, it is asked later."""
    return "" if _path() else f"{MISSING} Install it there: {INSTALL}"


async def the_program() -> str:
    """Its path. Raises Unsupported with the reason and the line that installs it."""
    found = await find_program()
    if found.why_not:
        raise Unsupported(found.why_not, hint=f"Install it there: {found.install}", copy=found.install)
    return found.path


def environment(folder: Path, values: Mapping[str, str] | None = None, socket: Path | None = None) -> dict[str, str]:
    """All that the program gets of an environment: its folder, the way to the engine, and the values of the project.

    Raises Invalid for the name of a value that the program would read as one of its own settings.
    """
    made = {"HOME": str(folder), "DOCKER_CONFIG": str(folder)}
    made["DOCKER_HOST"] = f"unix://{socket or folder / 'nobody.sock'}"
    for name, value in (values or {}).items():
        if why := refused_name(name):
            raise Invalid(why)
        if "\0" in value:
            raise Invalid(f"The value of {name} holds a character that no value may have.")
        made[name] = value
    return made


def refused_name(name: str) -> str:
    """Why no variable may have that name; "" when it may."""
    if not _NAME.fullmatch(name):
        return f"“{name[:60]}” cannot be the name of a variable."
    if _RESERVED.fullmatch(name):
        return f"{name[:60]} is a setting of the program itself. Give the variable another name."
    return ""


@asynccontextmanager
async def private_folder() -> AsyncIterator[Path]:
    """A folder that only we can open, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="pilothouse-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def run(
    program: str,
    words: Sequence[str],
    env: Mapping[str, str],
    folder: Path,
    text: str = "",
    *,
    within: float = 60.0,
    heard: Callable[[str], None] | None = None,
) -> Ended:
    """Run it to its end. ``text`` is given to it; ``heard`` hears each line of what it says. Raises what is wrong."""
    process = await asyncio.create_subprocess_exec(
        program,
        *words,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=dict(env),
        cwd=folder,
        start_new_session=True,
        limit=LINE,
    )
    assert process.stdin
    assert process.stdout
    assert process.stderr
    try:
        async with asyncio.timeout(within):
            _, printed, said, code = await asyncio.gather(
                give(process.stdin, text),
                _take(process.stdout, None),
                _take(process.stderr, heard),
                process.wait(),
            )
        return Ended(code, printed, said)
    except TimeoutError as error:
        raise ClusterError(f"The program did not end within {within:.0f} seconds and was stopped.") from error
    finally:
        await asyncio.shield(_stop(process))


async def give(stdin: asyncio.StreamWriter, text: str) -> None:
    """Give it a text. What it did not wait for, because it ended before, is lost: how it ended says why."""
    with suppress(OSError, RuntimeError):  # of uvloop, where the pipe is closed already
        stdin.write(text.encode())
        await stdin.drain()
    stdin.close()


async def _take(stream: asyncio.StreamReader, heard: Callable[[str], None] | None) -> str:
    kept: list[str] = []
    size = 0
    while True:
        try:
            line = await stream.readline()
        except ValueError as error:
            raise ClusterError("The program printed a line that is too long.") from error
        if not line:
            return "".join(kept)
        size += len(line)
        if size > MOST_OUTPUT:
            raise ClusterError("The program printed more than can be taken.")
        text = line.decode(errors="replace")
        kept.append(text)
        if heard:
            heard(text)


async def _stop(process: asyncio.subprocess.Process) -> None:
    """The program and all it started: asked first, then ended."""
    if process.returncode is None:
        _signal(process, signal.SIGTERM)
        with suppress(TimeoutError):
            async with asyncio.timeout(STOPS_WITHIN):
                await process.wait()
    _signal(process, signal.SIGKILL)  # of its group, whoever is left
    await process.wait()


def _signal(process: asyncio.subprocess.Process, which: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, which)


def _path() -> str:
    if settings.COMPOSE:
        return settings.COMPOSE if os.access(settings.COMPOSE, os.X_OK) else ""
    docker = shutil.which("docker")
    beside = [str(Path(docker).resolve().parent.parent / "lib")] if docker else []
    places = [Path("~/.docker").expanduser(), *(Path(one, "docker") for one in [*beside, *_PLUGINS])]
    plugins = [str(place / "cli-plugins" / "docker-compose") for place in places]
    return next((one for one in plugins if os.access(one, os.X_OK)), "") or shutil.which("docker-compose") or ""
