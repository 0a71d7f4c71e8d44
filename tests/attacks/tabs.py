"""What the attacks on the live socket share: a tab that is let in, and all that it hears."""

from __future__ import annotations

import json
import time
from typing import Any

from django.contrib.auth.models import AbstractUser

from dashboard.asgi import router
from tests.tab import ORIGIN, Tab, cookies


async def opened(user: AbstractUser, **more: Any) -> Tab:
    tab = Tab(router, headers=[await cookies(user), ORIGIN], **more)
    assert await tab.open()
    return tab


async def quiet(tab: Tab, seconds: float) -> list[str]:
    """All that comes within that time, but heartbeats."""
    heard = []
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        if await tab._communicator.receive_nothing(timeout=min(left, 0.05), interval=0.01):
            continue
        message = await tab.output()
        if message.get("text") not in ('{"op":"ping"}', '{"op":"pong"}'):
            heard.append(json.dumps(message))
    return heard
