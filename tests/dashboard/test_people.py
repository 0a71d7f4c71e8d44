"""People: accounts, grants, links for passwords; somebody always stays administrator."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from clusters import actors
from clusters.kinds.base import Role
from clusters.models import AuditEntry, Cluster, Grant

pytestmark = pytest.mark.django_db
ClientFor = Callable[[User], Client]


@pytest.fixture
def as_ada(client_for: ClientFor, ada: User) -> Client:
    return client_for(ada)


def test_everybody_is_listed_with_what_they_may(as_ada: Client, vera: User) -> None:
    page = as_ada.get("/people/").content.decode()
    assert "vera" in page
    assert "viewer on Shop" in page


def test_somebody_new_may_nothing_until_it_is_granted(as_ada: Client, shop: Cluster) -> None:
    answer = as_ada.post("/people/add/", {"name": "grace", "password": ""})
    grace = User.objects.get(username="grace")
    assert answer["Location"] == f"/people/{grace.pk}/"
    assert (grace.has_usable_password(), grace.is_superuser, grace.grants.count()) == (False, False, 0)
    as_ada.post(
        f"/people/{grace.pk}/grant/", {"role": "2", "cluster": shop.pk, "namespaces": "front, back", "rights": ["exec"]}
    )
    grant = grace.grants.get()
    assert (grant.role, grant.cluster, grant.namespaces, grant.rights) == (
        Role.OPERATOR,
        shop,
        ["front", "back"],
        ["exec"],
    )
    assert b"front, back" in as_ada.get(f"/people/{grace.pk}/").content
    as_ada.post(f"/people/{grace.pk}/revoke/{grant.pk}/")
    assert not grace.grants.exists()
    assert list(AuditEntry.objects.filter(kind="person").order_by("id").values_list("verb", flat=True)) == [
        "add",
        "grant",
        "revoke",
    ]


@pytest.mark.parametrize(
    "given",
    [
        {"role": "9"},
        {"role": "0"},
        {"role": "2", "cluster": "999"},
        {"role": "2", "namespaces": "../x"},
        {"role": "2", "namespaces": "front"},
        {"role": "2", "rights": "root"},
        {},
    ],
)
def test_a_grant_that_makes_no_sense_is_refused_in_words(as_ada: Client, vera: User, given: dict[str, str]) -> None:
    answer = as_ada.post(f"/people/{vera.pk}/grant/", given)
    assert answer.status_code in {409, 422}
    assert vera.grants.count() == 1


def test_fields_that_are_not_asked_for_are_ignored(as_ada: Client) -> None:
    as_ada.post("/people/add/", {"name": "grace", "password": "", "is_superuser": "1", "is_staff": "1", "role": "3"})
    grace = User.objects.get(username="grace")
    assert (grace.is_superuser, grace.is_staff, grace.grants.count()) == (False, False, 0)


def test_a_link_sets_the_password_once(as_ada: Client, client_for: ClientFor) -> None:
    as_ada.post("/people/add/", {"name": "grace", "password": ""})
    grace = User.objects.get(username="grace")
    page = as_ada.post(f"/people/{grace.pk}/link/", headers={"x-forwarded-host": "evil.example"}).content.decode()
    link = re.search(r"http://127\.0\.0\.1:8000(/welcome/[^\s<]+)", page)
    assert link is not None
    anybody = Client(headers={"host": "127.0.0.1:8000"})
    assert anybody.get(link[1]).status_code == 200
    assert anybody.post(link[1], {"password": "short"}).status_code == 422
    assert anybody.post(link[1], {"password": "a fine long one"}).status_code == 302
    assert anybody.post(link[1], {"password": "a second long one"}).status_code == 404
    assert anybody.login(username="grace", password="a fine long one")
    assert "a fine long one" not in str(list(AuditEntry.objects.values()))


def test_a_link_dies_when_the_person_is_switched_off(as_ada: Client, vera: User) -> None:
    page = as_ada.post(f"/people/{vera.pk}/link/").content.decode()
    link = re.search(r"(/welcome/[^\s<]+)", page)
    assert link is not None
    as_ada.post(f"/people/{vera.pk}/switch/", {"on": "0"})
    assert Client(headers={"host": "127.0.0.1:8000"}).get(link[1]).status_code == 404


@pytest.mark.parametrize(
    "link", ["/welcome/MQ/x-y/", "/welcome/////", "/welcome/%00/x/", "/welcome/OTk5OTk5OTk5OTk5OTk5OTk5OTk5/x/"]
)
def test_a_made_up_link_is_not_found(client: Client, vera: User, link: str) -> None:
    assert client.get(link).status_code == 404


def test_the_last_administrator_stays(as_ada: Client, ada: User) -> None:
    for address, given in (
        (f"/people/{ada.pk}/switch/", {"on": "0"}),
        (f"/people/{ada.pk}/remove/", {}),
        (f"/people/{ada.pk}/revoke/{ada.grants.get().pk}/", {}),
    ):
        answer = as_ada.post(address, given)
        assert answer.status_code == 409
        assert b"administrator" in answer.content
    ada.refresh_from_db()
    assert ada.is_active
    assert ada.grants.count() == 1


def test_with_a_second_administrator_the_first_may_go(as_ada: Client, ada: User, otto: User) -> None:
    Grant.objects.create(user=otto, role=Role.ADMIN)
    assert as_ada.post(f"/people/{ada.pk}/remove/").status_code == 302
    assert not User.objects.filter(username="ada").exists()


def test_an_administrator_of_one_cluster_does_not_manage_people(
    client_for: ClientFor, vera: User, shop: Cluster
) -> None:
    Grant.objects.create(user=vera, role=Role.ADMIN, cluster=shop)
    assert client_for(vera).get("/people/").status_code == 403
    assert client_for(vera).post(f"/people/{vera.pk}/grant/", {"role": "3"}).status_code == 403
    assert vera.grants.count() == 2


@pytest.mark.django_db(transaction=True)
async def test_a_change_of_rights_is_noticed_at_once(vera: User, shop: Cluster) -> None:
    before = await actors.revision()
    actor = await actors.actor_for(vera.pk)
    assert actor is not None
    assert [grant.role for grant in actor.grants] == [Role.VIEWER]
    await Grant.objects.filter(user=vera).adelete()
    assert await actors.revision() != before
    actor = await actors.actor_for(vera.pk)
    assert actor is not None
    assert actor.grants == ()
    vera.is_active = False
    await vera.asave()
    assert await actors.actor_for(vera.pk) is None
    assert await actors.actor_for(None) is None
    assert await actors.actor_for(10**9) is None


@pytest.mark.django_db(transaction=True)
def test_signing_out_anywhere_and_a_new_password_change_the_revision(vera: User, client_for: ClientFor) -> None:
    from asgiref.sync import async_to_sync

    seen = {async_to_sync(actors.revision)()}
    client = client_for(vera)
    client.logout()
    seen.add(async_to_sync(actors.revision)())
    vera.set_password("another fine horse")
    vera.save()
    seen.add(async_to_sync(actors.revision)())
    assert len(seen) == 3
