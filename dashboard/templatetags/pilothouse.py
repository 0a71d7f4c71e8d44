"""The tags of our templates, known in all of them without {% load %}: assets, icons, cells, values for htmx."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

from django import template
from django.core.serializers.json import DjangoJSONEncoder
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from clusters.kinds.formats import plain, short_id, size
from clusters.rights import label_of
from dashboard.assets import asset as asset_address
from dashboard.assets import script_parts as script_part_addresses

register = template.Library()
register.filter("short_id", short_id)
register.filter("size", size)
register.filter("plain", plain)
register.filter("right_label", label_of)

# Every cell there is: a template in templates/cells/, a filler in static/js/cells.js, words for pages read without it.
CELLS: dict[str, Callable[[Any], str]] = {
    "name": lambda value: str(value[0]) if isinstance(value, list | tuple) else _text(value),
    "text": lambda value: _text(value),
    "mono": lambda value: _text(value),
    "status": lambda value: str(value[1]) if value else "–",
    "pips": lambda value: f"{value[0]}/{value[1]}" if value and value[1] else "–",
    "number": lambda value: "–" if value is None else f"{value:,}",
    "count_bad": lambda value: "–" if value is None else f"{value:,}",
    "age": lambda value: "–" if value is None else ago(value),
    "usage": lambda value: f"{value[0]:g}" if value and value[0] is not None else "–",
    "gauge": lambda value: f"{value[0]:g}" if value and value[0] is not None else "– not measured",
    "where": lambda value: " / ".join(filter(None, (value or [])[:2])) or "–",
    "tags": lambda value: ", ".join(map(str, value or [])) or "–",
}


FOLDED = 500  # characters from which on a value is folded: a screen of a phone holds no more beside its label
BEGINNING = 120  # characters of it that are shown


@register.simple_tag
def asset(name: str) -> str:
    """``{% asset "app.js" %}``: its address."""
    return asset_address(name)


@register.simple_tag
def script_parts() -> SafeString:
    """Asks for everything that ``app.js`` imports beside it, not after it."""
    return format_html_join("\n  ", '<link rel="modulepreload" href="{}">', ((one,) for one in script_part_addresses()))


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """``{% icon "box" %}``: one of static/icons.json; levels and platforms are names of icons, too. Size: sm or lg."""
    kind = f"icon {size}" if size else "icon"
    return format_html(
        '<svg class="{}" viewBox="0 0 24 24" aria-hidden="true"><use href="{}#i-{}"/></svg>',
        kind,
        asset_address("icons.svg"),
        name,
    )


@register.filter
def folded(value: Any, look: str = "") -> Any:
    """``{{ value|folded }}``: what a cluster said, as it is; of what is very long the beginning, which opens.

    ``look``: the classes of technical words, "mono" of most.
    """
    if isinstance(value, str) and len(value) > FOLDED:
        shown = {"text": value, "beginning": value[:BEGINNING], "length": f"{len(value):,}", "look": look}
        return mark_safe(render_to_string("components/long.html", shown).strip())  # noqa: S308 (our own file)
    return format_html('<code class="{}">{}</code>', look, value) if look else value


@register.simple_tag
def cell(name: str, value: Any) -> SafeString:
    """``{% cell "age" created %}``: a cell of a list, used elsewhere; the page's script draws it as in a list."""
    value = None if value == "" else value  # a template's word for what is not there
    shown: Any = CELLS[name](value)
    if name == "status" and value:
        shown = render_to_string(
            "components/status.html", {"level": value[0], "word": value[1], "title": _reason(value)}
        )
    return format_html('<live-cell data-cell-name="{}" data-value="{}">{}</live-cell>', name, _json(value), shown)


@register.simple_tag
def cell_templates() -> SafeString:
    """The structure of every cell, which the page's script clones."""
    return format_html_join(
        "\n", '<template data-cell-template="{}">{}</template>',
        ((name, mark_safe(render_to_string(f"cells/{name}.html").strip())) for name in CELLS),  # noqa: S308 (our own file)
    )  # fmt: skip


@register.simple_tag
def hx_vals(**values: Any) -> SafeString:
    """``<button {% hx_vals verb="stop" rows=id %}>``: what htmx sends along, quoted whatever the values hold."""
    return format_html('hx-vals="{}"', _json(values))


@register.simple_tag
def live_args(**values: Any) -> SafeString:
    """``<live-part data-topic="git" {% live_args cluster=slug name=name %}>``: what its topic is told."""
    return format_html('data-args="{}"', _json(values))


@register.simple_tag
def shown_version(version: str, status: Sequence[str]) -> SafeString:
    """``<live-resource {% shown_version row.resource.version status %}>``: what the page shows of what may change."""
    return format_html('data-version="{}"', _json([version, status]))


@register.simple_tag
def spark_points(samples: Sequence[float]) -> str:
    """The points of a sparkline in a box of 100 × 30."""
    highest = max(samples, default=0) * 1.08 or 1
    step = 100 / max(1, len(samples) - 1)
    return " ".join(f"{index * step:.1f},{29 - sample / highest * 27:.1f}" for index, sample in enumerate(samples))


@register.simple_tag
def time_points(run: Sequence[tuple[float, float]]) -> str:
    """The points of one run of a timeline, (where, how much) from 0 to 1, in a box of 100 × 30."""
    return " ".join(f"{x(point)},{29 - point[1] * 27:.1f}" for point in run)


@register.filter
def x(point: tuple[float, float]) -> str:
    """Where a point of a timeline stands."""
    return f"{point[0] * 100:.1f}"


@register.filter
def percent(value: float, whole: float) -> int:
    """``{{ used|percent:limit }}``: 0 to 100; 0 where there is no whole."""
    return max(0, min(100, round(100 * value / whole))) if whole else 0


@register.filter(name="bytes")
def in_bytes(value: float) -> str:
    """``{{ size|bytes }}``: "1.5 KiB"."""
    return size(value)


def ago(at: float) -> str:
    """How long ago that was: "3 d". The page's script keeps it fresh from then on."""
    age = max(0.0, time.time() - at)
    for limit, unit, word in ((60, 1, "s"), (3600, 60, "min"), (86400, 3600, "h")):
        if age < limit:
            return f"{int(age // unit)} {word}"
    return f"{int(age // 86400)} d"


def _text(value: Any) -> str:
    return "–" if value is None else str(value)


def _reason(status: Sequence[str]) -> str:
    return " · ".join(filter(None, status[2:4]))


def _json(value: Any) -> str:
    return json.dumps(value, cls=DjangoJSONEncoder, separators=(",", ":"))
