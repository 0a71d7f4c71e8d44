"""Python inside a Pilothouse of its own: a process loads Django once, and forks for each piece of code that it is given."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from pathlib import Path


class Shell:
    """That process, seen from the test. It ends with ``close``, or with whoever started it."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        command = [sys.executable, "-m", __name__]
        self._process = subprocess.Popen(
            command, cwd=folder, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )

    def run(self, code: str) -> str:
        """What the code printed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps(code), file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("the process that runs Python inside Pilothouse has ended")
        failed, said = json.loads(answer)
        if failed:
            raise RuntimeError(said)
        return str(said)

    def close(self) -> None:
        """End it."""
        self._process.communicate()


def _run(code: str) -> tuple[bool, str]:
    """In a process that nothing was done in before: whether it failed, and what it printed (its errors, when it failed)."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        child = os.fork()
        if child == 0:
            os.dup2(out.fileno(), 1)
            os.dup2(errors.fileno(), 2)
            os._exit(_status_of(code))
        failed = os.waitpid(child, 0)[1] != 0
        told = errors if failed else out
        told.seek(0)
        return failed, told.read()


def _status_of(code: str) -> int:
    from django.db import connections

    try:
        exec(code, {})
        return 0
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        connections.close_all()
        sys.stdout.flush()
        sys.stderr.flush()


def main() -> None:
    """Take code line by line, as JSON, until there is no more."""
    import django

    django.setup()
    for line in sys.stdin:
        print(json.dumps(_run(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
