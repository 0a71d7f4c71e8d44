"""What starting up imports: nothing that only some clusters need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LATER = ("aiohttp", "asyncssh", "docker", "kubernetes", "clusters.drivers.docker", "clusters.drivers.kubernetes")


def test_no_driver_and_no_client_is_imported_before_a_cluster_or_a_registry_needs_it(tmp_path: Path) -> None:
    code = "import json, sys, dashboard.asgi; print(json.dumps(sorted(sys.modules)))"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "dashboard.settings", "PILOTHOUSE_DATA": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, text=True, capture_output=True, check=True
    )
    assert {name for name in LATER if name in json.loads(done.stdout.splitlines()[-1])} == set()
