"""Calls from git servers: signed, each taken once, and not too many. They only say that it is time to look."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import timedelta

from asgiref.sync import sync_to_async
from django.db import IntegrityError, transaction
from django.utils import timezone

from clusters.calls import Calls
from clusters.compose.source import Source
from clusters.errors import Conflict, Invalid, Refused
from clusters.models import ComposeDelivery, ComposeSource

KEPT = timedelta(days=30)  # that a call is remembered: later it would only have the branch looked at, and nothing else
OF_ONE, OF_ADDRESS = 30, 120  # calls of one webhook, wrong ones from an address, in a minute
_IDS = ("X-GitHub-Delivery", "X-Gitea-Delivery", "X-Gitlab-Event-UUID", "Idempotency-Key")


taken = Calls(OF_ONE)  # by webhook
wrong = Calls(OF_ADDRESS)  # by address: what is rightly signed is taken whatever else comes from there


def check_signed(source: Source, headers: Mapping[str, str], body: bytes) -> None:
    """Return where whoever calls knows the secret. Raises Refused.

    GitHub, Gitea and Forgejo sign what they send (HMAC-SHA256); GitLab sends the secret itself.
    """
    signature = headers.get("X-Hub-Signature-256", "")
    made = "sha256=" + hmac.new(source.signs.encode(), body, hashlib.sha256).hexdigest()
    if signature:
        right = hmac.compare_digest(signature.encode(), made.encode())
    else:
        right = hmac.compare_digest(headers.get("X-Gitlab-Token", "").encode(), source.signs.encode())
    if not source.signs or not right:
        raise Refused("That is not signed with the secret of this webhook.")


@sync_to_async
def take_once(row: ComposeSource, headers: Mapping[str, str], body: bytes) -> None:
    """Remember a call by its id and by what it says: its id is not signed. Raises Conflict for one that was taken."""
    ids = [headers[name] for name in _IDS if headers.get(name)]
    digests = {hashlib.sha256(one).hexdigest() for one in (body, *(f"id {each}".encode() for each in ids))}
    ComposeDelivery.objects.filter(at__lt=timezone.now() - KEPT).delete()
    try:
        with transaction.atomic():
            for digest in sorted(digests):
                ComposeDelivery.objects.create(source=row, digest=digest)
    except IntegrityError as error:
        raise Conflict("This call was taken already.") from error


def is_about(source: Source, body: bytes) -> bool:
    """Whether it may be about our branch: what names another one is not."""
    try:
        said = json.loads(body)
    except RecursionError as error:
        raise Invalid("That JSON is nested too deeply.") from error
    except ValueError as error:
        raise Invalid("That is no JSON. Choose the content type application/json.") from error
    ref = said.get("ref") if isinstance(said, dict) else None
    if not isinstance(ref, str) or not source.branch:
        return True
    return ref in (f"refs/heads/{source.branch}", f"refs/tags/{source.branch}", source.branch)
