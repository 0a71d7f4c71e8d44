"""How a pod is, and why, in plain words with the technical term beside them."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from clusters.kinds.base import Health, Level
from clusters.kinds.exit_codes import exit_term, exit_words
from clusters.kinds.formats import epoch
from clusters.kinds.kubernetes.base import condition, understood_to_the_end
from clusters.kinds.kubernetes.placing import placing_words
from clusters.kinds.kubernetes.pod_crashes import again_and_again, crashed
from clusters.kinds.kubernetes.pod_model import Container, ContainerStatus, Pod, Terminated, Waiting
from clusters.kinds.untrusted import untrusted

WELL = Health(Level.HEALTHY, "Running")
NOT_READY = "Not ready"
PLACING = 10.0  # seconds the scheduler may take before "cannot be placed" is said
STARTING = 60.0  # seconds its own check may hold it back before that is a risk
MAKING = 300.0  # seconds its containers may take to be made: a large image comes slowly
FORGOTTEN, HOPELESS = 600.0, 1800.0  # seconds beyond its grace that an ending pod may take


@understood_to_the_end
def health(pod: Pod) -> Health:
    """In plain words, with the technical term beside them."""
    return WELL if _plainly_well(pod) else judged(pod)


def judged(pod: Pod) -> Health:
    """The first of these that has something to say."""
    now = time.time()
    return (
        _ending(pod, now)
        or _over(pod)
        or _lost(pod)
        or _unplaced(pod, now)
        or _setting_up(pod, now)
        or _containers(pod, now)
        or _not_ready(pod, now)
        or WELL
    )


def _plainly_well(pod: Pod) -> bool:
    """Is there nothing to say? Told at a glance, as of most pods at most times: in a tenth of the time."""
    status = pod.status
    if status.phase != "Running" or status.reason or status.init_container_statuses or pod.metadata.deletion_timestamp:
        return False
    for one in status.container_statuses or ():
        if not one.state.running or one.last_state.terminated:
            return False
    for said in status.conditions or ():
        if said.type == "Ready":
            return said.status == "True"
    return False


def _ending(pod: Pod, now: float) -> Health | None:
    since = epoch(pod.metadata.deletion_timestamp)
    if not since:
        return None
    if now - since < FORGOTTEN:
        silent = f" Its node {pod.spec.node_name} does not answer, so it may still run." if _lost(pod) else ""
        return Health(Level.CHANGING, "Ending", f"It was asked to end.{silent}", since=since)
    held = ", ".join(pod.metadata.finalizers or ())
    why = f"Something still has to let go of it ({held})." if held else "Its node may not answer."
    level = Level.FAILING if now - since > HOPELESS else Level.AT_RISK
    return Health(level, "Stuck ending", f"It should be gone by now. {why}", "Terminating", since)


def _over(pod: Pod) -> Health | None:
    status = pod.status
    if status.phase == "Succeeded":
        return Health(Level.STOPPED, "Finished", "It did its work and ended.")
    if status.phase != "Failed":
        return None
    if status.reason == "Evicted":
        return Health(
            Level.AT_RISK, "Evicted", f"Its node ran short and removed it. {status.message}".strip(), "Evicted"
        )
    ended = next(
        (one.state.terminated for one in pod.statuses if one.state.terminated and one.state.terminated.exit_code), None
    )
    if pod.controller and pod.controller.kind == "Job":
        words = f"{exit_words(ended.exit_code)}. " if ended else ""
        code = exit_term(ended.exit_code) if ended else status.reason
        return Health(Level.STOPPED, "Failed", f"{words}Its batch job says whether it is tried again.", code)
    if ended is not None:
        return _ended(ended, "Failed")
    return Health(Level.FAILING, "Failed", status.message or "It failed.", status.reason)


def _lost(pod: Pod) -> Health | None:
    ready = condition(pod.status.conditions, "Ready")
    inside = condition(pod.status.conditions, "ContainersReady")
    # A node that falls silent cannot say so: the cluster then takes "ready" away and leaves the rest as it was.
    silent = ready and ready.status == "False" and not ready.reason and inside and inside.status == "True"
    if not (silent or pod.status.phase == "Unknown" or pod.status.reason == "NodeLost"):
        return None
    words = f"Its node {pod.spec.node_name} does not answer, so nobody knows how it is."
    return Health(Level.UNKNOWN, "Unknown", words, "NodeLost", ready.since if ready else 0.0)


def _unplaced(pod: Pod, now: float) -> Health | None:
    if pod.status.phase != "Pending" or pod.spec.node_name:
        return None
    scheduled = condition(pod.status.conditions, "PodScheduled")
    if scheduled is None or scheduled.status != "False":
        if now - pod.created < 60:
            return Health(Level.CHANGING, "Waiting", "It waits for a node.", since=pod.created)
        return Health(
            Level.AT_RISK, "Waiting", "Nobody places it: the scheduler may not be running.", "Pending", pod.created
        )
    if scheduled.reason == "SchedulingGated":
        return Health(
            Level.PAUSED, "Held", "It is held on purpose until somebody lets it go.", "SchedulingGated", scheduled.since
        )
    if now - scheduled.since < PLACING:
        return Health(Level.CHANGING, "Waiting", "It waits for a node.", since=scheduled.since)
    words = placing_words(scheduled.message, pod.claims)
    return Health(Level.FAILING, "Cannot be placed", words, "Unschedulable", scheduled.since)


def _setting_up(pod: Pod, now: float) -> Health | None:
    """Init containers run one after the other, before the app."""
    for asked, one in _paired(pod.spec.init_containers, pod.status.init_container_statuses):
        if asked.restart_policy == "Always":
            continue
        if one.state.waiting and (said := waiting_health(asked, one, one.state.waiting, now, pod)):
            if said.level is not Level.CHANGING:
                return Health(
                    said.level,
                    said.word,
                    f"A set-up step ({one.name}) holds it up. {said.reason}",
                    said.code,
                    said.since,
                )
            return said
        if one.state.terminated and one.state.terminated.exit_code:
            ended = _ended(one.state.terminated, "Set-up fails")
            return Health(
                ended.level, ended.word, f"The set-up step {one.name} failed. {ended.reason}", ended.code, ended.since
            )
        if one.state.running:
            started = pod.created
            late = now - started > 300
            words = f"The set-up step {one.name} is at work."
            return Health(Level.AT_RISK if late else Level.CHANGING, "Setting up", words, "Init", started)
    return None


def _containers(pod: Pod, now: float) -> Health | None:
    """The worst of what its containers say."""
    found = []
    for asked, one in _paired(pod.containers, pod.statuses):
        said = waiting_health(asked, one, one.state.waiting, now, pod) if one.state.waiting else None
        if said := said or crashed(asked, one, pod.spec.restart_policy, now):
            found.append(said)
    return min(found, key=lambda one: one.level) if found else None


_WAITING = {  # reason -> level, word, meaning
    "CrashLoopBackOff": (Level.FAILING, "Crashing", "It stops again and again."),
    "ImagePullBackOff": (Level.FAILING, "No image", "Its image cannot be fetched."),
    "ErrImagePull": (Level.FAILING, "No image", "Its image cannot be fetched."),
    "InvalidImageName": (Level.FAILING, "No image", "The name of its image is not valid."),
    "ErrImageNeverPull": (Level.FAILING, "No image", "Its image is not on the node, and it may not be fetched."),
    "ImageInspectError": (Level.FAILING, "No image", "Its image cannot be read."),
    "CreateContainerConfigError": (Level.FAILING, "Setting missing", "A setting or a secret it needs does not exist."),
    "CreateContainerError": (Level.FAILING, "Cannot start", "Its container cannot be made."),
    "RunContainerError": (Level.FAILING, "Cannot start", "Its program cannot be started."),
    "PostStartHookError": (Level.FAILING, "Cannot start", "What it does right after starting failed."),
}


def waiting_health(asked: Container, one: ContainerStatus, waiting: Waiting, now: float, pod: Pod) -> Health | None:
    """How a container is that does not run yet, or not again."""
    known = _WAITING.get(waiting.reason)
    if known is None:
        late = now - pod.created > MAKING
        if waiting.reason in ("ContainerCreating", "PodInitializing", ""):
            words = (
                "Its containers are being made." if not late else f"It takes long to start. {waiting.message}".strip()
            )
            return Health(
                Level.AT_RISK if late else Level.CHANGING,
                "Starting",
                words,
                waiting.reason if late else "",
                pod.created,
            )
        return Health(Level.FAILING, "Waiting", waiting.message[:300] or waiting.reason, waiting.reason, pod.created)
    level, word, words = known
    last = one.last_state.terminated
    if last and waiting.reason == "CrashLoopBackOff":
        return again_and_again(asked, last)
    if last:
        words = f"{words} {exit_words(last.exit_code)}."
        return Health(level, word, words, f"{exit_term(last.exit_code)} · {waiting.reason}", last.ended)
    if word == "No image":
        words = f"{(_image_words(waiting.message) or words).rstrip('.')}: {asked.image}."
    elif waiting.message:
        words = f"{words} {waiting.message[:300]}"
    return Health(level, word, words, waiting.reason, pod.created)


_IMAGE = (  # rows 17 to 21
    (r"not found|manifest unknown|NotFound", "There is no such image or tag."),
    (r"unauthorized|denied|\b403\b|no basic auth|authentication required", "The registry does not let the cluster in."),
    (r"toomanyrequests|\b429\b", "The registry has given out enough for now."),
    (r"\b50\d (?:Internal|Bad|Service|Gateway)", "The registry has a fault of its own."),
    (
        r"timeout|no such host|connection refused|no route to host|network is unreachable",
        "The cluster cannot reach the registry.",
    ),
    (r"no match for platform|exec format", "The image is made for another kind of processor."),
)


def _image_words(message: str) -> str:
    if fault := untrusted(message):
        return f"The nodes do not trust its registry: {fault[0]}."
    return next((words for pattern, words in _IMAGE if re.search(pattern, message[:4000], re.IGNORECASE)), "")


def _ended(ended: Terminated, word: str) -> Health:
    oom = ended.reason == "OOMKilled"
    level = Level.FAILING if ended.exit_code else Level.AT_RISK
    return Health(
        level,
        word,
        f"{exit_words(ended.exit_code, out_of_memory=oom)}.",
        exit_term(ended.exit_code, out_of_memory=oom),
        ended.ended,
    )


def _not_ready(pod: Pod, now: float) -> Health | None:
    if pod.status.phase == "Pending":
        return Health(Level.CHANGING, "Starting", "It is being started.", since=pod.created)
    ready = condition(pod.status.conditions, "Ready")
    if ready is None or ready.status == "True":
        return None
    if ready.reason == "ReadinessGatesNotReady":
        words = "It runs, and waits for something outside it to approve."
        return Health(Level.AT_RISK, NOT_READY, f"{words} {ready.message[:300]}", ready.reason, ready.since)
    waits = [one.name for one in pod.statuses if not one.ready]
    if now - ready.since < STARTING:
        held = (
            " Its own check does not let it yet."
            if any(one.state.running for one in pod.statuses if not one.ready)
            else ""
        )
        return Health(Level.CHANGING, "Starting", f"It runs, and does not take work.{held}", since=ready.since)
    who = f" ({', '.join(waits)})" if waits and len(pod.statuses) > 1 else ""
    return Health(
        Level.AT_RISK,
        NOT_READY,
        f"It runs, but its own check says that it cannot take work{who}.",
        ready.reason,
        ready.since,
    )


def _paired(
    asked: Sequence[Container] | None, statuses: Sequence[ContainerStatus] | None
) -> list[tuple[Container, ContainerStatus]]:
    by_name = {one.name: one for one in asked or ()}
    return [(by_name.get(one.name, Container(name=one.name, image=one.image)), one) for one in statuses or ()]
