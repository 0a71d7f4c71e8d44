"""What is secret at rest: sealed with a key that is never in the database, and bound to the row it belongs to."""

from __future__ import annotations

import base64
import binascii
import os
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from clusters.connect.keys import ID_BYTES, ring
from clusters.errors import Refused
from clusters.models import Cluster, KeyCheck, Registry

# AES-GCM and not Fernet: Fernet has no associated data, so what was sealed for one row opens in another one too.
_HEADER = b"PH1"
_NONCE = 12  # bytes
_TEXT = "sealed:"  # before what is sealed and kept as text
_CHECK = "key check"


class Sealed(Refused):
    """A secret cannot be opened: another master key, another row, or changed. It is left as it is."""

    title = "Cannot be read"


def seal(data: bytes, about: str) -> bytes:
    """Encrypt for the place ``about`` ("cluster:3:secret"); it opens with the same key and the same place only."""
    key = ring()[0]
    nonce = os.urandom(_NONCE)
    header = _HEADER + key.id
    return header + nonce + AESGCM(key.data).encrypt(nonce, data, header + about.encode())


def open_sealed(sealed: bytes, about: str) -> bytes:
    """What was sealed for that place. Raises Sealed."""
    header, rest = sealed[: len(_HEADER) + ID_BYTES], sealed[len(_HEADER) + ID_BYTES :]
    if not sealed.startswith(_HEADER) or len(rest) <= _NONCE:
        raise Sealed("A stored secret is damaged.", hint="Enter it again.")
    key = next((key for key in ring() if header == _HEADER + key.id), None)
    if key is None:
        raise Sealed(
            "A stored secret was encrypted with another master key.",
            hint="Start with the master key of this database (PILOTHOUSE_MASTER_KEY_FILE), or enter it again.",
        )
    try:
        return AESGCM(key.data).decrypt(rest[:_NONCE], rest[_NONCE:], header + about.encode())
    except InvalidTag as error:
        raise Sealed("A stored secret was changed, or belongs to something else.", hint="Enter it again.") from error


def is_current(sealed: bytes) -> bool:
    """Was it sealed with the key that seals now?"""
    return sealed.startswith(_HEADER + ring()[0].id)


def seal_text(text: str, about: str) -> str:
    """The same for what is kept as text. Raises Sealed while locked."""
    refuse_while_locked()
    return text_of(seal(text.encode(), about))


def text_of(sealed: bytes) -> str:
    """What was sealed, as text."""
    return _TEXT + base64.b64encode(sealed).decode()


def is_sealed(text: str) -> bool:
    """Was this text sealed?"""
    return text.startswith(_TEXT)


def open_text(text: str, about: str) -> str:
    """What ``seal_text`` sealed for that place. Raises Sealed."""
    return open_sealed(bytes_of(text), about).decode()


def bytes_of(text: str) -> bytes:
    """What was sealed, as bytes. Raises Sealed when it is damaged."""
    try:
        return base64.b64decode(text.removeprefix(_TEXT), validate=True)
    except binascii.Error as error:
        raise Sealed("A stored secret is damaged.", hint="Enter it again.") from error


def read_secret(row: Cluster | Registry) -> dict[str, Any]:
    """The secret fields of a connection. Raises Sealed."""
    if not row.secret:
        return {}
    return msgspec.json.decode(open_sealed(bytes(row.secret), sealed_for(row)), type=dict[str, Any])


def write_secret(row: Cluster | Registry, values: dict[str, Any]) -> None:
    """Set them on something that has its number already; the caller saves it. Raises Sealed while locked."""
    if values:
        refuse_while_locked()
    row.secret = seal(msgspec.json.encode(values), sealed_for(row)) if values else b""


def sealed_for(row: Cluster | Registry) -> str:
    """What the secret of a row is sealed for."""
    if row.pk is None:
        raise ValueError("a secret is bound to its row: save it first")
    return f"{row._meta.model_name}:{row.pk}:secret"


# --- Locked: this database was sealed with a key that is not in our file ---------------------------------------------


def is_locked() -> bool:
    """Is the master key another one than that of this database? The first time, it is written down which one it is."""
    check = KeyCheck.objects.first()
    try:
        if check is not None:
            open_sealed(bytes(check.sealed), _CHECK)
            return False
        rows: list[Cluster | Registry] = [*Cluster.objects.exclude(secret=b""), *Registry.objects.exclude(secret=b"")]
        for row in rows:
            read_secret(row)
    except Sealed:
        return True
    set_key_check()
    return False


def refuse_while_locked() -> None:
    """Nothing is sealed with a wrong key beside what was sealed with the right one. Raises Sealed."""
    if is_locked():
        raise Sealed(
            "Pilothouse is locked: its master key is not the one of this database. Nothing was changed.",
            hint="Start it with the right key (PILOTHOUSE_MASTER_KEY_FILE). Is it lost? manage.py rotate_keys --lost",
        )


def set_key_check() -> None:
    """From now on the key that seals now is the one of this database."""
    KeyCheck.objects.update_or_create(pk=1, defaults={"sealed": seal(b"pilothouse", _CHECK)})
