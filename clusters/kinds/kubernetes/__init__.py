"""The kinds of Kubernetes, in sidebar order."""

from __future__ import annotations

from typing import Any

from clusters.kinds.base import Kind

KINDS: tuple[Kind[Any], ...] = ()
