"""The cost of a sweep without its runs: many empty runs, executed and stored as `experiments.sweep` does it.

Every run returns as many measures as one of a world. For comparison, the same calls run on Python's process pool, in
chunks. The pool stores nothing, does not say which run failed, and loses all results if a worker dies.
"""

import argparse
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from benchmarks.peak import peak_bytes
from benchmarks.run import parse_positive
from experiments.analysis.summary import MEASURES
from experiments.running import scheduler
from experiments.running.jobs import Job
from experiments.running.local import LocalEngine
from experiments.running.progress import SweepProgress, show_progress
from experiments.sweeps.store import Store
from experiments.workers import count_cores, get_spawn_context

EARLY = 10  #: memory is first measured when a tenth of the runs has ended
CHUNK = 50  #: runs in a chunk of the reference


def prepare(tasks: Sequence[int], folder: Path) -> None:
    """Do nothing."""


def measure(task: int, folder: Path) -> tuple[dict[str, float], None]:
    return dict.fromkeys(MEASURES, float(task)), None


def run_bare(task: int) -> dict[str, float]:
    return measure(task, Path())[0]


def measure_memory() -> float:
    """Return the most memory that this process has held, MiB."""
    return peak_bytes() / 2.0**20


def time_sweep(runs: int, workers: int, flush: float, folder: Path) -> tuple[float, float, float, int, int]:
    """Execute and store `runs`; return seconds, MiB at a tenth and at the end, files before and after compaction."""
    jobs = [Job(f"{number:020x}", f"{number // 5:020x}", number % 5, "code", number) for number in range(runs)]
    early: list[float] = []
    begun = time.perf_counter()
    with Store(str(folder), MEASURES) as store, show_progress(Console(stderr=True)) as show:

        def look(state: SweepProgress) -> None:
            if not early and state.done >= runs // EARLY:
                early.append(measure_memory())
            show(state)

        scheduler.schedule_jobs(store, LocalEngine(measure, prepare, workers, store.work), jobs, look, flush)
        grown = count_files(folder)
        store.compact()
        seconds = time.perf_counter() - begun
        if len(store.read_status()) != runs:
            raise RuntimeError(f"{len(store.read_status())} of {runs} runs are kept")
    return seconds, early[0], measure_memory(), grown, count_files(folder)


def count_files(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


def time_reference(runs: int, workers: int) -> float:
    """Return the seconds that the same calls take on a plain process pool."""
    begun = time.perf_counter()
    with ProcessPoolExecutor(workers, get_spawn_context()) as pool:
        if sum(1 for _ in pool.map(run_bare, range(runs), chunksize=CHUNK)) != runs:
            raise RuntimeError("the plain pool lost runs")
    return time.perf_counter() - begun


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.sweep",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--runs", type=parse_positive, default=10_000, metavar="N", help="runs that do nothing (10000)")
    parser.add_argument(
        "--workers", type=parse_positive, default=count_cores(), metavar="K", help="processes (all cores)"
    )
    words = f"seconds that what ended waits to be kept; less makes more files ({scheduler.FLUSH:g})"
    parser.add_argument("--flush", type=float, default=scheduler.FLUSH, metavar="S", help=words)
    given = parser.parse_args()
    with TemporaryDirectory() as scratch:
        seconds, early, late, grown, left = time_sweep(given.runs, given.workers, given.flush, Path(scratch) / "out")
    plain = time_reference(given.runs, given.workers)
    each, least = 1e3 * seconds / given.runs, 1e3 * plain / given.runs
    print(f"{given.runs:,} runs that do nothing on {given.workers} workers, start and compaction included:")
    print(f"a sweep {seconds:.1f} s, {each:.2f} ms a run; a plain process pool {plain:.1f} s, {least:.2f} ms a run")
    print(f"peak memory of the driver {early:.0f} MiB at {given.runs // EARLY:,} runs, {late:.0f} MiB at the end")
    print(f"{grown} files when the last run ended, {left} after compaction")


if __name__ == "__main__":
    main()
