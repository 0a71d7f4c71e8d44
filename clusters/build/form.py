"""What is filled in to build an image: the fields, their checks with clear words, and the same as `docker build`."""

from __future__ import annotations

import re
import shlex
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from clusters.build.dockerfile import read_dockerfile
from clusters.build.git_address import GitAddress
from clusters.build.git_token import secrets_of
from clusters.build.mounts import forms_of, read_mounts
from clusters.errors import Invalid
from clusters.kinds.docker.image_name import split_image
from clusters.kinds.field import Field
from clusters.kinds.masking import MASK, mask_pair, mask_value, mask_words

DOCKERFILE_LIMIT = 256 << 10  # characters
LEAST_SECRET = 4  # characters: shorter ones would hide half of every line
_ARGUMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,200}")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,200}[A-Za-z0-9])?")
_STAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,100}")
_PLATFORM = re.compile(r"[a-z0-9]{2,20}/[a-z0-9_]{2,20}(?:/v[0-9]{1,2})?")
_PATH = re.compile(r"[A-Za-z0-9_.@+-]+(?:/[A-Za-z0-9_.@+-]+){0,30}")
# Programs that read the Dockerfile instead of the engine: "# syntax=" may name these, and nothing else.
_FRONTENDS = re.compile(
    r"(?:docker\.io/)?docker/dockerfile(?:-upstream)?(?::[A-Za-z0-9_.-]{1,100})?(?:@sha256:[0-9a-f]{64})?"
)

FIELDS = (
    Field(
        name="tag",
        label="Name of the image",
        help="Like shop/web:2 or registry.example.com/shop/web:2.",
        max_length=300,
    ),
    Field(
        name="arguments",
        label="Build arguments",
        type="lines",
        required=False,
        help="One a line: NAME=value. They can be read in the image's history later: no place for secrets.",
    ),
    Field(
        name="path",
        label="Path of the Dockerfile",
        required=False,
        help="Among the files that are sent; empty: Dockerfile.",
        max_length=300,
    ),
    Field(
        name="mounts",
        label="Secrets",
        type="secret",
        required=False,
        help="For RUN --mount=type=secret,id=name. One a line: name=value; name<<END … END for several. Kept nowhere.",
        max_length=64_000,
    ),
    Field(name="labels", label="Labels", type="lines", required=False, help="One a line: name=value."),
    Field(name="target", label="Build only up to the stage", required=False, max_length=100),
    Field(name="platform", label="Platform", required=False, help="Like linux/arm64; empty: the host's own."),
    Field(name="no_cache", label="Do every step anew, without the cache", type="flag", required=False),
    Field(name="pull", label="Ask the registry for newer base images", type="flag", required=False),
)

GIT_FIELDS = (
    Field(
        name="git",
        label="Address of the repository",
        help="Only https://, like https://git.example.com/web.git#main:backend: a branch, tag or commit, and a folder.",
        max_length=1000,
    ),
    Field(
        name="token",
        label="Access token",
        type="secret",
        required=False,
        help="For a private repository: a token that may read it, or user:password. Kept nowhere.",
        max_length=1000,
    ),
    Field(
        name="git_ca",
        label="CA of the git server",
        type="lines",
        required=False,
        file=True,
        help="Who issued its certificate, in PEM form. Empty: the authorities this machine trusts.",
        max_length=60_000,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildForm:
    """What to build, checked. ``source`` is what stands last on the command line: "-", "." or a git address."""

    tag: str
    dockerfile: str  # its text; "" until it is fetched
    path: str = "Dockerfile"  # where it is among what is sent
    source: str = "-"
    arguments: tuple[tuple[str, str], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    target: str = ""
    platform: str = ""
    no_cache: bool = False
    pull: bool = False
    git: GitAddress | None = None
    token: str = field(default="", repr=False)  # for the git server
    git_ca: str = ""  # the authority of its certificate, in PEM form
    mounts: tuple[tuple[str, str], ...] = field(default=(), repr=False)  # secrets of its steps: names and values

    @property
    def query(self) -> dict[str, str]:
        """What the engine's API takes; made anew from what was checked, nothing is passed through."""
        query = {"t": self.tag, "dockerfile": self.path, "rm": "1", "forcerm": "1"}
        if self.arguments:
            query["buildargs"] = msgspec.json.encode(dict(self.arguments)).decode()
        if self.labels:
            query["labels"] = msgspec.json.encode(dict(self.labels)).decode()
        more = {
            "target": self.target,
            "platform": self.platform,
            "nocache": "1" if self.no_cache else "",
            "pull": "1" if self.pull else "",
        }
        return query | {key: value for key, value in more.items() if value}

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that must not be shown or kept, the longest first."""
        hidden = {value for name, value in self.arguments if mask_value(name, value) != value}
        hidden |= {*secrets_of(self.token), *forms_of(value for _, value in self.mounts)}
        return tuple(sorted((value for value in hidden if len(value) >= LEAST_SECRET), key=len, reverse=True))

    @property
    def kept(self) -> dict[str, Any]:
        """What is kept of it: as it was filled in, but without the values of secrets."""
        return {
            "tag": self.tag,
            "path": "" if self.path == "Dockerfile" else self.path,
            "source": self.source,
            "git": str(self.git or ""),
            "git_ca": self.git_ca,
            "arguments": "\n".join(_kept_argument(name, value) for name, value in self.arguments),
            "labels": "\n".join(f"{name}={value}" for name, value in self.labels),
            "target": self.target,
            "platform": self.platform,
            "no_cache": self.no_cache,
            "pull": self.pull,
            "line": docker_line(self, hidden=True),
        }


def read_form(
    values: Mapping[str, Any], dockerfile: str, source: str = "-", *, git: GitAddress | None = None
) -> BuildForm:
    """The form as it was filled in; with ``git`` the Dockerfile is there. Raises Invalid with what is wrong."""
    tag = _text(values, "tag")
    name, version = split_image(tag)
    if version.startswith("sha256:"):
        raise Invalid("A name for an image cannot hold a digest.", hint="Give a name and a tag, like shop/web:2.")
    if target := _text(values, "target"):
        _check(_STAGE, target, "the name of a stage")
    if platform := _text(values, "platform"):
        _check(_PLATFORM, platform, "a platform", "Write it like linux/amd64 or linux/arm64.")
    path = _text(values, "path") or "Dockerfile"
    if not _PATH.fullmatch(path) or len(path) > 300 or any(part in (".", "..") for part in path.split("/")):
        raise Invalid(f"“{path[:100]}” is not the path of a file within what is sent.")
    return BuildForm(
        tag=f"{name}:{version}",
        dockerfile="" if git else check_dockerfile(dockerfile),
        path=path,
        source=str(git) if git else source,
        git=git,
        token=_text(values, "token") if git else "",
        git_ca=_authority(values) if git else "",
        mounts=read_mounts(str(values.get("mounts") or "")),
        arguments=_pairs(values, "arguments", _ARGUMENT, "a build argument"),
        labels=_pairs(values, "labels", _LABEL, "a label"),
        target=target,
        platform=platform,
        no_cache=bool(values.get("no_cache")),
        pull=bool(values.get("pull")),
    )


def _authority(values: Mapping[str, Any]) -> str:
    ca = _text(values, "git_ca")
    if "PRIVATE KEY" in ca:
        raise Invalid("There is a private key in the CA of the git server.", hint="Give the certificate alone.")
    try:
        if ca:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=ca)
    except (ssl.SSLError, ValueError, TypeError) as error:  # TypeError: other letters than those of ASCII
        words = "The CA of the git server is no certificate in PEM form."
        raise Invalid(words, hint="It begins with -----BEGIN CERTIFICATE-----.", detail=str(error)) from error
    return ca


def check_dockerfile(text: str) -> str:
    """The text with plain line ends. Raises Invalid for what no engine should get."""
    if not text.strip():
        raise Invalid("The Dockerfile is empty.", hint="It begins with FROM, like: FROM busybox:latest")
    if len(text) > DOCKERFILE_LIMIT:
        raise Invalid(f"The Dockerfile is longer than {DOCKERFILE_LIMIT >> 10} KiB.")
    if "\0" in text:
        raise Invalid("The Dockerfile holds characters that do not belong into a text.")
    text = text.replace("\r\n", "\n")
    syntax = read_dockerfile(text).directive("syntax")
    if syntax and not _FRONTENDS.fullmatch(syntax[0]):
        raise Invalid(
            f"Line {syntax[1]}: the Dockerfile wants to be read by “{syntax[0][:100]}”, a program of somebody else.",
            hint="Only docker/dockerfile is taken there. Leave the line out to use what the engine has.",
        )
    return text if text.endswith("\n") else f"{text}\n"


def docker_line(form: BuildForm, *, hidden: bool = False) -> str:
    """The same on a command line; ``hidden``: without what may be secret, for those who did not type it."""
    words = ["docker", "build", "--tag", form.tag]
    for name, value in form.arguments:
        words += ["--build-arg", _kept_argument(name, value) if hidden else f"{name}={value}"]
    for name, _ in form.mounts:
        words += ["--secret", f"id={name}"]
    for name, value in form.labels:
        words += ["--label", mask_pair(f"{name}={value}") if hidden else f"{name}={value}"]
    if form.target:
        words += ["--target", form.target]
    if form.platform:
        words += ["--platform", form.platform]
    words += ["--no-cache"] if form.no_cache else []
    words += ["--pull"] if form.pull else []
    if form.source == "-":
        return f"{shlex.join(words)} - < Dockerfile"
    words += ["--file", form.path] if form.path != "Dockerfile" else []
    return shlex.join([*words, form.source])


def mask_line(line: str) -> str:
    """A line of a Dockerfile without what looks like a secret in it, for those who did not write it."""
    return " ".join(mask_words(line.split(" ")))


def _kept_argument(name: str, value: str) -> str:
    return f"{name}={mask_value(name, value)}"


def _text(values: Mapping[str, Any], name: str) -> str:
    value = values.get(name) or ""
    if not isinstance(value, str) or "\0" in value:
        raise Invalid(f"The value of “{name}” is not a text.")
    return value.strip()


def _check(pattern: re.Pattern[str], text: str, what: str, hint: str = "") -> None:
    if not pattern.fullmatch(text):
        raise Invalid(f"“{text[:100]}” is not {what}.", hint=hint)


def _pairs(values: Mapping[str, Any], name: str, pattern: re.Pattern[str], what: str) -> tuple[tuple[str, str], ...]:
    lines = [line.strip() for line in _text(values, name).splitlines() if line.strip()]
    if len(lines) > 100:
        raise Invalid(f"More than 100 {name} are too many.")
    found: dict[str, str] = {}
    for line in lines:
        key, equals, value = line.partition("=")
        if not equals:
            raise Invalid(f"“{line[:100]}” is not {what}.", hint="Write NAME=value.")
        _check(pattern, key, what, "Letters, digits and “_”; the name comes before the equals sign.")
        if MASK in value:
            raise Invalid(f"The value of {key} is not kept: enter it again.")
        found[key] = value
    return tuple(found.items())
