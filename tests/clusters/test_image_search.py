"""Images searched by words. Docker Hub's answer is written by hand in the shape it is documented; the server is one of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from aiohttp import web

from clusters.access import Actor
from clusters.errors import ClusterError, Conflict, Invalid, TooLarge, Unreachable, Unsupported
from clusters.registries import search
from clusters.registries.way import Way
from tests.clusters.fake_registry import fake_registry, json

ADA = Actor(1, "ada")
PATH = "/v2/search/repositories/"
ANSWER = """
{"count": 221043, "next": "https://hub.docker.com/v2/search/repositories/?query=nginx&page=2", "previous": "", "results": [
 {"repo_name": "nginx", "short_description": "Official build of Nginx.", "star_count": 20931, "pull_count": 12904847291,
  "repo_owner": "", "is_automated": false, "is_official": true},
 {"repo_name": "bitnami/nginx", "short_description": "", "star_count": 203, "pull_count": 190273847, "repo_owner": "",
  "is_automated": true, "is_official": false}]}
"""


async def test_what_docker_hub_finds_is_told_with_stars_pulls_and_what_is_official() -> None:
    async with fake_registry({PATH: json(ANSWER)}) as hub:
        found = await search.search_hub(ADA, "  nginx   web ", 2, way=Way(host=hub.host, plain=True))
    first, second = found.hits
    assert (first.image, first.repository, first.official) == ("nginx", "library/nginx", True)
    assert (first.stars, first.pulls, first.description) == (20931, 12904847291, "Official build of Nginx.")
    assert (first.pulls_words, found.count_words) == ("12,904,847,291", "221,043")
    assert (second.image, second.official, second.description) == ("bitnami/nginx", False, "")
    assert (found.count, found.more, found.odd) == (221043, True, 0)
    assert [(one[0], one[1], one[2]) for one in hub.asked] == [
        ("GET", f"{PATH}?query=nginx+web&page=2&page_size=25", ""),
    ]


async def test_hostile_names_are_left_out_and_hostile_words_are_one_line() -> None:
    odd = r"""{"count": -5, "results": [{"repo_name": "../../etc"}, {"repo_name": "<script>"}, {"repo_name": ""},
      {"repo_name": "a/b\u202e"}, {"repo_name": "evil/x", "short_description": "a\nb\u001b[2J\u202e<img src=x>",
      "is_official": true, "star_count": -1, "pull_count": 99999999999999999999}]}"""
    async with fake_registry({PATH: json(odd)}) as hub:
        found = await search.search_hub(ADA, "x", way=Way(host=hub.host, plain=True))
    (one,) = found.hits
    assert (one.image, found.odd, found.count) == ("evil/x", 4, 0)
    assert one.description == "a b [2J <img src=x>"
    assert (one.official, one.stars, one.pulls) == (False, None, None)


def _wrong() -> Iterator[tuple[web.Response, type[ClusterError], str]]:
    yield json("{}", 429), Conflict, "too often"
    yield json("", 503), Unreachable, "a fault of its own"
    yield json("", 302, Location="http://169.254.169.254/"), Unsupported, "does not answer this search"
    for body in ("", "[]", "<html>", "[" * 100_000, '{"results": "x"}', '{"results": [1]}'):
        yield json(body), Unsupported, "makes no sense"
    yield json('{"results": [], "x": "' + "x" * (search.LIMIT + 1) + '"}'), TooLarge, "too large"


@pytest.mark.parametrize(("answer", "error", "words"), list(_wrong()))
async def test_what_is_no_answer_is_said(answer: web.Response, error: type[ClusterError], words: str) -> None:
    async with fake_registry({PATH: answer}) as hub:
        with pytest.raises(error, match=words):
            await search.search_hub(ADA, "x", way=Way(host=hub.host, plain=True))


async def test_no_way_there_and_silence_are_said_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(request: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    with pytest.raises(Unreachable, match="Docker Hub cannot be searched") as raised:
        await search.search_hub(ADA, "x", way=Way(host="no-such-host.test"))
    assert "no way to the internet" in raised.value.hint
    monkeypatch.setattr("clusters.registries.transport.WITHIN", 0.2)
    async with fake_registry({PATH: slow}) as hub:
        with pytest.raises(Unreachable, match="in time"):
            await search.search_hub(ADA, "x", way=Way(host=hub.host, plain=True))


@pytest.mark.parametrize("words", ["", "   ", "x" * 101, "a\x00b"])
async def test_words_that_cannot_be_searched_for_are_refused(words: str) -> None:
    with pytest.raises(Invalid):
        await search.search_hub(ADA, words)
