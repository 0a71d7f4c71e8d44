"""A program that signs in (``exec`` of a kubeconfig): one that whoever runs Pilothouse has listed, by no shell.

It gets the arguments that the list allows, no input, none of our environment and nothing that a kubeconfig would add to
it, half a minute, and room for 256 KiB of output.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from django.conf import settings

from clusters.drivers.kubernetes.credentials import Credential
from clusters.errors import Invalid, Refused, Unreachable
from clusters.exec_plugins import allowed, shown

SECONDS = 30.0
LIMIT = 256 << 10  # bytes of output
VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
MOST_ARGUMENTS, LONGEST = 64, 4096


class _Status(msgspec.Struct, rename="camel"):
    token: str = ""
    client_certificate_data: str = ""
    client_key_data: str = ""
    expiration_timestamp: str = ""


class _ExecCredential(msgspec.Struct, rename="camel"):
    kind: str
    api_version: str
    status: _Status | None = None


@dataclass(frozen=True, slots=True)
class Plugin:
    """What is run: the path from the list, and the arguments of a kubeconfig that the list allows."""

    path: str
    version: str
    arguments: tuple[str, ...] = ()
    told: bool = False  # about the cluster

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Plugin:
        """From ``exec`` of a kubeconfig, or as it was stored. Raises Invalid."""
        if entry.get("env"):
            hint = "Take “env” out. What chooses an account may be an argument that the list allows."
            raise Invalid("“exec” sets variables, which is not allowed: they may change what is run.", hint=hint)
        arguments = entry.get("args") or ()
        if not isinstance(arguments, Sequence) or isinstance(arguments, str) or len(arguments) > MOST_ARGUMENTS:
            raise Invalid("The arguments of “exec” are not a list.")
        for one in arguments:
            if not isinstance(one, str) or len(one) > LONGEST or "\0" in one:
                raise Invalid("An argument of “exec” is not text.")
        path, whole = allowed(settings.EXEC_PLUGINS, str(entry.get("command") or ""), arguments)
        if entry.get("interactiveMode", "Never") not in ("Never", "IfAvailable"):
            raise Invalid("“exec” asks for a program that talks to somebody: nobody sits there.")
        version = entry.get("apiVersion")
        if version not in VERSIONS:
            raise Invalid("“exec” has an apiVersion that is not known.", hint=f"It must be {VERSIONS[0]}.")
        return cls(path, str(version), whole, entry.get("provideClusterInfo") is True)

    def stored(self) -> dict[str, Any]:
        """The same as settings of a connection."""
        return {
            "command": self.path, "apiVersion": self.version, "args": list(self.arguments),
            "provideClusterInfo": self.told,
        }  # fmt: skip

    @property
    def command(self) -> str:
        """All of what is run, as it would be typed."""
        return shown(self.path, self.arguments)

    async def run(self, cluster: Mapping[str, Any]) -> Credential:
        """Run it, and read what it says. Raises Refused, or Unreachable when it takes too long."""
        path, arguments = allowed(settings.EXEC_PLUGINS, self.path, self.arguments)  # it may be another list by now
        info = {"kind": "ExecCredential", "apiVersion": self.version, "spec": {"interactive": False}}
        if self.told:
            info["spec"] = {"interactive": False, "cluster": dict(cluster)}
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        environment["KUBERNETES_EXEC_INFO"] = msgspec.json.encode(info).decode()
        output, errors, code = await _output(path, arguments, environment)
        if code != 0:
            raise Refused(f"{self._name} failed (exit {code}), so we cannot sign in.", detail=errors)
        return self._read(output)

    @property
    def _name(self) -> str:
        return Path(self.path).name

    def _read(self, output: bytes) -> Credential:
        try:
            said = msgspec.json.decode(output, type=_ExecCredential)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            # Not what it printed: that may be half a token.
            raise Refused(f"What {self._name} says is no ExecCredential.", detail=type(error).__name__) from error
        one = said.status or _Status()
        if said.kind != "ExecCredential" or said.api_version != self.version:
            raise Refused(f"What {self._name} says is no ExecCredential of {self.version}.")
        if bool(one.client_certificate_data) != bool(one.client_key_data) or not (one.token or one.client_key_data):
            raise Refused(f"{self._name} gave no token, and no certificate with its key.")
        if not one.token.isascii() or not one.token.isprintable() or " " in one.token:
            raise Refused(f"The token of {self._name} holds characters that no token has.")
        ends = _epoch(one.expiration_timestamp, self._name)
        return Credential(one.token, one.client_certificate_data, one.client_key_data, ends)


async def _output(path: str, arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[bytes, str, int]:
    """What it prints, the end of what it complains about, and how it ended. Nothing of it is left behind."""
    name = Path(path).name
    try:
        process = await asyncio.create_subprocess_exec(
            path, *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE, env=dict(environment), cwd="/", start_new_session=True, limit=LIMIT,
        )  # fmt: skip
    except OSError as error:
        raise Refused(f"{name} cannot be run: {error.strerror}.", detail=path) from error
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        async with asyncio.timeout(SECONDS):
            output, errors = await asyncio.gather(_some(process.stdout, name), _some(process.stderr, name))
            code = await process.wait()
    except TimeoutError as error:
        raise Unreachable(f"{name} did not sign in within {SECONDS:.0f} seconds.") from error
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)  # also what it left running
        await process.wait()
    complaint = re.sub(r"[^\x20-\x7e\n]", "\ufffd", errors[-2000:].decode(errors="replace"))
    return output, complaint, code


async def _some(stream: asyncio.StreamReader, name: str) -> bytes:
    read = bytearray()
    while part := await stream.read(64 << 10):
        read += part
        if len(read) > LIMIT:
            raise Refused(f"{name} says more than {LIMIT >> 10} KiB.")
    return bytes(read)


def _epoch(text: str, name: str) -> float:
    if not text:
        return float("inf")
    try:
        ends = datetime.fromisoformat(text)
    except ValueError as error:
        raise Refused(f"When the credential of {name} ends cannot be read.") from error
    seconds = (ends if ends.tzinfo else ends.replace(tzinfo=UTC)).timestamp()
    if seconds <= datetime.now(UTC).timestamp():
        raise Refused(f"The credential that {name} gave has ended already.", hint="Sign in with it on that machine.")
    return seconds
