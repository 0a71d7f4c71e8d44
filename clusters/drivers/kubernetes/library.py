"""The part of the kubernetes package that we use, without the parts it would load beside.

The package loads all of itself with its first module: a second, blocking client with requests, OAuth and websockets of
its own. That takes as long and as much memory again (9 MB) for what nothing here calls. Those parts stand in their
places all the same and load when somebody asks for what is in them (``importlib.util.LazyLoader``).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from importlib.util import LazyLoader
from types import ModuleType

PARTS = ("config", "dynamic", "leaderelection", "stream", "utils", "watch")
BESIDE = {
    *(f"kubernetes.{part}" for part in ("client", "informer", *PARTS)),
    *(f"kubernetes.aio.{part}" for part in PARTS),
}


class _Beside:
    """Finds what is loaded later, wherever it is imported from."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """That part as Python finds it, but loaded when first used; None for all else."""
        spec = PathFinder.find_spec(name, path, target) if name in BESIDE else None
        if spec is not None and spec.loader is not None:
            spec.loader = LazyLoader(spec.loader)
        return spec


def client() -> ModuleType:
    """The package's asynchronous client. Blocks for a quarter of a second the first time: not for the event loop."""
    sys.meta_path.insert(0, _Beside)
    try:
        return import_module("kubernetes.aio.client")
    finally:
        sys.meta_path.remove(_Beside)
