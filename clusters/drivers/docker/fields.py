"""What it takes to connect an engine: the form is made from this."""

from __future__ import annotations

from clusters.kinds.field import Field

TLS, SSH = ("tcp://",), ("ssh://",)  # the addresses that a field is for

FIELDS = (
    Field(
        name="address",
        label="Address",
        help="unix:///var/run/docker.sock on this machine, tcp://host:2376 with TLS, or ssh://user@host.",
        initial=lambda _: "unix:///var/run/docker.sock",
        max_length=300,
    ),
    Field(
        name="ca",
        label="CA (ca.pem)",
        type="lines",
        required=False,
        max_length=60_000,
        schemes=TLS,
        help="Who issued the engine's certificate. Empty: the CAs this machine trusts.",
    ),
    Field(
        name="certificate",
        label="Client certificate (cert.pem)",
        type="lines",
        required=False,
        max_length=60_000,
        schemes=TLS,
        help="Shown to the engine, together with its key.",
    ),
    Field(
        name="key",
        label="Key of the certificate (key.pem)",
        type="secret",
        required=False,
        max_length=60_000,
        schemes=TLS,
    ),
    Field(
        name="plain",
        label="Without TLS",
        type="flag",
        required=False,
        schemes=TLS,
        help="To this machine only: whoever reaches the port rules the machine.",
    ),
    Field(
        name="accept_risk",
        label="Without TLS to another machine too: I accept the risk",
        type="flag",
        required=False,
        schemes=TLS,
    ),
    Field(
        name="ssh_key",
        label="SSH key",
        type="secret",
        max_length=20_000,
        schemes=SSH,
        help="A private key without a passphrase, made for Pilothouse alone.",
    ),
    Field(
        name="known_hosts",
        label="Known hosts",
        type="lines",
        required=False,
        told=True,
        max_length=20_000,
        schemes=SSH,
        help="The line of that machine from a known_hosts file. Left empty, Test shows it.",
    ),
    Field(
        name="remote_socket",
        label="Socket over there",
        required=False,
        max_length=200,
        schemes=SSH,
        help="Where the engine listens on that machine. Usually /var/run/docker.sock.",
    ),
)
