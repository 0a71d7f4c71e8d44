"""The picture of one app: its layers from top to bottom, each machine a column of the lower ones."""

from __future__ import annotations

import msgspec

from clusters.kinds.layered import LayerName, Thing

# Title, icon, and one plain sentence on what it does; from top to bottom, as one reads it.
LAYERS: dict[LayerName, tuple[str, str, str]] = {
    "people": ("People", "users", "Whoever uses the app: from a browser, a phone or another program."),
    "entry": ("Entry point", "log-in", "Where requests come in from outside: a web address, or a port that is open."),
    "service": ("Service", "waypoints", "One name for all copies: whoever calls it reaches one that is ready."),
    "workload": ("Workload", "boxes", "What was asked for: which program, in how many copies. It is kept that way."),
    "image": ("Image", "package", "The packed program that its containers are made from."),
    "registry": ("Registry", "database", "Where images are kept, and fetched from."),
    "copy": ("Copies", "box", "Each copy of the app, placed on one machine. One that ends is replaced by another."),
    "container": ("Containers", "container", "The program at work, with its own files, network and limits."),
    "engine": ("Engine", "cpu", "What starts and stops the containers of a machine."),
    "machine": ("Machine", "server", "The computer, real or virtual, whose processor and memory all of it uses."),
    "volume": ("Volumes", "hard-drive", "Data that stays when a copy ends."),
}
IN_COLUMNS: tuple[LayerName, ...] = ("copy", "container", "engine", "machine")


class Column(msgspec.Struct, frozen=True, gc=False):
    """What of a layer is on one machine; ``name`` "" where machines make no difference."""

    name: str
    things: tuple[Thing, ...]


class Layer(msgspec.Struct, frozen=True, gc=False):
    """One layer. ``empty`` says why there is nothing in it."""

    key: LayerName
    title: str
    icon: str
    explains: str
    columns: tuple[Column, ...]
    empty: str = ""

    @property
    def things(self) -> list[Thing]:
        """All that is in it."""
        return [thing for column in self.columns for thing in column.things]

    @property
    def wide(self) -> bool:
        """Does it have a column for each machine?"""
        return self.key in IN_COLUMNS


class Picture(msgspec.Struct, frozen=True, gc=False):
    """All of it. ``links`` are pairs of ids, upper first; ``notes`` say what cannot be told."""

    layers: tuple[Layer, ...]
    links: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()
