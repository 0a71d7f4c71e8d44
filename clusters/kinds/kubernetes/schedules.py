"""Cron's way to write when, for people. What is not one of the usual forms stays as it was written."""

from __future__ import annotations

import re

_NAMED = {
    "@yearly": "every year",
    "@annually": "every year",
    "@monthly": "every month",
    "@weekly": "every week",
    "@daily": "every day at 00:00",
    "@midnight": "every day at 00:00",
    "@hourly": "every hour",
}
_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_SHORT = {day[:3].upper(): number for number, day in enumerate(_DAYS[:7])}
_SPECIAL = {"1-5": "on weekdays", "MON-FRI": "on weekdays", "0,6": "at weekends", "6,0": "at weekends"}


def schedule_words(schedule: str) -> str:
    """ "30 2 * * *" -> "every day at 02:30"."""
    text = schedule.strip()
    if known := _NAMED.get(text.lower()):
        return known
    parts = text.split()
    if len(parts) != 5:
        return text
    minute, hour, day, month, weekday = parts
    when = _time(minute, hour)
    which = _day(day, month, weekday)
    if when is None or which is None:
        return text
    if when.startswith("at "):
        return f"{which or 'every day'} {when}"
    return f"{when} {which}".strip()


def _time(minute: str, hour: str) -> str | None:
    step = re.fullmatch(r"\*/(\d{1,2})", minute)
    if hour == "*":
        if minute == "*" or (step and int(step[1]) == 1):
            return "every minute"
        if step:
            return f"every {int(step[1])} minutes"
        return f"every hour at :{int(minute):02d}" if minute.isdigit() else None
    if not minute.isdigit():
        return None
    if found := re.fullmatch(r"\*/(\d{1,2})", hour):
        return f"every {int(found[1])} hours at :{int(minute):02d}"
    return f"at {int(hour):02d}:{int(minute):02d}" if hour.isdigit() else None


def _day(day: str, month: str, weekday: str) -> str | None:
    """ "" for every day; None for what is not known."""
    if month != "*":
        return None
    if day == "*":
        if weekday == "*":
            return ""
        if known := _SPECIAL.get(weekday.upper()):
            return known
        number = int(weekday) if weekday.isdigit() else _SHORT.get(weekday.upper(), -1)
        return f"every {_DAYS[number]}" if 0 <= number <= 7 else None
    return f"on day {int(day)} of every month" if weekday == "*" and day.isdigit() else None
