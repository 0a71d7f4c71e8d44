"""The kubelets of the demonstration: what happens to one pod from its first to its last second."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from clusters.drivers.demo.shop import objects
from clusters.drivers.demo.shop.apps import ABSENT, LEAKING
from clusters.drivers.demo.world import Object

if TYPE_CHECKING:
    from clusters.drivers.demo.shop.world import ShopWorld

LETTERS = "bcdfghjklmnpqrstvwxz2456789"
BACK_OFF = (0.0, 10.0, 20.0, 40.0)  # seconds before a crashed container starts again; then the last
PULL_AGAIN = (4.0, 8.0, 16.0)
CALM_AFTER = 300.0  # a container that ran this long starts again at once


def active(world: ShopWorld, owner: Object) -> list[Object]:
    """The pods of a replica set that are not on their way out."""
    return [
        pod for pod in world.owned("v1/pods", owner["metadata"]["uid"]) if "deletionTimestamp" not in pod["metadata"]
    ]


def ready(world: ShopWorld, owner: Object) -> list[Object]:
    """Those of them that serve."""
    return [pod for pod in active(world, owner) if objects.is_true(pod, "Ready")]


def create(world: ShopWorld, owner: Object, suffix: str = "", selector: dict[str, str] | None = None) -> None:
    """A new copy, not placed yet. ``selector``: only on machines with these labels."""
    suffix = suffix or "".join(world.chance.choice(LETTERS) for _ in range(5))
    pod = objects.pod(world.new_uid(), owner, suffix, world.now)
    if selector:
        pod["spec"]["nodeSelector"] = selector
    for claim in owner["spec"].get("volumeClaimTemplates", ()):
        disk = claim["metadata"]["name"]
        held = {"persistentVolumeClaim": {"claimName": f"{disk}-{pod['metadata']['name']}"}}
        pod["spec"].setdefault("volumes", []).append({"name": disk, **held})
    world.save(pod)
    world.event(owner, owner["kind"], "SuccessfulCreate", f"Created pod: {pod['metadata']['name']}")
    _later(world, pod, world.between(0.3, 0.8), _wait_for_place)


def delete(world: ShopWorld, pod: Object, grace: float = 30.0) -> None:
    """Ask a pod to end; it is gone a moment later, unless its machine does not answer."""
    meta = pod["metadata"]
    if "deletionTimestamp" in meta:
        return
    meta["deletionTimestamp"] = objects.when(world.now + grace)
    meta["deletionGracePeriodSeconds"] = int(grace)
    if pod["spec"].get("nodeName"):
        world.event(pod, "Pod", "Killing", f"Stopping container {pod['spec']['containers'][0]['name']}")
    world.save(pod)
    world.soon_owner(pod)
    world.after(world.between(1.0, 2.5) if grace else 0.1, lambda: _finish(world, meta["uid"], grace))


def crash(world: ShopWorld, pod: Object, code: int, reason: str, last_words: tuple[str, ...]) -> None:
    """Its program ends; it is started again, later each time."""
    state = pod["status"]["containerStatuses"][0]
    began = state["state"]["running"]["startedAt"]
    ended = {
        "exitCode": code,
        "reason": reason,
        "startedAt": began,
        "finishedAt": objects.when(world.now),
        "containerID": state["containerID"],
    }
    state.update(ready=False, started=False, state={"terminated": ended}, lastState={"terminated": ended})
    world.last_words[pod["metadata"]["uid"]] = last_words
    _unready(world, pod, "ContainersNotReady", f"containers with unready status: [{state['name']}]")
    life = world.lives.setdefault(pod["metadata"]["uid"], [])
    life.append(world.now)
    recent = [at for at in life if world.now - at < CALM_AFTER]
    world.lives[pod["metadata"]["uid"]] = recent[-10:]
    pause = BACK_OFF[min(len(recent) - 1, len(BACK_OFF) - 1)]
    if pause:
        _later(world, pod, 1.0, lambda w, p: _back_off(w, p, pause))
    _later(world, pod, 1.2 + pause, _start)


def lose_contact(world: ShopWorld, pod: Object) -> None:
    """Its machine fell silent: nobody knows how it is, so nobody sends it work."""
    _unready(world, pod, "NodeLost", "the node does not answer")


def regain_contact(world: ShopWorld, pod: Object) -> None:
    """Its machine is back."""
    if "deletionTimestamp" in pod["metadata"]:
        _finish(world, pod["metadata"]["uid"], 0.0)
    elif (statuses := pod["status"]["containerStatuses"]) and "running" in statuses[0]["state"]:
        _later(world, pod, world.between(0.5, 2.0), _become_ready)


def _later(world: ShopWorld, pod: Object, delay: float, happen: Callable[[ShopWorld, Object], None]) -> None:
    """Let something happen to a pod, unless it is gone or ending by then; a silent machine does nothing meanwhile."""
    uid = pod["metadata"]["uid"]

    def due() -> None:
        now = world.get("v1/pods", uid)
        if now is None or "deletionTimestamp" in now["metadata"]:
            return
        if now["spec"].get("nodeName") in world.lost:
            world.after(2.0, due)
        else:
            happen(world, now)

    world.after(delay, due)


def _wait_for_place(world: ShopWorld, pod: Object) -> None:
    world.unplaced[pod["metadata"]["uid"]] = None
    world.soon("Scheduler", "", 0.1)


def placed(world: ShopWorld, pod: Object, node: str) -> None:
    """A machine was found for it, which begins to make its container."""
    pod["spec"]["nodeName"] = node
    status = pod["status"]
    objects.set_condition(status, "PodScheduled", "True", world.now)
    objects.set_condition(status, "Initialized", "True", world.now)
    status["startTime"] = objects.when(world.now)
    container = pod["spec"]["containers"][0]
    status["containerStatuses"] = [
        {
            "name": container["name"],
            "image": container["image"],
            "imageID": "",
            "ready": False,
            "started": False,
            "restartCount": 0,
            "state": {"waiting": {"reason": "ContainerCreating"}},
            "lastState": {},
        }
    ]
    _unready(world, pod, "ContainersNotReady", f"containers with unready status: [{container['name']}]")
    world.event(
        pod,
        "Pod",
        "Scheduled",
        f"Successfully assigned {pod['metadata']['namespace']}/{pod['metadata']['name']} to {pod['spec']['nodeName']}",
    )
    _later(world, pod, world.between(0.6, 1.4), _pull)


def _pull(world: ShopWorld, pod: Object, attempt: int = 0) -> None:
    image = pod["spec"]["containers"][0]["image"]
    if not image.endswith(f":{ABSENT}"):
        world.event(pod, "Pod", "Pulled", f'Successfully pulled image "{image}"')
        _later(world, pod, world.between(0.8, 2.6), _start)
        return
    words = f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": {image}: not found'
    _wait(world, pod, "ErrImagePull", f"rpc error: code = NotFound desc = {words}")
    world.event(pod, "Pod", "Failed", f'Failed to pull image "{image}": {words}', "Warning")
    pause = PULL_AGAIN[min(attempt, len(PULL_AGAIN) - 1)]
    _later(world, pod, 1.5, lambda w, p: _wait(w, p, "ImagePullBackOff", f'Back-off pulling image "{image}": {words}'))
    _later(world, pod, 1.5 + pause, lambda w, p: _pull(w, p, attempt + 1))


def _start(world: ShopWorld, pod: Object) -> None:
    status, state = pod["status"], pod["status"]["containerStatuses"][0]
    again = bool(state["lastState"])
    state.update(
        started=True,
        ready=False,
        restartCount=state["restartCount"] + again,
        containerID=f"containerd://{world.chance.getrandbits(256):064x}",
        image=pod["spec"]["containers"][0]["image"],
        imageID=f"{state['image'].rpartition(':')[0]}@sha256:{world.digest(state['image'])}",
        state={"running": {"startedAt": objects.when(world.now)}},
    )
    status["phase"] = "Running"
    status.setdefault("podIP", f"10.42.{pod['spec']['nodeName'][-1]}.{world.chance.randint(2, 250)}")
    status["podIPs"] = [{"ip": status["podIP"]}]
    status["hostIP"] = f"192.0.2.{10 + int(pod['spec']['nodeName'][-1])}"
    world.save(pod)
    world.event(pod, "Pod", "Started", f"Started container {state['name']}")
    _later(world, pod, world.between(1.5, 3.5), _become_ready)
    if leaks(pod):
        life = state["containerID"]
        _later(world, pod, world.between(14.0, 20.0), lambda w, p: _run_out_of_memory(w, p, life))


def _become_ready(world: ShopWorld, pod: Object) -> None:
    state = pod["status"]["containerStatuses"][0]
    if "running" not in state["state"]:
        return
    state["ready"] = True
    objects.set_condition(pod["status"], "ContainersReady", "True", world.now)
    objects.set_condition(pod["status"], "Ready", "True", world.now)
    world.save(pod)
    world.soon_owner(pod)


def leaks(pod: Object) -> bool:
    """Whether its version eats memory."""
    return str(pod["spec"]["containers"][0]["image"]).endswith(f"checkout-api:{LEAKING}")


def _run_out_of_memory(world: ShopWorld, pod: Object, life: str) -> None:
    state = pod["status"]["containerStatuses"][0]
    if state.get("containerID") == life and "running" in state["state"]:
        crash(world, pod, 137, "OOMKilled", ("ERROR memory: cannot allocate a page for the basket cache", "Killed"))


def _back_off(world: ShopWorld, pod: Object, pause: float) -> None:
    name = pod["status"]["containerStatuses"][0]["name"]
    _wait(
        world,
        pod,
        "CrashLoopBackOff",
        f"back-off {pause:.0f}s restarting failed container={name} pod={pod['metadata']['name']}",
    )
    world.event(pod, "Pod", "BackOff", f"Back-off restarting failed container {name}", "Warning")


def _wait(world: ShopWorld, pod: Object, reason: str, message: str) -> None:
    pod["status"]["containerStatuses"][0]["state"] = {"waiting": {"reason": reason, "message": message}}
    world.save(pod)


def _unready(world: ShopWorld, pod: Object, reason: str, message: str) -> None:
    for state in pod["status"]["containerStatuses"]:
        state["ready"] = False
    objects.set_condition(pod["status"], "Ready", "False", world.now, reason, message)
    objects.set_condition(pod["status"], "ContainersReady", "False", world.now, reason, message)
    world.save(pod)
    world.soon_owner(pod)


def _finish(world: ShopWorld, uid: str, grace: float) -> None:
    pod = world.get("v1/pods", uid)
    if pod is None:
        return
    if grace and pod["spec"].get("nodeName") in world.lost:
        world.after(3.0, lambda: _finish(world, uid, grace))
        return
    world.forget(pod)
    world.soon_owner(pod)
