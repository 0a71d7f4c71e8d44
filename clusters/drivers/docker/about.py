"""What an engine says about itself."""

from __future__ import annotations

import msgspec

from clusters.drivers.base import About, Platform
from clusters.drivers.docker.client import EngineClient
from clusters.drivers.docker.errors import not_docker
from clusters.kinds.formats import count, size
from clusters.live.resource import Number


class _Swarm(msgspec.Struct, rename="pascal"):
    local_node_state: str = ""
    control_available: bool = False


class _Info(msgspec.Struct, rename="pascal"):
    id: str = msgspec.field(default="", name="ID")
    name: str = ""
    server_version: str = ""
    operating_system: str = ""
    kernel_version: str = ""
    architecture: str = ""
    driver: str = ""
    cgroup_version: str = ""
    n_cpu: Number = msgspec.field(default=0, name="NCPU")
    mem_total: Number = 0
    swarm: _Swarm | None = None


async def say_about(client: EngineClient) -> About:
    """Version, machine and identity. Raises what the connection raises."""
    client.forget_version()
    body = await client.bytes("GET", ("info",), within=10.0)
    try:
        info = msgspec.json.decode(body, type=_Info)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise not_docker(str(error)) from error
    if not info.server_version:
        raise not_docker("no ServerVersion")
    manages = info.swarm is not None and info.swarm.control_available
    platform: Platform = "swarm" if manages else "docker"
    words = [info.operating_system, count(info.n_cpu, "processor"), size(info.mem_total)]
    facts = {
        "Name": info.name,
        "Kernel": info.kernel_version,
        "Architecture": info.architecture,
        "Storage": info.driver,
        "API": ".".join(map(str, await client.version())),
        "cgroup": info.cgroup_version,
        "Address": client.endpoint.words,
    }
    return About(
        platform=platform,
        version=info.server_version,
        words=" · ".join(word for word in words if word),
        uid=info.id,
        facts={name: value for name, value in facts.items() if value},
        cores=float(max(0, info.n_cpu)),
        memory=float(max(0, info.mem_total)),
    )
