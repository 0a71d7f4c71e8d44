"""What the host's engine says of itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clusters.drivers.demo.world import Object

if TYPE_CHECKING:
    from clusters.drivers.demo.host.world import HostWorld

WARNING = "WARNING: No swap limit support"


def info(world: HostWorld) -> Object:
    """The answer of ``/info``."""
    about = world.about()
    return {
        "ID": about.uid,
        "Name": "demo-host",
        "ServerVersion": about.version,
        "OperatingSystem": "Debian GNU/Linux 13 (demonstration)",
        "KernelVersion": "6.12.48",
        "Architecture": "x86_64",
        "Driver": "overlayfs",
        "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]],
        "CgroupVersion": "2",
        "CgroupDriver": "systemd",
        "LoggingDriver": "json-file",
        "DefaultRuntime": "runc",
        "DockerRootDir": "/var/lib/docker",
        "NCPU": 4,
        "MemTotal": 16 * 1024**3,
        "LiveRestoreEnabled": True,
        "SecurityOptions": ["name=apparmor", "name=seccomp,profile=builtin", "name=cgroupns"],
        "Warnings": [WARNING],
        "Labels": ["room=cellar"],
        "Swarm": {"LocalNodeState": "inactive", "ControlAvailable": False},
    }
