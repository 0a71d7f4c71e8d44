"""Which commit a branch or tag leads to now: one question to the server, and nothing is fetched."""

from __future__ import annotations

import asyncio
import shutil

from clusters.build.git_address import GitAddress, reachable
from clusters.build.git_fetch import Git, git_program, work_folder
from clusters.errors import Missing, Unreachable

SECONDS = 30.0


async def newest(address: GitAddress, token: str, ca: str = "") -> str:
    """The commit. Raises what is wrong, in words. The same rules as for fetching (see git_fetch.py)."""
    program = await git_program()
    machines, folder = await reachable(address), work_folder()
    try:
        git = Git(program, folder, address, machines, token, lambda _: None)
        if ca:
            git.trust(ca)
        async with asyncio.timeout(SECONDS):
            return await _asked(git, address)
    except TimeoutError as error:
        raise Unreachable(f"{address.host} did not answer within {SECONDS:.0f} seconds.") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _asked(git: Git, address: GitAddress) -> str:
    """A branch comes before a tag of the same name; of a tag with words of its own, the commit that it is about."""
    ref = address.ref
    named = (f"refs/heads/{ref}", f"refs/tags/{ref}^{{}}", f"refs/tags/{ref}") if ref else ("HEAD",)
    said = (await git.run("ls-remote", "--", address.url, *named)).decode(errors="replace")
    found = {name: commit for commit, tab, name in (line.partition("\t") for line in said.splitlines()) if tab}
    for name in named:
        if name in found:
            return found[name]
    if not ref:
        raise Missing("The repository is empty.")
    raise Missing(f"There is no branch or tag {ref[:100]} in that repository.")
