"""Which source a connection signs in from; None where what it has is all there will ever be."""

from __future__ import annotations

from clusters.drivers.keeper import Keeper
from clusters.drivers.kubernetes.connection import Connection
from clusters.drivers.kubernetes.credentials import Credential, FromFile, Renewing, Source
from clusters.token_ends import token_ends


def source_of(connection: Connection, keeper: Keeper | None = None) -> Source | None:
    """The token file of our own pod, a program, or an issuer whose new tokens ``keeper`` keeps."""
    if connection.token_file is not None:
        return FromFile(connection.token_file)
    if (plugin := connection.plugin) is not None:
        about = {"server": connection.server, "insecure-skip-tls-verify": connection.insecure}
        if connection.ca_data:
            about["certificate-authority-data"] = connection.ca_data
        return Renewing(lambda refused: plugin.run(about))
    if (oidc := connection.oidc) is not None and keeper is not None:
        ends = token_ends(connection.token)
        first = Credential(connection.token, ends=ends) if ends is not None else None
        return Renewing(lambda refused: oidc.renewed(keeper, refused), first)
    return None
