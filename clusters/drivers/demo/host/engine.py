"""The engine of the demonstration: what happens to a container when it is started, stopped, killed or fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from clusters.drivers.demo.host import objects
from clusters.drivers.demo.world import Object

if TYPE_CHECKING:
    from clusters.drivers.demo.host.world import HostWorld

FULL_DISK = (
    'PANIC:  could not write to file "pg_wal/xlogtemp.27": No space left on device',
    "LOG:  database system is shut down",
)
BACK_OFF = (0.4, 1.0, 2.0, 4.0, 8.0, 15.0)  # seconds before a container starts again; then the last
CALM_AFTER = 10.0  # a container that ran this long starts again at once


def start(world: HostWorld, thing: Object) -> None:
    """Run it."""
    state, uid = thing["State"], thing["Id"]
    if state["Running"] and not state["Restarting"]:
        return
    state.update(
        Status="running",
        Running=True,
        Paused=False,
        Restarting=False,
        OOMKilled=False,
        Dead=False,
        Pid=world.chance.randint(900, 32000),
        ExitCode=0,
        Error="",
        StartedAt=objects.when(world.now),
    )
    bindings = thing["HostConfig"].get("PortBindings") or {}
    thing["NetworkSettings"]["Ports"] = {
        inside: [{"HostIp": "0.0.0.0", "HostPort": one["HostPort"]} for one in bound or ()]  # noqa: S104
        for inside, bound in bindings.items()
    }
    for network in thing["NetworkSettings"]["Networks"].values():
        network["IPAddress"] = f"172.18.0.{world.chance.randint(2, 250)}"
    world.stuck.discard(uid)
    if "Healthcheck" in thing["Config"]:
        state["Health"] = {"Status": "starting", "FailingStreak": 0, "Log": []}
        _later(world, thing, world.between(2.5, 4.5), check)
    if world.disk_full and world.writes_much(thing):
        _later(world, thing, world.between(1.5, 2.5), lambda w, t: die(w, t, 1, FULL_DISK))
    if thing["HostConfig"]["RestartPolicy"]["Name"] == "no" and thing["Name"] == "/stock-import":
        _later(world, thing, world.between(18.0, 30.0), lambda w, t: die(w, t, 0, ("INFO  import is complete",)))
    world.save(thing)


def stop(world: HostWorld, thing: Object, code: int = 0, after: float = 0.6) -> None:
    """End it because a person wants so; its restart policy does not bring it back."""
    world.stopped_by_hand.add(thing["Id"])
    if thing["State"]["Restarting"]:
        _end(world, thing, thing["State"]["ExitCode"])
    elif thing["State"]["Running"]:
        _later(world, thing, after, lambda w, t: _end(w, t, code))


def restart(world: HostWorld, thing: Object) -> None:
    """Stop and start."""
    if thing["State"]["Running"]:
        _end(world, thing, 0)
    uid = thing["Id"]

    def again() -> None:
        if (now := world.get("containers", uid)) is not None:
            world.stopped_by_hand.discard(uid)
            start(world, now)

    world.after(0.8, again)


def pause(world: HostWorld, thing: Object, paused: bool) -> None:
    """Freeze it, or let it go on."""
    thing["State"].update(Paused=paused, Status="paused" if paused else "running")
    world.save(thing)


def die(world: HostWorld, thing: Object, code: int, last_words: tuple[str, ...] = ()) -> None:
    """It ends by itself; its restart policy decides what comes next."""
    world.last_words[thing["Id"]] = last_words
    began = objects.seconds(thing["State"]["StartedAt"])
    world.previous[thing["Id"]] = (began, world.now)
    policy = thing["HostConfig"]["RestartPolicy"]["Name"]
    if policy == "always" or policy == "unless-stopped" or (policy == "on-failure" and code):
        quick = world.quick.get(thing["Id"], 0) + 1 if world.now - began < CALM_AFTER else 0
        world.quick[thing["Id"]] = quick
        thing["State"].update(
            Status="restarting", Restarting=True, Running=True, ExitCode=code, Pid=0, FinishedAt=objects.when(world.now)
        )
        thing["RestartCount"] += 1
        world.save(thing)
        _later(world, thing, BACK_OFF[min(quick, len(BACK_OFF) - 1)], start, while_restarting=True)
    else:
        _end(world, thing, code)


def remove(world: HostWorld, thing: Object) -> None:
    """Take it away for good."""
    for kept in (world.last_words, world.previous, world.quick):
        kept.pop(thing["Id"], None)
    world.stopped_by_hand.discard(thing["Id"])
    world.stuck.discard(thing["Id"])
    world.drop("containers", thing["Id"])


def check(world: HostWorld, thing: Object) -> None:
    """One run of its health check, and the next one in five seconds when that can change anything."""
    health = thing["State"]["Health"]
    fails = thing["Id"] in world.stuck
    output = "wget: download timed out (2 s) for http://127.0.0.1:8080/healthz" if fails else world.passes(thing)
    streak = health["FailingStreak"] + 1 if fails else 0
    status = ("unhealthy" if streak >= 3 else health["Status"]) if fails else "healthy"
    entry = {
        "Start": objects.when(world.now - 2 * fails),
        "End": objects.when(world.now),
        "ExitCode": int(fails),
        "Output": output,
    }
    changed = status != health["Status"]
    health.update(Status=status, FailingStreak=streak, Log=[*health["Log"], entry][-5:])
    if changed:
        world.save(thing)
    if fails:
        _later(world, thing, 2.0, check)


def _end(world: HostWorld, thing: Object, code: int) -> None:
    state = thing["State"]
    world.previous[thing["Id"]] = (objects.seconds(state["StartedAt"]), world.now)
    state.update(
        Status="exited",
        Running=False,
        Paused=False,
        Restarting=False,
        Pid=0,
        ExitCode=code,
        FinishedAt=objects.when(world.now),
    )
    state.pop("Health", None)
    thing["NetworkSettings"]["Ports"] = {}
    world.save(thing)
    if thing["HostConfig"].get("AutoRemove"):
        remove(world, thing)


def _later(
    world: HostWorld,
    thing: Object,
    delay: float,
    happen: Callable[[HostWorld, Object], None],
    while_restarting: bool = False,
) -> None:
    """Let something happen to a container if it is still in the same run of its life."""
    uid, run = thing["Id"], thing["State"]["StartedAt"]

    def due() -> None:
        now = world.get("containers", uid)
        if now is None or now["State"]["StartedAt"] != run or not now["State"]["Running"]:
            return
        if now["State"]["Restarting"] == while_restarting:
            happen(world, now)

    world.after(delay, due)
