"""What lists say of the registries is judged again after a pull, a push or a deletion of ours."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clusters.registries import seen


@pytest.fixture(autouse=True)
def _nothing_is_seen() -> Iterator[None]:
    seen.forget()
    yield
    seen.forget()


def test_a_change_in_a_repository_makes_what_was_seen_of_it_no_news_and_of_no_other() -> None:
    told: list[set[str]] = []
    leave = seen.on_changed(told.append)
    web, old, other = "registry.test:5000/shop/web:1", "registry.test:5000/shop/web:0", "registry.test:5000/shop/api:1"
    seen.note("sha256:a", [(web, "newer"), (old, "same")])
    seen.note("sha256:b", [(other, "gone"), ("busybox:latest", "same")])
    seen.changed("registry.test:5000/shop/web:2")
    assert told == [{web, old}]
    assert seen.state_of("sha256:a", [web, old]) is None
    assert seen.state_of("sha256:b", [other]) == "gone"
    seen.changed("docker.io/library/busybox")  # the same repository, said in full
    assert told[1:] == [{"busybox:latest"}]
    seen.changed("registry.test:5000/nobody/asked:1")
    assert len(told) == 2, "nobody had asked about it"
    leave()
    seen.changed(other)
    assert len(told) == 2
