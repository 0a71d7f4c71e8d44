"""A text as the program reads it: variables filled in, defaults written out. What is secret is never in it."""

from __future__ import annotations

from clusters.compose.check import Checked, config, read_text
from clusters.errors import ClusterError
from clusters.kinds.masking import MASK

LONGEST = 256 << 10  # characters that a page is given


async def as_read(asked: Checked) -> str:
    """For a page; "" where it cannot be told without a secret value, as where one is a port."""
    shown = {name: MASK if name in asked.secret else value for name, value in asked.values.items()}
    try:
        printed = await config(read_text(asked.text), asked.name, shown, "--no-path-resolution")
    except ClusterError:
        return ""
    return asked.hide(printed) if len(printed) <= LONGEST else ""
