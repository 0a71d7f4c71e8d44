"""Images as archives: given out as the engine packs them, taken in bit by bit."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Invalid, Unreachable
from clusters.kinds.base import Says
from clusters.kinds.docker.full_disk import full_disk, is_full
from clusters.kinds.docker.image_name import split_image
from clusters.kinds.docker.layers import plain
from clusters.kinds.formats import size
from clusters.kinds.tar import to_the_end

PACKING = 120.0  # seconds until an engine gives the first piece of an image
SENDING = 3600.0  # seconds for all of an archive on its way in
_LOADED = ("Loaded image: ", "Loaded image ID: ")


def save(driver: Driver, image: str) -> AsyncGenerator[bytes, None]:
    """An image with all its layers, as `docker save` writes it. Raises Invalid before anything is asked."""
    if not image.startswith("sha256:"):
        split_image(image)
    return to_the_end(driver.download(Call("GET", ("images", *image.split("/"), "get"), timeout=PACKING)))


async def load(driver: Driver, pieces: AsyncIterator[bytes], total: int, says: Says) -> str:
    """Take in an archive that `docker save` wrote; words for the end. Raises what the engine says of it."""
    call = Call(
        "POST",
        ("images", "load"),
        query={"quiet": "1"},
        content_type="application/x-tar",
        data=_counted(pieces, total, says),
        timeout=SENDING,
    )
    names: list[str] = []
    try:
        async with aclosing(driver.stream(call)) as stream:  # type: ignore[type-var]
            async for news in stream:
                if problem := news.get("error"):
                    raise ClusterError(plain(problem, 300), detail=str(problem))
                names += _names(str(news.get("stream") or ""))
    except ClusterError as error:
        raise _load_error(error) from error
    if not names:
        raise Invalid("There was no image in it.", hint="It has to be a file that docker save wrote.")
    return f"Here now: {', '.join(names[:20])}."


async def _counted(pieces: AsyncIterator[bytes], total: int, says: Says) -> AsyncIterator[bytes]:
    sent = 0
    async for piece in pieces:
        sent += len(piece)
        says.progress("file", f"{size(sent)} of {size(total)} given to the engine", min(sent, total), total)
        yield piece


def _names(said: str) -> list[str]:
    found = []
    for line in said.splitlines():
        for beginning in _LOADED:
            if line.startswith(beginning):
                found.append(plain(line.removeprefix(beginning), 300))
    return found


def _load_error(error: ClusterError) -> ClusterError:
    if isinstance(error, Unreachable) and error.sent:
        hint = "Some of its images may be here: see the list. Load it again when the engine answers."
        return Unreachable("The engine was lost in the middle of the file.", hint=hint, detail=error.message)
    said = (error.detail or error.message).lower()
    if is_full(said):
        return full_disk(error.detail)
    if any(word in said for word in ("invalid tar", "unrecognized", "unexpected eof", "manifest.json", "archive/tar")):
        hint = "It has to be a whole file that docker save wrote."
        return Invalid("The engine cannot read that file.", hint=hint, detail=error.detail)
    return error
