"""The form of a new password, in our own words."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as allauth_forms

LABELS = {"oldpassword": "Current password", "password1": "New password", "password2": "New password again"}


class ChangeForm(allauth_forms.ChangePasswordForm):  # type: ignore[misc]
    """Of somebody who knows the old one."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, label in LABELS.items():
            self.fields[name].label = label
            self.fields[name].widget.attrs.pop("placeholder", None)
