"""Pilothouse's own disk: how much room it has, and what it means when a write fails for want of it."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError

from clusters.errors import ClusterError, NoRoom, Unrecorded

FREE = 1 << 30  # bytes that files of people leave free
LITTLE = 32 << 20  # bytes of room below which everybody is told
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
HINT = "Make room there, then try again: nothing has to be restarted."


def database_fault(error: DatabaseError) -> Unrecorded:
    """The words for an error of our database."""
    if "full" in str(error).lower():
        return Unrecorded("The disk of Pilothouse is full.", hint=HINT, detail=str(error))
    hint = "See whether its disk is full or another program locks it, then try again."
    return Unrecorded("The database of Pilothouse does not take records right now.", hint=hint, detail=str(error))


def fault_of_ours(error: BaseException) -> ClusterError | None:
    """The words for an error of our database or our disk; None for any other one."""
    if isinstance(error, DatabaseError):
        return database_fault(error)
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return NoRoom("The disk of Pilothouse is full.", hint=HINT, detail=str(error))
    return None


def little_room_for_files(folder: Path, wanted: int = 0) -> NoRoom | None:
    """Why so many bytes of a person's files are not taken: what we write down needs room. None: they are."""
    if shutil.disk_usage(folder).free >= FREE + wanted:
        return None
    words = "Pilothouse has not enough room on its disk for that."
    return NoRoom(words, hint=f"Make room there: {FREE >> 30} GiB stays free for what it has to write down.")


def little_room() -> int | None:
    """The bytes that are left where our data lies, when that is little; None when there is enough, or nobody knows."""
    try:
        free = shutil.disk_usage(settings.DATA).free
    except OSError:
        return None
    return free if free < LITTLE else None
