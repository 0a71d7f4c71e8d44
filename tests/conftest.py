"""The cast and the clusters: Ada is admin, Otto operator, Vera viewer, Nora nothing; engines and clusters are real.

What needs a real thing skips with the reason when it is not there, and fails instead when PILOTHOUSE_REQUIRE (a
comma-separated list of docker, docker-old, kubernetes, browser) names it.
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractUser
from django.contrib.contenttypes.management import create_contenttypes
from django.db import connection
from django.db.models.signals import post_migrate
from django.test import AsyncClient, Client
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling

from clusters.kinds.base import Role
from clusters.models import Cluster, Grant
from tests.browser.fixtures import (  # noqa: F401 - here, so that attacks use the same browser
    browser,
    context_for,
    page_for,
    real_server,
    server,
    signed_in,
)
from tests.real import find_docker_socket, find_kubeconfig, need
from tests.server import CHROMIUM

PASSWORD = "correct horse battery"
# How fast something is, the bench says: a slow machine is no fault of what is tested.
settings.register_profile("pilothouse", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("pilothouse")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: Playwright keeps an event loop on this thread, and the others need one of their own."""
    items.sort(key=lambda item: "browser" in getattr(item, "fixturenames", ()))


def pytest_sessionstart() -> None:
    """While tests are read there is no garbage."""
    gc.disable()


def pytest_collection_finish() -> None:
    """What was read stays to the end: the search for garbage need not go through all of it again and again."""
    gc.freeze()
    gc.enable()


class OneWorkerEach(LoadScopeScheduling):  # type: ignore[misc]
    """Four workers: the browser, the engines, the cluster, the rest. So no two tests want one's quiet."""

    def _split_scope(self, nodeid: str) -> str:
        """Which worker a test belongs to; its file says by its marks and fixtures what it needs."""
        return _what_it_drives(nodeid.partition("::")[0])


@functools.cache
def _what_it_drives(path: str) -> str:
    text = (Path(__file__).parent.parent / path).read_text()
    if "pytest.mark.browser" in text:
        return "browser" if path.startswith("tests/browser/") else "engine"
    if "pytest.mark.docker" in text or "docker_socket" in text:
        return "engine"
    if "pytest.mark.kubernetes" in text:  # most of its time is waiting for pods
        return "cluster" if path.startswith("tests/clusters/") else "browser"
    return "rest"


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneWorkerEach:
    """How tests are shared when there are workers."""
    return OneWorkerEach(config, log)


@pytest.fixture(autouse=True)
def _watched_for_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was deployed or edited is not watched for four to ten seconds each: how long, is tested without waiting."""
    monkeypatch.setattr("clusters.compose.stays.SETTLED", 0.5)
    monkeypatch.setattr("clusters.kinds.docker.container_edit.SETTLED", 0.8)


@pytest.fixture
def docker_socket() -> str:
    """The path of a real engine's socket."""
    return find_docker_socket()


@pytest.fixture
def kubeconfig() -> Path:
    """A kubeconfig whose current context may do everything on a real cluster."""
    return find_kubeconfig()


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a real browser."""
    need("browser", Path(CHROMIUM).exists(), f"{CHROMIUM} is not there (set PILOTHOUSE_CHROMIUM)")
    return CHROMIUM


def _person(name: str, role: Role, cluster: Cluster | None = None, rights: tuple[str, ...] = ()) -> AbstractUser:
    user = get_user_model().objects.create_user(username=name, password=PASSWORD)
    if role:
        Grant.objects.create(user=user, role=role, cluster=cluster, rights=list(rights))
    return user


@pytest.fixture
def shop(db: None) -> Cluster:
    """The cluster that the cast works with."""
    return Cluster.objects.create(
        name="Shop", slug="shop", driver="demo", platform="kubernetes", settings={"shape": "kubernetes", "seed": 7}
    )


@pytest.fixture
def vault(db: None) -> Cluster:
    """A cluster that is shared with Ada only."""
    return Cluster.objects.create(
        name="Vault", slug="vault", driver="demo", platform="docker", settings={"shape": "docker", "seed": 9}
    )


@pytest.fixture
def ada(db: None) -> AbstractUser:
    """Admin of everything."""
    return _person("ada", Role.ADMIN)


@pytest.fixture
def otto(shop: Cluster) -> AbstractUser:
    """Operator of the shop, with the right to open terminals."""
    return _person("otto", Role.OPERATOR, shop, ("exec",))


@pytest.fixture
def vera(shop: Cluster) -> AbstractUser:
    """Viewer of the shop."""
    return _person("vera", Role.VIEWER, shop)


@pytest.fixture
def nora(db: None) -> AbstractUser:
    """Signed in, and nothing more."""
    return _person("nora", Role.NOBODY)


@pytest.fixture
def client_for() -> Callable[[AbstractUser], Client]:
    """A signed-in client of somebody."""

    def make(user: AbstractUser) -> Client:
        client = Client(headers={"host": "127.0.0.1:8000"})
        client.force_login(user)
        return client

    return make


def _sign_in(client: AsyncClient, user: AbstractUser) -> None:
    client.force_login(user)
    connection.close()


@pytest.fixture
def async_client_for() -> Callable[[AbstractUser], AsyncClient]:
    """A signed-in asynchronous client of somebody, for views that read live data."""

    def make(user: AbstractUser) -> AsyncClient:
        client = AsyncClient(headers={"host": "127.0.0.1:8000"})
        with ThreadPoolExecutor(1) as thread:  # signing in reads the database, which no event loop may wait for
            thread.submit(_sign_in, client, user).result()
        return client

    return make


@pytest.fixture(autouse=True)
def _fresh_actors() -> Iterator[None]:
    from clusters import actors

    yield
    actors._kept.clear()


@pytest.fixture(autouse=True)
def _nothing_said_lately() -> Iterator[None]:
    from clusters.registries import lately

    yield
    lately.clear()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Tests empty their tables, which the database itself refuses for the audit: its own tests put that back."""
    from importlib import import_module

    with django_db_blocker.unblock(), connection.schema_editor() as editor:
        import_module("clusters.migrations.0002_audit_is_only_added_to").unprotect(None, editor)
    # After each test Django would write its own permissions anew, which nothing here asks for.
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    post_migrate.disconnect(create_contenttypes)


@pytest.fixture(autouse=True)
def _assets_not_built(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are tested whether or not their scripts and styles are built; browser tests need them built."""
    from collections import defaultdict

    from django.conf import settings

    from dashboard import assets

    class Unbuilt(defaultdict[str, str]):
        def __missing__(self, name: str) -> str:
            return name

    if not (settings.STATIC_ROOT / "manifest.json").exists():
        monkeypatch.setattr(assets, "_manifest", lambda: assets.Manifest(Unbuilt(), []))


@pytest.fixture
def still(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock stands where it stood when the test's file was read: its examples of "3 seconds ago" stay true."""
    monkeypatch.setattr("time.time", lambda: request.module.READ_AT)
