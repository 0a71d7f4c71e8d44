"""What a stack uses of others, as it would be sent: whoever may deploy in one stack only gets none of it."""

from __future__ import annotations

from typing import Any, cast

import pytest

from clusters.drivers.base import Call, Driver
from clusters.kinds.swarm.base import STACK
from clusters.stacks.ahead import There
from clusters.stacks.dry_run import Sent
from clusters.stacks.others import of_others, volumes_of_others


def thing(stack: str, name: str, **more: Any) -> dict[str, Any]:
    labels = {STACK: stack} if stack else {}
    return {"Name": name, "Labels": labels, "Spec": {"Name": name, "Labels": labels}, **more}


def mounting(*volumes: str) -> dict[str, Any]:
    mounts = [{"Type": "volume", "Source": one, "Target": "/data"} for one in volumes]
    return {"TaskTemplate": {"ContainerSpec": {"Mounts": mounts}}}


THERE = There(
    {
        "services": {
            "v1": {"Spec": {"Name": "bank_db", "Labels": {STACK: "shop_prod"}, **mounting("shop_prod_data")}},
            "v2": {"Spec": {"Name": "shop_web", "Labels": {STACK: "shop"}, **mounting("shop_data")}},
        },
        "networks": {
            "n1": thing("bank", "bank_default", Scope="swarm"),
            "n2": thing("shop", "shop_default", Scope="swarm"),
            "n3": thing("", "ingress", Scope="swarm"),
            "n4": thing("", "shop_front", Scope="local"),
        },
        "secrets": {"s1": thing("bank", "bank_pw"), "s2": thing("shop", "shop_pw")},
        "configs": {"c1": thing("", "motd"), "c2": thing("shop", "shop_motd")},
    }
)


def service(**container: Any) -> Sent:
    return Sent("POST", ("services", "create"), {"Name": "shop_web", "TaskTemplate": {"ContainerSpec": container}})


def on(*targets: str) -> Sent:
    return Sent("POST", ("services", "create"), {"TaskTemplate": {"Networks": [{"Target": one} for one in targets]}})


@pytest.mark.parametrize(
    ("sent", "found"),
    [
        (service(Secrets=[{"SecretID": "s1", "SecretName": "bank_pw"}]), "uses the secret bank_pw"),
        (service(Secrets=[{"SecretID": "", "SecretName": "x"}]), "uses the secret x"),
        (service(Configs=[{"ConfigID": "c1", "ConfigName": "motd"}]), "uses the config motd"),
        (service(Secrets=[{"SecretID": "s2"}], Configs=[{"ConfigID": "c2"}]), ""),
        (on("bank_default"), "uses the network bank_default"),
        (on("n1"), "uses the network bank_default"),
        (on("ingress"), "uses the network ingress"),
        (on("nobody"), "uses the network nobody"),
        (on("n2", "shop_default"), ""),
        (Sent("POST", ("secrets", "s1", "update"), {}), "changes the secret bank_pw"),
        (Sent("DELETE", ("services", "v1")), "removes the service bank_db"),
        (Sent("DELETE", ("services", "v2")), ""),
    ],
)
def test_what_would_be_sent_says_what_is_used_of_others(sent: Sent, found: str) -> None:
    told = list(of_others([sent], THERE, "shop"))
    assert told == ([f"{found}, which is not of this stack"] if found else [])


def test_what_it_makes_itself_is_its_own() -> None:
    secret = Sent("POST", ("secrets", "create"), {"Name": "shop_new"}, "made1")
    network = Sent("POST", ("networks", "create"), {"Name": "shop_front"}, "made2")
    uses = service(Secrets=[{"SecretID": "made1"}])
    assert not list(of_others([secret, network, uses, on("shop_front")], THERE, "shop"))
    assert list(of_others([network, service(Secrets=[{"SecretID": "made2"}])], THERE, "shop"))


def test_a_network_of_another_is_not_its_own_because_it_would_make_one_of_that_name() -> None:
    network = Sent("POST", ("networks", "create"), {"Name": "bank_default"}, "made1")
    assert list(of_others([network, on("bank_default")], THERE, "shop"))


class Engine:
    async def call(self, call: Call) -> Any:
        return {"Volumes": [{"Name": "shop_old", "Labels": {STACK: "other"}}, {"Name": "shop_data", "Labels": None}]}


@pytest.mark.parametrize(
    ("volume", "theirs"),
    [
        ("shop_prod_data", True),  # of the stack shop_prod, on a node that this manager does not see
        ("shop_old", True),
        ("shop_data", True),  # made by nobody's stack
        ("shop_new", False),
        ("bank_data", True),
        ("shop_{{.Node.ID}}", True),
    ],
)
async def test_a_volume_of_another_is_known_also_by_the_services_that_mount_it(volume: str, theirs: bool) -> None:
    sent = [Sent("POST", ("services", "create"), mounting(volume))]
    found = await volumes_of_others(cast(Driver, Engine()), sent, THERE, "shop")
    assert found == ([f"uses the volume {volume}, which is not of this stack alone"] if theirs else [])
