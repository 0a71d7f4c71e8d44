"""Users of a kubeconfig that sign in by something else than data: a program that is listed, an OIDC issuer.

Both are read as strictly as the rest: what is not known is left out and said, what would read a file is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from clusters.drivers.kubernetes.oidc import check_issuer
from clusters.drivers.kubernetes.plugin import Plugin
from clusters.errors import Invalid

_KNOWN = {
    "client-id", "client-secret", "id-token", "idp-certificate-authority-data", "idp-issuer-url", "refresh-token",
}  # fmt: skip


def program(entry: Any) -> dict[str, Any]:
    """The settings of ``exec``. Raises Invalid for a program that whoever runs Pilothouse has not listed."""
    if not isinstance(entry, dict):
        raise Invalid("“exec” is not allowed: it runs a program.", hint="Take that line out.")
    return {"exec": Plugin.of(entry).stored()}


def provider(
    entry: Any, dropped: list[str], pem: Callable[[Mapping[str, Any], str], str]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings and the secrets of ``auth-provider: oidc``. Raises Invalid for any other one."""
    config = entry.get("config") if isinstance(entry, dict) else None
    if not isinstance(entry, dict) or entry.get("name") != "oidc" or not isinstance(config, dict):
        raise Invalid(
            "“auth-provider” is not allowed: it runs a program, or signs in elsewhere.",
            hint="Make a service account for Pilothouse in that cluster, and use its token. Of OIDC all is known.",
        )
    for key, value in config.items():
        if key == "idp-certificate-authority":
            hint = "Give its data: idp-certificate-authority-data."
            raise Invalid(f"“{key}” is not allowed: it reads a file of this machine.", hint=hint)
        if not isinstance(value, str) or len(value) > 65536:
            raise Invalid(f"“{str(key)[:100]}” of “auth-provider” is not text.")
        if key not in _KNOWN:
            dropped.append(f"{str(key)[:100]} of auth-provider")
    given = {key: value.strip() for key, value in config.items()}
    if not given.get("id-token") and not given.get("refresh-token"):
        raise Invalid("“auth-provider” is not allowed without a token: nobody has signed in with it yet.")
    if not given.get("refresh-token"):
        return {}, {"token": given["id-token"]}
    if not given.get("client-id"):
        raise Invalid("“auth-provider” does not say as which client tokens are renewed (client-id).")
    settings = {
        "oidc_issuer": check_issuer(given.get("idp-issuer-url", "")),
        "oidc_client_id": given["client-id"],
        "oidc_ca_data": pem(config, "idp-certificate-authority-data"),
    }
    secret = {
        "token": given.get("id-token", ""),
        "refresh_token": given["refresh-token"],
        "oidc_client_secret": given.get("client-secret", ""),
    }
    return settings, {key: value for key, value in secret.items() if value}
