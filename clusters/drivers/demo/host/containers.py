"""What runs on the host."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Program:
    """One container. ``memory`` (MiB) is what it uses when busy, ``limit`` what it may (0: no limit)."""

    name: str
    image: str
    project: str = ""
    restart: str = "unless-stopped"
    ports: tuple[tuple[int, int], ...] = ()  # (outside, inside)
    volume: str = ""
    checked: bool = False  # has a health check
    voice: str = "levelled"
    pace: float = 0.6
    cpu: float = 0.1
    memory: int = 96
    limit: int = 0
    command: tuple[str, ...] = ("/usr/local/bin/serve",)
    env: tuple[str, ...] = ("LOG_LEVEL=info",)
    check: tuple[str, ...] = ("wget", "-qO-", "http://127.0.0.1:8080/healthz")
    passes: str = "ok"  # what the check prints when it passes
    mount: str = "/data"

    @property
    def service(self) -> str:
        """Its name inside its project."""
        return self.name.removeprefix(f"{self.project}-").removesuffix("-1")


PROGRAMS: tuple[Program, ...] = (
    Program(
        "shop-proxy-1",
        "registry.example/library/nginx:1.29.1",
        "shop",
        ports=((80, 80), (443, 443)),
        voice="access",
        pace=1.8,
        command=("nginx", "-g", "daemon off;"),
        env=("NGINX_VERSION=1.29.1",),
    ),
    Program(
        "shop-web-1",
        "registry.example/shop/web:5.11.3",
        "shop",
        checked=True,
        voice="access",
        pace=1.4,
        cpu=0.3,
        memory=180,
        limit=512,
    ),
    Program(
        "shop-api-1",
        "registry.example/shop/api:2.6.0",
        "shop",
        checked=True,
        voice="json",
        pace=1.0,
        cpu=0.25,
        memory=220,
        limit=512,
    ),
    Program("shop-worker-1", "registry.example/shop/worker:2.6.0", "shop", cpu=0.4, memory=260, limit=768),
    Program("shop-search-1", "registry.example/shop/search:1.8.2", "shop", checked=True, memory=340, limit=1024),
    Program(
        "shop-db-1",
        "registry.example/library/postgres:17.2",
        "shop",
        volume="shop_db",
        checked=True,
        command=("postgres", "-c", "shared_buffers=128MB"),
        env=("POSTGRES_DB=shop", "POSTGRES_USER=shop", "POSTGRES_PASSWORD=demonstration-only", "PG_MAJOR=17"),
        check=("pg_isready", "-U", "shop", "-d", "shop"),
        passes="/var/run/postgresql:5432 - accepting connections",
        mount="/var/lib/postgresql/data",
        voice="database",
        memory=420,
        cpu=0.2,
    ),
    Program(
        "shop-cache-1",
        "registry.example/library/redis:7.4.1",
        "shop",
        voice="cache",
        pace=0.1,
        memory=70,
        command=("redis-server", "--save", "60", "1000"),
        env=("REDIS_VERSION=7.4.1",),
    ),
    Program(
        "office-wiki-1",
        "registry.example/office/wiki:3.4.0",
        "office",
        ports=((8080, 3000),),
        voice="access",
        pace=0.3,
        memory=210,
    ),
    Program(
        "office-wiki-db-1",
        "registry.example/library/postgres:17.2",
        "office",
        volume="office_wiki",
        voice="database",
        command=("postgres",),
        env=("POSTGRES_DB=wiki", "POSTGRES_USER=wiki", "POSTGRES_PASSWORD=demonstration-only", "PG_MAJOR=17"),
        mount="/var/lib/postgresql/data",
        pace=0.2,
        memory=160,
    ),
    Program(
        "office-chat-1",
        "registry.example/office/chat:1.12.1",
        "office",
        ports=((8065, 8065),),
        voice="json",
        memory=300,
    ),
    Program(
        "registry",
        "registry.example/library/registry:3.0.0",
        ports=((5000, 5000),),
        volume="registry",
        command=("registry", "serve", "/etc/distribution/config.yml"),
        mount="/var/lib/registry",
        voice="access",
        pace=0.2,
        memory=60,
        restart="always",
    ),
    Program("monitor", "registry.example/ops/monitor:0.9.3", voice="plain", pace=0.2, memory=44, restart="always"),
    Program(
        "stock-import",
        "registry.example/ops/stock-import:2.1.0",
        restart="no",
        voice="levelled",
        volume="stock_import",
        memory=120,
        command=("/usr/local/bin/stock-import", "--since", "last"),
    ),
)

BY_NAME = {program.name: program for program in PROGRAMS}
