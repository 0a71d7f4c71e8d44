"""What it takes to add a registry: the form is made from this."""

from __future__ import annotations

from clusters.kinds.field import Field

FIELDS = (
    Field(name="name", label="Name", help="What people call it.", max_length=80),
    Field(
        name="host",
        label="Address",
        help="As in the names of its images: registry.example.com:5000, ghcr.io, docker.io.",
        max_length=260,
    ),
    Field(name="user", label="User", required=False, help="Empty: without signing in.", max_length=200),
    Field(
        name="password",
        label="Password or token",
        type="secret",
        required=False,
        help="Kept encrypted. A token that may only do what is needed is better than a password.",
        max_length=8000,
    ),
    Field(
        name="ca",
        label="CA",
        type="lines",
        required=False,
        help="Who issued its certificate, in PEM form. Empty: the authorities this machine trusts.",
        max_length=60_000,
    ),
    Field(
        name="sign_in_host",
        label="Another host that signs in",
        required=False,
        help="Only where the registry gives out tokens elsewhere, like gitlab.com: it is sent the password.",
        max_length=260,
    ),
    Field(
        name="plain",
        label="Without TLS: I accept that anybody on the way can read the password and change the images",
        type="flag",
        required=False,
    ),
    Field(
        name="operators_push",
        label="Operators may push with these credentials, too",
        type="flag",
        required=False,
        help="Otherwise administrators only. Everybody who may run containers may pull with them.",
    ),
    Field(
        name="operators_give",
        label="Operators may make pull secrets of these credentials, too",
        type="flag",
        required=False,
        help="Otherwise administrators only. Whoever can read the secrets of a namespace can read the password there.",
    ),
)
