"""What gives a container power over its machine is for administrators, however it is asked for."""

from __future__ import annotations

from typing import Any

import pytest

from clusters.kinds.docker.run_form import Rest, RunForm
from clusters.kinds.docker.run_power import powers
from clusters.kinds.docker.run_read import read_form


@pytest.mark.parametrize(
    "values",
    [
        {"privileged": True},
        {"volumes": "/etc:/etc:ro"},
        {"volumes": "/var/run/docker.sock:/var/run/docker.sock"},
        {"networks": "host"},
        {"host_pid": True},
        {"host_ipc": True},
        {"cap_add": "SYS_ADMIN"},
        {"devices": "/dev/sda"},
        {"log_driver": "syslog"},
        {"log_options": "syslog-address=udp://10.0.0.1"},
    ],
)
def test_the_form_says_what_is_for_administrators(values: dict[str, Any]) -> None:
    assert powers(read_form({"image": "busybox", **values}).body)


def test_what_everybody_may_run_has_no_power() -> None:
    form = read_form(
        {
            "image": "busybox",
            "ports": "80:80",
            "volumes": "data:/data",
            "tmpfs": "/run",
            "networks": "front web",
            "memory": "64m",
            "cpus": "1",
            "pids": 10,
            "cap_drop": "ALL",
            "read_only": True,
            "init": True,
            "log_driver": "local",
            "log_options": "max-size=1m",
            "hosts": "db.test:10.0.0.1",
        }
    )
    assert powers(form.body) == []


@pytest.mark.parametrize(
    "host",
    [
        {"Binds": ["/etc:/etc"]},
        {"Mounts": [{"Type": "bind", "Source": "/etc", "Target": "/etc"}]},
        {"Mounts": [{"Type": "volume", "Target": "/x", "VolumeOptions": {"DriverConfig": {"Options": {"o": "bind"}}}}]},
        {"Mounts": [{"Type": "image", "Source": "x", "Target": "/x"}]},
        {"VolumesFrom": ["other"]},
        {"NetworkMode": "container:abc"},
        {"PidMode": "container:abc"},
        {"IpcMode": "container:abc"},
        {"UTSMode": "host"},
        {"UsernsMode": "host"},
        {"DeviceRequests": [{"Count": -1}]},
        {"DeviceCgroupRules": ["c 1:3 rwm"]},
        {"SecurityOpt": ["seccomp=unconfined"]},
        {"MaskedPaths": []},
        {"ReadonlyPaths": []},
        {"Sysctls": {"net.ipv4.ip_forward": "1"}},
        {"Runtime": "sysbox"},
        {"CgroupParent": "/x"},
        {"OomScoreAdj": -1000},
        {"OomKillDisable": True},
        {"VolumeDriver": "x"},
        {"SomethingNew": True},
    ],
)
def test_what_is_taken_over_from_another_container_counts_the_same(host: dict[str, Any]) -> None:
    assert powers(RunForm(image="busybox", rest=Rest(host=host)).body)


def test_the_engines_own_socket_is_called_what_it_is() -> None:
    form = read_form({"image": "busybox", "volumes": "/var/run/docker.sock:/x"})
    assert powers(form.body) == ["is given the engine's own socket"]
