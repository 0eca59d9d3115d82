"""How worker processes start: by `spawn` on every system, so that what runs on one runs on all."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from multiprocessing import current_process, get_context
from multiprocessing.context import SpawnContext
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.setting import Setting

CURE = "start workers under if __name__ == '__main__', since every worker loads the script anew"


def get_spawn_context() -> SpawnContext:
    """Return the context that starts workers, the only one in this project.

    Raises:
        SystemExit: a worker asks for it while it loads a script that starts workers unguarded, in one line.
    """
    if getattr(current_process(), "_inheriting", False):
        raise SystemExit(CURE)
    return get_context("spawn")


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
