"""What it takes to reach one API server, in our own normalised form; no kubeconfig gets further than this."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import environ
from pathlib import Path
from typing import Any

from clusters.drivers.kubernetes.addresses import check_server
from clusters.drivers.kubernetes.naming import GROUPS_FORM, PREFIX, PREFIX_FORM
from clusters.drivers.kubernetes.oidc import Oidc
from clusters.drivers.kubernetes.plugin import Plugin
from clusters.errors import Invalid, Unsupported
from clusters.kinds.field import Field

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")

FIELDS = (
    Field(name="server", label="Server", help="https://10.0.0.5:6443", max_length=2000),
    Field(name="ca_data", label="CA certificate", type="lines", required=False, max_length=65536,
          help="The certificate (PEM) that the server's own was issued by. Empty: those this machine trusts."),
    Field(name="token", label="Token", type="secret", required=False, max_length=16384),
    Field(name="cert_data", label="Client certificate", type="lines", required=False, max_length=65536, help="PEM"),
    Field(name="key_data", label="Client key", type="secret", required=False, max_length=65536, help="PEM"),
    Field(name="tls_server_name", label="Name in the certificate", required=False, max_length=253,
          help="Only where it differs from the address."),
    Field(name="insecure", label="Do not check the server's certificate", type="flag", required=False,
          help="Anybody in between can then read the token and answer in the cluster's place."),
    Field(name="namespaces", label="Only these namespaces", required=False, max_length=4000, narrows=True,
          pattern=r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?( +[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)*",
          help="For an account that may not list the whole cluster. Separated by spaces; empty: all of them."),
    Field(name="certificates", label="Look after the certificates of ingresses and gateways", type="flag",
          required=False, narrows=True,
          help="Reads the secrets that they name, now and then and one by one, and keeps only what a certificate"
               " tells everybody: for whom, until when. Off: that is looked at when somebody opens one."),
    Field(name="impersonate", label="Act as the signed-in person", type="flag", required=False, narrows=True,
          help="What somebody reads and does goes to the cluster under their own name, so that its rights for them"
               " count and its audit names them. The account above must be allowed to impersonate."),
    Field(name="impersonate_prefix", label="What stands before their names there", required=False, max_length=64,
          pattern=PREFIX_FORM, narrows=True, help=f"Small letters, with a colon at the end. Empty: {PREFIX}"),
    Field(name="impersonate_groups", label="Groups that they all belong to there", required=False, max_length=1000,
          pattern=GROUPS_FORM, narrows=True,
          help="Separated by spaces; each gets the same before its name (people: pilothouse:people)."),
)  # fmt: skip


@dataclass(frozen=True, slots=True, repr=False)
class Connection:
    """Where the API server is and how we sign in. Certificates and keys are PEM text; "" is none."""

    server: str
    ca_data: str = ""
    cert_data: str = ""
    key_data: str = ""
    token: str = ""
    tls_server_name: str = ""
    insecure: bool = False
    token_file: Path | None = None  # in-cluster only: read again each minute, because it is replaced while we run
    plugin: Plugin | None = None  # a program that gives us a token or a certificate
    oidc: Oidc | None = None  # who gives us the next token

    @classmethod
    def of(cls, settings: Mapping[str, Any], secret: Mapping[str, Any]) -> Connection:
        """From a cluster's settings and secret. Raises Invalid, or Unsupported where there is no cluster around us."""
        if settings.get("in_cluster"):
            return in_cluster()
        text = {name: str(settings.get(name) or "") for name in ("server", "ca_data", "cert_data", "tls_server_name")}
        made = cls(
            server=_server(text["server"]),
            ca_data=_pem(text["ca_data"], "CA certificate", "CERTIFICATE", "ca_data"),
            cert_data=_pem(text["cert_data"], "client certificate", "CERTIFICATE", "cert_data"),
            key_data=_pem(str(secret.get("key_data") or ""), "client key", "PRIVATE KEY", "key_data"),
            token=_token(str(secret.get("token") or "")),
            tls_server_name=text["tls_server_name"],
            insecure=settings.get("insecure") is True,
            plugin=Plugin.of(settings["exec"]) if isinstance(settings.get("exec"), dict) else None,
            oidc=Oidc.of(settings, secret),
        )
        if bool(made.cert_data) != bool(made.key_data):
            missing = "key_data" if made.cert_data else "cert_data"
            raise Invalid("A client certificate and its key belong together; one of them is missing.", field=missing)
        return made


def in_cluster() -> Connection:
    """The cluster we run in ourselves, with the account of our own pod. Raises Unsupported."""
    host, port = environ.get("KUBERNETES_SERVICE_HOST", ""), environ.get("KUBERNETES_SERVICE_PORT", "443")
    ca, token = SERVICE_ACCOUNT / "ca.crt", SERVICE_ACCOUNT / "token"
    if not host or not token.is_file():
        raise Unsupported("Pilothouse does not run inside a cluster.", hint="Connect it by its address instead.")
    server = f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
    return Connection(check_server(server), ca.read_text() if ca.is_file() else "", token_file=token)


def _token(text: str) -> str:
    token = text.strip()
    if not token.isascii() or not token.isprintable() or " " in token:
        hint = "Paste it again, without line breaks."
        raise Invalid("The token holds characters that no token has.", hint=hint, field="token")
    return token


def _server(text: str) -> str:
    try:
        return check_server(text)
    except Invalid as error:
        error.field = "server"
        raise


def _pem(text: str, what: str, label: str, field: str) -> str:
    text = text.strip()
    if text and ("-----BEGIN " not in text or label not in text or "\0" in text):
        raise Invalid(f"The {what} is not in PEM form.", hint=f"It begins with -----BEGIN {label}-----.", field=field)
    return text + "\n" if text else ""
