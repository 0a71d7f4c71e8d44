"""The tasks of pages by the processor time they took: how long they waited for others on this machine does not count."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser

TASK = "ThreadControllerImpl::RunTask"
CHUNK = 1 << 22  # bytes of a trace that are read at once


@contextmanager
def measured(browser: Browser) -> Iterator[list[float]]:
    """Milliseconds of processor of each task of a page's main thread; filled when the block ends."""
    found: list[float] = []
    devtools = browser.new_browser_cdp_session()
    config = {"includedCategories": ["toplevel"]}
    devtools.send("Tracing.start", {"transferMode": "ReturnAsStream", "traceConfig": config})
    try:
        yield found
    finally:
        found += _tasks(_read(devtools))
        devtools.detach()


def _read(devtools: Any) -> list[dict[str, Any]]:
    ended: dict[str, Any] = {}
    devtools.on("Tracing.tracingComplete", lambda event: ended.update(event))
    devtools.send("Tracing.end")
    while not ended:
        devtools.send("Browser.getVersion")  # events arrive while something is asked
        time.sleep(0.02)
    text, last = "", False
    while not last:
        part = devtools.send("IO.read", {"handle": ended["stream"], "size": CHUNK})
        text, last = text + part["data"], part["eof"]
    return list(json.loads(text)["traceEvents"])


def _tasks(events: list[dict[str, Any]]) -> list[float]:
    pages = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    return [
        event.get("tdur", 0) / 1000
        for event in events
        if event["name"] == TASK and (event["pid"], event["tid"]) in pages
    ]
