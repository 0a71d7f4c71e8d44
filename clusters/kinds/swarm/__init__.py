"""The kinds of a Swarm, in sidebar order; beside them stand those of the engine that tells of it."""

from __future__ import annotations

from typing import Any

from clusters.kinds.base import Kind
from clusters.kinds.swarm.config import CONFIG
from clusters.kinds.swarm.node import NODE
from clusters.kinds.swarm.secret import SECRET
from clusters.kinds.swarm.service import SERVICE
from clusters.kinds.swarm.stack import STACK
from clusters.kinds.swarm.swarm import SWARM
from clusters.kinds.swarm.task import TASK

KINDS: tuple[Kind[Any], ...] = (STACK, SERVICE, TASK, SWARM, NODE, CONFIG, SECRET)
