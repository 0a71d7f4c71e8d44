"""Git addresses: which are taken, and to which machines they may lead."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

from clusters.build.git_address import GitAddress, reachable, read_git_address
from clusters.errors import Invalid, Refused


@pytest.mark.parametrize(
    ("text", "url", "ref", "folder"),
    [
        ("https://git.test/shop/web.git", "https://git.test/shop/web.git", "", ""),
        (" https://git.test:8443/a/b ", "https://git.test:8443/a/b", "", ""),
        ("https://git.test/a.git#main", "https://git.test/a.git", "main", ""),
        ("https://git.test/a.git#feature/x-1:docker/web", "https://git.test/a.git", "feature/x-1", "docker/web"),
        ("https://git.test/a.git#:docker/", "https://git.test/a.git", "", "docker"),
        (f"https://git.test/a.git#{'a' * 40}", "https://git.test/a.git", "a" * 40, ""),
    ],
)
def test_an_address_is_taken_apart(text: str, url: str, ref: str, folder: str) -> None:
    found = read_git_address(text)
    assert (found.url, found.ref, found.folder) == (url, ref, folder)
    assert str(found).startswith(url)


@pytest.mark.parametrize(
    "text",
    [
        "", "git.test/a.git", "git://git.test/a.git", "file:///etc", "/etc/passwd", "ssh://git@git.test/a.git",
        "ssh://-oProxyCommand=id/a", "ext::sh -c id", "git@git.test:a.git", "http://git.test/a.git",
        "https://user:word@git.test/a.git", "https://token@git.test/a.git", "https://git.test/a.git?x=1",
        "https://git.test", "https://git.test/../a", "https://git.test/a/.git/config", "https://git.test/%2e%2e/a",
        "https://git.test/a b", "https://git.test/a;id", "https://git.test/$(id)", "https://-git.test/a",
        "https://git..test/a", "https://127.1/a", "https://0x7f.1/a", "https://2130706433/a", "https://①②⑦.0.0.1/a",
        "https://git.test:0/a", "https://git.test:99999/a", "https://git.test/a\n", "https://git.test/a#--upload-pack=id",
        "https://git.test/a#a..b", "https://git.test/a#a@{1}", "https://git.test/a#x.lock", "https://git.test/a#a b",
        "https://git.test/a#main:../x", "https://git.test/a#main:/a/../../b", "https://git.test/a#main:.git",
        "https://git.test/a#main:a:b", "https://" + "a" * 2000 + "/a", "https://[::1/a",
    ],
)  # fmt: skip
def test_what_is_no_plain_https_address_is_refused(text: str) -> None:
    if text.endswith("\n"):
        text = f"{text}x"
    with pytest.raises(Invalid):
        read_git_address(text)


@pytest.mark.parametrize("text", ["ssh://git@git.test/a.git", "git@git.test:shop/a.git", "ssh://git.test/a"])
def test_of_ssh_it_is_said_that_it_does_not_go_and_what_does(text: str) -> None:
    with pytest.raises(Invalid, match="over SSH is not fetched") as raised:
        read_git_address(text)
    assert "https://" in raised.value.hint


@pytest.mark.parametrize(
    "machine",
    [
        "127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "100.64.0.1", "169.254.169.254", "0.0.0.0", "::1", "fd00::1",
        "fe80::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1", "fd00:ec2::254", "224.0.0.1",
    ],
)  # fmt: skip
async def test_no_name_and_no_number_leads_into_a_private_network(
    machine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def look_up(*_: object, **__: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (machine, 443))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up, raising=False)
    with pytest.raises(Refused, match="private network"):
        await reachable(GitAddress("https://git.test/a.git", "git.test", 443))


async def test_a_server_that_was_named_is_allowed_but_never_a_cloud_s_own(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.GIT_HOSTS = ["git.lan", "http://plain.lan:3000"]
    machines = ["10.0.0.5", "169.254.169.254"]

    async def look_up(*_: object, **__: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 443)) for one in machines]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up, raising=False)
    assert await reachable(read_git_address("https://git.lan/a.git")) == ("10.0.0.5",)
    assert await reachable(read_git_address("http://plain.lan:3000/a.git")) == ("10.0.0.5",)
    for other in ("http://git.lan/a.git", "http://plain.lan/a.git"):
        with pytest.raises(Invalid, match="Without TLS"):
            read_git_address(other)
    machines.remove("10.0.0.5")
    with pytest.raises(Refused):
        await reachable(read_git_address("https://git.lan/a.git"))
