"""Every option of the run form, compared with what the engine says of the container, and read back from it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from clusters.drivers.base import Call
from clusters.drivers.docker import DockerDriver
from clusters.errors import ClusterError, Invalid
from clusters.fields import clean
from clusters.kinds.docker.origin import Origin, load_origin
from clusters.kinds.docker.run import run_container
from clusters.kinds.docker.run_fields import FIELDS
from clusters.kinds.docker.run_form import RunForm
from clusters.kinds.docker.run_hidden import hide, unhide
from clusters.kinds.docker.run_like import copy_values, form_of, read_copy, read_edit, values_of
from clusters.kinds.docker.run_line import docker_line
from clusters.kinds.docker.run_read import read_form
from clusters.kinds.masking import MASK
from tests.clusters.docker_engine import a_name, made, now, remove, unix
from tests.clusters.heard import Heard


@pytest_asyncio.fixture
async def driver(docker_socket: str) -> AsyncIterator[DockerDriver]:
    made_driver = unix(docker_socket)
    yield made_driver
    await made_driver.close()


@pytest_asyncio.fixture
async def networks(driver: DockerDriver) -> AsyncIterator[tuple[str, str]]:
    names = (a_name(), a_name())
    for name in names:
        await driver.call(Call("POST", ("networks", "create"), body={"Name": name}))
    yield names
    for name in names:
        with suppress(ClusterError):
            await driver.call(Call("DELETE", ("networks", name)))


def everything(networks: tuple[str, str], volume: str) -> RunForm:
    given = {
        "image": "busybox:latest",
        "name": a_name(),
        "command": "-c 'sleep 1000'",
        "entrypoint": "sh",
        "ports": "127.0.0.1::8080\n127.0.0.1::53/udp",
        "environment": "COLOUR=dark green\nTOKEN=s3cret",
        "env_file": "# a remark\nexport SIZE=large\nCOLOUR=light\n",
        "volumes": f"{volume}:/data:ro\n/tmp:/machine",
        "tmpfs": "/run:size=64m",
        "networks": f"{networks[0]} web www\n{networks[1]} inner",
        "dns": "10.0.0.53",
        "hosts": "db.test:10.0.0.5",
        "restart": "on-failure",
        "retries": "3",
        "memory": "64m",
        "cpus": "0.5",
        "pids": "50",
        "health_command": "test -d /data",
        "health_interval": "30s",
        "health_timeout": "5s",
        "health_start": "1s",
        "health_retries": "4",
        "user": "1000:1000",
        "working_dir": "/data",
        "hostname": "worker",
        "stop_signal": "SIGINT",
        "stop_timeout": "3",
        "labels": "pilothouse.test=1\ncolour=dark green",
        "log_driver": "json-file",
        "log_options": "max-size=10m\nmax-file=2",
        "init": "",
        "tty": "1",
        "read_only": "1",
        "cap_add": "NET_ADMIN",
        "cap_drop": "net_raw",
        "devices": "/dev/null:/dev/nothing:rw",
        "host_pid": "1",
    }
    return read_form(clean(FIELDS, given))


@pytest.mark.docker
async def test_every_option_is_what_the_engine_says_afterwards(driver: DockerDriver, networks: tuple[str, str]) -> None:
    volume = a_name()
    form = everything(networks, volume)
    created = await run_container(driver, form, Heard())
    try:
        found = await driver.call(Call("GET", ("containers", created.uid, "json")))
        config, host = found["Config"], found["HostConfig"]
        assert found["State"]["Status"] == "running"
        assert (config["Entrypoint"], config["Cmd"]) == (["sh"], ["-c", "sleep 1000"])
        assert {"COLOUR=dark green", "TOKEN=s3cret", "SIZE=large"} <= set(config["Env"])
        assert (config["User"], config["WorkingDir"], config["Hostname"]) == ("1000:1000", "/data", "worker")
        assert (config["StopSignal"], config["StopTimeout"], config["Tty"]) == ("SIGINT", 3, True)
        assert config["Labels"]["colour"] == "dark green"
        assert config["Healthcheck"] == {
            "Test": ["CMD-SHELL", "test -d /data"],
            "Interval": 30 * 10**9,
            "Timeout": 5 * 10**9,
            "StartPeriod": 10**9,
            "Retries": 4,
        }
        assert set(host["PortBindings"]) == {"8080/tcp", "53/udp"}
        assert host["RestartPolicy"] == {"Name": "on-failure", "MaximumRetryCount": 3}
        assert (host["Memory"], host["NanoCpus"], host["PidsLimit"]) == (64 << 20, 10**9 // 2, 50)
        assert host["Tmpfs"] == {"/run": "size=64m"}
        assert (host["Dns"], host["ExtraHosts"]) == (["10.0.0.53"], ["db.test:10.0.0.5"])
        assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "2"}}
        assert (host["ReadonlyRootfs"], host["PidMode"], host["Privileged"]) == (True, "host", False)
        assert host["CapAdd"][0].removeprefix("CAP_") == "NET_ADMIN"
        assert host["CapDrop"][0].removeprefix("CAP_") == "NET_RAW"
        assert host["Devices"][0]["PathInContainer"] == "/dev/nothing"
        mounts = {one["Destination"]: one for one in found["Mounts"]}
        assert (mounts["/data"]["Name"], mounts["/data"]["RW"]) == (volume, False)
        assert (mounts["/machine"]["Type"], mounts["/machine"]["Source"]) == ("bind", "/tmp")
        places = found["NetworkSettings"]["Networks"]
        assert set(places) == set(networks)
        assert {"web", "www"} <= set(places[networks[0]]["Aliases"])
        assert "inner" in places[networks[1]]["Aliases"]
    finally:
        await remove(driver, created.uid)
        await driver.call(Call("DELETE", ("volumes", volume)))


@pytest.mark.docker
async def test_a_container_reads_back_as_the_form_that_made_it(driver: DockerDriver, networks: tuple[str, str]) -> None:
    volume = a_name()
    form = everything(networks, volume)
    created = await run_container(driver, form, Heard())
    try:
        origin = await load_origin(driver, await now(driver, created.uid))
        again = form_of(origin)
        ordered = replace(again, environment=tuple(sorted(again.environment)), labels=tuple(sorted(again.labels)))
        wanted = replace(form, environment=tuple(sorted(form.environment)), labels=tuple(sorted(form.labels)))
        same = {"cap_add": (), "cap_drop": (), "ports": (), "log_options": (), "mounts": (), "rest": form.rest}
        assert replace(ordered, **same) == replace(wanted, **same)  # type: ignore[arg-type]
        assert {one.removeprefix("CAP_") for one in again.cap_add} == {"NET_ADMIN"}
        assert set(again.mounts) == set(form.mounts)
        assert set(again.ports) == set(form.ports)
        assert sorted(again.log_options) == sorted(form.log_options)
        assert again.rest.host.keys() <= {"CgroupnsMode"}
    finally:
        await remove(driver, created.uid)
        await driver.call(Call("DELETE", ("volumes", volume)))


@pytest.mark.docker
async def test_what_the_image_says_by_itself_is_not_said_again(driver: DockerDriver) -> None:
    async with made(driver, ("sleep", "1000")) as one:
        values = values_of(await load_origin(driver, one))
        assert values["environment"] == ""
        assert values["command"] == "sleep 1000"
        assert values["hostname"] == ""
        line = docker_line(form_of(await load_origin(driver, one)))
        assert line == (
            f"docker run --detach --name {one.name} --stop-timeout 0 --label pilothouse.test=1 busybox:latest sleep 1000"
        )


@pytest.mark.docker
async def test_settings_that_the_form_does_not_show_are_kept(driver: DockerDriver) -> None:
    host = {"Ulimits": [{"Name": "nofile", "Soft": 1000, "Hard": 2000}], "SecurityOpt": ["no-new-privileges"]}
    async with made(driver, HostConfig=host, Env=["MANY=a\nb", "PLAIN=1"], Domainname="test") as one:
        form = form_of(await load_origin(driver, one))
        body = form.body
        assert body["HostConfig"]["Ulimits"][0]["Soft"] == 1000
        assert body["HostConfig"]["SecurityOpt"] == ["no-new-privileges"]
        assert body["Env"] == ["MANY=a\nb", "PLAIN=1"]
        assert body["Domainname"] == "test"


@pytest.mark.docker
async def test_a_secret_stays_hidden_and_stays_the_same(driver: DockerDriver) -> None:
    environment = ["DB_PASSWORD=hunter2", "URL=http://me:s3cret@db/", "COLOUR=red"]
    async with made(driver, Env=environment) as one:
        origin = await load_origin(driver, one)
        shown = hide(values_of(origin))
        assert "hunter2" not in str(shown)
        assert "s3cret" not in str(shown)
        changed = {**shown, "environment": str(shown["environment"]).replace("COLOUR=red", "COLOUR=blue")}
        form = read_edit(changed, origin)
        assert set(form.environment) == {"DB_PASSWORD=hunter2", "URL=http://me:s3cret@db/", "COLOUR=blue"}
        assert "hunter2" not in docker_line(form, hidden=True)


def test_a_line_that_was_changed_around_what_is_hidden_says_so() -> None:
    real = {"environment": "URL=http://me:s3cret@db/"}
    with pytest.raises(Invalid, match="hidden in part"):
        unhide({"environment": f"URL=http://me:{MASK}@other/"}, real)
    marked = unhide({"environment": f"secret: URL=http://me:{MASK}@db/"}, real)
    assert marked == {"environment": "secret: URL=http://me:s3cret@db/"}, "a mark before it changes nothing of it"


@pytest.mark.docker
async def test_a_copy_is_no_part_of_the_compose_project(driver: DockerDriver) -> None:
    labels = {"com.docker.compose.project": "shop", "com.docker.compose.service": "web", "mine": "1"}
    async with made(driver, Labels=labels) as one:
        origin = await load_origin(driver, one)
        form = read_copy(copy_values(origin), origin)
        assert form.name == f"{one.name}-copy"
        assert dict(form.labels) == {"mine": "1", "pilothouse.test": "1"}


async def test_what_is_edited_keeps_its_unnamed_volumes_and_a_copy_has_its_own(driver: DockerDriver) -> None:
    host = {"Mounts": [{"Type": "volume", "Target": "/mounted"}]}
    async with made(driver, Volumes={"/bound": {}}, HostConfig=host) as one:
        origin = await load_origin(driver, one)
        names = {mount["Destination"]: mount["Name"] for mount in origin.container["Mounts"]}
        edited, copied = form_of(origin), read_copy(copy_values(origin), origin)
        assert {mount.target: mount.source for mount in edited.mounts} == names
        assert {mount.target: mount.source for mount in copied.mounts} == {"/bound": "", "/mounted": ""}


async def test_a_copy_gets_no_empty_volume_over_what_comes_from_another_container(driver: DockerDriver) -> None:
    async with (
        made(driver, Volumes={"/shared": {}}) as giver,
        made(driver, HostConfig={"VolumesFrom": [giver.uid]}) as one,
    ):
        origin = await load_origin(driver, one)
        assert [mount["Destination"] for mount in origin.container["Mounts"]] == ["/shared"]
        copied = read_copy(copy_values(origin), origin)
        assert copied.mounts == ()
        assert copied.body["HostConfig"]["VolumesFrom"] == [giver.uid]


@pytest.mark.parametrize(
    "answer",
    [
        {"Config": "x"},
        {"Config": {"Env": 5}},
        {"Config": {"Cmd": [1]}},
        {"HostConfig": {"PortBindings": {"80/tcp": "x"}}},
        {"NetworkSettings": {"Networks": 5}},
        {"HostConfig": {"Binds": [None]}},
        {"Mounts": [5]},
    ],
)
def test_an_engine_that_describes_it_wrongly_is_a_clear_word(answer: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        form_of(Origin({"Id": "a" * 64, "Config": {"Image": "busybox"}, **answer}, {}))


@pytest.mark.parametrize(
    "values",
    [
        {"volumes": "../x:/x"},
        {"volumes": "/etc/../root:/x"},
        {"volumes": "data:/"},
        {"volumes": "/:/:ro"},
        {"tmpfs": "run"},
        {"tmpfs": "/run:size=1m;x"},
        {"networks": "host\nfront"},
        {"networks": "front\nfront"},
        {"networks": "bridge web"},
        {"networks": "container:web/x"},
        {"hosts": "db"},
        {"dns": "dns.test"},
        {"user": "root; id"},
        {"working_dir": "data"},
        {"hostname": "-x"},
        {"platform": "../x"},
        {"stop_signal": "kill -9"},
        {"health_interval": "30s"},
        {"health_command": "x", "health_interval": "soon"},
        {"health_command": '["x"'},
        {"cap_add": "NET ADMIN;"},
        {"devices": "null"},
        {"devices": "/dev/null:/dev/null:x"},
        {"labels": "=x"},
        {"log_driver": "a b"},
        {"log_options": "max-size"},
        {"memory": "1m"},
        {"env_file": "not a variable"},
        {"restart": "always", "auto_remove": True},
    ],
)
def test_what_makes_no_sense_is_said_in_words(values: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as raised:
        read_form({"image": "busybox", **values})
    assert raised.value.message.endswith(".")
