"""A debug container beside a pod's own: an image with a shell, put there while it runs (an ephemeral container)."""

from __future__ import annotations

import secrets
import time
from dataclasses import replace
from typing import Any

from clusters.drivers.base import Call
from clusters.errors import ClusterError, Conflict, Invalid, Missing, Refused
from clusters.kinds.actions import Values, kubectl_line, one_call
from clusters.kinds.base import Action, Health, Level, Look
from clusters.kinds.docker.image_name import IMAGE
from clusters.kinds.field import Field
from clusters.kinds.kubernetes.base import at
from clusters.kinds.kubernetes.copies import OVER
from clusters.kinds.kubernetes.debug_profiles import PROFILES, context, user_of
from clusters.kinds.kubernetes.pod_health import waiting_health
from clusters.kinds.kubernetes.pod_model import Pod
from clusters.kinds.permission import Permission
from clusters.kinds.preview import Preview

API = "v1/pods"
DEFAULT_IMAGE = "busybox:latest"
NAME = r"debug-[a-z0-9]{1,40}"
SHELL = ["sh"]  # it stays as long as its input is open, which is until the pod goes


def _named() -> str:
    return f"debug-{secrets.token_hex(3)}"


def _asked(pod: Pod, values: Values) -> tuple[str, str, str]:
    """Its name, its image, and the container whose processes it sees. Raises Missing for one that is not there."""
    targets = [one.name for one in pod.containers]
    main = [one.name for one in pod.spec.containers or ()]  # a sidecar is looked into where somebody asks for it
    target = str(values.get("target") or "") or next(iter(main), "")
    if target and target not in targets:
        raise Missing(f"{pod.name} has no container called {target[:100]}.")
    return str(values.get("name") or "") or _named(), str(values.get("image") or DEFAULT_IMAGE), target


def _call(pod: Pod, values: Values) -> Call:
    name, image, target = _asked(pod, values)
    container = {
        "name": name,
        "image": image,
        "command": SHELL,
        "stdin": True,
        "tty": True,
        "imagePullPolicy": "IfNotPresent",
        **({"targetContainerName": target} if target else {}),
    }
    if trusted := context(str(values.get("profile") or ""), str(values.get("user") or "")):
        container["securityContext"] = trusted
    body = {"metadata": {"uid": pod.uid}, "spec": {"ephemeralContainers": [container]}}
    path = at(API, pod, "ephemeralcontainers")
    return Call("PATCH", path, {"fieldManager": "pilothouse"}, body, "application/strategic-merge-patch+json")


async def _preview(look: Look, values: Values) -> Preview:
    pod: Pod = look.resource
    name, image, target = _asked(pod, values)
    user = ""
    if values.get("profile") == "restricted":
        user = user_of(await look.driver.get(look.kind, pod.namespace, pod.name), target)
    given = {**values, "name": name, "image": image, "target": target, "user": user}
    as_whom = f" It runs as user {user}." if user else ""
    return Preview(
        effect=_effect(image, f"{target} of {pod.name}" if target else pod.name) + as_whom,
        held=await _refused(look, _call(pod, given)),
        values={"name": name, "image": image, "target": target, "user": user},
        choices={"target": tuple((one.name, f"{one.name} · {one.image}") for one in pod.containers)},
    )


async def _refused(look: Look, call: Call) -> str:
    """Why the cluster would not take it: its namespace may refuse it by its pod security. "" when it would."""
    try:
        await look.driver.call(replace(call, query={**call.query, "dryRun": "All"}))
    except (Refused, Invalid, Conflict) as error:
        return f"The cluster would not take it: {error.message} {error.detail}".strip()
    except ClusterError:
        return ""  # doing it tells
    return ""


def _effect(image: str, beside: str) -> str:
    return (
        f"Puts a container with {image} beside {beside}, with its network and a view of its processes, and opens a "
        "terminal in it. It cannot be taken out again: it stays until the pod goes."
    )


def _refuse(pod: Pod) -> str:
    if pod.metadata.deletion_timestamp:
        return "It is ending."
    if pod.status.phase in OVER:
        return "It is over: nothing can be put beside it any more."
    return "" if pod.spec.node_name else "It is not placed on a node yet."


def _line(pod: Pod, values: Values) -> str:
    name, image, target = _asked(pod, values)
    beside = [f"--target={target}"] if target else []
    profile = [f"--profile={values['profile']}"] if values.get("profile") else []
    return kubectl_line("debug", "pod", pod, "-it", f"--container={name}", f"--image={image}", *beside, *profile)


def entering(pod: Pod, container: str) -> Health:
    """How a debug container is, for somebody who wants to enter it; others are simply tried."""
    asked = next((one for one in pod.spec.ephemeral_containers or () if one.name == container), None)
    if asked is None:
        return Health(Level.HEALTHY, "Running")
    one = next((one for one in pod.status.ephemeral_container_statuses or () if one.name == container), None)
    if one is None:
        return Health(Level.CHANGING, "Starting", f"{container} waits for its node to begin.")
    if one.state.waiting:
        words = f"{asked.image} is fetched, where its node does not have it yet, and started."
        begins = Health(Level.CHANGING, "Starting", words)
        if one.state.waiting.reason in ("ContainerCreating", "PodInitializing", ""):
            return begins
        return waiting_health(asked, one, one.state.waiting, time.time(), pod) or begins
    if one.state.terminated:
        code = one.state.terminated.exit_code
        words = f"{container} has ended with exit {code}: it cannot be started again. Begin another one."
        return Health(Level.STOPPED, "Ended", words, one.state.terminated.reason)
    return Health(Level.HEALTHY, "Running") if one.state.running else Health(Level.CHANGING, "Starting", "It starts.")


DEBUG: Action[Any] = Action(
    verb="debug",
    label="Debug",
    icon="bug",
    right="exec",
    permissions=(Permission("patch", "ephemeralcontainers"),),
    run=one_call(_call, "A debug container was put beside {name}"),
    preview=_preview,
    effect=lambda pod: _effect(DEFAULT_IMAGE, pod.name),
    stays=lambda pod: "The pod's own containers go on as they are.",
    refuse=_refuse,
    fields=(
        Field(
            name="image",
            label="Image",
            initial=lambda pod: DEFAULT_IMAGE,
            pattern=IMAGE,
            max_length=500,
            help="With a shell (sh) and the tools you need; its node fetches it.",
        ),
        Field(name="target", label="Beside", required=False, max_length=253, help="Whose processes it sees."),
        Field(
            name="profile",
            label="It may",
            type="choice",
            choices=PROFILES,
            required=False,
            help="The namespace's pod security decides what is taken; it is asked first.",
        ),
        Field(name="user", label="User", type="hidden", required=False, max_length=10, pattern=r"[0-9]{1,10}"),
        Field(name="name", label="Name", type="hidden", required=False, max_length=63, pattern=NAME),
    ),
    bulk=False,
    opens=lambda pod, values: {"panel": "terminal", "container": str(values["name"])} if values.get("name") else {},
    line=_line,
)
