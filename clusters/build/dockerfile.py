"""A Dockerfile as the engine will count it: which instruction stands on which lines, in which stage, as which step.

The engine names its steps "[stage 2/5] RUN ..." and says little of lines; this finds the line that a step came from.
It is no judge of the file: what it does not understand it leaves to the engine.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from string import Template

STEPS = {"RUN", "COPY", "ADD", "WORKDIR"}  # beside FROM: what becomes a step of its own
_DIRECTIVE = re.compile(r"#\s*([A-Za-z]+)\s*=\s*(.+?)\s*")
_HEREDOC = re.compile(r"<<(-?)([\"']?)([A-Za-z_][A-Za-z0-9_.]*)\2")
_FROM = re.compile(r"(?:--\S+\s+)*(?P<image>\S+)(?:\s+AS\s+(?P<name>\S+))?\s*", re.IGNORECASE)
_IMAGE_OPTION = re.compile(r"(?:--from=|--mount=\S*?\bfrom=)([^\s,]+)")
_STEP = re.compile(r"\[(?:(?P<stage>[^\]]*?)\s+)?(?P<number>\d{1,5})/(?P<count>\d{1,5})\] (?P<text>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its first and last line, counted from one."""

    line: int
    end: int
    keyword: str  # "RUN"
    text: str  # the rest of it, on one line
    stage: str = ""  # "build", or "stage-1" where it has no name
    number: int = 0  # of its step within the stage; 0 when it is none

    @property
    def images(self) -> list[str]:
        """The images it names: that of FROM, those of COPY --from and of RUN --mount=from."""
        if self.keyword == "FROM":
            match = _FROM.fullmatch(self.text)
            return [match["image"]] if match else []
        if self.keyword not in ("COPY", "RUN"):
            return []
        return _IMAGE_OPTION.findall(self.text)


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """All instructions in order, and the directives above the first."""

    instructions: tuple[Instruction, ...]
    directives: tuple[tuple[str, str, int], ...] = ()  # name, value, line

    def directive(self, name: str) -> tuple[str, int] | None:
        """The value of "# name=value" and its line."""
        return next(((value, line) for found, value, line in self.directives if found == name), None)

    @property
    def stages(self) -> tuple[str, ...]:
        """The names of the stages in order, "stage-1" where there is none."""
        return tuple(one.stage for one in self.instructions if one.keyword == "FROM")

    def find_step(self, name: str) -> Instruction | None:
        """The instruction that became the step of this name ("[build 2/5] RUN make")."""
        match = _STEP.fullmatch(name)
        if match is None:
            return None
        stage = (match["stage"] or "").split(" ")[-1].lower()  # a platform may stand before it
        keyword, number = match["text"].partition(" ")[0].upper(), int(match["number"])
        stages = self.stages
        if not stage or stage not in stages:
            stage = stages[-1] if len(stages) == 1 else ""
        found = [one for one in self.instructions if one.number == number and one.keyword == keyword]
        return next((one for one in found if one.stage == stage), found[0] if len(found) == 1 else None)

    def find_image(self, image: str) -> Instruction | None:
        """The FROM (or COPY --from) that asks for this image, however fully the engine writes its name."""
        wanted = short_image(image)
        return next((one for one, name in self.images() if short_image(name) == wanted), None)

    def images(self, arguments: Mapping[str, str] | None = None) -> list[tuple[Instruction, str]]:
        """Every image that it names and where, with the values of the arguments above the first FROM put in."""
        known: dict[str, str] = {}
        found = []
        for one in self.instructions:
            if one.keyword == "ARG" and not one.stage:
                name, _, default = one.text.partition("=")
                known[name] = (arguments or {}).get(name, default.strip("\"'"))
            found += [(one, Template(image).safe_substitute(known)) for image in one.images]
        return found

    def find_source(self, path: str) -> Instruction | None:
        """The COPY or ADD that wants this file of the context."""
        wanted = path.strip("/")
        for one in self.instructions:
            if one.keyword in ("COPY", "ADD") and "--from=" not in one.text:
                words = [word.strip("\"',[]") for word in one.text.split() if not word.startswith("--")]
                if any(word.removeprefix("./").strip("/") == wanted for word in words[:-1]):
                    return one
        return None

    def at_line(self, line: int) -> Instruction | None:
        """The instruction on that line."""
        return next((one for one in self.instructions if one.line <= line <= one.end), None)


def read_dockerfile(text: str) -> Dockerfile:
    """Take it apart. Never fails: what makes no sense is an instruction of its own."""
    lines = text.removeprefix("\ufeff").splitlines()
    directives, first = _directives(lines)
    escape = next((value for name, value, _ in directives if name == "escape"), "\\")
    return Dockerfile(tuple(_numbered(_instructions(lines, first, escape))), directives)


def short_image(image: str) -> str:
    """An image's name as people write it: without the registry that is meant anyway, its digest, and ":latest"."""
    name = image.partition("@")[0]
    for prefix in ("docker.io/library/", "docker.io/"):
        name = name.removeprefix(prefix)
    return name.removesuffix(":latest")


def _directives(lines: Sequence[str]) -> tuple[tuple[tuple[str, str, int], ...], int]:
    found: list[tuple[str, str, int]] = []
    for at, line in enumerate(lines):
        match = _DIRECTIVE.fullmatch(line.strip())
        if match is None:
            return tuple(found), at
        found.append((match[1].lower(), match[2], at + 1))
    return tuple(found), len(lines)


def _instructions(lines: Sequence[str], at: int, escape: str) -> Iterator[Instruction]:
    while at < len(lines):
        if not lines[at].strip() or lines[at].lstrip().startswith("#"):
            at += 1
            continue
        first, parts, at = at, *_logical_line(lines, at, escape)
        keyword, _, rest = " ".join(parts).strip().partition(" ")
        keyword = keyword.upper()
        if keyword in ("RUN", "COPY", "ADD"):
            at = _after_heredocs(lines, at, rest)
        yield Instruction(first + 1, at, keyword, rest.strip())


def _logical_line(lines: Sequence[str], at: int, escape: str) -> tuple[list[str], int]:
    """The parts of one instruction, and where the next one may begin. Comments and empty lines within are skipped."""
    parts: list[str] = []
    while at < len(lines):
        line = lines[at].strip()
        at += 1
        if parts and (not line or line.startswith("#")):
            continue
        goes_on = line.endswith(escape)
        parts.append(line[: -len(escape)].strip() if goes_on else line)
        if not goes_on:
            break
    return parts, at


def _after_heredocs(lines: Sequence[str], at: int, text: str) -> int:
    for dash, _, word in _HEREDOC.findall(text):
        ends = next(
            (
                number
                for number in range(at, len(lines))
                if (lines[number].lstrip("\t") if dash else lines[number]) == word
            ),
            None,
        )
        if ends is None:
            return at  # never closed: the engine will say so
        at = ends + 1
    return at


def _numbered(instructions: Iterator[Instruction]) -> Iterator[Instruction]:
    """Say of each in which stage it is, and as which step of it the engine will count it."""
    stage, number, names = "", 0, list[str]()
    for one in instructions:
        if one.keyword == "FROM":
            match = _FROM.fullmatch(one.text)
            image = match["image"] if match else ""
            stage = (match["name"] if match and match["name"] else f"stage-{len(names)}").lower()
            number = 0 if image == "scratch" or image.lower() in names else 1
            names.append(stage)
            yield replace(one, stage=stage, number=number)
        elif stage and one.keyword in STEPS:
            number += 1
            yield replace(one, stage=stage, number=number)
        else:
            yield replace(one, stage=stage)
