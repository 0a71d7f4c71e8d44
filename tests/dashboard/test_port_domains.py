"""Below which domain the ports of pods have their names, by the settings of this Pilothouse."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.core.exceptions import ImproperlyConfigured

from dashboard import settings as settings_module


@pytest.mark.parametrize(
    ("url", "said", "domain"),
    [
        ("http://127.0.0.1:8000", "", "localhost:8000"),
        ("http://localhost", "", "localhost"),
        ("http://127.0.0.1:8000", "none", ""),
        ("https://pilot.example.org", "", ""),
        ("http://pilot.example.org", "", ""),
        ("https://pilot.example.org:8443", "ports.example.net", "ports.example.net:8443"),
        ("https://pilot.example.org", "ports.example.net:444", "ports.example.net:444"),
        ("http://pilot.example.org", "ports.example.net", None),  # its pages could set cookies for ours
        ("https://pilot.example.org", "*.example.net", None),
        ("https://pilot.example.org", "https://example.net", None),
    ],
)
def test_which_domain_ports_open_under(
    url: str, said: str, domain: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings_module, "_origin", urlsplit(url))
    monkeypatch.setattr(settings_module, "HTTPS", url.startswith("https"))
    if domain is None:
        with pytest.raises(ImproperlyConfigured):
            settings_module._forward_domain(said)
    else:
        assert settings_module._forward_domain(said) == domain
