"""A session of a build: a connection on which the engine asks and we answer, in gRPC over HTTP/2.

Only what is in ``answers`` can be asked; each question and each answer is one small message. Nothing is compressed.
"""

from __future__ import annotations

import asyncio
import secrets
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded, StreamReset
from h2.exceptions import ProtocolError

from clusters.drivers.docker.client import EngineClient
from clusters.drivers.docker.upgrade import upgrade

# What answers a message; None: there is no such thing.
Answer: TypeAlias = Callable[[bytes], Awaitable[bytes | None]]
LARGEST_QUESTION = 64 << 10  # bytes
MOST_QUESTIONS = 100  # open at once
_HEALTH = "/grpc.health.v1.Health/Check"
_SERVING = b"\x08\x01"  # HealthCheckResponse{status: SERVING}
_OK, _NOT_FOUND, _TOO_MUCH, _UNKNOWN, _FAILED = 0, 5, 8, 12, 13  # gRPC's numbers for how it went


@asynccontextmanager
async def open_session(client: EngineClient, answers: Mapping[str, Answer]) -> AsyncIterator[str]:
    """The id of a session that lasts as long as the block. Raises what is wrong with the engine."""
    identity = secrets.token_hex(16)
    methods = {_HEALTH: _healthy, **answers}
    headers = [
        ("X-Docker-Expose-Session-Uuid", identity),
        ("X-Docker-Expose-Session-Name", "pilothouse"),
        ("X-Docker-Expose-Session-Sharedkey", ""),
        *(("X-Docker-Expose-Session-Grpc-Method", method) for method in methods),
    ]
    reader, writer = await upgrade(client, ("session",), "h2c", headers=headers)
    serving = asyncio.create_task(_Server(reader, writer, methods).serve())
    try:
        yield identity
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        writer.close()


async def _healthy(_: bytes) -> bytes:
    return _SERVING


class _Server:
    """Answers on one connection until it ends."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, methods: Mapping[str, Answer]
    ) -> None:
        self._reader, self._writer, self._methods = reader, writer, methods
        self._http = H2Connection(H2Configuration(client_side=False))
        self._asked: dict[int, tuple[str, bytearray]] = {}
        self._to_send: dict[int, tuple[bytes, int]] = {}  # what waits for room: the message, and how it went

    async def serve(self) -> None:
        """Until the engine ends it, or says something that makes no sense."""
        with suppress(OSError, ProtocolError):
            self._http.initiate_connection()
            await self._flush()
            while data := await self._reader.read(64 << 10):
                for event in self._http.receive_data(data):
                    await self._take(event)
                self._send_waiting()
                await self._flush()

    async def _take(self, event: object) -> None:
        if isinstance(event, RequestReceived):
            self._ask(event)
        elif isinstance(event, DataReceived):
            self._http.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            self._hear(event.stream_id, event.data)
        elif isinstance(event, StreamReset):
            self._asked.pop(event.stream_id, None)
            self._to_send.pop(event.stream_id, None)
        elif isinstance(event, StreamEnded) and event.stream_id in self._asked:
            path, question = self._asked.pop(event.stream_id)
            await self._answer(event.stream_id, path, bytes(question))

    def _ask(self, event: RequestReceived) -> None:
        path = next((value for name, value in event.headers if name == b":path"), b"")
        if len(self._asked) + len(self._to_send) >= MOST_QUESTIONS:
            self._refuse(event.stream_id, _TOO_MUCH)
        else:
            self._asked[event.stream_id] = path.decode(errors="replace"), bytearray()

    def _hear(self, stream: int, data: bytes) -> None:
        if stream in self._asked:
            self._asked[stream][1].extend(data)
            if len(self._asked[stream][1]) > LARGEST_QUESTION:
                del self._asked[stream]
                self._refuse(stream, _TOO_MUCH)

    async def _answer(self, stream: int, path: str, question: bytes) -> None:
        answer = self._methods.get(path)
        if answer is None:
            return self._refuse(stream, _UNKNOWN)
        if len(question) < 5 or question[0] or struct.unpack(">I", question[1:5])[0] != len(question) - 5:
            return self._refuse(stream, _FAILED)
        try:
            said = await answer(question[5:])
        except Exception:  # the engine learns nothing of what went wrong here
            return self._refuse(stream, _FAILED)
        if said is None:
            return self._refuse(stream, _NOT_FOUND)
        self._http.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])
        self._to_send[stream] = struct.pack(">BI", 0, len(said)) + said, _OK
        return None

    def _refuse(self, stream: int, status: int) -> None:
        headers = [(":status", "200"), ("content-type", "application/grpc"), ("grpc-status", str(status))]
        self._http.send_headers(stream, headers, end_stream=True)

    def _send_waiting(self) -> None:
        """As much as the engine has room for now; the rest when it says that it has more."""
        for stream, (left, status) in tuple(self._to_send.items()):
            data = left
            while data:
                room = min(self._http.local_flow_control_window(stream), self._http.max_outbound_frame_size)
                if room <= 0:
                    break
                self._http.send_data(stream, data[:room])
                data = data[room:]
            if data:
                self._to_send[stream] = data, status
            else:
                del self._to_send[stream]
                self._http.send_headers(stream, [("grpc-status", str(status))], end_stream=True)

    async def _flush(self) -> None:
        if data := self._http.data_to_send():
            self._writer.write(data)
            await self._writer.drain()
