"""What the exit code of a program in a container means, in plain words."""

from __future__ import annotations

_WORDS = {
    0: "It did its work and ended",
    1: "The program ended with an error",
    2: "The program was called wrongly, or ended with an error",
    125: "The container could not be started",
    126: "The program was found but may not be run",
    127: "The program was not found in the image",
    128: "The program could not be started",
    129: "The terminal it ran in was closed",
    130: "It was interrupted, as with Ctrl-C",
    132: "The program met an instruction that this processor does not know",
    134: "The program gave up on itself (abort)",
    135: "The program used memory wrongly (bus error)",
    136: "The program calculated something impossible",
    137: "It was killed: it did not stop in time, somebody killed it, or memory ran out",
    139: "The program used memory wrongly (segmentation fault)",
    141: "It wrote to something that was closed already",
    143: "It was asked to stop, and did",
    255: "The program ended with an error",
}
ASKED_TO_STOP = frozenset({130, 137, 143})


def exit_words(code: int, *, out_of_memory: bool = False) -> str:
    """One sentence part about an exit code, without a full stop."""
    if out_of_memory:
        return "It was killed: it used more memory than it may"
    if code in _WORDS:
        return _WORDS[code]
    if 128 < code < 160:
        return f"It was ended by signal {code - 128}"
    return "The program ended with an error"


def exit_term(code: int, *, out_of_memory: bool = False) -> str:
    """The technical term beside it: "exit 137 · OOMKilled"."""
    return f"exit {code} · OOMKilled" if out_of_memory else f"exit {code}"
