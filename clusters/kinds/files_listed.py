"""What is in a folder, as ``find`` and ``stat`` inside print it: the line that is run, and what is read of its answer.

All of it is untrusted: whoever chose the names of the files chose what is printed.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator

from clusters.kinds.tar import MOST_SIZE, Entry, What

MOST_PRINTED = 2 << 20  # bytes: all of it is read in one go
# The mark before each entry cannot be guessed by whoever chose the names. $0: the folder, $1: the mark.
SCRIPT = 'cd -P "$0" && exec find . -mindepth 1 -maxdepth 1 -exec stat -c "$1 %f %s %Y %n$1>%N" "{}" +'
SAYS = {"LC_ALL": "C", "QUOTING_STYLE": "literal"}  # how names are printed
_KINDS: dict[int, What] = {
    stat.S_IFDIR: "folder",
    stat.S_IFREG: "file",
    stat.S_IFLNK: "link",
    stat.S_IFCHR: "device",
    stat.S_IFBLK: "device",
    stat.S_IFIFO: "pipe",
}


def entries(text: str, mark: str) -> Iterator[Entry]:
    """What ``stat`` printed, entry by entry; what is cut or makes no sense is left out."""
    for record in f"\n{text}".split(f"{mark} ")[1:]:
        words, _, link = record.partition(f"{mark}>")
        try:
            mode, size, changed, name = words.split(" ", 3)
            number, bytes_, at = int(mode[:8], 16), int(size[:20]), float(changed[:20])
        except ValueError:
            continue
        short = name.removeprefix("./")
        if not short or "/" in short or short in (".", ".."):
            continue
        kind = _KINDS.get(stat.S_IFMT(number), "thing")
        yield Entry(
            name=short[:4096],
            kind=kind,
            size=bytes_ if kind == "file" and 0 <= bytes_ <= MOST_SIZE else 0,
            mode=stat.S_IMODE(number),
            changed=min(max(at, 0.0), 4e9),
            target=_target(name, link.rstrip("\n")) if kind == "link" else "",
        )


def _target(name: str, shown: str) -> str:
    """Where a link leads; ``stat`` writes it as name -> target, with quotes or without."""
    for quote in ("'", ""):
        begin = f"{quote}{name}{quote} -> {quote}"
        if shown.startswith(begin) and shown.endswith(quote):
            return shown[len(begin) : len(shown) - len(quote)][:4096]
    return ""
