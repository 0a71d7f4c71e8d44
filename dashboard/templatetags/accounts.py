"""The filters of account pages."""

from __future__ import annotations

from django import template

from dashboard.room import little_room_words

register = template.Library()

# The first that its words hold: most browsers name others, too.
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@register.simple_tag
def little_room() -> str:
    """Why somebody may not be signed in although no password was wrong: with a full disk no try can be counted."""
    return little_room_words()


@register.filter
def browser(user_agent: str) -> str:
    """``{{ session.user_agent|browser }}``: "Firefox on Linux"."""
    name = next((name for mark, name in BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in SYSTEMS if mark in user_agent), "")
    return " on ".join(filter(None, (name, system))) or user_agent[:60] or "Unknown browser"
