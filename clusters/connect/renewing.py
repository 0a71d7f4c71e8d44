"""Where renewed secrets of a connection are kept: sealed in its row, or with what is about to be connected."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from asgiref.sync import sync_to_async
from django.db import transaction

from clusters.connect.secrets import read_secret, refuse_while_locked, write_secret
from clusters.errors import Missing
from clusters.models import Cluster


class KeptInRow:
    """Those of a cluster that is connected. Whoever renews reads them first: somebody else may have renewed them."""

    def __init__(self, cluster_id: int) -> None:
        self._cluster_id = cluster_id

    async def load(self) -> Mapping[str, Any]:
        """As they are now. Raises Sealed where none could be kept, so that nothing is renewed that would be lost."""
        return await sync_to_async(self._load)()

    async def save(self, values: Mapping[str, Any]) -> None:
        """Keep these beside the others."""
        await sync_to_async(self._save)(values)

    def _load(self) -> Mapping[str, Any]:
        refuse_while_locked()
        return read_secret(self._row())

    def _save(self, values: Mapping[str, Any]) -> None:
        with transaction.atomic():
            row = self._row(for_update=True)
            write_secret(row, {**read_secret(row), **values})
            row.save(update_fields=["secret"])

    def _row(self, *, for_update: bool = False) -> Cluster:
        rows = Cluster.objects.select_for_update() if for_update else Cluster.objects.all()
        row = rows.filter(pk=self._cluster_id).first()
        if row is None:
            raise Missing("That cluster is not connected any more.")
        return row


class KeptBeside:
    """Those of a cluster that is being connected: what is stored with it then are the newest."""

    def __init__(self, secret: MutableMapping[str, Any]) -> None:
        self._secret = secret

    async def load(self) -> Mapping[str, Any]:
        """As they are now."""
        return self._secret

    async def save(self, values: Mapping[str, Any]) -> None:
        """Keep these beside the others."""
        self._secret.update(values)
