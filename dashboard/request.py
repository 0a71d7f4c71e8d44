"""A request as our views get it, for the type checker: with what the middleware attached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import AnonymousUser, User
from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from clusters.access import Actor

if TYPE_CHECKING:
    from dashboard.access import Policy


class Request(HttpRequest):
    """Never made by us: only a name for what is there."""

    user: User | AnonymousUser
    actor: Actor
    htmx: HtmxDetails
    policy: Policy
    fetched: bool
