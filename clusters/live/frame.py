"""A frame: what is pushed to many tabs at once, encoded once."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import msgspec


class Frame:
    """A JSON object of the live protocol. Only the subscription's number differs from tab to tab."""

    def __init__(self, **body: Any) -> None:
        self.body = body

    @cached_property
    def _rest(self) -> str:
        return msgspec.json.encode(self.body).decode()[1:]

    def text(self, number: int) -> str:
        """The frame as sent to the subscription of that number."""
        return f'{{"id":{number},{self._rest}'
