"""Of the kubernetes package, what nobody asked for is not loaded, and is there for who asks."""

from __future__ import annotations

import subprocess
import sys

LOADS = """
import sys
from concurrent.futures import ThreadPoolExecutor
from clusters.drivers.kubernetes import library
with ThreadPoolExecutor(4) as pool:
    first, *others = [one.result() for one in [pool.submit(library.client) for _ in range(4)]]
assert all(one is first and one.ApiClient for one in others), "clusters that are opened together got different clients"
assert not any("Beside" in repr(finder) for finder in sys.meta_path), "imports of others still pass by us"
assert not {"requests", "oauthlib", "websocket"} & set(sys.modules), "the blocking half was loaded, too"
import kubernetes
assert kubernetes.client.CoreV1Api.list_namespace and kubernetes.config.ConfigException, "what is loaded later is not there"
assert "requests" in sys.modules
"""


def test_the_blocking_half_of_the_package_is_loaded_only_when_it_is_used() -> None:
    done = subprocess.run([sys.executable, "-c", LOADS], capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
