"""A toy shell: enough to look around in a container of the demonstration, and it says that it is a toy."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator, Mapping

HELLO = (
    "This is a demonstration: nothing here is real, and nothing can break.\r\n"
    "Type \x1b[1mhelp\x1b[0m to see what it can do.\r\n"
)
HELP = "\r\n".join(
    (
        "help    what you see",
        "ls      files",
        "cat     print a file",
        "echo    say something",
        "ps      processes",
        "env     the environment",
        "whoami  who you are",
        "exit    leave",
    )
)
FILES = {
    "README": "A container of the Pilothouse demonstration.",
    "settings.toml": 'level = "info"\r\nport = 8080',
    "VERSION": "demonstration",
}
LONGEST_LINE = 400


class ToyShell:
    """Reads keys, echoes them, answers a few words."""

    program = "/bin/demo-sh"
    user = "demo"

    def __init__(self, surroundings: Mapping[str, str]) -> None:
        self._env = dict(surroundings)
        self._typed = ""
        self._out: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=256)
        self._ended = ""
        self._say(HELLO + self._prompt())

    async def output(self) -> AsyncIterator[bytes]:
        """Bytes as they come, until it is left."""
        while (data := await self._out.get()) is not None:
            yield data

    async def write(self, data: bytes) -> None:
        """Take what was typed."""
        for letter in data.decode("utf-8", "replace"):
            if self._ended:
                return
            self._key(letter)
        await asyncio.sleep(0)

    async def resize(self, columns: int, rows: int) -> None:
        """A toy has lines of any length."""

    async def close(self) -> str:
        """Leave it."""
        self._end(self._ended or "closed")
        return self._ended

    def _key(self, letter: str) -> None:
        if letter in "\r\n":
            line, self._typed = self._typed.strip(), ""
            self._say("\r\n")
            self._run(line)
        elif letter in "\x7f\x08":
            if self._typed:
                self._typed = self._typed[:-1]
                self._say("\b \b")
        elif letter == "\x03":
            self._typed = ""
            self._say(f"^C\r\n{self._prompt()}")
        elif letter == "\x04" and not self._typed:
            self._end("exit 0")
        elif letter.isprintable() and len(self._typed) < LONGEST_LINE:
            self._typed += letter
            self._say(letter)

    def _run(self, line: str) -> None:
        word, _, rest = line.partition(" ")
        if word == "exit":
            self._end("exit 0")
            return
        if answer := self._answer(word, rest.strip()):
            self._say(f"{answer}\r\n")
        self._say(self._prompt())

    def _answer(self, word: str, rest: str) -> str:
        match word:
            case "":
                return ""
            case "help":
                return HELP
            case "ls":
                return "  ".join(FILES)
            case "cat":
                return FILES.get(rest, f"cat: {rest or 'which file?'}: there is no such file")
            case "ps":
                return f"  PID COMMAND\r\n    1 {self._env.get('APP', 'program')}\r\n   27 {self.program}"
            case "env":
                return "\r\n".join(f"{name}={value}" for name, value in self._env.items())
            case "echo":
                return _unquoted(rest)
            case "whoami":
                return self.user
            case "hostname":
                return self._env.get("HOSTNAME", "demo")
            case _:
                return f"{word}: the demonstration does not have that; try help"

    def _prompt(self) -> str:
        return f"\x1b[35m{self._env.get('APP', 'demo')}\x1b[0m $ "

    def _say(self, text: str) -> None:
        if self._out.full():  # nobody reads: the oldest goes
            self._out.get_nowait()
        self._out.put_nowait(text.encode())

    def _end(self, why: str) -> None:
        if not self._ended:
            self._ended = why
            if self._out.full():
                self._out.get_nowait()
            self._out.put_nowait(None)


def _unquoted(text: str) -> str:
    try:
        return " ".join(shlex.split(text))
    except ValueError:
        return text
