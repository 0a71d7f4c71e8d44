"""An engine on another machine, over SSH: its socket forwarded to a socket in a folder that only we can open."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Any

from clusters.drivers.docker.endpoint import Endpoint
from clusters.drivers.docker.errors import connection_error
from clusters.errors import ClusterError, Invalid, Refused, Unreachable

_PATIENCE = 10.0  # seconds to connect and sign in
_LOOK = 5.0  # seconds to find out why the engine's socket over there gave no answer


class Tunnel:
    """Opened when first needed, and again when it broke."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._lock = asyncio.Lock()
        self._connection: Any = None
        self._folder = ""

    async def open(self) -> str:
        """The path of the local socket that leads to the engine. Raises Unreachable, Refused or Invalid."""
        async with self._lock:
            if self._connection is None or self._connection.is_closed():
                await self._drop()
                self._connection = await _connect(self._endpoint)
                self._folder = tempfile.mkdtemp(prefix="pilothouse-")  # rwx for us alone
                await self._connection.forward_local_path(self._path, self._endpoint.socket)
            return self._path

    async def trouble(self) -> ClusterError | None:
        """Why a request was cut although SSH is there, as that machine tells; None when it does not."""
        import asyncssh

        connection = self._connection
        if connection is None or connection.is_closed():
            return None
        try:
            _, writer = await asyncio.wait_for(connection.open_unix_connection(self._endpoint.socket), _LOOK)
        except asyncssh.ChannelOpenError as error:
            return _not_let_through(error, self._endpoint)
        except (OSError, asyncssh.Error, TimeoutError):
            return None
        writer.close()
        return None

    async def close(self) -> None:
        """Hang up."""
        async with self._lock:
            await self._drop()

    @property
    def _path(self) -> str:
        return str(Path(self._folder) / "docker.sock")

    async def _drop(self) -> None:
        if self._connection is not None:
            self._connection.abort()
            self._connection = None
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = ""


async def _connect(endpoint: Endpoint) -> Any:
    import asyncssh  # loaded by those who use it: it is large

    try:
        keys = [asyncssh.import_private_key(endpoint.ssh_key)] if endpoint.ssh_key.strip() else []
    except (asyncssh.KeyImportError, ValueError) as error:
        words = "The SSH key is not a private key without a passphrase."
        raise Invalid(words, detail=str(error), field="ssh_key") from error
    if not keys:
        hint = "Make one for Pilothouse alone: ssh-keygen -t ed25519."
        raise Invalid("The SSH key is missing.", hint=hint, field="ssh_key")
    try:
        known = asyncssh.import_known_hosts(endpoint.known_hosts)
    except ValueError as error:
        words = "The known hosts are not lines of a known_hosts file."
        raise Invalid(words, detail=str(error), field="known_hosts") from error
    try:
        # Nothing of the machine's own SSH setup is used: no agent, no configuration file, no keys found lying about.
        return await asyncio.wait_for(
            asyncssh.connect(
                endpoint.host,
                endpoint.port,
                username=endpoint.user,
                client_keys=keys,
                known_hosts=known,
                config=None,
                agent_path=None,
                login_timeout=_PATIENCE,
                keepalive_interval=10,
                keepalive_count_max=2,
            ),
            _PATIENCE + 2,
        )
    except (OSError, asyncssh.Error, TimeoutError) as error:
        raise await _said(error, endpoint) from error


async def _said(error: BaseException, endpoint: Endpoint) -> ClusterError:
    import asyncssh

    where, detail = endpoint.words, f"{type(error).__name__}: {error}"
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        words = f"{where} shows a host key that is not among the known hosts."
        if _is_known(endpoint):
            words = (
                f"{where} shows another host key than the known hosts have of it: its system was installed anew, or "
                "somebody else answers in its place."
            )
        hint, line = await _shown_key(endpoint)
        return Refused(words, hint=hint, detail=detail, field="known_hosts", copy=line)
    if isinstance(error, asyncssh.PermissionDenied):
        return Refused(
            f"{where} does not accept the key of {endpoint.user}.",
            hint="Add the public key to ~/.ssh/authorized_keys over there.",
            detail=detail,
            field="ssh_key",
        )
    if isinstance(error, TimeoutError):
        return Unreachable(f"{where} did not answer in time.", detail=detail, field="address")
    if isinstance(error, ConnectionRefusedError):
        hint = "Does SSH listen on that port?"
        return Unreachable(f"{where} refuses the connection.", hint=hint, detail=detail, field="address")
    if isinstance(error, asyncssh.ConnectionLost | asyncssh.ProtocolError | ConnectionResetError):
        hint = "Is that the port of SSH? It is usually 22."
        return Unreachable(f"{where} hung up before SSH had begun.", hint=hint, detail=detail, field="address")
    if isinstance(error, OSError):
        return connection_error(error, endpoint)
    return Unreachable(f"No SSH connection to {where} came about.", detail=detail, field="address")


def _not_let_through(error: Any, endpoint: Endpoint) -> ClusterError:
    """SSH signed us in, but did not lead us to the socket. It tells no more than whether that is forbidden."""
    import asyncssh

    if error.code == asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED:
        hint = "Allow it in sshd_config over there: AllowStreamLocalForwarding yes."
        return Refused(f"{endpoint.words} forbids to forward sockets.", hint=hint, detail=str(error), field="address")
    return Unreachable(
        f"{endpoint.words} lets us in, but there is no way to an engine at {endpoint.socket} there.",
        hint=f"Is Docker started there, is that its socket, and may {endpoint.user} open it?",
        detail=str(error),
        field="remote_socket",
    )


def _is_known(endpoint: Endpoint) -> bool:
    """Whether the known hosts say anything of that machine."""
    import asyncssh

    known = asyncssh.import_known_hosts(endpoint.known_hosts)
    keys, *_ = asyncssh.match_known_hosts(known, endpoint.host, "", endpoint.port)
    return bool(keys)


async def _shown_key(endpoint: Endpoint) -> tuple[str, str]:
    """What to do, and the line to paste once somebody has compared the fingerprint. Nothing is trusted by itself."""
    import asyncssh

    try:
        key = await asyncio.wait_for(asyncssh.get_server_host_key(endpoint.host, endpoint.port, config=None), _PATIENCE)
    except (OSError, asyncssh.Error, TimeoutError):
        key = None
    if key is None:
        return "Give the line of that machine from your known_hosts file.", ""
    name = endpoint.host if endpoint.port == 22 else f"[{endpoint.host}]:{endpoint.port}"
    line = f"{name} {key.export_public_key().decode().strip()}"
    hint = f"Compare the fingerprint {key.get_fingerprint()} with that machine's; if it is the same, add its line."
    return hint, line
