"""What people fill in: accounts, grants, and the fields that actions and drivers declare."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.models import User

from clusters.errors import ClusterError
from clusters.kinds.base import Role
from clusters.kinds.field import Field
from clusters.models import Cluster
from clusters.models.connected import COLOURS
from clusters.rights import RIGHTS

NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9_.]{0,251}[a-z0-9])?")

NEAR, WIDEST = 20, 1000  # where a slider ends at the least, and the bounds for which there is one at all


def slider_end(most: int, now: int) -> int | None:
    """How far a slider goes that stands at ``now``; None where the bounds are too wide for one."""
    return min(most, max(NEAR, 2 * now)) if most <= WIDEST else None


@dataclass(frozen=True, slots=True)
class Filled:
    """A declared field as it stands in a form: its value, and what is wrong with it ("" when nothing is)."""

    field: Field
    value: Any
    problem: str = ""
    kept: bool = False  # a secret that is stored: left empty, it stays as it is
    suggestions: Sequence[str] = ()  # names that it may be
    detail: str = ""  # the technical words of the problem, shown folded
    copy: str = ""  # what could be filled in, once somebody has made sure of it

    @property
    def id(self) -> str:
        """Ties the label to its input."""
        return f"field-{self.field.name}"

    @property
    def optional(self) -> bool:
        """Can it be left empty for good?"""
        return not (self.field.required or self.field.told)

    @property
    def slider(self) -> int | None:
        """How far a slider beside the number goes; None where there is none. Of wide bounds it covers what is near."""
        least, most = self.field.minimum, self.field.maximum
        if least is None or most is None:
            return None
        return slider_end(most, int(self.value) if str(self.value).isdecimal() else least)

    @property
    def schemes(self) -> str:
        """The addresses that it is for, as the page's script reads them; "" for all."""
        return " ".join(self.field.schemes)

    @property
    def parts(self) -> str:
        """The parts of each line, as the page's script reads them."""
        return json.dumps([asdict(one) for one in self.field.parts])


def beside(form: Sequence[Filled], error: ClusterError | None) -> tuple[list[Filled], ClusterError | None]:
    """The form with what is wrong said beside the field it is about; the error where it is about none of them."""
    if error is None or error.field not in {one.field.name for one in form}:
        return list(form), error
    said = f"{error.message} {error.hint}".strip()
    return [
        replace(one, problem=said, detail=error.detail, copy=error.copy) if one.field.name == error.field else one
        for one in form
    ], None


def filled(
    fields: Sequence[Field],
    values: Mapping[str, Any],
    problems: Mapping[str, str] | None = None,
    kept: Sequence[str] = (),
    names: Callable[[str], Sequence[str]] = lambda kind: (),
) -> list[Filled]:
    """Every declared field with its value. What is secret is never put into a page. ``names``: those of a kind."""
    return [
        Filled(
            field,
            "" if field.type == "secret" else values.get(field.name, ""),
            (problems or {}).get(field.name, ""),
            field.name in kept,
            names(field.among) if field.among else (),
        )
        for field in fields
    ]


@dataclass(frozen=True, slots=True)
class Group:
    """A part of a long form. ``used``: something in it is filled in, or wrong, so that it is shown open."""

    label: str
    fields: Sequence[Filled]
    used: bool


def grouped(fields: Sequence[Filled]) -> list[Group]:
    """The fields by the part of the form that they stand in, in the order in which the parts come first."""
    labels = dict.fromkeys(one.field.group for one in fields)
    by_label = {label: [one for one in fields if one.field.group == label] for label in labels}
    return [Group(label, part, any(one.value or one.problem for one in part)) for label, part in by_label.items()]


class NameField(forms.CharField):
    """A person's name for signing in."""

    def __init__(self, **options: Any) -> None:
        super().__init__(label="Username", max_length=150, validators=[User.username_validator], **options)
        self.widget.attrs |= {"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}


class PasswordField(forms.CharField):
    """A new password. Checked in the form, because the rules compare it with the name."""

    def __init__(self, **options: Any) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
        super().__init__(label="Password", max_length=200, strip=False, widget=widget, **options)


class SetupForm(forms.Form):
    """The first account."""

    token = forms.CharField(
        max_length=200,
        label="Set-up token",
        help_text="The console where Pilothouse was started printed a link that fills it in.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    name = NameField()
    password = PasswordField()

    def clean(self) -> dict[str, Any]:
        """The rules for passwords apply to the first one too."""
        return _check_password(self)


class PersonForm(forms.Form):
    """Somebody new. Without a password they get a link to set one."""

    name = NameField()
    password = PasswordField(
        required=False, help_text="Without one you get a link to give them: with it they choose their own."
    )

    def clean(self) -> dict[str, Any]:
        """Free, and with a password that is good enough if there is one."""
        if User.objects.filter(username__iexact=self.cleaned_data.get("name", "")).exists():
            self.add_error("name", "There is a person of that name already.")
        return _check_password(self)


class NewPasswordForm(forms.Form):
    """A password through a link."""

    password = PasswordField()

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user

    def clean(self) -> dict[str, Any]:
        """Good enough for this person."""
        return _check_password(self, self.user)


class GrantForm(forms.Form):
    """A role on a cluster, in some namespaces, with some rights."""

    role = forms.TypedChoiceField(
        choices=[(int(role), role.name.capitalize()) for role in Role if role], coerce=lambda value: Role(int(value))
    )
    cluster = forms.ModelChoiceField(Cluster.objects.all(), required=False, empty_label="Every cluster")
    namespaces = forms.CharField(required=False, max_length=2000, help_text="Separated by spaces; empty: all of them.")
    rights = forms.MultipleChoiceField(
        choices=[(key, label) for key, label, _ in RIGHTS], required=False, widget=forms.CheckboxSelectMultiple
    )

    def read_clusters(self) -> None:
        """Read the choices from the database now: pages are rendered on the event loop, where nothing may block."""
        field: Any = self.fields["cluster"]
        field.choices = list(field.choices)

    def clean_namespaces(self) -> list[str]:
        """Names that a namespace, a Compose project or a stack can have."""
        names: list[str] = self.cleaned_data["namespaces"].replace(",", " ").split()
        for name in names:
            if not NAMESPACE.fullmatch(name):
                raise forms.ValidationError(f"“{name[:60]}” cannot be the name of a namespace.")
        return names


class ClusterForm(forms.Form):
    """What we keep about a cluster beside how it is reached."""

    name = forms.CharField(max_length=80)
    colour = forms.ChoiceField(choices=COLOURS, required=False)
    production = forms.BooleanField(
        required=False, label="Production", help_text="Asks for the name before something that cannot be undone."
    )
    read_only = forms.BooleanField(
        required=False, label="Read-only", help_text="Nobody acts on it, whatever their role."
    )


def _check_password(form: forms.Form, user: User | None = None) -> dict[str, Any]:
    password = form.cleaned_data.get("password")
    if password:
        try:
            password_validation.validate_password(password, user or User(username=form.cleaned_data.get("name", "")))
        except forms.ValidationError as error:
            form.add_error("password", error)
    return form.cleaned_data
