"""From what the clusters said to what is wrong: pure functions, one entry per cause, failing first.

Effects are folded into their cause: copies into their app, everything inside into a cluster that does not answer, the
containers of one Compose project that fail alike into one entry; the rules do the rest (see rules/).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from clusters.access import Scope
from clusters.drivers.base import ENGINES
from clusters.kinds.base import Health, Level
from clusters.live.store import Store
from clusters.triage import explain
from clusters.triage.finding import Evidence, Finding, FirstAction
from clusters.triage.first_action import HALF_WAY, NO_IMAGE, NO_PLACE, NO_SETTING, NO_START, first_action
from clusters.triage.rules import RULES
from clusters.triage.symptoms import BAD, UNWELL, Heard, Thing, image_of, node_of, thing, top_owner

MOST_EVIDENCE = 5
AFTER_VERSION = 1800.0  # seconds within which a version that came before is suspected
NEVER_MADE = ("created", "CreateContainerError", "RunContainerError")  # codes of what cannot start, for the first time


@dataclass(frozen=True, slots=True)
class NewVersion:
    """A version that came lately: when, from which image, to which."""

    at: float
    before: str
    after: str


Versions = Mapping[str, NewVersion]  # by row id


def find(
    clusters: Sequence[Heard],
    scope: Scope,
    now: float,
    first_seen: Mapping[str, float] | None = None,
    versions: Versions | None = None,
    bad: Mapping[tuple[int, str], set[str]] | None = None,
) -> list[Finding]:
    """Everything that is wrong within this scope, most urgent first.

    ``first_seen`` is when each entry was first found: what comes and goes is the same trouble. ``bad`` narrows each
    store (by cluster and kind name) to the uids known to be unwell, so that ten thousand healthy ones cost nothing.
    """
    findings: list[Finding] = []
    for cluster in clusters:
        if cluster.id not in scope:
            continue
        if cluster.state in ("down", "refused"):
            findings.append(_unheard(cluster, now))
        else:
            findings += _inside(cluster, scope[cluster.id], now, versions or {}, bad)
    for rule in RULES:
        findings = rule(findings, clusters)
    known = first_seen or {}
    dated = [replace(one, since=min(one.since or now, known.get(one.id, now))) for one in findings]
    return sorted(dated, key=urgency)


def urgency(one: Finding) -> tuple[int, int, float, str]:
    """The order of the list: failing first, then what hits most, then what lasts longest."""
    return one.level, -one.affected, one.since, one.id


def _unheard(cluster: Heard, now: float) -> Finding:
    inside = sum(len(store.apps) for store in cluster.stores.values())
    title, cause = explain.silent(
        cluster.name, cluster.platform in ENGINES, max(0.0, now - cluster.heard), inside, never=not cluster.heard
    )
    if cluster.state == "refused":
        title = f"{cluster.name} does not let us in"
        cause = cluster.why or "It answers, and refuses what Pilothouse asks."
    return Finding(
        id=f"{cluster.id}~cluster",
        level=Level.AT_RISK,
        cluster=cluster.id,
        namespace="",
        kind="",
        row="",
        key="",
        title=title,
        cause=" ".join(filter(None, (cause, cluster.hint if cluster.state == "refused" else ""))),
        icon="unplug",
        code=cluster.state,
        since=cluster.heard,
        affected=inside,
        action=FirstAction("retry", "Check again", "rotate-cw"),
        evidence=(Evidence("", cluster.name, cluster.why),) if cluster.why else (),
    )


def _inside(
    cluster: Heard,
    allowed: frozenset[str] | None,
    now: float,
    versions: Versions,
    bad: Mapping[tuple[int, str], set[str]] | None,
) -> list[Finding]:
    groups: dict[str, list[Thing]] = defaultdict(list)
    silent: dict[str, list[Thing]] = defaultdict(list)  # nobody knows how they are: no trouble of their own
    tops: dict[str, Thing] = {}
    # What is watched only while somebody looks is left out: what is wrong there would come and go with them.
    always = (store for store in cluster.stores.values() if store.kind.always)
    for store in (*always, *cluster.noticed):
        narrowed = bad if store.kind.always else None
        uids = store.health if narrowed is None else narrowed.get((cluster.id, store.kind.name), ())
        for uid in sorted(uids):
            one = thing(store, uid)
            if one is None or one.health.level not in UNWELL or not _seen(one, allowed):
                continue
            top = top_owner(cluster.stores, one)
            if one.kind.with_copies and one.row != top.row:
                continue  # in the middle of the chain: it only repeats what its copies say
            if _is_below_a_copy(one, top):
                continue  # the container of a Swarm's task: the task says it, also when its machine is another one
            tops[top.row] = top
            (groups if one.health.level in BAD else silent)[top.row].append(one)
    return [
        replace(
            one,
            node=one.node or _lagging_on(cluster.stores[one.kind], top),
            logs=one.logs or _logs_of_copies(cluster.stores[one.kind], top, things),
        )
        for row, things in sorted(groups.items())
        for top in [tops[row]]
        for one in [_about(cluster.stores[top.kind.name], top, things + silent[row], now, versions)]
    ]


def _is_below_a_copy(one: Thing, top: Thing) -> bool:
    owner = one.kind.owner(one.resource) if one.kind.owner and one.row != top.row else None
    return owner is not None and owner[0] == top.kind.copies_of


def _seen(one: Thing, allowed: frozenset[str] | None) -> bool:
    return allowed is None or one.kind.seen_in(one.resource) in allowed


def _about(store: Store, top: Thing, things: list[Thing], now: float, versions: Versions) -> Finding:
    copies = [one for one in things if one.row != top.row]
    worst = _dominant(copies) if copies else top
    if worst.health.level not in BAD:  # copies that nobody hears of say nothing about the cause
        worst = top
    health = top.health if top.health.level in BAD else worst.health
    # An app that still serves while some of its copies fail is at risk, not down.
    level = top.health.level if top.health.level in BAD else Level.AT_RISK if copies else health.level
    named = versions.get(top.row)
    since = min((at for one in things if (at := one.health.since)), default=0.0)
    cause = _cause(top, copies, worst.health)
    lately = named is not None and 0 <= (since or now) - named.at + 30 <= AFTER_VERSION
    suspect = named if lately and (copies or health.word == HALF_WAY) else None
    if suspect:
        cause = f"{cause} {explain.after_version(since or now, suspect.at, explain.version(suspect.after))}".strip()
    return Finding(
        id=top.row,
        level=level,
        cluster=top.cluster,
        kind=top.kind.name,
        row=top.row,
        key=top.kind.key(top.resource),
        namespace=top.resource.namespace,
        title=explain.title(top.resource.name, worst.health if copies else health),
        cause=_ended(cause),
        code=worst.health.code or health.code,
        icon=level.name.lower(),
        since=since,
        affected=max(1, len(copies)),
        logs=_logs(top, worst),
        action=first_action(store, top, suspected=suspect is not None, word=worst.health.word),
        evidence=_evidence(copies or [top]),
        image="" if worst.health.word == NO_PLACE else image_of(top),
        node=_only_node(copies or [top]),
        tentative=level != Level.FAILING,
    )


def _ended(words: str) -> str:
    return f"{words}." if words and words[-1].isalnum() else words


def _dominant(copies: Sequence[Thing]) -> Thing:
    """The copy that stands for the others: of the most frequent trouble, the worst."""
    often = Counter((one.health.level, one.health.word, one.health.code) for one in copies)
    return min(
        copies,
        key=lambda one: (
            one.health.level,
            -often[one.health.level, one.health.word, one.health.code],
            one.resource.name,
        ),
    )


def _cause(top: Thing, copies: Sequence[Thing], worst: Health) -> str:
    judged_with_them = top.kind.with_copies is not None and top.health.level in BAD
    judged_with_them &= worst.level == Level.FAILING or (worst.reason != "" and worst.reason in top.health.reason)
    if not copies or judged_with_them:
        return top.health.reason
    ready, wanted, _ = top.kind.workload.copies(top.resource) if top.kind.workload else (0, len(copies), 0)
    words = explain.copies_words(len(copies), wanted, worst.reason)
    return f"{words} The others serve." if top.health.level not in BAD and ready and len(copies) < wanted else words


def _evidence(things: Sequence[Thing]) -> tuple[Evidence, ...]:
    return tuple(
        Evidence(one.row, one.resource.name, one.health.reason or one.health.word, one.health.code)
        for one in sorted(things, key=lambda one: (one.health.level, one.resource.name))[:MOST_EVIDENCE]
    )


def _logs(top: Thing, worst: Thing) -> str:
    """Whose log says more; "" where nothing ran."""
    if _never_ran(worst):
        return ""
    return worst.row if worst.kind.logs else top.row if top.kind.logs else ""


def _never_ran(one: Thing) -> bool:
    """Was nothing of it ever started? What could not be started again has the lines of its life before."""
    if one.health.word == NO_START:
        return one.kind.name == "task" or one.health.code in NEVER_MADE
    return one.health.word in (NO_IMAGE, NO_PLACE, NO_SETTING)


def _logs_of_copies(store: Store, top: Thing, things: Sequence[Thing]) -> str:
    """Its own page, where it has copies and none of them is wrong by itself: those of a cron job's last run."""
    if any(one.row != top.row for one in things) or not top.kind.panel("logs"):
        return ""
    return top.row if store.copies and store.copies(top.resource) else ""


def _only_node(things: Sequence[Thing]) -> str:
    nodes = {node_of(one) for one in things}
    return nodes.pop() if len(nodes) == 1 else ""


def _lagging_on(store: Store, top: Thing) -> str:
    """The one machine with all copies that are not well; "" where there are several, or none. Starting is not wrong
    by itself: but copies of a set that all start on one machine say where to look."""
    copies = (store.copies and store.copies(top.resource)) or ()
    nodes = {str(getattr(one.resource.spec, "node_name", "")) for one in copies if one.health.level != Level.HEALTHY}
    return nodes.pop() if len(nodes) == 1 else ""


def counts(clusters: Sequence[Heard], scope: Scope) -> dict[Level, int]:
    """How many apps are on each level, within this scope; those of a cluster that is not heard are unknown."""
    found: Counter[Level] = Counter()
    for cluster in clusters:
        if cluster.id in scope:
            for store in cluster.stores.values():
                for one in apps(store, scope[cluster.id]):
                    found[Level.UNKNOWN if cluster.state in ("down", "refused") else one.health.level] += 1
    return dict(found)


def apps(store: Store, allowed: frozenset[str] | None) -> list[Thing]:
    """The apps of a store: what was asked to run by itself, as far as this scope reaches. None until all are known."""
    if not store.listed:
        return []
    found = (thing(store, uid) for uid in store.apps)
    return [one for one in found if one and _seen(one, allowed)]
