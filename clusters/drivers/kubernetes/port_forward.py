"""A connection to a port of a pod, over the websocket of port-forward: one socket for each connection.

The API server hands the socket through to the node, whose protocol is ``v4.channel.k8s.io``: channel 0 holds the bytes,
channel 1 says what went wrong, and the first frame of each only repeats the port. There is no half-closed connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import aiohttp

from clusters.drivers.kubernetes.client import ApiServer
from clusters.drivers.kubernetes.paths import collection
from clusters.errors import ClusterError, Invalid, Missing, Refused, Unreachable, Unsupported
from clusters.live.resource import Resource

PROTOCOL = "v4.channel.k8s.io"
DATA, ERROR = 0, 1
PIECE = 32 << 10  # bytes of one frame
SEND = 60.0  # seconds a pod may take to accept one


class KubernetesWire:
    """An open connection to one port."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, pod: str, port: int) -> None:
        self._socket, self._pod, self._port = socket, pod, port
        self._begun: set[int] = set()  # channels
        self._over = False

    async def received(self) -> AsyncIterator[bytes]:
        """Bytes as they come; ends when the other side closes. Raises Unreachable where the way to it broke."""
        while (message := await self._socket.receive()).type is aiohttp.WSMsgType.BINARY and message.data:
            channel, data = message.data[0], message.data[1:]
            if channel not in self._begun:
                self._begun.add(channel)
            elif channel == ERROR:
                self._over = True
                raise _trouble(data.decode(errors="replace"), self._pod, self._port)
            elif channel == DATA:
                yield data
        self._over = True
        if message.type is not aiohttp.WSMsgType.CLOSE:  # what came until then must not look like the whole
            detail = str(self._socket.exception() or message.type.name)
            raise Unreachable(f"The connection to {self._pod} was cut.", detail=detail)

    async def write(self, data: bytes) -> None:
        """Send bytes."""
        try:
            async with asyncio.timeout(SEND):
                for start in range(0, len(data), PIECE):
                    if self._over:
                        raise ConnectionResetError("the other side closed it")
                    await self._socket.send_bytes(bytes([DATA]) + data[start : start + PIECE])
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unreachable(f"The connection to {self._pod} is gone.", detail=str(error)) from error

    async def close(self) -> None:
        """Close it for good."""
        await self._socket.close()


async def dial(server: ApiServer, pod: Resource, port: int) -> KubernetesWire:
    """Connect. That nothing listens there is known only afterwards, from what is received."""
    path = (*collection("v1/pods", pod.namespace), pod.name, "portforward")
    try:
        socket = await server.websocket(path, [("ports", str(port))], (PROTOCOL,))
    except Invalid as error:
        raise Missing(f"{pod.name} does not run.", detail=error.detail) from error
    except Refused as error:
        raise _refused(error) from error
    if socket.protocol != PROTOCOL:
        await socket.close()
        raise _too_different(f"protocol {socket.protocol}")
    return KubernetesWire(socket, pod.name, port)


def _refused(error: Refused) -> ClusterError:
    """A node that does not know the protocol says 403, too; whether our account may was asked before."""
    hint = "Its account may not, or its nodes do not offer it by websocket. kubectl port-forward may still do."
    return Refused("The cluster did not open the port.", hint=hint, detail=error.detail)


def _too_different(detail: str) -> Unsupported:
    hint = "kubectl port-forward may still do."
    return Unsupported("This cluster forwards ports in a way that we do not know.", hint=hint, detail=detail)


def _trouble(text: str, pod: str, port: int) -> ClusterError:
    if "connection refused" in text or "failed to connect" in text:
        hint = "Only what listens on localhost or on all addresses of the pod is reached. Its logs may tell."
        return Missing(f"Nothing answers on port {port} of {pod}.", hint=hint, detail=text)
    return Unreachable(f"Port {port} of {pod} was cut.", hint="See whether the pod still runs.", detail=text)
