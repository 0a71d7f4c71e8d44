"""What goes on inside a container: its processes, the files that differ from its image, and what happened to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from clusters.drivers.base import Call
from clusters.errors import ClusterError, Conflict, Missing, Unreachable
from clusters.kinds.base import Look, Panel
from clusters.kinds.docker.container_model import Container
from clusters.kinds.docker.container_panels import checks
from clusters.kinds.exit_codes import exit_words
from clusters.kinds.masking import mask_words

# Asked of the machine's own ``ps``; where that is a small one, it is asked without.
_COLUMNS = "-eo pid,ppid,user,pcpu,rss,etime,args"
_WORDS = {
    "PID": "Process",
    "PPID": "Begun by",
    "USER": "User",
    "UID": "User",
    "%CPU": "Processor %",
    "RSS": "Memory KiB",
    "ELAPSED": "Runs for",
    "CMD": "Command",
    "COMMAND": "Command",
}
_MOST_PROCESSES, _MOST_CHANGES = 500, 3000
_KINDS = {0: "changed", 1: "added", 2: "removed"}


async def _load_processes(look: Look) -> Mapping[str, Any]:
    path = ("containers", look.resource.uid, "top")
    try:
        found = await look.driver.call(Call("GET", path, {"ps_args": _COLUMNS}))
    except (Conflict, Missing, Unreachable):
        raise
    except ClusterError:
        found = await look.driver.call(Call("GET", path))
    return processes(found)


def processes(found: Any) -> Mapping[str, Any]:
    """The context of templates/panels/container_processes.html."""
    titles = [str(one) for one in (found or {}).get("Titles") or ()]
    rows = [[str(cell) for cell in row] for row in (found or {}).get("Processes") or ()]
    return {
        "head": [{"label": _WORDS.get(title, title.capitalize()), "end": False} for title in titles],
        "rows": [_shown(row) for row in rows[:_MOST_PROCESSES]],
        "left": max(0, len(rows) - _MOST_PROCESSES),
    }


def _shown(row: Sequence[str]) -> list[str]:
    """A command line may hold a password."""
    return [*row[:-1], " ".join(mask_words(row[-1].split(" ")))[:500]] if row else []


async def _load_changes(look: Look) -> Mapping[str, Any]:
    found = await look.driver.call(Call("GET", ("containers", look.resource.uid, "changes"), timeout=25.0))
    return {"changes": changes(found)[:_MOST_CHANGES], "left": max(0, len(changes(found)) - _MOST_CHANGES)}


def changes(found: Any) -> list[dict[str, str]]:
    """The files that differ, without the folders that count as changed only for what is in them."""
    entries = [(str(one.get("Path", "")), one.get("Kind")) for one in found or () if isinstance(one, dict)]
    holders = {path.rpartition("/")[0] for path, _ in entries}
    return [
        {"path": path, "what": _KINDS.get(kind, "changed")}  # type: ignore[arg-type]
        for path, kind in sorted(entries)
        if not (kind == 0 and path in holders)
    ]


async def _load_history(look: Look) -> Mapping[str, Any]:
    container: Container = look.resource
    moments = await look.moments()
    return {"moments": moments, "now": _now(container), "checks": checks(container)[:20]}


def _now(container: Container) -> list[tuple[str, float, str]]:
    """What the engine itself remembers: (what, when, more)."""
    state = container.state
    ended = exit_words(state.exit_code, out_of_memory=state.oom_killed)
    times = (
        ("Made", container.created, ""),
        ("Started", container.started, f"Restarted {container.restart_count} times by the engine"),
        ("Ended", container.finished, ended),
    )
    known = [(what, at, more) for what, at, more in times if at]
    return sorted(known, key=lambda one: -one[1])


PROCESSES: Panel[Container] = Panel(
    key="processes",
    label="Processes",
    icon="list-checks",
    template="container_processes",
    load=_load_processes,
    live=False,
    when=lambda one: one.state.status == "running",
)
CHANGES: Panel[Container] = Panel(
    key="changes", label="Changed files", icon="file-diff", template="container_changes", load=_load_changes, live=False
)
HISTORY: Panel[Container] = Panel(
    key="history", label="History", icon="history", template="container_history", load=_load_history
)
