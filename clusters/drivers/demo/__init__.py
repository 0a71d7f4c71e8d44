"""The demonstration: a small living world that behaves like a real cluster and needs none; read world.py first."""

from __future__ import annotations

from clusters.drivers.demo.driver import DemoDriver

__all__ = ["DemoDriver"]
