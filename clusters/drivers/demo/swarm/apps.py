"""What runs in the Swarm, and on which machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from clusters.drivers.demo.host.containers import Program


@dataclass(frozen=True, slots=True)
class Machine:
    """One node. All three manage: one of them may be lost."""

    name: str
    labels: Mapping[str, str]
    cores: int = 4
    memory: int = 16  # GiB


@dataclass(frozen=True, slots=True)
class App:
    """One service. ``copies`` None: one on each node."""

    name: str
    image: str
    copies: int | None = 1
    stack: str = ""
    ports: tuple[tuple[int, int], ...] = ()  # (outside, inside)
    constraints: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    configs: Mapping[str, str] = field(default_factory=dict)  # the file inside, by name
    volume: str = ""
    mount: str = "/data"
    env: tuple[str, ...] = ("LOG_LEVEL=info",)
    limit: int = 256  # MiB
    voice: str = "levelled"
    pace: float = 0.6
    cpu: float = 0.1

    @property
    def service(self) -> str:
        """Its name in the Swarm."""
        return f"{self.stack}_{self.name}" if self.stack else self.name

    @property
    def program(self) -> Program:
        """What a copy of it is on its machine."""
        return Program(
            self.service,
            self.image,
            restart="no",
            voice=self.voice,
            pace=self.pace,
            cpu=self.cpu,
            memory=self.limit // 2,
            limit=self.limit,
            env=self.env,
        )


MACHINES = (
    Machine("elm-1", {"room": "cellar"}),
    Machine("elm-2", {"room": "cellar", "disk": "ssd"}, cores=8, memory=32),
    Machine("elm-3", {"room": "attic", "gpu": "true"}),
)
APPS = (
    App(
        "web",
        "registry.example/shop/web:5.11.3",
        3,
        "shop",
        ports=((80, 8080),),
        networks=("shop_front", "shop_back"),
        configs={"shop_web_conf": "/etc/web.conf"},
        voice="access",
        pace=1.4,
        cpu=0.3,
    ),
    App(
        "api",
        "registry.example/shop/api:2.6.0",
        2,
        "shop",
        networks=("shop_back",),
        secrets=("shop_db_password",),
        voice="json",
        pace=1.0,
    ),
    App(
        "worker",
        "registry.example/shop/worker:2.6.0",
        2,
        "shop",
        networks=("shop_back",),
        secrets=("shop_db_password",),
        cpu=0.4,
    ),
    App(
        "db",
        "registry.example/library/postgres:17.2.0",
        1,
        "shop",
        constraints=("node.labels.disk==ssd",),
        networks=("shop_back",),
        secrets=("shop_db_password",),
        volume="shop_db",
        mount="/var/lib/postgresql/data",
        env=("POSTGRES_DB=shop", "POSTGRES_USER=shop", "POSTGRES_PASSWORD_FILE=/run/secrets/shop_db_password"),
        limit=1024,
        voice="database",
    ),
    App(
        "gallery",
        "registry.example/media/gallery:1.4.2",
        2,
        "media",
        ports=((8090, 8080),),
        networks=("media_default",),
        voice="access",
    ),
    App(
        "transcoder",
        "registry.example/media/transcoder:0.9.1",
        1,
        "media",
        constraints=("node.labels.gpu==true",),
        networks=("media_default",),
    ),
    App("monitor", "registry.example/ops/monitor:0.9.3", None, voice="plain", pace=0.2, limit=96),
)
BY_SERVICE = {app.service: app for app in APPS}
NETWORKS = ("shop_front", "shop_back", "media_default")
REPOSITORIES = frozenset(app.image.rpartition(":")[0] for app in APPS)
BROKEN = "3.0.0-rc.1"  # a release of which every copy ends at once
