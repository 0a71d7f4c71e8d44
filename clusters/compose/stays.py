"""After the program has started everything: does it stay up? One look a moment later, for what ends at once."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from typing import Any

from clusters.compose.power import PROJECT_LABEL
from clusters.drivers.base import Call, Driver
from clusters.errors import ClusterError, Conflict
from clusters.kinds.formats import count

MOMENT = 0.5  # seconds after the last one was started: what cannot begin has ended by then
SEEN = 5.0  # seconds for the look
ONE_OFF = "com.docker.compose.oneoff"  # a label: started by hand, once
_CODE = re.compile(r"\((\d+)\)")
_HINT = (
    "They stay as they are, and their lines say why. Mend the text and deploy again, or go back to the version before."
)


async def check_stays(driver: Driver, project: str, done: str) -> None:
    """Raises Conflict with what does not stay up. What did its work and ended well is no fault.

    Whether it is well later on, the project's page tells; so it does where the engine does not answer this.
    """
    await asyncio.sleep(MOMENT)
    query = {"all": "1", "filters": json.dumps({"label": [f"{PROJECT_LABEL}={project}"]})}
    try:
        there = await driver.call(Call("GET", ("containers", "json"), query, timeout=SEEN))
    except ClusterError:
        return
    every = [one for one in there or () if not _by_hand(one)]
    fallen = sorted((_name(one), words) for one in every if (words := _ended(one)))
    if fallen:
        name, words = fallen[0]
        do = "does" if len(fallen) == 1 else "do"
        how = f"{len(fallen)} of {count(len(every), 'container')} {do} not stay up: {name} {words}."
        raise Conflict(f"{project} {done}, but {how}", hint=_HINT)


def _ended(one: Mapping[str, Any]) -> str:
    state, found = str(one.get("State")), _CODE.search(str(one.get("Status")))
    code = found[1] if found else ""
    if state == "restarting":
        return f"ends again and again{f', with code {code}' if code else ''}"
    if state == "dead" or (state == "exited" and code not in ("", "0")):
        return f"ended{f' with code {code}' if code else ''}"
    return ""


def _by_hand(one: Mapping[str, Any]) -> bool:
    return str((one.get("Labels") or {}).get(ONE_OFF)).lower() == "true"


def _name(one: Mapping[str, Any]) -> str:
    return str((one.get("Names") or [one.get("Id")])[0]).removeprefix("/")[:100]
