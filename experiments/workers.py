"""How worker processes start: by `spawn` on every system, so that what runs on one runs on all."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import copy
from multiprocessing import current_process, get_context, resource_tracker
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.setting import Setting

CURE = "start workers under if __name__ == '__main__', since every worker loads the script anew"


class QuietProcess(SpawnProcess):
    """A process that does not hear of Ctrl-C while it imports what it needs: who started it stops it, and says so."""

    def start(self) -> None:
        """Start it with the signal blocked, as it is then in the process, until that ignores or unblocks it."""
        if sys.platform == "win32" or not hasattr(signal, "pthread_sigmask"):
            super().start()
            return
        resource_tracker.ensure_running()  # which unblocks the signal when it starts
        former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, former)


def get_spawn_context() -> SpawnContext:
    """Return the context that starts workers, the only one in this project.

    Raises:
        SystemExit: a worker asks for it while it loads a script that starts workers unguarded, in one line.
    """
    if getattr(current_process(), "_inheriting", False):
        raise SystemExit(CURE)
    context = copy(get_context("spawn"))
    context.Process = QuietProcess  # type: ignore[misc]  # of this context alone
    return context


@contextmanager
def hide_main() -> Iterator[None]:
    """Let workers that start inside this block load no main module, so that a caller's script needs no guard."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def check_workers(settings: Iterable[Setting], workers: int, jobs: int, engine: str = "local") -> None:
    """Raise InputError unless the memory of this machine holds the worlds that are played at once."""
    from sim.memory import check_memory, estimate_memory

    if engine == "local" and jobs:
        check_memory(max(settings, key=estimate_memory), min(workers or count_cores(), jobs))


def count_cores() -> int:
    """Return how many cores this process may use; where the system does not say, how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
