"""The work of a worker: runs one after another, each written to a journal when it begins and ends."""

import gc
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from io import FileIO
from multiprocessing import parent_process
from pathlib import Path
from threading import Thread
from typing import Any

from experiments.running.jobs import Job
from experiments.running.outcomes import ERROR, OK
from sim.errors import InputError

#: from a task, and a folder that the runs of one machine share, to its metrics and, if wanted, its series; at the top
#: of a module, so that it can be sent
Measure = Callable[[Any, Path], tuple[Mapping[str, float], Mapping[str, Sequence[float]] | None]]
#: makes a worker ready for tasks, untimed; gets the same folder
Prepare = Callable[[Sequence[Any], Path], None]
PINNED = ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
MIB = 1 << 20


def start_worker() -> None:
    """Begin a worker: it ignores Ctrl-C, since the driver stops it and says so, and ends when the driver is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    Thread(target=_exit_with, args=(parent_process(),), daemon=True).start()


def _exit_with(driver: Any) -> None:
    """Leave when `driver` has ended, even by SIGKILL and in the middle of a run: nobody would read the journal."""
    driver.join()
    os._exit(1)


def run_batch(
    jobs: Sequence[Job],
    measure: Measure,
    prepare: Prepare,
    journal: Path,
    memory_limit: float | None,
) -> None:
    """Run `jobs` in order. A run that raises is a line in the journal like any other.

    Args:
        jobs: what to play.
        measure: plays the task of one job.
        prepare: called with all tasks before the first is timed.
        journal: receives a line when a run begins and one when it ends; its folder is what runs share.
        memory_limit: MiB that a run may take beyond what the worker holds; None for no limit.
    """
    with suppress(Exception):  # what is wrong with a task is told by its run
        prepare([job.task for job in jobs], journal.parent)
    with journal.open("ab", buffering=0) as file:
        for job in jobs:
            _write_event(file, {"begun": job.run_id, "at": time.time(), "worker": os.getpid()})
            _write_event(file, _run_job(job, measure, journal.parent, memory_limit))


def _run_job(job: Job, measure: Measure, folder: Path, memory_limit: float | None) -> dict[str, Any]:
    clock, status, error, mistake = time.perf_counter(), OK, "", ""
    metrics: Mapping[str, float] = {}
    series: Mapping[str, Sequence[float]] | None = None
    try:
        limit_memory(memory_limit)
        metrics, series = measure(job.task, folder)
    except Exception as raised:
        status, error = ERROR, _format_error(raised)
        mistake = " ".join(str(raised).split()) if isinstance(raised, InputError) else ""
        if memory_limit is not None and isinstance(raised, MemoryError):
            error += f"; sweep.memory_limit={memory_limit:g} MiB is what a run may take"
        del raised
        gc.collect()
    finally:
        limit_memory(None)
    row = {"run_id": job.run_id, "point": job.point, "seed": job.seed, "code": job.code, "status": status}
    row |= {"error": error, "mistake": mistake, "wall_time": time.perf_counter() - clock}
    return row | {"metrics": dict(metrics), "series": series}


def _format_error(error: Exception) -> str:
    """Return kind, message and place of an error in one line."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    text = " ".join(str(error).split())
    return f"{type(error).__name__}{': ' if text else ''}{text} ({Path(last.filename).name}:{last.lineno})"


def _write_event(file: FileIO, event: Mapping[str, Any]) -> None:
    line = json.dumps(event).encode() + b"\n"
    while line:
        line = line[file.write(line) :]


def limit_memory(mib: float | None) -> None:
    """Let this process take `mib` MiB more than it holds now, or as much as it likes; Linux alone keeps to that."""
    if sys.platform == "linux":
        import resource

        lines = Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines()
        held = int(next(line for line in lines if line.startswith("VmData")).split()[1]) * 1024
        hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
        resource.setrlimit(resource.RLIMIT_DATA, (hard if mib is None else held + int(mib * MIB), hard))
