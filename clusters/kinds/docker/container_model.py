"""What we read of a container: only the fields that a list, a page, its health or an action use."""

from __future__ import annotations

import msgspec

from clusters.kinds.formats import epoch
from clusters.live.resource import Number, Resource

named = msgspec.field

PROJECT, STACK = (
    "com.docker.compose.project",
    "com.docker.stack.namespace",
)  # the labels of a Compose project, a Swarm stack

TASK, _SERVICE = "com.docker.swarm.task.id", "com.docker.swarm.service.id"  # labels of what carries out a task
_PODS, _POD = "io.kubernetes.", "io.kubernetes.pod.uid"  # how the labels of a pod's containers begin, and one of them
_GRACE = 10  # seconds a program gets to end, where nothing else was said
_LONGEST = 3600  # seconds; also where the engine waits as long as it takes


class _Part(msgspec.Struct, frozen=True, gc=False, rename="pascal"):
    """Fields that are missing or null have their default."""


class Probe(_Part, frozen=True):
    """One run of the health check."""

    start: str = ""
    end: str = ""
    exit_code: Number = 0
    output: str | None = None


class HealthCheck(_Part, frozen=True):
    """What the health check found: the status is "starting", "healthy", "unhealthy" or "none"."""

    status: str = ""
    failing_streak: Number = 0
    log: list[Probe] | None = None


class State(_Part, frozen=True):
    """Status is created, running, paused, restarting, removing, exited or dead."""

    status: str = ""
    exit_code: Number = 0
    error: str | None = None
    started_at: str = ""
    finished_at: str = ""
    pid: Number = 0
    oom_killed: bool = named(default=False, name="OOMKilled")
    health: HealthCheck | None = None


class Config(_Part, frozen=True):
    """What it was asked to run."""

    image: str = ""
    user: str | None = None
    tty: bool = False
    hostname: str | None = None
    working_dir: str | None = None
    env: list[str] | None = None
    cmd: list[str] | None = None
    entrypoint: list[str] | None = None
    labels: dict[str, str] | None = None
    stop_timeout: Number | None = None  # seconds its program gets to end by itself; -1: as long as it takes


class RestartPolicy(_Part, frozen=True):
    """When the engine starts it again by itself."""

    name: str = ""
    maximum_retry_count: Number = 0


class HostConfig(_Part, frozen=True):
    """How it stands on its machine. Bytes; processors in billionths."""

    memory: Number | None = None
    memory_swap: Number | None = None
    nano_cpus: Number | None = None
    cpu_quota: Number | None = None
    cpu_period: Number | None = None
    network_mode: str | None = None
    privileged: bool | None = None
    auto_remove: bool | None = None
    restart_policy: RestartPolicy | None = None


class Mount(_Part, frozen=True):
    """One folder from outside: a volume, a folder of the machine, or memory."""

    type: str = ""
    name: str | None = None
    source: str | None = None
    destination: str = ""
    rw: bool | None = named(default=None, name="RW")


class Network(_Part, frozen=True):
    """Its place in one network."""

    network_id: str = named(default="", name="NetworkID")
    ip_address: str | None = named(default=None, name="IPAddress")
    ipv6_address: str | None = named(default=None, name="GlobalIPv6Address")
    aliases: list[str] | None = None


class Binding(_Part, frozen=True):
    """A port of the machine."""

    host_ip: str | None = None
    host_port: str | None = None


class NetworkSettings(_Part, frozen=True):
    """Ports as ``{"80/tcp": [binding, ...]}``; null for a port that is open inside only."""

    ports: dict[str, list[Binding] | None] | None = None
    networks: dict[str, Network | None] | None = None


class Container(Resource, frozen=True, gc=False, rename="pascal"):
    """One container, as the engine's inspection has it."""

    id: str = ""
    full_name: str = named(default="", name="Name")
    created_at: str = named(default="", name="Created")
    image_id: str = named(default="", name="Image")
    restart_count: Number = 0
    platform: str | None = None
    state: State = State()
    config: Config = Config()
    host_config: HostConfig = HostConfig()
    network_settings: NetworkSettings = NetworkSettings()
    mounts: list[Mount] | None = None
    revision: str = ""  # set by the driver: a digest of all that stands above

    @property
    def uid(self) -> str:
        """The engine's id."""
        return self.id

    @property
    def name(self) -> str:
        """Its name without the slash that the engine puts before it."""
        return self.full_name.removeprefix("/") or self.id[:12]

    @property
    def namespace(self) -> str:
        """The Compose project or Swarm stack it belongs to."""
        return self.label(PROJECT) or self.label(STACK)

    @property
    def version(self) -> str:
        """A digest of the fields that we use."""
        return self.revision

    @property
    def created(self) -> float:
        """When it was made, in epoch seconds."""
        return epoch(self.created_at)

    @property
    def labels(self) -> dict[str, str]:
        """Its labels; empty when it has none."""
        return self.config.labels or {}

    def label(self, name: str) -> str:
        """One label, "" when it has none of that name."""
        return self.labels.get(name, "")

    @property
    def keeper(self) -> tuple[str, str] | None:
        """The service of a Swarm, or the pod, that it is a copy or a part of, by its kind and id; None: it is its own.

        What keeps it is what is listed, changed and taken elsewhere, where that is known.
        """
        if TASK in self.labels:
            return "swarm-service", self.label(_SERVICE)
        return ("pod", self.label(_POD)) if any(name.startswith(_PODS) for name in self.labels) else None

    @property
    def running(self) -> bool:
        """Does a process of it exist now (paused counts)?"""
        return self.state.status in ("running", "paused")

    @property
    def image(self) -> str:
        """The image as it was asked for."""
        return self.config.image or self.image_id

    @property
    def started(self) -> float:
        """When it last started, epoch seconds; 0.0 when never."""
        return epoch(self.state.started_at)

    @property
    def finished(self) -> float:
        """When it last ended, epoch seconds; 0.0 when never."""
        return epoch(self.state.finished_at)

    @property
    def cpu_limit(self) -> float:
        """In cores; 0.0 is none."""
        host = self.host_config
        if host.nano_cpus:
            return max(0, host.nano_cpus) / 1e9
        if host.cpu_quota and host.cpu_quota > 0:
            return host.cpu_quota / (host.cpu_period or 100_000)
        return 0.0

    @property
    def memory_limit(self) -> float:
        """In bytes; 0.0 is none."""
        return float(max(0, self.host_config.memory or 0))

    @property
    def ports(self) -> list[tuple[str, str, str]]:
        """Open ports as (address of the machine, its port, port and protocol inside); "" when not published."""
        found: dict[tuple[str, str, str], None] = {}
        for inside, bindings in (self.network_settings.ports or {}).items():
            for binding in bindings or [Binding()]:
                address = binding.host_ip or ""
                # The same port on all addresses, once for IPv4 and once for IPv6, is one port for people.
                found["" if address in ("0.0.0.0", "::") else address, binding.host_port or "", inside] = None  # noqa: S104
        # Published ones first; then by the number inside, which is shorter when it is smaller.
        return sorted(found, key=lambda port: (not port[1], len(port[2]), port[2], port))

    @property
    def patience(self) -> float:
        """Seconds in which the engine has stopped it: what its program was given to end, and some more."""
        return stop_patience(self.config.stop_timeout)

    @property
    def command(self) -> list[str]:
        """What runs: the entry point and its arguments."""
        return [*(self.config.entrypoint or ()), *(self.config.cmd or ())]

    @property
    def health_status(self) -> str:
        """What its health check says: starting, healthy, unhealthy, or "" without one."""
        status = self.state.health.status if self.state.health else ""
        return "" if status == "none" else status

    @property
    def glance(self) -> tuple[str, str, int]:
        """Status, health and exit code: enough to notice that a list tells something else."""
        return self.state.status, self.health_status, self.state.exit_code

    def __repr__(self) -> str:
        # The generated one would print the environment, and with it secrets, into logs.
        return f"<container {self.name}>"


def stop_patience(given: object) -> float:
    """How long to wait for the answer to a stop, when the container was given that many seconds for it."""
    seconds = given if isinstance(given, int) else _GRACE
    return 30.0 + (seconds if 0 <= seconds <= _LONGEST else _LONGEST)
