"""What a dry run of one target said: what is in the way, what is worth knowing, what would be made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clusters.kinds.makers import Remark


@dataclass(frozen=True, slots=True)
class DryRun:
    """``stops``: why nothing would come of it; empty: it ``passed``, and ``would`` be taken, said in a sentence."""

    stops: Sequence[str] = ()
    remarks: Sequence[Remark] = ()
    would: str = ""
    passed: str = ""  # in two or three words: what was looked at before
