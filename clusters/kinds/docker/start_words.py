"""Why a container could not be started: from the engine's words to words for people."""

from __future__ import annotations

import re

from clusters.kinds.docker.full_disk import WORDS, is_full

LONGEST = 200
# What an engine says, and what it means; the first that fits. ``what`` stands for what is found in it.
_SAID = (
    (r"Bind for \S*:(?P<what>\d+) failed: port is already allocated", "Port {what} of the machine is taken already"),
    (r":(?P<what>\d+): bind: address already in use", "Port {what} of the machine is taken already"),
    (r"port is already allocated|address already in use", "A port that it needs is taken already on the machine"),
    (r'exec: \\?"(?P<what>[^"\\]{1,200})\\?": executable file not found', "Its command {what} is not in the image"),
    (r"exec format error", "Its program is made for another processor than the machine has"),
    (r"bind source path does not exist: (?P<what>\S{1,200})", "The folder {what} is not on the machine"),
    (r"network (?P<what>\S{1,100}) not found", "The network {what} is not there any more"),
    (r"cannot allocate memory", "There is too little memory for it on the machine"),
)
_MEANS = tuple((re.compile(pattern), words) for pattern, words in _SAID)


def start_words(said: str) -> str:
    """As a part of a sentence; what is not known stays as the engine put it, its first line."""
    if is_full(said):
        return WORDS.removesuffix(".")
    for pattern, words in _MEANS:
        if found := pattern.search(said):
            return words.format(**found.groupdict())
    return next((line.strip()[:LONGEST] for line in said.splitlines() if line.strip()), "")
