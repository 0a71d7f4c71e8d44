"""What one log line says about itself: its level, the message inside a JSON line, whether it continues the one before.

All of it is guessed from hostile text: nothing here loops, recurses or raises. A line that says nothing has no level.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import msgspec

LOOKED_AT = 240  # characters of a line in which a level is looked for
LONGEST = 16 * 1024  # characters of a line that are shown
CUT = " … (line cut here)"


class LogLevel(IntEnum):
    """How serious a line is; ``NONE``: it does not say."""

    NONE = 0
    DEBUG = 1
    INFO = 2
    WARN = 3
    ERROR = 4


_WORDS = {
    "TRACE": LogLevel.DEBUG, "DEBUG": LogLevel.DEBUG, "DBG": LogLevel.DEBUG, "VERBOSE": LogLevel.DEBUG,
    "INFO": LogLevel.INFO, "INFORMATION": LogLevel.INFO, "NOTICE": LogLevel.INFO, "INF": LogLevel.INFO,
    "LOG": LogLevel.INFO,
    "WARN": LogLevel.WARN, "WARNING": LogLevel.WARN, "WRN": LogLevel.WARN,
    "ERROR": LogLevel.ERROR, "ERR": LogLevel.ERROR, "FATAL": LogLevel.ERROR, "CRITICAL": LogLevel.ERROR,
    "CRIT": LogLevel.ERROR, "PANIC": LogLevel.ERROR, "SEVERE": LogLevel.ERROR, "ALERT": LogLevel.ERROR,
    "EMERG": LogLevel.ERROR, "EMERGENCY": LogLevel.ERROR, "FTL": LogLevel.ERROR,
}  # fmt: skip
_ANY = "|".join(sorted(_WORDS, key=len, reverse=True))
# Upper case stands for itself; lower case only where a level stands: after level=, in brackets, before a colon.
_LEVEL = re.compile(
    rf"\b({_ANY})\b"
    rf"|(?i:\b(?:level|lvl|severity)[\"']?\s*[=:]\s*[\"']?)((?i:{_ANY}))\b"
    rf"|[\[(<](?i:({_ANY}))[\])>]"
    rf"|^\W{{0,3}}(?i:({_ANY})):"
)
_KLOG = re.compile(r"([IWEF])\d{4} \d\d:\d\d:\d\d")
_SYSLOG = re.compile(r"<([0-7])>")
_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
# Looked for first: most lines hold none of these, and finding that out is ten times faster than the pattern above.
_SERIOUS = ("WARN", "WRN", "ERR", "FATAL", "CRIT", "PANIC", "SEVERE", "ALERT", "EMERG", "FTL")
_STEMS = (*_SERIOUS, "INF", "NOTICE", "LOG", "TRACE", "DEBUG", "DBG", "VERBOSE")
_KLOG_LEVELS = {"I": LogLevel.INFO, "W": LogLevel.WARN, "E": LogLevel.ERROR, "F": LogLevel.ERROR}
MORE = ("Caused by: ", "Suppressed: ", "During handling of the above", "The above exception was")


class _Entry(msgspec.Struct, gc=False):
    """The fields of a JSON line that the usual loggers write; all others are left to the reader."""

    level: Any = None
    severity: Any = None
    lvl: Any = None
    loglevel: Any = msgspec.field(name="log.level", default=None)
    msg: Any = None
    message: Any = None
    event: Any = None
    error: Any = None


_decode = msgspec.json.Decoder(_Entry).decode


def read(text: str) -> tuple[LogLevel, str | None]:
    """The level of a line, and the message inside it when the line is a JSON object."""
    if text[:1] == "{" and (entry := _entry(text)) is not None:
        level = next(
            (value for value in (entry.level, entry.severity, entry.lvl, entry.loglevel) if value is not None), None
        )
        message = next(
            (one for one in (entry.msg, entry.message, entry.event, entry.error) if isinstance(one, str)), None
        )
        return _named(level), message
    return level_of(text), None


def level_of(text: str) -> LogLevel:
    """The level that a line of plain text names."""
    start = text[:LOOKED_AT]
    if "\x1b" in start:
        start = _COLOUR.sub("", start)
    if found := _KLOG.match(start):
        return _KLOG_LEVELS[found[1]]
    if found := _SYSLOG.match(start):
        return _syslog(int(found[1]))
    upper = start.upper()
    if any(stem in upper for stem in _STEMS) and (found := _LEVEL.search(start)):
        return _WORDS[found[found.lastindex or 1].upper()]
    return LogLevel.NONE


def is_at_least(text: str, level: LogLevel) -> bool:
    """Is the line that serious? Fast for the many that are not: floods are searched for the few that are."""
    if level >= LogLevel.WARN and text[:1] not in ("{", "<", "E", "W", "F"):
        upper = text[:LOOKED_AT].upper()
        if not any(stem in upper for stem in _SERIOUS):
            return False
    return read(text)[0] >= level


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which lines are wanted: those that hold the text (in any case), of that level at least."""

    text: str = ""
    level: LogLevel = LogLevel.NONE

    def __bool__(self) -> bool:
        return bool(self.text) or self.level > LogLevel.NONE

    def wants(self, line: str) -> bool:
        """Is it one of them?"""
        if self.text and self.text.lower() not in line.lower():
            return False
        return not self.level or is_at_least(line, self.level)


def continues(text: str) -> bool:
    """Is it a further line of what was printed before: the body of a stack trace, the inside of an indented block?"""
    return text[:1] in (" ", "\t") or text.startswith(MORE)


def shown(text: str) -> str:
    """The line, cut where it is longer than anybody reads."""
    return text if len(text) <= LONGEST else text[:LONGEST] + CUT


def _entry(text: str) -> _Entry | None:
    if len(text) > 4 * LONGEST:
        return None
    try:
        return _decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None


def _named(level: Any) -> LogLevel:
    if isinstance(level, str):
        return _WORDS.get(level.strip().upper(), LogLevel.NONE)
    if not isinstance(level, int) or isinstance(level, bool):
        return LogLevel.NONE
    if level < 8:
        return _syslog(level)
    # Pino and Bunyan: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal.
    return LogLevel.DEBUG if level <= 20 else LogLevel(min(4, level // 10 - 1))


def _syslog(number: int) -> LogLevel:
    if number <= 3:
        return LogLevel.ERROR
    return (LogLevel.WARN, LogLevel.INFO, LogLevel.INFO, LogLevel.DEBUG)[max(0, min(3, number - 4))]
