"""The page behind every port of the demonstration: it answers any request, and says that it is not real."""

from __future__ import annotations

import asyncio
import html
from collections.abc import AsyncIterator

LONGEST = 64 << 10  # bytes of what is asked before it is answered

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{name}</title>
<style>
  :root {{ color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }}
  body {{ max-width: 34rem; margin: 15vh auto; padding: 0 1.5rem }}
</style>
<h1>{name}</h1>
<p>This is port {port} of a pod of the demonstration. In a real cluster its own page would be here.</p>
</html>
"""


class DemoPage:
    """A connection to it."""

    def __init__(self, name: str, port: int) -> None:
        text = PAGE.format(name=html.escape(name), port=port).encode()
        self._answer = (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (len(text), text)
        )
        self._asked = b""
        self._whole = asyncio.Event()

    async def received(self) -> AsyncIterator[bytes]:
        """The page, once something was asked."""
        await self._whole.wait()
        if b"\r\n\r\n" in self._asked:
            yield self._answer

    async def write(self, data: bytes) -> None:
        """Take what is asked."""
        self._asked = (self._asked + data)[-LONGEST:]
        if b"\r\n\r\n" in self._asked:
            self._whole.set()

    async def close(self) -> None:
        """Nothing is kept."""
        self._whole.set()
