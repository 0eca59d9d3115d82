"""Processes found again, however they were started and left behind.

They inherit a mark in their environment, and the session of the process that was started; one that gives itself a
title, as Ray's do, writes over its environment.
"""

import os
import time
from contextlib import suppress
from pathlib import Path
from signal import SIGKILL

import pytest

MARK = "INFOWAR_TEST_MARK"
needs_proc = pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds processes in /proc, which Linux has")


def marked(mark: str, session: int = -1) -> list[int]:
    """Return the ids of all processes that live and carry `mark` or belong to the session of process `session`."""
    wanted = f"{MARK}={mark}".encode()
    processes = list(Path("/proc").glob("[0-9]*"))
    return [int(path.name) for path in processes if wanted in _environment(path) or _session(path) == session]


def gone(mark: str, kill: bool, session: int = -1) -> None:
    """Wait until there is none of the processes of `marked`, having killed them all if asked to."""
    until = time.monotonic() + 30
    while pids := marked(mark, session):
        for pid in pids if kill else []:
            with suppress(ProcessLookupError):
                os.kill(pid, SIGKILL)
        assert time.monotonic() < until, pids
        time.sleep(0.05)


def _environment(process: Path) -> list[bytes]:
    try:
        return (process / "environ").read_bytes().split(b"\0")
    except OSError:
        return []


def _session(process: Path) -> int:
    """Return the session of a process, 0 for one that has ended and is only not yet collected."""
    try:
        state, _, _, session = (process / "stat").read_text().rpartition(")")[2].split()[:4]
    except OSError:
        return 0
    return 0 if state == "Z" else int(session)
