"""Terminals in containers: the best shell is found, the session ends for good, and the reason of its end is told."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import Any

import msgspec

from clusters.drivers.base import Shell
from clusters.drivers.docker.client import EngineClient
from clusters.drivers.docker.errors import connection_error
from clusters.drivers.docker.upgrade import upgrade
from clusters.errors import ClusterError, Conflict, Unsupported

_FIRST_TRIES = ("sh", "/bin/bash", "/busybox/sh")  # where images keep one, most common first
_PROBE = "command -v bash || command -v ash || command -v sh || echo sh; id -un 2>/dev/null || id -u 2>/dev/null"
_NOT_FOUND = {126, 127, 128}  # how an engine says that a program cannot be started
_MARK = "PILOTHOUSE_TERMINAL"
# Closing the line does not end a shell in a container: find it, and what it started, by the mark in its environment.
_HANG_UP = 'for one in /proc/[0-9]*; do grep -qs "$0" "$one/environ" && kill -HUP "${one#/proc/}"; done'
_PATIENCE = 10.0  # seconds
_PIECE = 64 << 10  # bytes
_ANSWER_LIMIT = 64 << 10


async def open_shell(client: EngineClient, uid: str, command: Sequence[str] = ()) -> Shell:
    """A terminal in that container. Raises Unsupported without a shell, Conflict when it does not run."""
    program, user = " ".join(command), ""
    if not command:
        program, user = await _find(client, uid)
        command = (program,)
    mark = secrets.token_hex(8)
    environment = ["TERM=xterm-256color", f"{_MARK}={mark}"]
    exec_id = await _create(client, uid, command, terminal=True, environment=environment)
    reader, writer = await _start(client, exec_id)
    return DockerShell(client, uid, exec_id, mark, reader, writer, program, user)


class DockerShell:
    """An open terminal."""

    def __init__(
        self,
        client: EngineClient,
        uid: str,
        exec_id: str,
        mark: str,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        program: str,
        user: str,
    ) -> None:
        self.program = program
        self.user = user
        self._client = client
        self._uid = uid
        self._exec = exec_id
        self._mark = mark
        self._reader = reader
        self._writer = writer

    async def output(self) -> AsyncIterator[bytes]:
        """Bytes as they come; ends when the program ends or the line is cut."""
        with suppress(OSError):
            while data := await self._reader.read(_PIECE):
                yield data

    async def write(self, data: bytes) -> None:
        """Send what was typed. Raises Unreachable when the line is cut."""
        try:
            self._writer.write(data)
            async with asyncio.timeout(_PATIENCE):
                await self._writer.drain()
        except (OSError, TimeoutError, RuntimeError) as error:
            raise connection_error(error, self._client.endpoint) from error

    async def resize(self, columns: int, rows: int) -> None:
        """Tell the program the size of the window; one that has ended does not mind."""
        size = {"w": str(max(1, min(columns, 1000))), "h": str(max(1, min(rows, 1000)))}
        with suppress(ClusterError):
            await self._client.bytes("POST", ("exec", self._exec, "resize"), size, within=_PATIENCE)

    async def close(self) -> str:
        """Hang up, end what still runs in there, and say how it ended."""
        self._writer.close()
        with suppress(OSError, TimeoutError):
            await asyncio.wait_for(self._writer.wait_closed(), 2)
        try:
            state = await self._state()
            if state.get("Running"):
                await _run(self._client, self._uid, ["sh", "-c", _HANG_UP, f"{_MARK}={self._mark}"])
                return "closed"
            return await self._reason(state.get("ExitCode"))
        except ClusterError as error:
            return error.title.lower()

    async def _state(self) -> dict[str, Any]:
        """How the program is; it may need a moment to be known as ended after its last byte."""
        state: dict[str, Any] = {}
        for _ in range(5):
            found = await self._client.json("GET", ("exec", self._exec, "json"), within=_PATIENCE)
            state = found if isinstance(found, dict) else {}
            if not state.get("Running") or not self._reader.at_eof():
                break
            await asyncio.sleep(0.05)
        return state

    async def _reason(self, code: Any) -> str:
        about = await self._client.json("GET", ("containers", self._uid, "json"), within=_PATIENCE)
        state = about.get("State") if isinstance(about, dict) else None
        if isinstance(state, dict) and state.get("Running") is False:
            return "container stopped"
        return f"exit {code}" if isinstance(code, int) else "ended"


async def _find(client: EngineClient, uid: str) -> tuple[str, str]:
    """The best shell of the image, and who we are in there."""
    for shell in _FIRST_TRIES:
        code, output = await _run(client, uid, [shell, "-c", _PROBE])
        if code in _NOT_FOUND:
            continue
        lines = [line.strip() for line in output.splitlines() if line.strip()]
        program = lines[0] if lines and lines[0].startswith("/") and lines[0].isprintable() else shell
        user = lines[1][:64] if len(lines) > 1 and lines[1].isprintable() else ""
        return program[:200], user
    raise Unsupported(
        "There is no shell in this image.",
        hint="Look at its logs instead, or start a second container beside it that has one.",
    )


async def _run(client: EngineClient, uid: str, command: Sequence[str]) -> tuple[int, str]:
    """Run a small program to its end: its exit code and what it printed."""
    try:
        exec_id = await _create(client, uid, command)
        body = await client.bytes(
            "POST",
            ("exec", exec_id, "start"),
            body={"Detach": False, "Tty": True},
            within=_PATIENCE,
            limit=_ANSWER_LIMIT,
        )
    except Conflict:
        raise
    except ClusterError as error:
        # Engines differ in how they say that a program is not there: some refuse to start, some say so in the output.
        if "exec failed" in error.detail or "executable file not found" in error.detail:
            return 127, error.detail
        raise
    state = await client.json("GET", ("exec", exec_id, "json"), within=_PATIENCE)
    code = state.get("ExitCode") if isinstance(state, dict) else None
    return code if isinstance(code, int) else 127, body.decode(errors="replace")


async def _create(
    client: EngineClient, uid: str, command: Sequence[str], *, terminal: bool = False, environment: Sequence[str] = ()
) -> str:
    made = await client.json(
        "POST",
        ("containers", uid, "exec"),
        body={
            "AttachStdin": terminal,
            "AttachStdout": True,
            "AttachStderr": True,
            "Tty": True,
            "Cmd": list(command),
            "Env": list(environment),
        },
        within=_PATIENCE,
        subject="The container",
    )
    exec_id = made.get("Id") if isinstance(made, dict) else None
    if not isinstance(exec_id, str):
        raise Unsupported("The engine opened no terminal.")
    return exec_id


async def _start(client: EngineClient, exec_id: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Start it on a connection of its own, which carries bare bytes after the engine agreed."""
    body = msgspec.json.encode({"Detach": False, "Tty": True})
    return await upgrade(client, ("exec", exec_id, "start"), "tcp", body=body)
