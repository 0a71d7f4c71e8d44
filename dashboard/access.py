"""Who may open what: every view declares it with ``@allow``, and fetches what it is about through here.

Not granted is 404 (nobody learns that it exists), too low a role is 403, not signed in leads to the sign-in page. A
view that declares nothing is refused.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import ResolverMatch, reverse

from clusters import audit
from clusters.access import Actor, Area, Need, decide, reachable
from clusters.by_name import uid_of
from clusters.errors import InPart, Invalid, Missing
from clusters.gateway import Denied
from clusters.kinds.base import Action, Right, Role
from clusters.live.connection import Connection
from clusters.live.resource import Resource
from clusters.live.row import Row, parse_id
from clusters.live.store import Store
from clusters.people import is_admin
from dashboard import confirm
from dashboard.engine import engine
from dashboard.request import Request

log = logging.getLogger(__name__)
View = TypeVar("View", bound=Callable[..., Any])
Scope = Literal["anyone", "signed-in", "site", "cluster", "closed"]
Confirm = Literal["", "changes", "always"]
SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
PATIENCE = 10.0  # seconds a page waits for the first list of a kind that nobody watched


@dataclass(frozen=True, slots=True)
class Policy:
    """What a view takes. ``site``: that role on everything; ``cluster``: on what it fetches; ``closed``: never.

    ``confirm``: whether somebody who signed in a while ago is asked again who they are (see confirm.py).
    """

    role: Role = Role.NOBODY
    right: Right = ""
    scope: Scope = "cluster"
    confirm: Confirm = ""

    @property
    def need(self) -> Need:
        """The same as a question about one resource."""
        return Need(self.role, self.right, acts=False)


ANYONE, SIGNED_IN, CLOSED = Policy(scope="anyone"), Policy(scope="signed-in"), Policy(scope="closed")
CONFIRMED = Policy(scope="signed-in", confirm="always")
# The views of django-allauth, by their names. What is not here, or closed, does not exist: nobody signs up, and
# without mail a forgotten password is replaced by a link from an administrator. Its own pages that ask again who it
# is are closed, too: ours (confirm.py) are for every view.
ACCOUNT_VIEWS = {
    **dict.fromkeys(
        ("account_login", "account_logout", "account_inactive", "mfa_authenticate", "mfa_login_webauthn"), ANYONE
    ),
    **dict.fromkeys(("account_change_password", "mfa_index"), SIGNED_IN),
    **dict.fromkeys(
        (
            "mfa_activate_totp",
            "mfa_deactivate_totp",
            "mfa_view_recovery_codes",
            "mfa_generate_recovery_codes",
            "mfa_download_recovery_codes",
            "mfa_add_webauthn",
            "mfa_remove_webauthn",
            "mfa_edit_webauthn",
        ),
        CONFIRMED,
    ),
    "usersessions_list": SIGNED_IN,
}


def allow(
    role: Role = Role.NOBODY, right: Right = "", scope: Scope = "cluster", confirm: Confirm = ""
) -> Callable[[View], View]:
    """Declare what a view takes. With scope ``cluster`` its first line must fetch what it is about (see below)."""
    policy = Policy(role, right, scope, confirm)

    def decorate(view: View) -> View:
        if iscoroutinefunction(view):

            @wraps(view)
            async def guarded(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
                if refused := check(request, policy):
                    return refused
                return _fetched(request, await view(request, *args, **kwargs))
        else:

            @wraps(view)
            def guarded(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
                return check(request, policy) or _fetched(request, view(request, *args, **kwargs))

        guarded.policy = policy  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return decorate


def policy_of(match: ResolverMatch) -> Policy | None:
    """What the view at this address declares; None when it declares nothing, and must not be opened."""
    declared: Policy | None = getattr(match.func, "policy", None)
    return declared or (ACCOUNT_VIEWS.get(match.url_name or "", CLOSED) if _is_allauth(match) else None)


def check(request: Request, policy: Policy) -> HttpResponse | None:
    """Everything that can be decided before it is known what it is about. An answer means: refused."""
    request.policy = policy
    actor: Actor = request.actor
    if policy.scope == "anyone":
        return None
    if policy.scope == "closed":
        raise Http404
    if not actor.user_id:
        return _sign_in_first(request)
    engine.somebody = True  # whoever is signed in has an account
    if policy.scope == "site" and not is_admin(actor):
        raise PermissionDenied("Only administrators of everything may do this.")
    if policy.confirm == "always" or (policy.confirm == "changes" and request.method not in SAFE):
        return confirm.unless_recent(request)
    return None


async def cluster_or_404(request: Request, slug: str) -> Connection:
    """The connected cluster of that address, when any of it is shared with this person."""
    connection = engine.supervisor.by_slug(slug)
    if connection is None:
        raise Http404
    actor, policy, one = request.actor, request.policy, connection.cluster
    decisions = [decide(actor, Area(one.id, namespace), policy.need) for namespace in reachable(actor, one.id)]
    if not any(decision.allowed for decision in decisions):
        await audit.denied(_event(actor, request, one.name), decisions[0].reason)
        if not any(decision.known for decision in decisions):
            raise Http404
        raise PermissionDenied(next(decision.reason for decision in decisions if decision.known))
    request.fetched = True
    return connection


async def resource_or_404(request: Request, slug: str, kind_name: str, key: str) -> Row:
    """The live resource of that address, when it is shared with this person. Waits for the kind's first list."""
    connection = await cluster_or_404(request, slug)
    await engine.learn(kind_name)
    store = connection.stores.get(kind_name)
    if store is None:
        raise Http404
    await listed(connection, store, key)
    resource = store.find(key) or await _just_made(request, connection, store, key)
    if resource is None:
        if store.trouble is not None and not isinstance(store.trouble, InPart):
            raise store.trouble.with_traceback(None)  # it may well be there: nobody can tell
        raise Http404
    namespace = store.kind.seen_in(resource)
    try:
        await engine.gateway.see(
            request.actor,
            connection.cluster.id,
            namespace,
            request.policy.need,
            kind=kind_name,
            resource=resource,
        )
    except Denied as error:
        raise refusal(error) from error
    row = engine.supervisor.row(f"{connection.cluster.id}~{kind_name}~{resource.uid}")
    if row is None:
        raise Http404
    return row


async def row_or_none(request: Request, row_id: str) -> Row | None:
    """The row with that id, when it is there and shared with this person: the two are not told apart."""
    request.fetched = True
    actor: Actor = request.actor
    try:
        cluster_id, kind_name, _ = parse_id(row_id)
        connection = engine.supervisor.connections.get(cluster_id)
        if connection is not None and (store := connection.stores.get(kind_name)):
            await listed(connection, store)
        row = engine.supervisor.row(row_id)
        if row is not None:
            namespace = row.seen_in
            need = Need(Role.VIEWER, acts=False)
            await engine.gateway.see(actor, cluster_id, namespace, need, kind=kind_name, resource=row.resource)
    except (Invalid, Missing, Denied):
        return None
    return row


async def listed(connection: Connection, store: Store, key: str = "", *, within: float = PATIENCE) -> None:
    """Wait, for ``within`` seconds at most, until the first list of a kind that nobody watched is there.

    What is called ``key`` may be in the next list when what is known is not sure.
    """
    ends = asyncio.get_running_loop().time() + within

    def waits() -> bool:
        unsure = bool(key and store.as_of and store.find(key) is None)
        return (unsure or not store.listed) and store.trouble is None

    with connection.wanted(store.kind.name):
        while waits() and asyncio.get_running_loop().time() < ends:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


async def _just_made(request: Request, connection: Connection, store: Store, key: str) -> Resource | None:
    """What the cluster has under that name although its list, which takes long, does not tell of it (yet).

    An image that was just built is such a thing, and one by another of its names.
    """
    if not (store.kind.ahead and store.listed):
        return None
    uid = await uid_of(engine.gateway, request.actor, connection.cluster.id, store.kind, key)
    ends = asyncio.get_running_loop().time() + PATIENCE
    with connection.wanted(store.kind.name):
        while uid and store.find(uid) is None and asyncio.get_running_loop().time() < ends:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return store.find(uid) if uid else None


async def action_or_404(request: Request, row: Row, verb: str) -> Action[Any]:
    """The action of that verb, when this person may do it to this resource."""
    request.fetched = True
    try:
        return await engine.gateway.may_act(request.actor, row.cluster.id, row.kind, row.resource, verb)
    except Missing as error:
        raise Http404 from error
    except Denied as error:
        raise refusal(error) from error


def refusal(error: Denied) -> Exception:
    """What a view raises for it: 404 where this person may not know that it exists."""
    return PermissionDenied(error.message) if error.known else Http404()


def _fetched(request: Request, response: HttpResponseBase) -> HttpResponseBase:
    """A view about a cluster that never asked whether it may is a fault of ours: its answer is not sent."""
    if request.policy.scope == "cluster" and response.status_code < 400 and not getattr(request, "fetched", False):
        log.error("%s answered without asking for its cluster", request.path)
        raise PermissionDenied
    return response


def _sign_in_first(request: Request) -> HttpResponse:
    if not engine.somebody:
        return HttpResponseRedirect(reverse("setup"))  # the very first visit: the page says where the link is
    address = f"{reverse('account_login')}?{urlencode({'next': request.get_full_path()})}"
    if request.headers.get("HX-Request") or "application/json" in request.headers.get("Accept", ""):
        return HttpResponse("Sign in first.", status=401, headers={"HX-Redirect": reverse("account_login")})
    return HttpResponseRedirect(address)


def _event(actor: Actor, request: Request, cluster: str) -> audit.Event:
    detail = {"path": request.path}
    return audit.Event(actor=actor.name, address=actor.address, cluster=cluster, verb="open", detail=detail)


def _is_allauth(match: ResolverMatch) -> bool:
    return str(getattr(match.func, "__module__", "")).startswith("allauth.")
