"""Whatever an engine says of a container, what can be read of it is shown."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from clusters.drivers.docker.decode import decode_resource
from clusters.kinds.docker.container import CONTAINER
from clusters.kinds.docker.container_model import Container
from clusters.kinds.docker.container_panels import checks, overview
from tests.clusters.test_container_kind import read

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
NAMES = ["Name", "Created", "State", "Config", "HostConfig", "NetworkSettings", "Mounts", "RestartCount", "Image"]
FIELDS = ["Status", "Health", "Env", "Labels", "Ports", "Networks", "Memory", "ExitCode", "StartedAt", "Cmd"]
PART = st.dictionaries(st.sampled_from(FIELDS), JSON)


@given(tree=st.dictionaries(st.sampled_from(NAMES), JSON | PART))
def test_whatever_an_engine_says_is_survived(tree: dict[str, Any]) -> None:
    one = read(msgspec.json.encode({**tree, "Id": "c0ffee"}))
    assert one.uid == "c0ffee"
    assert CONTAINER.health(one).word
    for column in CONTAINER.columns:
        column.value(one)
    overview(one)
    checks(one)
    for action in CONTAINER.actions:
        assert action.effect(one)
        _ = action.refuse and action.refuse(one), action.stays and action.stays(one)


def test_what_is_no_object_is_nothing() -> None:
    assert decode_resource(b"[1]", Container) is None
    assert decode_resource(b"{", Container) is None


def test_a_part_that_lies_is_left_out_alone() -> None:
    data = b'{"Id":"a","State":{"Status":"running","Pid":"x"},"Mounts":[{"Type":7},{"Type":"bind"}]}'
    one = read(data)
    assert one.state.status == "running"
    assert [mount.type for mount in one.mounts or ()] == ["", "bind"]
