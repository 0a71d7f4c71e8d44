"""The kept versions of a project: what was a secret in one stays one in all that come later."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from django.contrib.auth.models import User

from clusters.compose.changes import changed_values
from clusters.compose.versions import keep, once_secret, open_version, way_back
from clusters.models import Cluster, ComposeVersion, Job

SECRET = "services: {a: {image: x, secrets: [s]}}\nsecrets: {s: {environment: LICENSE}}\n"
LABEL = "services: {a: {image: x, labels: {of: '${LICENSE}'}}}\n"
WITHOUT = "services: {a: {image: x}}\n"


@pytest.fixture
def host(transactional_db: None) -> Cluster:
    return Cluster.objects.create(name="Host", slug="host", driver="docker", platform="docker")


async def kept(by: User, host: Cluster, text: str, values: dict[str, str], secret: Collection[str] = ()) -> int:
    count = await Job.objects.acount()
    job = await Job.objects.acreate(key=f"{count:032}", title="x", verb="deploy", actor=by, state="done")
    return await keep(job, host.pk, "shop", text, values, secret=secret)


async def test_a_value_that_was_a_secrets_stays_one_whatever_a_later_text_does_with_it(
    ada: User, host: Cluster
) -> None:
    await kept(ada, host, SECRET, {"LICENSE": "canary-1"})
    number = await kept(ada, host, LABEL, {"LICENSE": "canary-1"})
    moved = await open_version(host.pk, "shop", number)
    assert moved.secrets == {"LICENSE": "canary-1"}
    # Also when a text between them asked for no such value, and when another one is typed.
    await kept(ada, host, WITHOUT, {})
    await kept(ada, host, LABEL, {"LICENSE": "canary-2", "SIZE": "3"})
    newest = await open_version(host.pk, "shop")
    assert newest.secrets == {"LICENSE": "canary-2"}
    assert "canary" not in str(changed_values(moved, newest))
    assert await once_secret(host.pk, "shop") == {"LICENSE"}
    assert await once_secret(host.pk, "other") == set()


async def test_what_was_found_out_about_values_makes_no_other_version_to_go_back_to(ada: User, host: Cluster) -> None:
    await kept(ada, host, LABEL, {"LICENSE": "a"})
    await kept(ada, host, LABEL, {"LICENSE": "a"}, secret={"LICENSE"})
    assert await way_back(host.pk, "shop") is None


async def test_a_way_back_is_found_where_the_newest_or_one_between_cannot_be_opened_any_more(
    ada: User, host: Cluster
) -> None:
    for text in (WITHOUT, LABEL, SECRET, LABEL):
        await kept(ada, host, text, {"LICENSE": "a"})
    lost = ComposeVersion.objects.filter(project="shop")
    await lost.filter(number=4).aupdate(sealed=b"with a key that is lost")
    assert (way := await way_back(host.pk, "shop"))
    assert (way.newest, way.to) == (4, 3)
    await lost.filter(number__gt=1).aupdate(sealed=b"with a key that is lost")
    assert (way := await way_back(host.pk, "shop"))
    assert way.to == 1
    await lost.aupdate(sealed=b"with a key that is lost")
    assert await way_back(host.pk, "shop") is None
