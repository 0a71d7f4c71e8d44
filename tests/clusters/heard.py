"""What a job said, for tests."""

from __future__ import annotations


class Heard:
    """Keeps every line with its level, and all that was said of each thing that goes on."""

    key = ""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self.things: dict[str, list[str]] = {}

    def say(self, text: str, level: str = "info") -> None:
        self.lines.append((text, level))

    def progress(self, slot: str, text: str, done: int | None = None, total: int | None = None) -> None:
        self.things.setdefault(slot, []).append(text)

    @property
    def text(self) -> str:
        return "\n".join(text for text, _ in self.lines)

    @property
    def newest(self) -> dict[str, str]:
        """Of each thing that goes on, what was said last."""
        return {slot: texts[-1] for slot, texts in self.things.items()}

    @property
    def everything(self) -> list[str]:
        """The lines, and after them all that was said of what goes on."""
        return [*(text for text, _ in self.lines), *(text for texts in self.things.values() for text in texts)]
