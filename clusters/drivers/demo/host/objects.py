"""The host's objects as the Docker Engine API writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from clusters.drivers.demo.host.containers import Program
from clusters.drivers.demo.world import Object

MIB = 1024**2
NEVER = "0001-01-01T00:00:00Z"


def when(at: float) -> str:
    """A time as the engine writes it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def seconds(text: str) -> float:
    """A time of the engine in epoch seconds; 0.0 for never."""
    return (
        0.0 if not text or text.startswith("0001") else datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()
    )


CHECK_EVERY = 5.0  # seconds
CHECKS_KEPT = 5


def passed_checks(thing: Object, output: str, now: float) -> list[Object]:
    """The last runs of a health check that passes, oldest first, as the engine keeps them."""
    first = seconds(thing["State"]["StartedAt"]) + CHECK_EVERY
    last = first + (now - first) // CHECK_EVERY * CHECK_EVERY
    times = [last - back * CHECK_EVERY for back in reversed(range(CHECKS_KEPT))]
    return [{"Start": when(at), "End": when(at + 0.04), "ExitCode": 0, "Output": output} for at in times if first <= at]


def container(uid: str, image_id: str, program: Program, at: float) -> Object:
    """A container as ``inspect`` shows it, made and not started."""
    labels = {"org.opencontainers.image.title": program.name}
    network = f"{program.project}_default" if program.project else "bridge"
    if program.project:
        labels |= {
            "com.docker.compose.project": program.project,
            "com.docker.compose.service": program.service,
            "com.docker.compose.container-number": "1",
            "com.docker.compose.oneoff": "False",
            "com.docker.compose.project.working_dir": f"/srv/{program.project}",
            "com.docker.compose.project.config_files": f"/srv/{program.project}/compose.yaml",
        }
    exposed: dict[str, Any] = {f"{inside}/tcp": {} for _, inside in program.ports}
    check = {
        "Test": ["CMD", *program.check],
        "Interval": int(CHECK_EVERY * 1e9),
        "Timeout": 2_000_000_000,
        "Retries": 3,
    }
    volumes = [
        {
            "Type": "volume",
            "Name": program.volume,
            "Source": f"/var/lib/docker/volumes/{program.volume}/_data",
            "Destination": program.mount,
            "Driver": "local",
            "Mode": "z",
            "RW": True,
            "Propagation": "",
        }
    ]
    return {
        "Id": uid,
        "Name": f"/{program.name}",
        "Created": when(at),
        "Path": program.command[0],
        "Args": list(program.command[1:]),
        "Image": image_id,
        "RestartCount": 0,
        "Driver": "overlay2",
        "Platform": "linux",
        "LogPath": "",
        "State": {
            "Status": "created",
            "Running": False,
            "Paused": False,
            "Restarting": False,
            "OOMKilled": False,
            "Dead": False,
            "Pid": 0,
            "ExitCode": 0,
            "Error": "",
            "StartedAt": NEVER,
            "FinishedAt": NEVER,
        },
        "Config": {
            "Hostname": uid[:12],
            "Image": program.image,
            "User": "",
            "Tty": False,
            "WorkingDir": "/app",
            "Env": [*program.env, "TZ=UTC", "PATH=/usr/local/bin:/usr/bin:/bin"],
            "Cmd": list(program.command),
            "Entrypoint": None,
            "Labels": labels,
            "ExposedPorts": exposed,
            **({"Healthcheck": check} if program.checked else {}),
        },
        "HostConfig": {
            "RestartPolicy": {"Name": program.restart, "MaximumRetryCount": 0},
            "NetworkMode": network,
            "Memory": program.limit * MIB,
            "NanoCpus": 0,
            "Privileged": False,
            "AutoRemove": False,
            "Binds": None,
            "LogConfig": {"Type": "json-file", "Config": {}},
            "PortBindings": {
                f"{inside}/tcp": [{"HostIp": "", "HostPort": str(outside)}] for outside, inside in program.ports
            },
        },
        "Mounts": volumes if program.volume else [],
        "NetworkSettings": {
            "Ports": {},
            "Networks": {
                network: {
                    "IPAddress": "",
                    "Gateway": "",
                    "MacAddress": "",
                    "NetworkID": "",
                    "Aliases": [program.service],
                }
            },
        },
    }


def summary(thing: Object) -> Object:
    """The same as the list shows it."""
    state, config = thing["State"], thing["Config"]
    ports = [
        {
            "IP": "0.0.0.0",  # noqa: S104 (what an engine says, nothing is bound)
            "PrivatePort": int(inside.split("/")[0]),
            "PublicPort": int(one["HostPort"]),
            "Type": "tcp",
        }
        for inside, bound in (thing["NetworkSettings"]["Ports"] or {}).items()
        for one in bound or ()
    ]
    return {
        "Id": thing["Id"],
        "Names": [thing["Name"]],
        "Image": config["Image"],
        "ImageID": thing["Image"],
        "Command": " ".join([thing["Path"], *thing["Args"]]),
        "Created": int(seconds(thing["Created"])),
        "Ports": ports,
        "Labels": config["Labels"],
        "State": state["Status"],
        "Status": _status(state),
        "HostConfig": {"NetworkMode": thing["HostConfig"]["NetworkMode"]},
        "Mounts": thing["Mounts"],
        "NetworkSettings": {"Networks": thing["NetworkSettings"]["Networks"]},
    }


def _status(state: Object) -> str:
    match state["Status"]:
        case "running":
            health = state.get("Health", {}).get("Status")
            return "Up" + (f" ({'health: starting' if health == 'starting' else health})" if health else "")
        case "paused":
            return "Up (Paused)"
        case "restarting":
            return f"Restarting ({state['ExitCode']})"
        case "exited":
            return f"Exited ({state['ExitCode']})"
        case _:
            return "Created"
