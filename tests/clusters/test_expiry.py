"""Until when a credential is good, said in words; hostile ones say nothing and break nothing."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from clusters.connect.expiry import first_expiry
from clusters.connect.kubeconfig import read_pasted


def token(**claims: Any) -> str:
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in ({"alg": "RS256"}, claims)
    ]
    return ".".join([*parts, "signature"])


def certificate(ends: datetime) -> tuple[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "pilothouse")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(ends - timedelta(days=900))
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return made.public_bytes(serialization.Encoding.PEM).decode(), plain.decode()


def in_(**span: float) -> float:
    return (datetime.now(UTC) + timedelta(**span)).timestamp()


@pytest.mark.parametrize(
    ("ends", "words", "soon"),
    [
        ({"days": 800}, "(2 years left)", False),
        ({"days": 100}, "(3 months left)", False),
        ({"days": 5, "hours": 1}, "(5 days left)", True),
        ({"hours": 5, "minutes": 1}, "(5 hours left)", True),
        ({"minutes": 3, "seconds": 50}, "(3 minutes left)", True),
        ({"days": -3}, "expired on", True),
    ],
)
def test_a_token_says_until_when_it_is_good(ends: dict[str, float], words: str, soon: bool) -> None:
    expiry = first_expiry({}, {"token": token(exp=in_(**ends))})
    assert expiry is not None
    assert expiry.words.startswith("Its token ")
    assert words in expiry.words
    assert expiry.soon is soon
    assert expiry.over is ("expired" in words)


def test_the_first_to_end_counts() -> None:
    pem, _ = certificate(datetime.now(UTC) + timedelta(days=10))
    expiry = first_expiry({"cert_data": pem}, {"token": token(exp=in_(days=100))})
    assert expiry is not None
    assert expiry.words.startswith("Its client certificate is good until")


@pytest.mark.parametrize(
    "text",
    ["", "x", "a.b.c", "..", token(), token(exp=None), token(exp="soon"), token(exp=1e300), token(exp=-1e300), token(exp=[1]),
     "a." + "A" * 100_000 + ".c", "é.é.é", "sha256~opaque"],
)  # fmt: skip
def test_what_says_nothing_is_not_guessed_at(text: str) -> None:
    assert first_expiry({"cert_data": text}, {"token": text}) is None


def test_a_pasted_kubeconfig_says_it_and_what_is_over_cannot_be_connected() -> None:
    pem, key = certificate(datetime.now(UTC) - timedelta(days=2))
    encoded = [base64.b64encode(one.encode()).decode() for one in (pem, key)]
    found = read_pasted(
        f"""
apiVersion: v1
kind: Config
clusters: [{{name: c, cluster: {{server: "https://127.0.0.1:1"}}}}]
users:
- {{name: fresh, user: {{token: {token(exp=in_(days=100))}}}}}
- {{name: old, user: {{client-certificate-data: {encoded[0]}, client-key-data: {encoded[1]}}}}}
contexts: [{{name: fresh, context: {{cluster: c, user: fresh}}}}, {{name: old, context: {{cluster: c, user: old}}}}]
"""
    )
    fresh, old = found.contexts
    assert "(3 months left)" in fresh.good_until
    assert not fresh.problem
    assert old.problem.startswith("Its client certificate expired on")
