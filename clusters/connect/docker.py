"""Docker engines: what of this machine can be connected, and what of that which people type may be."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings

from clusters.connect.offers import Offer
from clusters.drivers.docker import DockerDriver
from clusters.drivers.docker.endpoint import read_endpoint, socket_path
from clusters.errors import ClusterError, Invalid

PROBE_SECONDS = 2.0
_PUBLIC = (("ca", "ca.pem"), ("certificate", "cert.pem"))  # our fields, and how Docker names the files
_PEM_LIMIT = 60_000  # bytes of one certificate file


def allowed_sockets() -> list[str]:
    """The sockets of this machine that may be connected: the usual ones, and those an administrator named."""
    own = Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.getuid()}") / "docker.sock"
    usual = ("/var/run/docker.sock", "/run/docker.sock", str(own))
    return list(dict.fromkeys([*usual, *django_settings.DOCKER_SOCKETS]))


def check(settings: Mapping[str, Any], secret: Mapping[str, Any]) -> None:
    """May this be connected? Raises Invalid with the reason why not."""
    endpoint = read_endpoint(settings, secret)
    if endpoint.scheme == "unix":
        socket_path(endpoint.socket, allowed_sockets())


async def found() -> list[Offer]:
    """Everything that was found, each asked whether it answers. Nothing is connected by that."""
    sockets = [_socket_offer(path) for path in await asyncio.to_thread(_sockets)]
    contexts = await asyncio.to_thread(_contexts)
    known = {offer.settings["address"] for offer in sockets}
    offers = [*sockets, *(offer for offer in contexts if offer.settings.get("address") not in known)]
    return list(await asyncio.gather(*(_probed(offer) for offer in offers)))


def _sockets() -> list[str]:
    """Those that exist, each once: /var/run is mostly another name of /run."""
    seen: dict[Path, str] = {}
    for path in allowed_sockets():
        with contextlib.suppress(OSError):
            if Path(path).is_socket():
                seen.setdefault(Path(path).resolve(), path)
    return list(seen.values())


def _socket_offer(path: str) -> Offer:
    own = path.startswith("/run/user/") or "rootless" in path
    words = f"Docker without root, unix://{path}" if own else f"unix://{path}"
    return Offer(
        "docker", "This machine" if not own else "This machine (rootless)", words, {"address": f"unix://{path}"}
    )


def _contexts() -> list[Offer]:
    """The Docker contexts of the user that runs Pilothouse."""
    from docker.context import ContextAPI
    from docker.errors import DockerException
    from docker.utils.config import find_config_file

    if find_config_file() is None:
        return []  # without one the package would look for contexts in the working folder
    try:
        contexts = ContextAPI.contexts()
    except (DockerException, OSError, ValueError, KeyError, TypeError):
        return []
    offers = []
    for context in contexts:
        endpoint = (getattr(context, "endpoints", None) or {}).get("docker") or {}
        host = endpoint.get("Host")
        if context.name == "default" or not isinstance(host, str):
            continue
        offers.append(_context_offer(str(context.name)[:80], host, context))
    return offers


def _context_offer(name: str, host: str, context: Any) -> Offer:
    settings: dict[str, str] = {"address": host}
    secret: dict[str, str] = {}
    words = f"Docker context “{name}”, {host[:200]}"
    try:
        files = _tls_files(context)
        settings |= {field: files[file] for field, file in _PUBLIC if file in files}
        secret |= {"key": files["key.pem"]} if "key.pem" in files else {}
        check(settings, secret)
        if host.startswith("ssh://"):
            missing = "Needs a private key made for Pilothouse, and the machine's line of a known_hosts file."
            return Offer("docker", name, words, settings, secret, missing=missing)
    except Invalid as error:
        return Offer("docker", name, words, settings, secret, f"{error.message} {error.hint}".strip())
    except OSError as error:
        return Offer("docker", name, words, settings, secret, f"Its certificates cannot be read: {error.strerror}.")
    return Offer("docker", name, words, settings, secret)


def _tls_files(context: Any) -> dict[str, str]:
    folder = getattr(context, "tls_path", None)
    if not folder or not Path(folder).is_dir():
        return {}
    place = Path(folder) / "docker" if (Path(folder) / "docker").is_dir() else Path(folder)
    files = [place / name for name in ("ca.pem", "cert.pem", "key.pem")]
    return {file.name: file.read_text()[:_PEM_LIMIT] for file in files if file.is_file()}


async def _probed(offer: Offer) -> Offer:
    """The offer, with what answers there, or why nothing does."""
    if offer.problem or offer.missing:
        return offer
    driver, problem, words = None, "", offer.words
    try:
        driver = DockerDriver(offer.settings, offer.secret)
        about = await asyncio.wait_for(driver.about(), PROBE_SECONDS)
        words = f"Docker {about.version} · {offer.words}"
    except ClusterError as error:
        problem = f"{error.message} {error.hint}".strip()
    except TimeoutError:
        problem = f"It did not answer within {PROBE_SECONDS:.0f} seconds."
    finally:
        if driver is not None:
            await driver.close()
    return Offer(offer.driver, offer.name, words, offer.settings, offer.secret, problem)
