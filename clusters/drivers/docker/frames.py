"""From the bytes of a log stream to whole lines: Docker's frames, or a terminal's bare bytes."""

from __future__ import annotations

from collections.abc import Callable
from struct import Struct
from typing import Protocol

from clusters.errors import Unsupported

LINE_LIMIT = 16 << 10  # bytes of a line that are kept
HEAD = 40  # bytes for the time that stands before the text
_HEADER = Struct(">BxxxI")  # which stream, three zeros, how many bytes follow
_WHOLE = LINE_LIMIT + HEAD

# Called with one line: 1 for "out" or 2 for "err", then its bytes with the time in front and no more than _WHOLE.
Take = Callable[[int, bytes], None]


class Splitter(Protocol):
    """Takes bytes as they come, gives whole lines."""

    def feed(self, data: bytes) -> None:
        """The next bytes of the stream."""

    def end(self) -> None:
        """No more will come: what is left is a line too."""


class Frames:
    """A container without a terminal: each frame is a line, or a part of a long one."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._rest = b""
        self._discard = 0  # bytes of a frame that nobody will see
        self._begun: dict[int, bytes] = {}  # the first part of a line that goes on in the next frame

    def feed(self, data: bytes) -> None:
        """The next bytes of the stream. Raises Unsupported when they are no frames."""
        if self._discard:
            cut = min(self._discard, len(data))
            self._discard -= cut
            data = data[cut:]
        if self._rest:
            data = self._rest + data
        position, end, unpack, take, begun = 0, len(data), _HEADER.unpack_from, self._take, self._begun
        while position + 8 <= end:
            stream, length = unpack(data, position)
            if stream > 3:
                raise Unsupported("The log cannot be read.", detail=f"a frame of stream {stream}")
            after = position + 8 + length
            if after > end:
                if length > _WHOLE:
                    position = self._take_head_of_giant(data, position, length)
                break
            if not begun and data[after - 1] == 10 and length <= _WHOLE:
                take(stream, data[position + 8 : after])
            else:
                self._piece(stream, data[position + 8 : after], data[after - 1] == 10)
            position = after
        self._rest = data[position:]

    def end(self) -> None:
        """No more will come."""
        for stream, line in self._begun.items():
            self._take(stream, line)
        self._begun = {}

    def _piece(self, stream: int, data: bytes, ends: bool) -> None:
        line = self._begun.pop(stream, None)
        if line is None:
            line = data[: _WHOLE + 1]
        elif len(line) <= _WHOLE:
            line = (line + data.partition(b" ")[2])[: _WHOLE + 1]  # each part has the time in front
        if ends:
            self._take(stream, line)
        else:
            self._begun[stream] = line

    def _take_head_of_giant(self, data: bytes, position: int, length: int) -> int:
        """A frame larger than any line may be is not waited for: its head is kept, the rest is thrown away unseen."""
        stream, available = data[position], len(data) - position - 8
        if available <= _WHOLE:
            return position
        self._piece(stream, data[position + 8 : position + 8 + _WHOLE + 1], ends=True)
        self._discard = length - available
        return len(data)


class Bare:
    """A container with a terminal: bytes, and line ends among them."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """The next bytes of the stream."""
        *lines, rest = data.split(b"\n")
        if lines:
            lines[0] = self._rest + lines[0]
            self._rest = rest[: _WHOLE + 1]
            for line in lines:
                self._take(1, line[: _WHOLE + 1])
        else:
            self._rest = (self._rest + rest)[: _WHOLE + 1]

    def end(self) -> None:
        """No more will come."""
        if self._rest:
            self._take(1, self._rest)
            self._rest = b""
