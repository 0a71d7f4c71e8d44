"""Why git could not fetch, in words for people."""

from __future__ import annotations

from clusters.build.git_address import GitAddress
from clusters.errors import ClusterError, Invalid, Missing, Refused, Unreachable, Unsupported

_TOKEN = "If the repository is private, fill in an access token that may read it."  # noqa: S105  (words, no secret)


def failure_of(command: str, said: str, address: GitAddress) -> ClusterError:
    """What git said, made plain."""
    small, lines = said.lower(), [line for line in said.splitlines() if line.startswith(("fatal:", "error:"))]
    detail = "\n".join(lines)[-1500:] or said[-1500:]
    if command == "archive":
        return Missing(f"There is no folder {address.folder} in that version.", hint="Check its path.", detail=detail)
    if command == "rev-parse":
        return _no_such_commit(address, small, detail)
    refused = ("authentication failed", "terminal prompts disabled", "error: 403", "error: 401")
    if any(word in small for word in refused):
        return Refused(f"{address.host} does not let us read that repository.", hint=_TOKEN, detail=detail)
    if "remote ref" in small or "not our ref" in small or "unadvertised object" in small:
        return _no_such_ref(address, detail)
    if "error: 30" in small or "redirect" in small:
        hint = "Give the address that it leads to: redirects are not followed."
        return Refused(f"{address.host} sends us to another address.", hint=hint, detail=detail)
    if any(word in small for word in ("certificate", "ssl", "tls")):
        hint = "Where it has an authority of its own, give its CA."
        return Unreachable(f"The certificate of {address.host} cannot be trusted.", hint=hint, detail=detail)
    if "not found" in small or "error: 404" in small or "not valid: is this a git repository" in small:
        return Missing("There is no repository at that address.", hint=f"Check it. {_TOKEN}", detail=detail)
    words = ("could not resolve", "failed to connect", "timed out", "refused", "too slow", "hung up", "empty reply")
    if any(word in small for word in (*words, "early eof", "unable to access", "unexpected disconnect")):
        return Unreachable(f"{address.host} does not answer as a git server should.", detail=detail)
    return Unsupported("Git could not fetch that.", detail=detail)


def _no_such_ref(address: GitAddress, detail: str) -> ClusterError:
    if not address.ref:
        return Missing("The repository is empty.", detail=detail)
    if address.is_commit:
        return Missing(f"There is no commit {address.ref[:12]} in that repository.", detail=detail)
    return Missing(f"There is no branch or tag {address.ref[:100]} in that repository.", detail=detail)


def _no_such_commit(address: GitAddress, small: str, detail: str) -> ClusterError:
    if "ambiguous" in small:
        return Invalid(f"Several commits begin with {address.ref}.", hint="Write more of it.", detail=detail)
    words = f"There is no branch, tag or commit {address.ref[:100]} in that repository."
    return Missing(words, hint="Of a commit, at least 7 characters are needed.", detail=detail)
