"""``manage.py up``: get the database ready, print the address (and the one-time link to the first account), serve."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
import sys
from argparse import ArgumentParser
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor


class Command(BaseCommand):
    """Run Pilothouse on this machine."""

    help = "Get everything ready and serve Pilothouse. Asks nothing."
    requires_system_checks = ()  # they cost start-up time; `make lint` runs them
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Where to listen, when not where PILOTHOUSE_BIND says."""
        parser.add_argument("--bind", default=settings.BIND, help="address:port to listen on")
        parser.add_argument("--no-demo", action="store_true", help="do not offer the demonstration")

    def handle(self, *args: Any, bind: str, no_demo: bool, **options: Any) -> None:
        """Serve until Ctrl-C."""
        host, port = _address(bind)
        listener = _listen(host, port)
        _prepare_database()
        self._say_when_locked()
        token = _setup_token()
        if not (no_demo or settings.NO_DEMO):
            _offer_demo()
        self._greet(token)
        _serve(listener)

    def _say_when_locked(self) -> None:
        from clusters.connect.secrets import is_locked

        if is_locked():
            self.stderr.write(
                f"LOCKED: the master key in {settings.MASTER_KEY_PATH} is not the one of this database.\n"
                "Stored secrets cannot be read, nothing of them is changed, and no new ones are stored.\n"
                "Put the right key back. If it is lost for good: manage.py rotate_keys --lost"
            )

    def _greet(self, token: str) -> None:
        lines = [f"Pilothouse is ready at {settings.URL}"]
        if token:
            lines += [
                "",
                "Make the first account (the link works once, for 30 minutes):",
                f"  {settings.URL}/setup/#{token}",
            ]
        self.stdout.write("\n".join([*lines, "", "Stop it with Ctrl-C."]))
        self.stdout.flush()


def _address(bind: str) -> tuple[str, int]:
    parts = urlsplit(f"//{bind}")
    try:
        return parts.hostname or "127.0.0.1", parts.port or 8000
    except ValueError as error:
        raise CommandError(f"“{bind}” is not an address and port. Write it like 127.0.0.1:8000.") from error


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before anything else is done, so that a busy one is said at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(512)
    except PermissionError as error:
        raise CommandError(f"You may not use port {port}. Choose one above 1023: make up PORT=8000") from error
    except OSError as error:
        if error.errno == 98:
            raise CommandError(
                f"Port {port} on {host} is in use by another program. Choose another one: make up PORT={port + 1}"
            ) from error
        raise CommandError(f"Cannot listen on {host}:{port}: {error.strerror}.") from error
    return listener


def _prepare_database() -> None:
    try:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", verbosity=0, interactive=False)
    except (DatabaseError, sqlite3.Error) as error:
        hint = "Put back a backup, or move the file away to begin anew."
        if settings.DATABASE_URL:
            hint = "See whether PostgreSQL runs and lets us in (PILOTHOUSE_DATABASE_URL)."
        raise CommandError(
            f"The database {settings.DATABASES['default']['NAME']} cannot be used: {str(error).strip()}. {hint}"
        ) from error


def _setup_token() -> str:
    from clusters.setup import new_token

    return new_token()


def _offer_demo() -> None:
    from clusters.connect.demo import ensure_demo

    ensure_demo()


def _serve(listener: socket.socket) -> None:
    import uvicorn

    from dashboard.sockets import Sockets

    server = uvicorn.Server(
        uvicorn.Config(
            "dashboard.asgi:application",
            loop="uvloop" if sys.platform != "win32" else "auto",
            http="httptools",
            ws=Sockets,  # websockets-sansio, measured: several times the fan-out of the others, with backpressure
            ws_max_size=65536,
            ws_per_message_deflate=False,  # costs 150 µs a frame and buys nothing on patches of a few hundred bytes
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=5,
            h11_max_incomplete_event_size=65536,
            proxy_headers=bool(settings.TRUSTED_PROXIES),
            forwarded_allow_ips=settings.TRUSTED_PROXIES or None,
        )
    )
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C has stopped it in order already
        server.run(sockets=[listener])
