"""What a project reaches of its machine and of other projects, as the program understood it and as the engine knows."""

from __future__ import annotations

from typing import Any, cast

import pytest

from clusters.compose.power import mounted_volumes, of_others, project_powers, reaches_out
from clusters.compose.refused import refused_in_project
from clusters.drivers.base import Call, Driver
from clusters.kinds.docker.run_volumes import volume_powers


class Engine:
    """Answers lists in the engine's own shape, and knows no single volume."""

    def __init__(self, **labels: str) -> None:
        self.listed = [
            {"Name": name, "Labels": {LABEL: project} if project else None} for name, project in labels.items()
        ]

    async def call(self, call: Call) -> Any:
        return {"Volumes": self.listed} if call.path == ("volumes",) else self.listed


LABEL = "com.docker.compose.project"


def volumes(**names: str) -> dict[str, Any]:
    return {"volumes": {key: {"name": name} for key, name in names.items()}}


@pytest.mark.parametrize("name", ["/", "/etc", ".", "..", "~", "a/b", "x:/y", "-x", "a b", "a\n"])
async def test_what_is_no_name_of_a_volume_is_refused_and_counts_as_a_folder(name: str) -> None:
    project = volumes(r=name)
    assert [path for path, _ in refused_in_project(project)] == [("volumes", "r", "name")]
    found = await volume_powers(cast(Driver, Engine()), mounted_volumes(project))
    assert found == [f"uses the folder {name} of the machine"]


def test_ordinary_names_of_volumes_pass() -> None:
    assert not list(refused_in_project(volumes(a="shop_data", b="0.x-Y_z")))


@pytest.mark.parametrize("section", ["volumes", "networks"])
async def test_what_is_there_of_another_project_is_of_others_though_the_name_could_be_its_own(section: str) -> None:
    project = {section: {"prod_data": {"name": "shop_prod_data"}}}
    assert not reaches_out("shop", project)
    for owner in ("shop_prod", ""):
        found = await of_others(cast(Driver, Engine(shop_prod_data=owner)), "shop", project)
        assert found == [f"uses the {section[:-1]} shop_prod_data, which is not of this project alone"]
    assert not await of_others(cast(Driver, Engine(shop_prod_data="shop", other="x")), "shop", project)


def test_a_network_of_others_is_joined_by_no_mode() -> None:
    def reached(mode: str) -> list[str]:
        return reaches_out("shop", {"services": {"web": {"network_mode": mode}}})

    for mode in ("", "none", "bridge", "service:store"):
        assert not reached(mode)
    assert reached("other_default") == ["uses the network other_default, which is not of this project alone"]


@pytest.mark.parametrize("option", ["seccomp=/etc/x.json", "seccomp:x.json", "seccomp=unconfined.json", "seccomp="])
def test_a_seccomp_profile_that_the_program_would_read_from_a_file_is_refused(option: str) -> None:
    found = list(refused_in_project({"services": {"web": {"security_opt": [option]}}}))
    assert [path for path, _ in found] == [("services", "web", "security_opt")]


def test_profiles_that_are_only_named_are_not_refused() -> None:
    options = ["seccomp=unconfined", "seccomp:builtin", "apparmor:some", "no-new-privileges", "label=disable"]
    assert not list(refused_in_project({"services": {"web": {"security_opt": options}}}))


def test_the_programs_own_labels_are_refused_when_only_a_value_made_them() -> None:
    own = {"com.docker.compose.project": "other"}
    for field in ("labels", "annotations"):
        assert list(refused_in_project({"services": {"web": {field: own}}}))
    for section in ("networks", "volumes"):
        assert list(refused_in_project({section: {"default": {"name": "shop_default", "labels": own}}}))


def test_options_of_a_services_network_are_settings_of_the_kernel() -> None:
    def power(**service: Any) -> list[str]:
        return project_powers({"services": {"web": service}})

    option = {"driver_opts": {"com.docker.network.endpoint.sysctls": "net.ipv4.conf.IFNAME.forwarding=1"}}
    assert power(networks={"default": None, "other": option}) == ["changes settings of the kernel"]
    assert power(sysctls={"a": "1"}, networks={"default": None}) == ["changes settings of the kernel"]
    assert power(networks={"default": None}, sysctls={"a": "1"}) == ["changes settings of the kernel"]
    assert not power(networks={"default": None, "other": {"aliases": ["x"]}})


def test_the_network_of_the_machine_is_power_by_whichever_way() -> None:
    external = {"networks": {"default": {"external": True, "name": "host"}}}
    assert project_powers(external) == ["uses the machine's own network"]
