"""What an engine may ask of us while it builds: the secrets of this build, and sign-ins for the registries it names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from google.protobuf.message import DecodeError

from clusters.build.dockerfile import Dockerfile
from clusters.build.form import BuildForm
from clusters.build.session_pb2 import CredentialsRequest, CredentialsResponse, GetSecretRequest, GetSecretResponse
from clusters.errors import Invalid
from clusters.registries.reference import HUB, read_reference
from clusters.registries.sign_in import credentials

_HUB_HOSTS = {"registry-1.docker.io", "index.docker.io", "auth.docker.io"}


def registries_of(dockerfile: Dockerfile, arguments: Mapping[str, str]) -> frozenset[str]:
    """The hosts of the images that it is built from, as far as it names them."""
    hosts = set()
    others = {"scratch", *(name.lower() for name in dockerfile.stages)}
    for _, name in dockerfile.images(arguments):
        if name.lower() not in others and not name.isdigit():
            with suppress(Invalid):  # the engine will say so
                hosts.add(read_reference(name).host)
    return frozenset(hosts)


def answers(form: BuildForm, dockerfile: Dockerfile) -> Mapping[str, Callable[[bytes], Awaitable[bytes | None]]]:
    """By the name of the question: what is answered."""
    hosts = registries_of(dockerfile, dict(form.arguments))
    secrets = dict(form.mounts)

    async def sign_in(question: bytes) -> bytes | None:
        try:
            asked = CredentialsRequest.FromString(question).Host
        except DecodeError:
            return None
        host = HUB if asked in _HUB_HOSTS else asked
        found = await credentials(host) if host in hosts else None
        answer = CredentialsResponse(Username=found[0], Secret=found[1]) if found else CredentialsResponse()
        return bytes(answer.SerializeToString())

    async def secret(question: bytes) -> bytes | None:
        try:
            asked = GetSecretRequest.FromString(question).ID
        except DecodeError:
            return None
        if asked not in secrets:
            return None
        return bytes(GetSecretResponse(data=secrets[asked].encode()).SerializeToString())

    return {
        "/moby.filesync.v1.Auth/Credentials": sign_in,
        "/moby.buildkit.secrets.v1.Secrets/GetSecret": secret,
    }
