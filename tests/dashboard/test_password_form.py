"""The form of a new password speaks as everything else does."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db


def test_its_labels_are_sentences_and_not_titles(ada: User, client_for: Callable[[User], Client]) -> None:
    page = client_for(ada).get(reverse("account_change_password")).content.decode()
    for label in ("Current password", "New password", "New password again"):
        assert f">{label}</label>" in page, label
    assert "New Password" not in page
