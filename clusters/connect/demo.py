"""The demonstration: three clusters that need none, offered before anything is connected."""

from __future__ import annotations

from django.contrib.auth import get_user_model

from clusters.models import Cluster

DEMO = (
    ("Demo shop", "demo-shop", "kubernetes", "violet"),
    ("Demo host", "demo-host", "docker", "blue"),
    ("Demo Swarm", "demo-swarm", "swarm", "green"),
)
SEED = 7  # the same world for everybody: what the documentation shows is what people see


def ensure_demo() -> None:
    """Make the demonstration in a Pilothouse that nobody has used yet. Once removed it stays removed."""
    if get_user_model().objects.exists() or Cluster.objects.exists():
        return
    for name, slug, shape, colour in DEMO:
        add_demo(name, slug, shape, colour)


def add_demo(name: str, slug: str, shape: str, colour: str) -> Cluster:
    """One demonstration cluster of that shape."""
    return Cluster.objects.create(
        name=name, slug=slug, driver="demo", platform=shape, colour=colour, settings={"shape": shape, "seed": SEED}
    )
