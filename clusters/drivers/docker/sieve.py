"""Which lines of a log are wanted, told from their bytes: of a million lines, few are worth being made text."""

from __future__ import annotations

from clusters.live.log_lines import MORE, LogFilter

_MORE = (b" ", b"\t", *(beginning.encode() for beginning in MORE))


class Sieve:
    """Lets through what is wanted, and the further lines of it that follow."""

    def __init__(self, wanted: LogFilter) -> None:
        self._wanted = wanted
        # Bytes know the small letters of ASCII only: any other text is looked for in the text.
        self._text = wanted.text.lower().encode() if wanted.text.isascii() else b""
        self._last = False  # was the last line that stood alone wanted?

    def wants(self, line: bytes) -> bool:
        """``line`` has its time in front."""
        text = line[line.find(b" ", 0, 40) + 1 :]
        if not text.startswith(_MORE):
            self._last = self._text in text.lower() and (
                not (self._wanted.level or not self._text) or self._wanted.wants(text.decode(errors="replace"))
            )
        return self._last
