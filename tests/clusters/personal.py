"""People whom a cluster is asked as, and what it lets list."""

from __future__ import annotations

from clusters.access import Actor, Granted
from clusters.drivers.kubernetes.access import Rule
from clusters.drivers.kubernetes.rights import WORKLOADS
from clusters.kinds import DESCRIBED
from clusters.kinds.base import Role

ADA = Actor(1, "ada", (Granted(Role.ADMIN),))
POD, NODE, SECRET = (DESCRIBED[name] for name in ("pods", "nodes", "secrets"))
GROUPS = {kind.api.rpartition("/")[0].rpartition("/")[0] for kind in WORKLOADS}
APPS = Rule(["list", "get"], sorted(GROUPS), [kind.api.rpartition("/")[2] for kind in WORKLOADS])
