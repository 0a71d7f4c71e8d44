"""What is secret at rest: sealed with a key that is never in the database, and bound to the row it belongs to."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from clusters.errors import ClusterError
from clusters.models import Cluster, Registry

# AES-GCM and not Fernet: Fernet has no associated data, so what was sealed for one row opens in another one too.
_HEADER = b"PH1"
_ID, _NONCE = 8, 12  # bytes


class Sealed(ClusterError):
    """A secret cannot be opened: another master key, another row, or changed. It is left as it is."""

    title = "Cannot be read"


def seal(data: bytes, about: str) -> bytes:
    """Encrypt for the place ``about`` ("cluster:3:secret"); it opens with the same key and the same place only."""
    key, key_id = _key(settings.MASTER_KEY)
    nonce = os.urandom(_NONCE)
    header = _HEADER + key_id
    return header + nonce + AESGCM(key).encrypt(nonce, data, header + about.encode())


def open_sealed(sealed: bytes, about: str) -> bytes:
    """What was sealed for that place. Raises Sealed."""
    key, key_id = _key(settings.MASTER_KEY)
    header, rest = sealed[: len(_HEADER) + _ID], sealed[len(_HEADER) + _ID :]
    if not sealed.startswith(_HEADER) or len(rest) <= _NONCE:
        raise Sealed("A stored secret is damaged.", hint="Enter it again.")
    if header != _HEADER + key_id:
        raise Sealed(
            "A stored secret was encrypted with another master key.",
            hint="Start with the master key of this database (PILOTHOUSE_MASTER_KEY_FILE), or enter it again.",
        )
    try:
        return AESGCM(key).decrypt(rest[:_NONCE], rest[_NONCE:], header + about.encode())
    except InvalidTag as error:
        raise Sealed("A stored secret was changed, or belongs to something else.", hint="Enter it again.") from error


def read_secret(row: Cluster | Registry) -> dict[str, Any]:
    """The secret fields of a connection. Raises Sealed."""
    if not row.secret:
        return {}
    return msgspec.json.decode(open_sealed(bytes(row.secret), _place(row)), type=dict[str, Any])


def write_secret(row: Cluster | Registry, values: dict[str, Any]) -> None:
    """Set them on something that has its number already; the caller saves it."""
    row.secret = seal(msgspec.json.encode(values), _place(row)) if values else b""


def _place(row: Cluster | Registry) -> str:
    if row.pk is None:
        raise ValueError("a secret is bound to its row: save it first")
    return f"{row._meta.model_name}:{row.pk}:secret"


@lru_cache(maxsize=4)
def _key(master: str) -> tuple[bytes, bytes]:
    """The data key and its id: both from the master key, neither tells anything about it."""
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"pilothouse secrets at rest 1").derive(master.encode())
    return key, hashlib.sha256(b"pilothouse key id" + key).digest()[:_ID]
