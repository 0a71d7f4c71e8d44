"""The git address of a project: what is filled in, checked; kept with its secrets sealed; found again."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
from asgiref.sync import sync_to_async
from django.db import transaction
from django.db.models import Q

from clusters import audit
from clusters.access import Actor
from clusters.build.form import GIT_FIELDS
from clusters.build.git_address import GitAddress, read_git_address
from clusters.build.git_token import secrets_of
from clusters.compose.hiding import Hide, hiding
from clusters.compose.program import refused_name
from clusters.connect.rotation import Sealed, sealed_row
from clusters.connect.secrets import open_sealed, refuse_while_locked, seal
from clusters.errors import Conflict, Invalid, Missing
from clusters.kinds.field import Field
from clusters.models import Cluster, ComposeSource

FILE = "compose.yaml"
MOST = 200  # of one person
MOST_MINUTES = 7 * 24 * 60
_PATH = re.compile(r"[A-Za-z0-9_.@+-]+(?:/[A-Za-z0-9_.@+-]+){0,30}")

_of_a_build = {one.name: one for one in GIT_FIELDS}
FIELDS = (
    Field(
        name="url",
        label="Address of the repository",
        help="Only https://, like https://git.example.com/shop.git.",
        max_length=1000,
    ),
    Field(
        name="branch",
        label="Branch or tag",
        required=False,
        help="Empty: the main branch of that server.",
        max_length=200,
    ),
    Field(
        name="path",
        label="Path of the Compose file",
        required=False,
        help=f"In the repository; empty: {FILE}. Other files beside it are not read.",
        max_length=300,
    ),
    replace(
        _of_a_build["token"],
        help="For a private repository: a token that may read it, or user:password. Sent to that address alone.",
    ),
    replace(_of_a_build["git_ca"], name="ca"),
    Field(
        name="values",
        label="Values",
        type="secret",
        required=False,
        help="One a line: NAME=value. These alone count, and none of a version that was deployed by hand.",
        max_length=64_000,
    ),
    Field(
        name="minutes",
        label="Look every … minutes",
        type="number",
        required=False,
        minimum=1,
        maximum=MOST_MINUTES,
        help="Empty: not by the clock.",
    ),
    Field(
        name="hook",
        label="Look when the git server calls (webhook)",
        type="flag",
        required=False,
        help="It gets an address and a secret of its own, which are shown once.",
    ),
    Field(name="new_secret", label="Make a new secret for the webhook", type="flag", required=False),
)


class _Secrets(msgspec.Struct, frozen=True):
    """What is sealed."""

    token: str = ""
    values: dict[str, str] = {}
    signs: str = ""  # the webhook's calls


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where the text of a project is, and when it is looked at."""

    url: str
    branch: str = ""
    path: str = FILE
    ca: str = ""
    minutes: int = 0
    hook: str = ""
    token: str = field(default="", repr=False)
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    signs: str = field(default="", repr=False)

    @property
    def address(self) -> GitAddress:
        """For git: the folder of the file alone is fetched."""
        folder = self.path.rpartition("/")[0]
        return read_git_address(f"{self.url}#{self.branch}{':' + folder if folder else ''}")

    @property
    def file(self) -> str:
        """The name of the file in its folder."""
        return self.path.rpartition("/")[2]

    @property
    def hide(self) -> Hide:
        """Takes its token out of what is said."""
        return hiding(secrets_of(self.token))


def read_source(given: Mapping[str, Any], kept: Source | None, *, same_person: bool) -> Source:
    """What was filled in, as ``clean`` gives it. Raises Invalid with the field.

    What is secret and left empty stays for who gave it and where it was given for: whoever else chooses another file
    of that repository would read it with a token that is not theirs, and deploy as themselves what others wrote.
    """
    url, token = str(given["url"]), str(given["token"]).strip()
    if "#" in url:
        raise Invalid("The branch has a field of its own.", field="url")
    address = _checked_address(url, str(given["branch"]))
    path = str(given["path"]).strip("/") or FILE
    if not _PATH.fullmatch(path) or any(part in (".", "..", ".git") for part in path.split("/")):
        raise Invalid(f"“{path[:100]}” is not the path of a file in a repository.", field="path")
    ca = str(given["ca"]).strip()
    stays = kept if kept and same_person and kept.url == address.url else Source(url="")
    hook = (kept.hook if kept else "") or secrets.token_hex(16)
    signs = "" if kept is None or given["new_secret"] else kept.signs
    return Source(
        url=address.url,
        branch=address.ref,
        path=path,
        ca=ca,
        minutes=int(given["minutes"] or 0),
        hook=hook if given["hook"] else "",
        token=token or (stays.token if stays.ca == ca else ""),  # to another server it is never sent
        values=_values(str(given["values"])) or stays.values,
        signs=(signs or secrets.token_hex(32)) if given["hook"] else "",
    )


def let_go(old: Source | None, new: Source) -> list[str]:
    """The fields of which something was stored that did not stay."""
    gone = {"token": old is not None and old.token and not new.token, "values": old and old.values and not new.values}
    return [one.label for one in FIELDS if gone.get(one.name)]


def _checked_address(url: str, branch: str) -> GitAddress:
    try:
        address = read_git_address(f"{url}#{branch}")
    except Invalid as error:
        error.field = "branch" if "branch" in error.message else "url"
        raise
    if ":" in branch or address.is_commit:
        raise Invalid("Name a branch or a tag: a commit never changes.", field="branch")
    return address


def _values(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        name, equals, value = line.partition("=")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not equals:
            raise Invalid(f"Line {number} of the values is not like NAME=value.", field="values")
        if why := refused_name(name.strip()):
            raise Invalid(why, field="values")
        found[name.strip()] = value
    return found


@sync_to_async
def keep_source(actor: Actor, cluster_id: int, project: str, source: Source) -> ComposeSource:
    """Keep it as this person's, with a line in the audit: both, or neither. Raises Sealed, Conflict."""
    refuse_while_locked()
    packed = msgspec.json.encode(_Secrets(source.token, dict(source.values), source.signs))
    cluster = Cluster.objects.get(pk=cluster_id)
    others = ComposeSource.objects.filter(by_id=actor.user_id).exclude(cluster=cluster, project=project)
    if others.count() >= MOST:
        raise Conflict(f"{MOST} projects are deployed from git as you already.", hint="Forget one that is not needed.")
    with transaction.atomic():
        audit.record(_event(actor, cluster, project, "follow git", source))
        row, _ = ComposeSource.objects.update_or_create(
            cluster=cluster,
            project=project,
            defaults={
                "by_id": actor.user_id,
                "url": source.url,
                "branch": source.branch,
                "path": source.path,
                "ca": source.ca,
                "minutes": source.minutes,
                "hook": source.hook,
                "sealed": seal(packed, _about(cluster_id, project)),
                "commit": "",  # whatever is there now is looked at anew
                "state": "",
                "words": "",
            },
        )
    return row


@sync_to_async
def forget_source(actor: Actor, cluster_id: int, project: str) -> None:
    """The project stays as it is. Raises Missing."""
    with transaction.atomic():
        row = ComposeSource.objects.filter(cluster_id=cluster_id, project=project).select_related("cluster").first()
        if row is None:
            raise Missing("It is not deployed from git.")
        known = Source(url=row.url, branch=row.branch, path=row.path, minutes=row.minutes, hook=row.hook)
        audit.record(_event(actor, row.cluster, project, "stop following git", known))
        row.delete()


async def source_of(cluster_id: int, project: str) -> ComposeSource | None:
    """What is kept of it, and what came of it the last time."""
    found = ComposeSource.objects.filter(cluster_id=cluster_id, project=project)
    return await found.select_related("by", "job", "cluster").afirst()


async def is_followed(cluster_id: int, project: str) -> bool:
    """Is it deployed by itself when there is something new? Not where somebody asks for each look."""
    asked = Q(minutes__gt=0) | ~Q(hook="")
    return await ComposeSource.objects.filter(asked, cluster_id=cluster_id, project=project).aexists()


def opened(row: ComposeSource) -> Source:
    """With its secrets. Raises Sealed where they were sealed with another master key."""
    packed = open_sealed(bytes(row.sealed), _about(row.cluster_id, row.project))
    kept = msgspec.json.decode(packed, type=_Secrets)
    return Source(
        url=row.url,
        branch=row.branch,
        path=row.path,
        ca=row.ca,
        minutes=row.minutes,
        hook=row.hook,
        token=kept.token,
        values=kept.values,
        signs=kept.signs,
    )


def sealed_sources() -> Iterator[Sealed]:
    """All of them, to be sealed with another key."""
    for row in ComposeSource.objects.order_by("pk"):
        name = f"the git address of the project {row.project}"
        yield sealed_row(row, name, _about(row.cluster_id, row.project))


def _event(actor: Actor, cluster: Cluster, project: str, verb: str, source: Source) -> audit.Event:
    detail: dict[str, Any] = {"url": source.url, "branch": source.branch, "path": source.path}
    detail |= {"minutes": source.minutes, "webhook": bool(source.hook), "values": sorted(source.values)}
    return audit.Event(
        actor=actor.name,
        address=actor.address,
        cluster=cluster.name,
        kind="project",
        namespace=project,
        name=project,
        verb=verb,
        detail=detail,
    )


def _about(cluster_id: int, project: str) -> str:
    return f"compose-source:{cluster_id}:{project}"
