"""The kinds of Docker, in sidebar order."""

from __future__ import annotations

from typing import Any

from clusters.kinds.base import Kind
from clusters.kinds.docker.container import CONTAINER

KINDS: tuple[Kind[Any], ...] = (CONTAINER,)
