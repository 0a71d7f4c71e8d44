"""Images by words: on Docker Hub by its public search, and in the names that a registry lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

import msgspec

from clusters.access import Actor
from clusters.errors import ClusterError, Conflict, Invalid, Unreachable, Unsupported
from clusters.models import Registry
from clusters.registries import lately
from clusters.registries.browse import find_repositories
from clusters.registries.reference import is_repository
from clusters.registries.transport import Transport
from clusters.registries.way import Way

SEARCHED = Way(host="hub.docker.com")  # where Docker Hub is searched; its images are kept elsewhere
EACH, MOST_PAGES = 25, 40  # of a page; Docker Hub itself shows no more
LIMIT = 1 << 20  # bytes of an answer
LONGEST, LONGEST_WORDS = 300, 100  # letters of a description; of what is searched for
MOST_NUMBER = 1 << 53


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One repository. Stars and pulls: None where nobody counts them."""

    image: str  # as it is pulled: "grafana/grafana", "registry.test:5000/shop/web"
    repository: str  # as its registry calls it: "library/nginx"
    description: str = ""
    official: bool = False
    stars: int | None = None
    pulls: int | None = None

    @property
    def stars_words(self) -> str:
        """For people."""
        return "–" if self.stars is None else f"{self.stars:,}"

    @property
    def pulls_words(self) -> str:
        """For people."""
        return "–" if self.pulls is None else f"{self.pulls:,}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """Those of one page. ``odd`` were left out: nothing can be called so."""

    hits: tuple[Hit, ...]
    count: int
    odd: int = 0
    more: bool = False

    @property
    def count_words(self) -> str:
        """For people."""
        return f"{self.count:,}"


class _Result(msgspec.Struct):
    repo_name: str = ""
    short_description: str | None = None
    star_count: int | None = None
    pull_count: int | None = None
    is_official: bool | None = None


class _Page(msgspec.Struct):
    results: list[_Result]
    count: int = 0
    next: str | None = None


def checked_words(text: str) -> str:
    """What is searched for. Raises Invalid."""
    words = " ".join(text.split())
    if not words or len(words) > LONGEST_WORDS or not words.isprintable():
        raise Invalid(f"Search for 1 to {LONGEST_WORDS} letters.")
    return words


async def search_hub(by: Actor, text: str, page: int = 1, *, way: Way = SEARCHED) -> Hits:
    """What Docker Hub finds, its best first. The words are sent there, and nothing else."""
    if not 1 <= page <= MOST_PAGES:
        raise Invalid(f"Docker Hub shows the first {MOST_PAGES} pages.")
    words = checked_words(text)
    return await lately.ask(
        by, way, "", ("search", words, str(page)), lambda: _search_hub(words, page, way), anew=False
    )


async def _search_hub(words: str, page: int, way: Way) -> Hits:
    asked = urlencode({"query": words, "page": page, "page_size": EACH})
    transport = Transport(way)
    try:
        url = f"{way.base}/v2/search/repositories/?{asked}"
        answer = await transport.send("GET", url, {"Accept": "application/json"}, limit=LIMIT, where=way.host)
    except Unreachable as error:
        hint = "This machine may have no way to the internet. Images whose names you know can be pulled all the same."
        raise Unreachable(f"Docker Hub cannot be searched: {error.message}", hint=hint, detail=error.detail) from error
    finally:
        await transport.close()
    if answer.status != 200:
        raise _refused(answer.status, answer.body)
    return _read(answer.body)


async def search_registry(by: Actor, registry: Registry, text: str) -> Hits:
    """The repositories whose names hold the words. Raises Unsupported where it does not list them."""
    found = await find_repositories(by, registry, checked_words(text))
    hits = tuple(Hit(image=f"{registry.host}/{name}", repository=name) for name in found.shown[: EACH * 2])
    return Hits(hits=hits, count=found.fitting, odd=found.all.odd, more=found.all.more)


def _read(body: bytes) -> Hits:
    try:
        page = msgspec.json.decode(body, type=_Page)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unsupported("What Docker Hub answers makes no sense.", detail=str(error)) from error
    hits = tuple(_hits(page.results[: EACH * 2]))
    return Hits(hits=hits, count=_number(page.count) or 0, odd=len(page.results) - len(hits), more=bool(page.next))


def _hits(results: Iterable[_Result]) -> Iterable[Hit]:
    for one in results:
        name = one.repo_name.removeprefix("library/")
        repository = name if "/" in name else f"library/{name}"
        if not is_repository(repository):
            continue
        yield Hit(
            image=name,
            repository=repository,
            description=_plain(one.short_description or ""),
            official=bool(one.is_official) and repository.startswith("library/"),
            stars=_number(one.star_count),
            pulls=_number(one.pull_count),
        )


def _plain(text: str) -> str:
    """One line, without what cannot be seen."""
    seen = "".join(letter if letter.isprintable() else " " for letter in text[: LONGEST * 2])
    words = " ".join(seen.split())
    return words if len(words) <= LONGEST else f"{words[:LONGEST]}…"


def _number(number: int | None) -> int | None:
    return number if number is not None and 0 <= number < MOST_NUMBER else None


def _refused(status: int, body: bytes) -> ClusterError:
    detail = f"status {status}: {_plain(body[:500].decode(errors='replace'))}"
    if status == 429:
        return Conflict("Docker Hub was searched too often from here.", hint="Try again in a minute.", detail=detail)
    if status >= 500:
        return Unreachable("Docker Hub has a fault of its own.", hint="Try again later.", detail=detail)
    return Unsupported("Docker Hub does not answer this search.", detail=detail)
