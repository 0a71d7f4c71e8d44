"""Passkeys, by django-allauth: for our own origin only, with sealed secrets, and no traceback for a forged answer."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import json
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn import forms as allauth_forms
from cryptography.exceptions import InvalidSignature
from django import forms
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.db import transaction

from clusters.connect.rotation import Sealed
from clusters.connect.secrets import bytes_of, is_sealed, open_text, seal_text, text_of
from dashboard.origin import allowed_origins

T = TypeVar("T")
ABOUT = "person:second factor"  # what the secrets of authenticator apps and recovery codes are sealed for
LONGEST_NAME = 60
NOT_ACCEPTED = "This passkey was not accepted. Try again, or use another way."


def possible_at(host: str) -> bool:
    """Browsers bind passkeys to a name: at a bare address there are none."""
    try:
        ipaddress.ip_address(host.rpartition(":")[0].strip("[]") if ":" in host else host)
    except ValueError:
        return True
    return False


class Adapter(DefaultMFAAdapter):  # type: ignore[misc]
    """allauth's decisions about the second factor that are ours to make."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "This code is not right, or was used already.",
    }

    def encrypt(self, text: str) -> str:
        """Secrets at rest are sealed, these too."""
        return seal_text(text, ABOUT)

    def decrypt(self, encrypted_text: str) -> str:
        """What was stored before they were sealed is read as it is."""
        return open_text(encrypted_text, ABOUT) if is_sealed(encrypted_text) else encrypted_text

    def generate_authenticator_name(self, user: AbstractBaseUser, type: Any) -> str:
        """What a new passkey is called until somebody gives it a name."""
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return "Passkey" if number == 1 else f"Passkey {number}"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Who asks: the host name that the page was opened at, one of ours."""
        return {"id": context.request.get_host().partition(":")[0], "name": "Pilothouse"}


class CredentialField(forms.JSONField):
    """What a browser sends of a passkey. Nested without end it is refused like anything else that makes no sense."""

    def __init__(self) -> None:
        super().__init__(widget=forms.HiddenInput)

    def to_python(self, value: Any) -> Any:
        """The answer, as data."""
        try:
            return super().to_python(value)
        except RecursionError as error:
            raise ValidationError(NOT_ACCEPTED) from error


class AddForm(allauth_forms.AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey."""

    name = forms.CharField(
        max_length=LONGEST_NAME, required=False, help_text="To tell it from others: the device it is on."
    )
    credential = CredentialField()
    passwordless = forms.BooleanField(
        label="Sign in with it alone",
        required=False,
        initial=True,
        help_text="Without name and password. The device asks for a finger, a face or a PIN. Otherwise it is asked "
        "for after the password.",
    )

    def clean(self) -> dict[str, Any]:
        """Made for us, and what was made is whole."""
        _check_origin(self.cleaned_data.get("credential"))
        return _in_words(super().clean)


class EditForm(allauth_forms.EditWebAuthnForm):  # type: ignore[misc]
    """Another name for a passkey."""

    name = forms.CharField(max_length=LONGEST_NAME)


class _Answer:
    """What a passkey signed: for our origin, and only then looked at by allauth."""

    cleaned_data: dict[str, Any]

    def clean_credential(self) -> Any:
        """The passkey that signed it."""
        _check_origin(self.cleaned_data["credential"])
        return _in_words(super().clean_credential)  # type: ignore[misc]


class LoginForm(_Answer, allauth_forms.LoginWebAuthnForm):  # type: ignore[misc]
    """Signing in with a passkey alone."""

    credential = CredentialField()


class AuthenticateForm(_Answer, allauth_forms.AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey as second factor."""

    credential = CredentialField()


class ConfirmForm(_Answer, allauth_forms.ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """A passkey that says that it is still the same person."""

    credential = CredentialField()


def _check_origin(credential: Any) -> None:
    """The page that asked for it was exactly ours: another port of our host is somebody else."""
    try:
        encoded = credential["response"]["clientDataJSON"]
        data = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
        ours = data["origin"] in allowed_origins() and not data.get("crossOrigin")
    except (TypeError, KeyError, AttributeError, ValueError, binascii.Error, RecursionError):
        ours = False
    if not ours:
        raise ValidationError(NOT_ACCEPTED)


def _in_words(check: Callable[[], T]) -> T:
    """Whatever is wrong with what a browser sent is one sentence: the libraries raise all sorts of errors for it."""
    try:
        return check()
    except ValidationError as error:
        if error.code != "incorrect_code":
            raise
        raise ValidationError(NOT_ACCEPTED) from error
    except (TypeError, KeyError, AttributeError, ValueError, IndexError, OverflowError, InvalidSignature) as error:
        raise ValidationError(NOT_ACCEPTED) from error


# --- What of a second factor is secret, for the rotation of keys ------------------------------------------------------

_SECRETS = ("secret", "seed")  # of authenticator apps, of recovery codes


def sealed_factors() -> Iterator[Sealed]:
    """The secrets of second factors."""
    for row in Authenticator.objects.order_by("pk"):
        for name in _SECRETS:
            if (text := row.data.get(name)) and is_sealed(text):
                yield Sealed(
                    f"second factor of {row.user}", bytes_of(text), ABOUT, _replacing(row, name, text), row.delete
                )


def _replacing(row: Authenticator, name: str, before: str) -> Callable[[bytes], bool]:
    def replace(new: bytes) -> bool:
        with transaction.atomic():
            now = Authenticator.objects.select_for_update().filter(pk=row.pk).first()
            if now is None or now.data.get(name) != before:
                return False
            now.data[name] = text_of(new)
            now.save(update_fields=["data"])
            return True

    return replace
