"""Images: the kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from clusters.drivers.base import Call
from clusters.kinds.base import Column, Health, Kind, Level, Look, Panel, Role
from clusters.kinds.columns import AGE, STATUS, size_column
from clusters.kinds.docker.image_actions import ACTIONS
from clusters.kinds.docker.image_model import Image, join
from clusters.kinds.docker.overview import overview, overview_panel, users_column
from clusters.kinds.docker.used_by import used_health
from clusters.kinds.formats import epoch, short_id, size
from clusters.kinds.join import Join
from clusters.kinds.makers import Offer
from clusters.kinds.masking import mask_pair, mask_value, mask_words
from clusters.kinds.panels import RAW_BY_ID
from clusters.registries.seen import State, state_of

T = TypeVar("T", dict[str, Any], list[Any])

_IN_REGISTRY: Mapping[State | None, str | None] = {
    "newer": "Newer there",
    "same": "The same",
    "gone": "Not there",
    "unknown": "Cannot tell",
    None: None,
}


def health(one: Image) -> Health:
    """In use, waiting, unused, or without a name."""
    if one.dangling and not one.users:
        return Health(Level.STOPPED, "Dangling", "It has no name (any more) and nothing uses it: it only takes room")
    return used_health(one, "No container was made from it")


async def _load(look: Look) -> Mapping[str, Any]:
    one: Image = look.resource
    whole = await look.driver.call(Call("GET", ("images", one.id, "json")))
    tree = whole if isinstance(whole, dict) else {}
    return overview(
        one,
        health(one),
        facts=[
            *(("Name", tag, True) for tag in one.tags),
            ("Size", size(one.size), False),
            ("Platform", _platform(tree), True),
            *(("Digest", digest, True) for digest in one.digests),
            ("Id", one.id, True),
            *_runs(_part(tree, "Config", dict)),
        ],
        users="Containers made from it",
        how="",
        nobody="No container was made from it. Removing it breaks nothing that is here now.",
        labels=one.labels,
    )


def _platform(tree: Mapping[str, Any]) -> str:
    parts = [tree.get("Os"), tree.get("Architecture"), tree.get("Variant")]
    return "/".join(str(part) for part in parts if part)


def _part(tree: Mapping[str, Any], name: str, shape: type[T]) -> T:
    """What stands under that name; empty where it is not what it should be."""
    found = tree.get(name)
    return found if isinstance(found, shape) else shape()


def _runs(config: Mapping[str, Any]) -> list[tuple[str, str, bool]]:
    """What a container of it does when nothing else is said."""

    def words(name: str) -> str:
        found = config.get(name)
        return " ".join(mask_words([str(one) for one in found])) if isinstance(found, list) else ""

    def text(name: str) -> str:
        return str(config.get(name) or "")

    env, ports = _part(config, "Env", list), _part(config, "ExposedPorts", dict)
    return [
        ("Entry point", words("Entrypoint"), True),
        ("Command", words("Cmd"), True),
        ("Runs as", text("User"), True),
        ("Working folder", text("WorkingDir"), True),
        ("Ports", ", ".join(sorted(map(str, ports))), True),
        *(("Variable", mask_pair(str(pair)), True) for pair in env[:100]),
    ]


async def _load_layers(look: Look) -> Mapping[str, Any]:
    """``layers``, newest first: the command of the Dockerfile, what it adds, since when."""
    found = await look.driver.call(Call("GET", ("images", look.resource.id, "history")))
    layers = [_layer(entry) for entry in found or [] if isinstance(entry, dict)]
    biggest = max((layer["bytes"] for layer in layers), default=0)
    return {"layers": layers, "biggest": biggest, "total": size(sum(layer["bytes"] for layer in layers))}


def _layer(entry: Mapping[str, Any]) -> dict[str, Any]:
    taken = entry.get("Size")
    number = taken if isinstance(taken, int) and taken > 0 else 0
    made = entry.get("Created")
    return {
        "command": _command(str(entry.get("CreatedBy") or "")),
        "bytes": number,
        "size": size(number) if number else "",
        "created": float(made) if isinstance(made, int) and made > 0 else epoch(str(made)),
        "tags": [str(tag) for tag in entry.get("Tags") or () if isinstance(entry.get("Tags"), list)],
    }


def _command(text: str) -> str:
    """The line of the Dockerfile, without the shell that carries it out; what looks like a secret is hidden."""
    for shell in ("/bin/sh -c #(nop) ", "/bin/sh -c #(nop)"):
        if text.startswith(shell):
            return _hidden(text.removeprefix(shell).strip())
    if text.startswith("/bin/sh -c "):
        text = f"RUN {text.removeprefix('/bin/sh -c ')}"
    return _hidden(text.removesuffix(" # buildkit").replace("RUN /bin/sh -c ", "RUN ", 1).strip())


def _hidden(text: str) -> str:
    words = [mask_pair(word) if "=" in word else word for word in text.split(" ")]
    if text.startswith("ENV ") and len(words) == 3 and "=" not in words[1]:
        words[2] = mask_value(words[1], words[2])
    return " ".join(mask_words(words))[:4000]


async def _load_digests(look: Look) -> Mapping[str, Any]:
    """``digests``: by what its registries know it. The list of an engine with the containerd store leaves some out."""
    whole = await look.driver.call(Call("GET", ("images", look.resource.id, "json")))
    found = _part(whole if isinstance(whole, dict) else {}, "RepoDigests", list)
    return {"digests": [str(one) for one in found]}


OVERVIEW: Panel[Image] = overview_panel(_load)
LAYERS: Panel[Image] = Panel(
    key="layers", label="Layers", icon="layers", template="image_layers", load=_load_layers, live=False
)
REGISTRY: Panel[Image] = Panel(
    key="registry",
    label="Names and registries",
    icon="tag",
    template="image_registry",
    load=_load_digests,
    live=False,
)
LIFE: Panel[Image] = Panel(key="life", label="Life", icon="history", template="image_life", live=False)

IMAGE: Kind[Image] = Kind(
    name="image",
    label="Image",
    plural="Images",
    icon="package",
    group="Images",
    platform="docker",
    api="images",
    namespaced=False,
    model=Image,
    words="What containers are made from: a program with all the files it needs, in layers that images share.",
    health=health,
    ahead=True,
    at_hand=True,
    join=Join(kinds=("container",), make=join),
    columns=(
        Column(
            key="name",
            label="Name",
            value=lambda one: [one.name, ", ".join(one.tags[1:]) or ("" if one.tags else "has no name")],
            cell="name",
            sort=lambda one: one.name,
            width="minmax(220px, 2.6fr)",
        ),
        STATUS,
        users_column("Containers", "Those that were made from it."),
        Column(
            key="registry",
            label="In the registry",
            value=lambda one: _IN_REGISTRY[state_of(one.uid, one.tags)],
            facet=lambda one: state_of(one.uid, one.tags) or "not asked",
            width="132px",
            words="Is something newer there under the same name? Nobody is asked until somebody asks.",
        ),
        size_column(
            lambda one: one.size,
            "With layers it shares; engines with the containerd store count them compressed, too.",
            width="92px",
        ),
        Column(
            key="use",
            label="Use",
            value=lambda one: _use(one),
            facet=lambda one: _use(one),
            hidden=True,
            words="Used by containers, unused, or dangling: without a name and unused.",
        ),
        Column(
            key="id",
            label="Id",
            value=lambda one: short_id(one.id),
            cell="mono",
            hidden=True,
            words="A digest of what it is.",
        ),
        AGE,
    ),
    panels=(OVERVIEW, LIFE, LAYERS, REGISTRY, RAW_BY_ID),
    actions=ACTIONS,
    offers=(
        Offer(key="newer", label="Ask the registries", icon="scan-search", role=Role.VIEWER, right=""),
        Offer(key="load", label="Load from a file", icon="upload", onto_host=True),
        Offer(key="pull", label="Pull an image", icon="download", onto_host=True),
    ),
    search=lambda one: " ".join((one.id, *one.tags, *one.digests, *(user.name for user in one.users))),
)


def _use(one: Image) -> str:
    return "used" if one.users else "dangling" if one.dangling else "unused"
