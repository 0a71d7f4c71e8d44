"""An access token for a git server: how git gets it, and how it is kept out of what git says."""

from __future__ import annotations

import base64
from collections.abc import Mapping


def secrets_of(token: str) -> tuple[str, ...]:
    """An access token in every form in which it could be told again."""
    if not token:
        return ()
    return tuple({_basic(token), token, token.rpartition(":")[2]})


def signed_in(token: str) -> Mapping[str, str]:
    """In git's environment, where other users of the machine cannot read it as they could a command line."""
    if not token:
        return {}
    header = f"Authorization: Basic {_basic(token)}"
    return {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "http.extraHeader", "GIT_CONFIG_VALUE_0": header}


def _basic(token: str) -> str:
    pair = token if ":" in token else f"git:{token}"
    return base64.b64encode(pair.encode()).decode()
