"""The settings of tests: the real ones, in a data folder of its own that is thrown away with the run."""

from __future__ import annotations

import os
import tempfile

_data = tempfile.TemporaryDirectory(prefix="pilothouse-test-")
os.environ["PILOTHOUSE_DATA"] = _data.name
os.environ.setdefault("PILOTHOUSE_URL", "http://127.0.0.1:8000")

from dashboard.settings import *  # noqa: E402, F403

# The real one makes each guess cost a third of a second, and so each of the thousands of people that tests make.
PASSWORD_HASHERS = ["tests.hasher.LightArgon2"]
