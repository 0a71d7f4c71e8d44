"""docs/figures.md: the figures, with what they were measured on."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from tests.bench.figures import Figure
from tests.server import CHROMIUM

FILE = Path(__file__).resolve().parents[2] / "docs" / "figures.md"
LIBRARIES = ("django", "channels", "uvicorn", "uvloop", "aiohttp", "msgspec", "kubernetes")


def write(figures: Sequence[Figure], load: float) -> None:
    """Put them in place of those before. ``load`` is what others did to this machine when it began."""
    rows = [f"| {one.what} | {one.measured} | {one.target} | {_verdict(one)} |".replace("<=", "≤").replace(">=", "≥")
            for one in figures]  # fmt: skip
    FILE.write_text("\n".join([
        "# Figures",
        "",
        "Written by `make bench` (`python -m tests.bench --write`). Two numbers with a slash are the median and the 95th percentile.",
        "",
        f"Measured on {datetime.now(UTC):%Y-%m-%d} · {_machine(load)} · {_versions()}",
        "",
        "| what | measured | target | |",
        "| --- | --- | --- | --- |",
        *rows,
        "",
    ]))  # fmt: skip


def _verdict(figure: Figure) -> str:
    return {True: "met", False: "**missed**", None: ""}[figure.met]


def _machine(load: float) -> str:
    memory = re.search(r"MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text())
    size = f"{int(memory.group(1)) / 1e6:.0f} GB" if memory else "unknown memory"
    shared = f"load {load:.1f} before it began; engine, cluster and browser on the same machine"
    return f"{os.cpu_count()} cores, {size}, {shared}"


def _versions() -> str:
    named = [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in LIBRARIES)]
    if Path(CHROMIUM).exists():
        said = subprocess.run([CHROMIUM, "--version"], capture_output=True, text=True, check=False).stdout
        named += [found.group() for found in [re.search(r"Chromium [\d.]+", said)] if found]
    return ", ".join(named)
