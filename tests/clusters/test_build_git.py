"""What is fetched from a real git server, and what such a server cannot make us do."""

from __future__ import annotations

import asyncio
import base64
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from clusters.build import git_fetch
from clusters.build.git_address import GitAddress, read_git_address
from clusters.build.git_fetch import Fetched, fetch
from clusters.errors import ClusterError, Invalid, Missing, Refused, Unreachable
from tests.clusters.git_server import Repository, Server, made_out_to, served, why_not

real_git = pytest.mark.skipif(bool(why_not()), reason=why_not())


@pytest.fixture
def server(tmp_path: Path, settings: Any) -> Iterator[Server]:
    settings.DATA = tmp_path / "data"
    (tmp_path / "served").mkdir()
    with served(tmp_path / "served") as one:
        settings.GIT_HOSTS = [one.url]
        yield one


@pytest.fixture
def shop(server: Server) -> Repository:
    return Repository(server.folder / "shop.git")


async def get(server: Server, behind: str = "", token: str = "", name: str = "shop.git") -> Fetched:
    return await fetch(read_git_address(f"{server.url}/{name}{behind}"), token, lambda _: None)


def content(found: Fetched, name: str) -> bytes:
    entry = next(one for one in found.entries if one.name == name)
    with found.path.open("rb") as file:
        file.seek(entry.offset)
        return file.read(entry.size)


@real_git
async def test_branch_tag_commit_and_folder_are_what_is_fetched(server: Server, shop: Repository) -> None:
    first = shop.commit(Dockerfile="FROM one\n", web__Dockerfile="FROM web\n", web__a="1")
    shop.git("tag", "--annotate", "v1", "--message=v1")
    shop.git("checkout", "--quiet", "-b", "next/two")
    second = shop.commit(Dockerfile="FROM two\n")
    shop.git("checkout", "--quiet", "main")
    for behind, commit, text in [
        ("", first, b"FROM one\n"),
        ("#v1", first, b"FROM one\n"),
        ("#next/two", second, b"FROM two\n"),
        (f"#{second}", second, b"FROM two\n"),
        (f"#{second[:7]}", second, b"FROM two\n"),
        (f"#{first[:12]}:web", first, b"FROM web\n"),
        ("#v1:web", first, b"FROM web\n"),
    ]:
        found = await get(server, behind)
        assert (found.commit, content(found, "Dockerfile")) == (commit, text)
        assert not (found.path.parent / "repository" / "hooks").exists()
        found.close()
        assert not found.path.parent.exists()


@real_git
async def test_what_is_not_there_is_said(server: Server, shop: Repository) -> None:
    with pytest.raises(Missing, match="empty"):
        await get(server)
    shop.commit(Dockerfile="FROM one\n")
    for behind, words in [
        ("#nope", "no branch or tag nope"),
        ("#abc1234", "no branch, tag or commit abc1234"),
        (f"#{'a' * 40}", "no commit aaaaaaaaaaaa"),
        ("#:nope", "no folder nope"),
    ]:
        with pytest.raises(Missing, match=words):
            await get(server, behind)
    with pytest.raises(Missing, match="no repository"):
        await get(server, name="other.git")
    server.close()
    with pytest.raises(Unreachable):
        await get(server)


@real_git
async def test_a_token_is_given_to_the_server_and_to_nobody_else(
    server: Server, shop: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.commit(Dockerfile="FROM one\n")
    server.password = "Basic " + base64.b64encode(b"git:s3cret-token").decode()
    with pytest.raises(Refused, match="does not let us read"):
        await get(server)
    lines: list[str] = []
    start = asyncio.create_subprocess_exec

    async def recorded(*words: str, **more: Any) -> Any:
        lines.extend(words)
        assert set(more["env"]) <= {"PATH", "HOME", "LC_ALL"} | {one for one in more["env"] if one.startswith("GIT_")}
        return await start(*words, **more)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", recorded)
    (await get(server, token="s3cret-token")).close()
    assert not any("s3cret" in word or server.password[6:] in word for word in lines)
    with pytest.raises(Refused) as caught:
        await get(server, token="wrong-token")
    assert "wrong-token" not in f"{caught.value.message} {caught.value.hint} {caught.value.detail}"


@real_git
async def test_a_redirect_is_not_followed(server: Server, shop: Repository, tmp_path: Path) -> None:
    shop.commit(Dockerfile="FROM one\n")
    with served(tmp_path / "served") as other:
        server.redirect = other.url
        with pytest.raises(Refused, match="another address"):
            await get(server, token="s3cret-token")
        assert not other.asked


@real_git
async def test_settings_hooks_modules_and_filters_of_a_repository_do_nothing(
    server: Server, shop: Repository, tmp_path: Path
) -> None:
    trap = tmp_path / "trap"
    shop.commit(
        Dockerfile="FROM one\n",
        **{
            ".gitmodules": f'[submodule "x"]\n\tpath = x\n\turl = ext::sh -c "touch {trap}"\n\tupdate = !touch {trap}\n',
            ".gitattributes": "*.bin filter=lfs\nhidden export-ignore\nwords export-subst\n* filter=evil\n",
            "hidden": "still here",
            "words": "$Format:%H$",
            "a.bin": "pointer",
            "bare__HEAD": "ref: refs/heads/main\n",
            "bare__config": f"[core]\n\tfsmonitor = touch {trap}\n\thooksPath = .\n",
            "bare__objects__x": "",
            "bare__refs__x": "",
        },
    )
    found = await get(server)
    assert content(found, "hidden") == b"still here"
    assert content(found, "words") == b"$Format:%H$"
    assert [word for warning in found.warnings for word in ("submodules", "LFS") if word in warning] == [
        "submodules",
        "LFS",
    ]
    assert not trap.exists()
    found.close()


@real_git
async def test_links_stay_links_and_never_lead_out(server: Server, shop: Repository) -> None:
    shop.commit(web__Dockerfile="FROM one\n")
    (shop.folder / "Dockerfile").symlink_to("web/Dockerfile")
    shop.commit()
    found = await get(server)
    assert {one.name: one.link for one in found.entries}["Dockerfile"] == "web/Dockerfile"
    with tarfile.open(found.path) as tar:
        assert tar.getmember("Dockerfile").issym()
    found.close()
    for target in ("/etc/passwd", "../../etc/passwd"):
        (shop.folder / "Dockerfile").unlink()
        (shop.folder / "Dockerfile").symlink_to(target)
        shop.commit()
        with pytest.raises(Invalid, match="leads out"):
            await get(server)


@real_git
async def test_what_is_too_large_or_too_slow_is_ended(
    server: Server, shop: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.commit(Dockerfile="FROM one\n", large="x" * 30_000_000)
    monkeypatch.setattr(git_fetch, "MOST_BYTES", 5_000_000)
    monkeypatch.setattr(git_fetch, "LOOK", 0.005)
    with pytest.raises(Invalid, match="larger than"):
        await get(server)
    monkeypatch.undo()
    monkeypatch.setattr(git_fetch, "SECONDS", 0.5)

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)

    silent = await asyncio.start_server(carry, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    address = GitAddress(f"http://127.0.0.1:{port}/a.git", "127.0.0.1", port)
    monkeypatch.setattr(git_fetch, "reachable", lambda _: asyncio.sleep(0, ("127.0.0.1",)))
    began = time.monotonic()
    with pytest.raises(ClusterError, match="took longer"):
        await fetch(address, "", lambda _: None)
    assert time.monotonic() - began < 5
    silent.close()


@real_git
async def test_over_tls_it_goes_to_the_checked_machine_and_trusts_no_other_certificate(
    server: Server, shop: Repository, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = shop.commit(Dockerfile="FROM one\n")
    certificate = tmp_path / "git.pem"
    certificate.write_bytes(made_out_to("git.test"))
    looked_up: list[str] = []

    async def look_up(address: GitAddress) -> tuple[str, ...]:
        looked_up.append(address.host)
        return ("127.0.0.1",)

    monkeypatch.setattr(git_fetch, "reachable", look_up)
    with served(tmp_path / "served", certificate) as other:
        address = f"https://git.test:{other.port}/shop.git"  # a name that nobody else knows
        with pytest.raises(Unreachable, match="cannot be trusted"):
            await fetch(read_git_address(address), "s3cret-token", lambda _: None)
        assert not other.asked
        ca = certificate.read_text()
        found = await fetch(read_git_address(address), "", lambda _: None, ca)
        assert found.commit == commit
        found.close()
        with pytest.raises(Unreachable, match="cannot be trusted"):
            await fetch(read_git_address(address), "", lambda _: None, made_out_to("git.test").decode())
        with pytest.raises(Unreachable, match="cannot be trusted"):
            await fetch(read_git_address(address.replace("git.test", "other.test")), "", lambda _: None, ca)
    assert looked_up == ["git.test", "git.test", "git.test", "other.test"]


@real_git
async def test_a_cancelled_fetch_ends_git_and_leaves_nothing(
    server: Server, shop: Repository, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.set()
        await asyncio.sleep(30)

    heard = asyncio.Event()
    silent = await asyncio.start_server(carry, "127.0.0.1", 0)
    port = silent.sockets[0].getsockname()[1]
    settings.GIT_HOSTS = [f"http://127.0.0.1:{port}"]
    task = asyncio.create_task(fetch(read_git_address(f"http://127.0.0.1:{port}/a.git"), "", lambda _: None))
    await asyncio.wait_for(heard.wait(), 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not list(Path(settings.DATA, "git").iterdir())
    assert not [one for one in Path("/proc").glob("[0-9]*/cmdline") if f":{port}/a.git" in read(one)]
    silent.close()


def read(path: Path) -> str:
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:
        return ""
