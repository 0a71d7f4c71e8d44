"""Config map: settings that apps read, as entries with names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from clusters.kinds.base import Column, Health, Kind, Level, Look
from clusters.kinds.columns import AGE, NAMESPACE, STATUS, name_column, size_column
from clusters.kinds.formats import count, size
from clusters.kinds.kubernetes.base import Object, understood
from clusters.kinds.kubernetes.deleting import deleting
from clusters.kinds.kubernetes.editing_entries import entry_actions
from clusters.kinds.kubernetes.facts import Fact, overview, panel
from clusters.kinds.kubernetes.panels import EVENTS, YAML
from clusters.kinds.kubernetes.references import users_of
from clusters.kinds.masking import looks_secret, mask_value

API, NOUN = "v1/configmaps", "configmap"
MOST_TEXT = 100_000  # characters of one value that are shown
LARGEST, NEARLY_FULL = 1 << 20, 0.9  # bytes that the cluster takes, and the share of it from which that is said
SHORT = 100  # characters that stand where they are; more is folded


class ConfigMap(Object, frozen=True, gc=False, rename="camel"):
    """One config map. Of its entries only the sizes are kept: the page asks for the values."""

    data: dict[str, Any] | None = None
    binary_data: dict[str, Any] | None = None
    immutable: bool = False

    def __post_init__(self) -> None:
        """Keep how long each value is, and let go of the value."""
        texts = {name: _bytes(value) for name, value in (self.data or {}).items()}
        msgspec.structs.force_setattr(self, "data", texts)
        binary = {name: _decoded(value) for name, value in (self.binary_data or {}).items()}
        msgspec.structs.force_setattr(self, "binary_data", binary)

    @property
    def sizes(self) -> dict[str, int]:
        """Bytes of each entry, by name."""
        return dict(sorted({**(self.data or {}), **(self.binary_data or {})}.items()))


def _bytes(value: Any) -> int:
    return value if isinstance(value, int) else len(str(value).encode())


def _decoded(value: Any) -> int:
    return value if isinstance(value, int) else len(str(value)) * 3 // 4 - str(value)[-2:].count("=")


@understood
def health(one: ConfigMap) -> Health:
    """Empty, fixed, or as usual."""
    if not one.sizes:
        return Health(Level.STOPPED, "Empty", "It has no entries.")
    if (whole := sum(one.sizes.values())) >= NEARLY_FULL * LARGEST:
        words = f"It holds {size(whole)}; the cluster takes no more than {size(LARGEST)}."
        return Health(Level.AT_RISK, "Nearly full", words, "1 MiB")
    return Health(Level.HEALTHY, "Fixed" if one.immutable else "Ready")


async def _load(look: Look) -> Mapping[str, Any]:
    one: ConfigMap = look.resource
    tree = await look.driver.get(look.kind, one.namespace, one.name)
    texts = {name: mask_value(name, str(value)) for name, value in (tree.get("data") or {}).items()}
    entries = [
        {
            "name": name,
            "size": size(length),
            "value": texts[name][:MOST_TEXT] if name in texts else None,
            "short": len(texts.get(name, "\n")) <= SHORT and "\n" not in texts.get(name, "\n"),
            "fixed": one.immutable or name not in texts,
            "unseen": name in texts and looks_secret(name, str(tree["data"][name])),
        }
        for name, length in one.sizes.items()
    ]
    facts = [
        Fact("Entries", f"{count(len(one.sizes), 'entry', 'entries')}, {size(sum(one.sizes.values()))}"),
        Fact("Can be changed", "no, only made anew" if one.immutable else "yes"),
        Fact(
            "Apps notice a change", "of files within a minute or two; of environment variables only when they restart"
        ),
    ]
    return await overview(look, facts, await users_of(look, "configMap", one.sizes), entries=entries, hidden=False)


CONFIG_MAP: Kind[ConfigMap] = Kind(
    model=ConfigMap,
    api=API,
    name="config-map",
    label="Config map",
    plural="Config maps",
    icon="file-text",
    group="Config and secrets",
    platform="kubernetes",
    words="Settings that apps read, as entries with names: files, or environment variables.",
    health=health,
    columns=(
        name_column(lambda one: count(len(one.sizes), "entry", "entries")),
        STATUS,
        NAMESPACE,
        Column(
            key="entries",
            label="Entries",
            cell="tags",
            value=lambda one: list(one.sizes)[:6],
            sort=lambda one: len(one.sizes),
            width="minmax(180px, 2.2fr)",
        ),
        size_column(lambda one: sum(one.sizes.values())),
        AGE,
    ),
    panels=(panel(_load), EVENTS, YAML),
    actions=(
        *entry_actions(API, NOUN, hidden=False),
        deleting(
            API,
            NOUN,
            effect=lambda one: f"Deletes {one.name}: copies that need it cannot start any longer.",
            stays=lambda one: "Copies that run keep what they have read.",
        ),
    ),
    search=lambda one: " ".join(one.sizes),
)
