"""Why a build failed, in words for people, with the line of the Dockerfile that it is about."""

from __future__ import annotations

import re
from dataclasses import dataclass

from clusters.build.dockerfile import Instruction, short_image
from clusters.build.graph import Graph
from clusters.build.output import hide
from clusters.errors import ClusterError, Invalid
from clusters.kinds.docker.full_disk import HINT, WORDS, is_full
from clusters.kinds.exit_codes import exit_words
from clusters.registries.reference import called, read_reference

_LINE = re.compile(r"parse error (?:on |at )?line ?(\d{1,6})(?::\s*(?P<said>.*))?", re.DOTALL)
_EXIT = re.compile(r"(?:exit code: |returned a non-zero code: )(\d{1,3})")
_NOT_FOUND = re.compile(
    r"\"(?P<path>/[^\"]*)\":? not found|(?:stat |lstat )?(?P<other>[^\s:]+): (?:file does not exist|no such file)"
)
# Where the engine has the files of a stage on its own disk.
_MOUNT = re.compile(r".*/(?:merged|buildkit-mount\d+)/")
_IMAGE = re.compile(r"(?:\[internal\] load metadata for |(?:\[[^\]]*\] )?FROM )(\S+)")
_STAGE = re.compile(
    r"target stage \"?(?P<one>[^\"\s]+)\"? could not be found|failed to reach build target (?P<two>\S+)"
)
_LAST = 20  # lines of a program: among them it says that the disk is full
_WRAPPING = ("failed to solve with frontend dockerfile.v0: ", "failed to create LLB definition: ", "failed to solve: ")


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong, where, and what to do about it. ``line`` 0: it is about no line."""

    message: str
    hint: str = ""
    detail: str = ""
    line: int = 0
    end: int = 0

    def error(self) -> ClusterError:
        """The same as an error, for the job."""
        where = f"Line {self.line}: " if self.line else ""
        return ClusterError(f"{where}{self.message}", hint=self.hint, detail=self.detail)


class BuildFailed(ClusterError):
    """It failed, and we know where."""

    title = "The build failed"

    def __init__(self, failure: Failure) -> None:
        error = failure.error()
        super().__init__(error.message, hint=error.hint, detail=error.detail)
        self.failure = failure


def explain(said: str, graph: Graph, secrets: tuple[str, ...] = (), *, alone: bool = False) -> Failure:
    """The engine's words made plain. ``alone``: nothing but the Dockerfile was sent."""
    said = hide(_unwrapped(said), secrets)[:2000]
    step = graph.failed()
    at = step.at if step else None
    if found := _LINE.search(said):
        line = int(found[1])
        return Failure(_sentence(found["said"] or said), "", said, line, _end(graph.dockerfile.at_line(line), line))
    if found := _EXIT.search(said):
        code = int(found[1])
        if step and any(is_full(line) for _, line in step.output.newest(_LAST)):
            return _at(at, f"{WORDS.removesuffix('.')} (exit code {code}).", HINT, said)
        hint = "What it printed last is below." if step and step.output.count else "It printed nothing."
        return _at(at, f"{exit_words(code)} (exit code {code}).", hint, said)
    if found := _STAGE.search(said):
        name = found["one"] or found["two"]
        return Failure(f"There is no stage “{name}” in the Dockerfile.", _stages(graph), said)
    if failure := _file(said, graph, at, alone=alone):
        return failure
    if failure := _base_image(said, graph):
        return failure
    return _other(said, at)


def _file(said: str, graph: Graph, at: Instruction | None, *, alone: bool) -> Failure | None:
    found = _NOT_FOUND.search(said)
    if found is None or (at is not None and at.keyword == "RUN"):
        return None
    path = _MOUNT.sub("", found["path"] or found["other"] or "").lstrip("/")
    at = at or graph.dockerfile.find_source(path)
    if at is not None and "--from=" in at.text:
        return _at(at, f"“/{path}” is not in the stage or image it is copied from.", "Check its path there.", said)
    hint = (
        "Only the Dockerfile was sent: send the files along, too."
        if alone
        else "Is it spelled the same there, and does .dockerignore leave it out?"
    )
    return _at(at, f"“{path}” is not among the files that were sent.", hint, said)


def _base_image(said: str, graph: Graph) -> Failure | None:
    step = graph.failed()
    asked = _IMAGE.search(step.name) if step else None
    image = asked[1] if asked else next(iter(re.findall(r"source metadata for (\S+?):? ", said)), "")
    if not image:
        return None
    at = step.at if step and step.at else graph.dockerfile.find_image(image)
    name = short_image(next((name for one, name in graph.dockerfile.images() if one is at), image))
    small = said.lower()
    if "server gave http response to https client" in small:
        hint = (
            "The engine has to be told that this is well: insecure-registries in its settings. While it builds, Docker "
            "20.10 does not obey that: pull the image to that host first, under Images, and build then."
        )
        return _at(at, f"The registry of {name} speaks without encryption.", hint, said)
    if any(word in small for word in ("no such host", "timeout", "refused", "unreachable", "lookup", "i/o")):
        return _at(at, f"{_registry_of(name)} does not answer.", "The host of the engine needs a way to it.", said)
    if any(word in small for word in ("denied", "unauthorized", "authorization failed", "no basic auth")):
        hint = "Check its name. If it is private, add its registry under Registries, with a user who may read it."
        return _at(at, f"The registry does not give out {name}.", hint, said)
    if "not found" in small or "unknown" in small:
        return _at(at, f"There is no image {name}.", "Check its name and tag.", said)
    if "no match for platform" in small:
        return _at(at, f"There is no {name} for this platform.", "Choose another platform or another image.", said)
    return _at(at, f"{name} could not be looked up.", "", said)


def _registry_of(name: str) -> str:
    try:
        return f"{called(read_reference(name).host)}, from where {name} is fetched,"
    except Invalid:
        return f"The registry of {name}"


def _other(said: str, at: Instruction | None) -> Failure:
    small = said.lower()
    if found := re.search(r"secret ([A-Za-z0-9_.-]{1,100}?):? not found", said):
        hint = "Give it under “Secrets” in the form, as name=value."
        return _at(at, f"The secret “{found[1]}” was not given.", hint, said)
    if "no ssh key" in small or "no ssh handler" in small or "ssh forwarding" in small:
        hint = "Use a secret instead: RUN --mount=type=secret,id=name."
        return _at(at, "SSH keys cannot be passed on from here.", hint, said)
    if "requires buildkit" in small:
        option = next(iter(re.findall(r"(--[a-z]+)", said)), "that")
        hint = "Switch BuildKit on in the settings of that engine, or do without."
        return _at(at, f"{option} needs BuildKit, and this engine builds without it.", hint, said)
    if is_full(said):
        return _at(at, WORDS, HINT, said)
    if "exec format error" in small:
        hint = "The host cannot run programs of that platform; it would need QEMU's binfmt."
        return _at(at, "The program is made for another kind of processor.", hint, said)
    if "dockerfile cannot be empty" in small or "file with no instructions" in small:
        return Failure("The Dockerfile holds no instruction.", "It begins with FROM.", said)
    return _at(at, _sentence(said), "", said)


def _at(at: Instruction | None, message: str, hint: str, said: str) -> Failure:
    return Failure(message, hint, said, at.line if at else 0, at.end if at else 0)


def _end(at: Instruction | None, line: int) -> int:
    return at.end if at else line


def _stages(graph: Graph) -> str:
    names = [name for name in graph.dockerfile.stages if not name.startswith("stage-")]
    return f"There are: {', '.join(names[:20])}." if names else "None of its stages has a name."


def _unwrapped(said: str) -> str:
    for prefix in _WRAPPING:
        said = said.removeprefix(prefix)
    return said


def _sentence(said: str) -> str:
    text = " ".join(said.split())[:300]
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else "The engine does not say why."
