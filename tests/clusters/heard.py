"""What a job said, for tests."""

from __future__ import annotations


class Heard:
    """Keeps every line, and the newest of each thing."""

    key = ""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.layers: dict[str, str] = {}

    def say(self, text: str, level: str = "info") -> None:
        self.lines.append((text, level))

    def progress(self, slot: str, text: str, done: int | None = None, total: int | None = None) -> None:
        self.layers[slot] = text

    @property
    def text(self) -> str:
        return "\n".join(text for text, _ in self.lines)
