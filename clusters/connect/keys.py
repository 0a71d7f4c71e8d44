"""The master keys: a file outside the database, one key a line. The first one seals; every one of them opens.

The file is looked at each time, so that a running Pilothouse follows a rotation without a restart.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from clusters.errors import Refused

SHORTEST = 32  # characters of a master key
ID_BYTES = 8


@dataclass(frozen=True, slots=True)
class Key:
    """A data key and its id: both come from a master key, and tell nothing about it."""

    id: bytes
    data: bytes = field(repr=False)


def ring() -> tuple[Key, ...]:
    """All keys, the one that seals first."""
    path = Path(settings.MASTER_KEY_PATH)
    stat = path.stat()
    return tuple(_derive(master) for master in _masters(str(path), stat.st_mtime_ns, stat.st_ino, stat.st_size))


def masters_in(text: str) -> tuple[str, ...]:
    """The keys of such a file. Raises ValueError with what is wrong with it."""
    masters = tuple(filter(None, map(str.strip, text.splitlines())))
    if not masters or any(len(master) < SHORTEST for master in masters):
        raise ValueError(f"is too short: each line needs at least {SHORTEST} random characters")
    return masters


def begin_new_key() -> None:
    """Put a new key before the others. Raises Refused where the file cannot be written, with what to do instead."""
    path = Path(settings.MASTER_KEY_PATH)
    _write(path, [secrets.token_urlsafe(48), *masters_in(path.read_text())])


def keep_first_key() -> int:
    """Drop every key but the first. Returns how many; the caller knows that nothing needs them any more."""
    path = Path(settings.MASTER_KEY_PATH)
    masters = masters_in(path.read_text())
    _write(path, masters[:1])
    return len(masters) - 1


def _write(path: Path, masters: Sequence[str]) -> None:
    """Whole or not at all: whatever happens in the middle, the old file or the new one is there."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write("".join(f"{master}\n" for master in masters))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise Refused(
            f"The key file {path} cannot be written: {error.strerror}.",
            hint="Put a new key on its first line yourself, before the others, and run this with --keep-key.",
        ) from error


@lru_cache(maxsize=4)
def _masters(path: str, *stat: int) -> tuple[str, ...]:
    return masters_in(Path(path).read_text())


@lru_cache(maxsize=32)
def _derive(master: str) -> Key:
    data = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"pilothouse secrets at rest 1").derive(master.encode())
    return Key(hashlib.sha256(b"pilothouse key id" + data).digest()[:ID_BYTES], data)
