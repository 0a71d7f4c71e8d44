"""The audit: two rows for an act, a chain that shows any change, and no secret in it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from importlib import import_module

import pytest
from django.db import DatabaseError, connection, transaction

from clusters import audit
from clusters.models import AuditEntry

pytestmark = pytest.mark.django_db(transaction=True)
migration = import_module("clusters.migrations.0002_audit_is_only_added_to")


def event(**more: object) -> audit.Event:
    return audit.Event(actor="ada", verb="stop", kind="container", name="web", **more)


async def some_rows(count: int = 5) -> None:
    for number in range(count):
        await audit.denied(event(detail={"number": number}), "no")


def tamper(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


async def test_an_act_is_an_intent_and_an_outcome_of_one_request() -> None:
    request = await audit.intent(event())
    await audit.outcome(request, event(), "done", "web is stopped", 0.25)
    first, second = [row async for row in AuditEntry.objects.order_by("id")]
    assert (first.stage, second.stage, first.request, second.request) == ("intent", "outcome", request, request)
    assert second.detail == {"words": "web is stopped", "seconds": 0.25}


async def test_thirty_writers_at_once_make_one_unbroken_chain() -> None:
    await asyncio.gather(*(audit.denied(event(detail={"number": number}), "no") for number in range(30)))
    verdict = await asyncio.to_thread(audit.verify)
    assert (verdict.rows, verdict.broken) == (30, None)


def test_threads_of_several_processes_make_one_unbroken_chain(tmp_path: object) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def write(number: int) -> None:
        try:
            audit.record(event(detail={"number": number}))
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    assert audit.verify() == audit.Verdict(40, audit.verify().head)


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE clusters_auditentry SET actor='mallory' WHERE id=(SELECT MIN(id)+2 FROM clusters_auditentry)", 2),
        ("UPDATE clusters_auditentry SET detail='{}' WHERE id=(SELECT MIN(id)+1 FROM clusters_auditentry)", 1),
        ("DELETE FROM clusters_auditentry WHERE id=(SELECT MIN(id)+1 FROM clusters_auditentry)", 2),
        ("DELETE FROM clusters_auditentry WHERE id=(SELECT MIN(id) FROM clusters_auditentry)", 1),
    ],
)
async def test_the_first_row_that_was_changed_or_follows_a_removed_one_is_named(statement: str, broken: int) -> None:
    await some_rows()
    first = (await AuditEntry.objects.order_by("id").afirst()).pk
    await asyncio.to_thread(tamper, statement)
    assert (await asyncio.to_thread(audit.verify)).broken == first + broken


async def test_rows_cut_off_at_the_end_are_found_with_a_checkpoint_kept_elsewhere() -> None:
    await some_rows()
    checkpoint = await asyncio.to_thread(audit.mark)
    last = "DELETE FROM clusters_auditentry WHERE id=(SELECT MAX(id) FROM clusters_auditentry)"
    await asyncio.to_thread(tamper, last)
    assert (await asyncio.to_thread(audit.verify)).broken is None
    assert (await asyncio.to_thread(audit.verify, checkpoint)).broken is not None


async def test_a_chain_computed_anew_is_found_with_a_checkpoint_kept_elsewhere() -> None:
    await some_rows(3)
    checkpoint = await asyncio.to_thread(audit.mark)
    await asyncio.to_thread(tamper, "DELETE FROM clusters_auditentry")
    await some_rows(6)
    await asyncio.to_thread(tamper, "UPDATE clusters_auditentry SET id = id - 3")
    assert (await asyncio.to_thread(audit.verify, checkpoint)).broken is not None


@pytest.fixture
def protected() -> Iterator[None]:
    """The database's own protection, which the tests' clean-up has to do without otherwise."""
    with connection.schema_editor() as editor:
        migration.unprotect(None, editor)
        migration.protect(None, editor)
    yield
    with connection.schema_editor() as editor:
        migration.unprotect(None, editor)


@pytest.mark.parametrize("statement", ["UPDATE clusters_auditentry SET actor='x'", "DELETE FROM clusters_auditentry"])
def test_the_database_itself_refuses_to_change_or_remove_a_row(protected: None, statement: str) -> None:
    audit.record(event())
    with pytest.raises(DatabaseError, match="only added to"), transaction.atomic():
        tamper(statement)
    assert AuditEntry.objects.count() == 1


async def test_secrets_are_hidden_and_long_text_is_cut() -> None:
    await audit.denied(
        event(
            detail={
                "password": "hunter2",
                "registry": {"auth_token": "abc"},
                "header": "Bearer abcdefghijklmnop",
                "address": "https://robot:s3cret@registry.test/",
                "long": "é" * 9000,
                "odd": "\ud800\0",
                "deep": [[[[[[[1]]]]]]],
            }
        ),
        "no",
    )
    detail = (await AuditEntry.objects.aget()).detail
    assert "hunter2" not in str(detail)
    assert "abcdefghijklmnop" not in str(detail)
    assert "s3cret" not in str(detail)
    assert detail["registry"] == {"auth_token": audit.HIDDEN}
    assert len(detail["long"].encode()) <= audit.MAX_TEXT
    assert (await asyncio.to_thread(audit.verify)).broken is None


async def test_an_outcome_that_is_tried_again_although_it_was_taken_is_in_it_once() -> None:
    request = await audit.intent(event())
    await audit.outcome(request, event(), "done", "the first")
    await audit.outcome(request, event(), "done", "again")
    outcomes = AuditEntry.objects.filter(request=request, stage="outcome")
    assert [row.detail["words"] async for row in outcomes] == ["the first"]


async def test_an_intent_without_an_end_becomes_unknown_when_we_start_again() -> None:
    await audit.intent(event())
    done = await audit.intent(event())
    await audit.outcome(done, event(), "done")
    assert await asyncio.to_thread(audit.settle_interrupted) == 1
    assert await asyncio.to_thread(audit.settle_interrupted) == 0
    assert await AuditEntry.objects.filter(result="unknown").acount() == 1
