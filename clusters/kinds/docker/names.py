"""What containers and volumes may be called, and when an engine starts a container again by itself."""

from __future__ import annotations

import re

NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}")
NAME_HELP = "Letters, digits, “_”, “.” and “-”, beginning with a letter or a digit."
RESTART = (
    ("no", "No"),
    ("on-failure", "When it fails"),
    ("unless-stopped", "Always, unless somebody stopped it"),
    ("always", "Always"),
)
