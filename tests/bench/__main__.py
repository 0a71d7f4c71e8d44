"""``make bench``: measure the speed and the memory of the whole product, and print each figure beside its target.

``python -m tests.bench [--write] [MEASURE ...]``; ``--write`` also writes them to docs/figures.md.
"""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from collections.abc import Iterator
from importlib import import_module

from tests.bench.figures import Figure, LeftOut
from tests.bench.report import write

MEASURES = ("engine", "start", "idle", "list_page", "docker_lists", "docker_change", "pod_change", "log_click", "terminal_click", "log_flood",
            "storm", "quiet", "builds", "deploys", "usage_streams", "log_search", "many_pods", "many_real_pods", "most_pods", "many_tabs", "many_real_tabs")  # fmt: skip


def run(name: str) -> Iterator[Figure]:
    """One measure's figures. What is missing on this machine is said, and what failed does not end the rest."""
    try:
        yield from import_module(f"tests.bench.{name}").measure()
    except LeftOut as why:
        yield Figure(what=name.replace("_", " "), measured="left out", target=str(why))
    except Exception:
        traceback.print_exc()
        yield Figure(what=name.replace("_", " "), measured="FAILED", met=False)


def main() -> int:
    """Take the measures asked for. 1 when one of them failed or missed its target."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("measures", nargs="*", metavar="MEASURE", help=", ".join(MEASURES))
    parser.add_argument("--write", action="store_true", help="write docs/figures.md")
    asked = parser.parse_args()
    if unknown := set(asked.measures) - set(MEASURES):
        parser.error(f"there is no measure {', '.join(sorted(unknown))}")
    figures, load = [], os.getloadavg()[0]
    for name in asked.measures or MEASURES:
        for figure in run(name):
            figures.append(figure)
            print(figure.line(), flush=True)
    print(f"load of this machine: {load:.1f} before, {os.getloadavg()[0]:.1f} after, on {os.cpu_count()} cores")
    if asked.write:
        write(figures, load)
    return int(any(figure.met is False for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
