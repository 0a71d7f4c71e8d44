"""What a step prints: whole lines, without secrets, the first and the newest of them; the rest is counted."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from clusters.kinds.masking import MASK

HEAD, TAIL = 200, 1000  # lines of one step that are kept
LONGEST = 2000  # characters of one line
MOST_OPEN = 64 << 10  # bytes of a line that has not ended


def hide(text: str, secrets: Sequence[str]) -> str:
    """The text without any of these values."""
    for secret in secrets:
        text = text.replace(secret, MASK)
    return text


class Output:
    """The lines of one step. Their numbers count on, whatever is left out."""

    def __init__(self, secrets: Sequence[str] = ()) -> None:
        self._secrets = secrets
        self._open: dict[int, bytes] = {}
        self.head: list[str] = []
        self.tail: deque[str] = deque(maxlen=TAIL)
        self.count = 0  # lines it printed
        self.kept = 0  # characters held

    def feed(self, stream: int, data: bytes) -> None:
        """More of what it printed. A line that was not ended yet waits for its end."""
        *lines, rest = (self._open.get(stream, b"") + data).split(b"\n")
        for line in lines:
            self._take(line)
        if len(rest) > MOST_OPEN:
            self._take(rest)
            rest = b""
        self._open[stream] = rest

    def end(self) -> None:
        """Nothing more comes: what has no line end is a line, too."""
        for stream, rest in self._open.items():
            self._open[stream] = b""
            if rest:
                self._take(rest)

    def lines(self) -> list[tuple[int, str]]:
        """All that is kept, with its numbers from one."""
        first = self.count - len(self.tail) + 1
        return [*enumerate(self.head, 1), *enumerate(self.tail, first)]

    def newest(self, most: int, after: int = 0) -> list[tuple[int, str]]:
        """The last lines, none that was before ``after``."""
        wanted = min(most, self.count - after)
        return self.lines()[-wanted:] if wanted > 0 else []

    def drop(self) -> None:
        """Keep only a few lines: there is too much of everything."""
        self.tail = deque(list(self.tail)[-20:], maxlen=20)
        self.head = self.head[:20]
        self.kept = sum(map(len, self.head)) + sum(map(len, self.tail))

    def _take(self, line: bytes) -> None:
        # What a program wrote over with "\r" (a progress bar) was never meant to stay.
        shown = line.removesuffix(b"\r").rpartition(b"\r")[2]
        text = hide(shown.decode(errors="replace"), self._secrets)
        if len(text) > LONGEST:
            text = f"{text[:LONGEST]} … {len(text) - LONGEST:,} more characters"
        self.count += 1
        self.kept += len(text)
        if len(self.head) < HEAD and not self.tail:
            self.head.append(text)
            return
        if len(self.tail) == self.tail.maxlen:
            self.kept -= len(self.tail[0])
        self.tail.append(text)
