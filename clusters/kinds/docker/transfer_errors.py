"""Why a pull or a push failed, from the engine's words (which hold the registry's) to words for people."""

from __future__ import annotations

from clusters.errors import ClusterError, Conflict, Missing, Refused, TooOften, Unreachable
from clusters.kinds.docker.full_disk import full_disk, is_full
from clusters.kinds.untrusted import untrusted
from clusters.registries.reference import called

# In this order: the first that fits. What is written small is looked for in what the engine said.
_NOT_LET = (
    "denied",
    "unauthorized",
    "authentication required",
    "no basic auth credentials",
    "insufficient_scope",
    "authorization failed",
    "incorrect username or password",
    "403 forbidden",
)
_TOO_OFTEN = ("toomanyrequests", "too many requests", "rate limit")
_PLATFORM = ("no matching manifest", "does not match the specified platform", "no match for platform")
_NOT_HERE = ("does not exist locally", "tag does not exist", "does not exist: ", "no such image")
_NOT_THERE = ("manifest unknown", "not found", "name unknown", "repository name not known")
_SILENT = (
    "no such host",
    "connection refused",
    "no route to host",
    "network is unreachable",
    "i/o timeout",
    "deadline exceeded",
    "timeout",
    "lookup ",
)
_CUT = ("unexpected eof", "eof", "connection reset", "broken pipe", "closed network connection", "short read", "http2:")
_NOT_KEPT = ("blob upload invalid", "blob upload unknown", "blob_upload_invalid")
_FAULT = ("500 internal server error", "502 bad", "503 service", "504 gateway", "unknown: unknown error", "status: 5")


def transfer_error(error: ClusterError, image: str, host: str, *, push: bool, begun: bool = False) -> ClusterError:
    """The error to end a job with. ``begun``: something came over before."""
    said, host = error.detail or error.message, called(host)
    small = said.lower()

    def says(*parts: str) -> bool:
        return any(part in small for part in parts)

    if isinstance(error, Unreachable):
        if not error.sent:
            return error
        doing = "push" if push else "pull"
        hint = "It ends what it does when that happens. Try again when it answers: whole layers are kept."
        return Unreachable(f"The engine was lost in the middle of the {doing}.", hint=hint, detail=error.message)
    if is_full(said) or says("not enough space"):
        if not push:
            return full_disk(said)
        return Conflict(f"The disk of {host} is full.", hint="Make room there and try again.", detail=said)
    if fault := untrusted(said):
        words, hint = fault
        return Refused(f"The engine does not trust {host}: {words}.", hint=hint, detail=said)
    if says(*_NOT_LET):
        return _not_let(image, host, said, push=push)
    if says(*_TOO_OFTEN):
        return TooOften(f"{host} was asked too often.", hint="Wait, or sign in there as somebody.", detail=said)
    if says(*_PLATFORM):
        return Missing(f"{image} is not made for this platform.", hint="See its platforms.", detail=said)
    if push and says(*_NOT_HERE):
        return Missing(f"There is no image {image} on this machine.", hint="Give it that name first.", detail=said)
    if isinstance(error, Missing) or says(*_NOT_THERE, *_NOT_HERE):
        return Missing(f"There is no image {image}.", hint="Check its name and tag.", detail=said)
    if says(*_SILENT) and not begun:
        hint = "The machine of the engine needs a way to it."
        return ClusterError(f"{host} does not answer.", hint=hint, detail=said)
    if says(*_CUT, *_SILENT):
        kept = "What came over is kept where the engine can: try again."
        hint = "What is there already is not sent again: push once more." if push else kept
        return ClusterError(f"The connection to {host} was lost in the middle.", hint=hint, detail=said)
    if push and says(*_NOT_KEPT):
        hint = "Its disk may be full: its log says more."
        return ClusterError(f"{host} could not keep what was sent.", hint=hint, detail=said)
    if says(*_FAULT):
        return ClusterError(f"{host} has a fault of its own.", hint="Its log says more.", detail=said)
    return error


def _not_let(image: str, host: str, said: str, *, push: bool) -> Refused:
    doing = f"take {image}" if push else f"give out {image}"
    small = said.lower()
    if "incorrect username" in small or "unauthorized" in small or "authentication required" in small:
        hint = "Check the user and password of that registry under Registries."
        if not push:  # some registries answer so of what they do not have
            hint += " Or there is no such image."
        return Refused(f"{host} does not {doing}: it does not accept how we sign in.", hint=hint, detail=said)
    hint = "Check its name. If it is private, add that registry with a user who may do this."
    return Refused(f"{host} does not {doing}.", hint=hint, detail=said)
