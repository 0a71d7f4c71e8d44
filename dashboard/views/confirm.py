"""The question whether it is still you, as a page of its own and as a dialog over what was being done."""

from __future__ import annotations

from asgiref.sync import sync_to_async
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from dashboard import confirm as question
from dashboard.access import allow
from dashboard.request import Request


@allow(scope="signed-in")
@sensitive_post_parameters(question.PASSWORD, question.PASSKEY)
@require_http_methods(["GET", "HEAD", "POST"])
async def confirm(request: Request) -> HttpResponse:
    """GET: ask. POST: when it is them, on to where they wanted to go; a dialog is told with 204."""
    return await sync_to_async(_confirm)(request)


def _confirm(request: Request) -> HttpResponse:
    wanted = request.POST.get("next") or request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}) and wanted.startswith("/")
    target = wanted if safe else "/"
    template = "partials/confirm_person.html" if request.htmx else "pages/confirm.html"
    context = {"action": request.path, "kept": [("next", target)], "dialog": bool(request.htmx)}
    if asked := question.answer(request, context, template):
        return asked
    return HttpResponse(status=204) if request.htmx else HttpResponseRedirect(target)
