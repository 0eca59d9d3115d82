"""What workers do in the tests of the engine; at the top of a module, so that it can be sent to them.

A task is (what, number): `plain`, or one of the ways in which a run goes wrong.
"""

import ctypes
import math
import os
import signal
import time
from collections.abc import Sequence
from multiprocessing import parent_process
from pathlib import Path
from typing import Any

import numpy as np

from experiments.running.jobs import Job
from experiments.running.worker import run_batch

METRICS = ("square", "threads")
Task = tuple[str, float]


def prepare(tasks: Sequence[Task], folder: Path) -> None:
    """Nothing has to be loaded."""


def deadly_prepare(tasks: Sequence[Any], folder: Path) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def deadly_once(tasks: Sequence[Any], folder: Path) -> None:
    """Let the worker die before any batch but the first, the pilot."""
    if (folder / "pilot").exists():
        os.kill(os.getpid(), signal.SIGKILL)
    (folder / "pilot").touch()


class Unborn:
    """A measure that no worker can load."""

    def __reduce__(self) -> tuple[Any, tuple[()]]:
        return _load, ()

    def __call__(self, task: Task, folder: Path) -> tuple[dict[str, float], None]:
        return measure(task, folder)


def _load() -> Unborn:
    if parent_process():
        raise ImportError("no module of this name in a worker")
    return Unborn()


def measure(task: Task, folder: Path) -> tuple[dict[str, float], None]:
    what, number = task
    if what == "raises":
        raise ValueError(f"no square\nof {number}")
    if what == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "kills_station" and (driver := parent_process()):
        os.kill(driver.pid or 0, signal.SIGKILL)
    if what == "crashes":
        ctypes.string_at(0)
    if what == "exits":
        os._exit(3)
    if what == "hangs":
        time.sleep(600)
    if what == "hungry":
        np.ones(int(number) << 17).sum()
    if what == "slow":
        time.sleep(0.05)
    if what.startswith("waits"):
        while not Path(what.removeprefix("waits")).exists():
            time.sleep(0.01)
    if what.startswith("once"):
        mark = Path(what.removeprefix("once"))
        if not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    return {"square": number * number, "threads": float(os.environ["NUMBA_NUM_THREADS"])}, None


def measure_hours(task: Task, folder: Path) -> tuple[dict[str, float], dict[str, list[float]]]:
    metrics, _ = measure(task, folder)
    return metrics, {"tick": [0.0, 1.0], "x": [task[1], float("nan")]}


def lingering_batch(*words: Any) -> None:
    """Stay a while when the last run has been told."""
    run_batch(*words)
    time.sleep(0.3)


def jobs(tasks: Sequence[Task]) -> list[Job]:
    return [
        Job(f"run{number}", what.partition("/")[0], number, "code", (what, value))
        for number, (what, value) in enumerate(tasks)
    ]


def ishigami(task: tuple[float, float, float], folder: Path) -> tuple[dict[str, float], None]:
    """Ishigami's function on the unit cube, a = 7, b = 0.1."""
    x, y, z = (math.pi * (2 * u - 1) for u in task)
    return {"y": math.sin(x) + 7 * math.sin(y) ** 2 + 0.1 * z**4 * math.sin(x)}, None


BLOCKED = 7


def leave_by_mask() -> None:
    """Leave with a code that says whether Ctrl-C is blocked here."""
    os._exit(BLOCKED if signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ()) else 0)
