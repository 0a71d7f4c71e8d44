"""Why a container would be made anew, where its text does not tell it: its name leads to another image by now."""

from __future__ import annotations

from contextlib import suppress

import pytest

from clusters.compose.differs import _other_image, _There
from clusters.drivers.base import Call
from clusters.errors import ClusterError
from clusters.kinds.formats import short_id
from clusters.kinds.preview import Difference
from tests.clusters.docker_engine import a_name, unix
from tests.clusters.test_docker_things_live import imported, tar_of

pytestmark = pytest.mark.docker


async def test_another_image_is_told_whatever_its_name_and_none_where_it_cannot_be_asked_for(
    docker_socket: str,
) -> None:
    engine, name = unix(docker_socket), f"pilothouse-test/{a_name()}:1"
    before = _There("web", "", f"sha256:{'0' * 64}")
    try:
        uid = await imported(engine, tar_of("a", b"a")[0], name)
        told = [Difference(f"image {name}", "0" * 12, short_id(uid))]
        assert await _other_image(engine, before, name) == told
        assert await _other_image(engine, _There("web", "", uid), name) == []
        for nothing in ("pilothouse-test/is/not/there:1", "../climbs", ""):
            assert await _other_image(engine, before, nothing) == []
    finally:
        with suppress(ClusterError):
            await engine.call(Call("DELETE", ("images", *name.split("/")), {"force": "true"}))
        await engine.close()
