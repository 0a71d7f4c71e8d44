"""The kinds of Docker, in sidebar order."""

from __future__ import annotations

from typing import Any

from clusters.kinds.base import Kind
from clusters.kinds.docker.container import CONTAINER
from clusters.kinds.docker.host import HOST
from clusters.kinds.docker.image import IMAGE
from clusters.kinds.docker.network import NETWORK
from clusters.kinds.docker.project import PROJECT
from clusters.kinds.docker.volume import VOLUME

KINDS: tuple[Kind[Any], ...] = (PROJECT, CONTAINER, NETWORK, VOLUME, IMAGE, HOST)
