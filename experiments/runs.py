"""Many worlds side by side: one process a core, the same numbers whatever their number."""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from experiments.analysis.summary import MEASURES, summarise
from sim.setting import Setting


@dataclass(frozen=True)
class Run:
    """One world to be played, and where its results belong."""

    family: str  #: main | knockout | robustness | fight_back | dose | prior
    variant: str
    arm: str
    effort: str
    seed: int
    setting: Setting
    ticks: int

    @property
    def labels(self) -> dict[str, Any]:
        """Columns that name this run in the tables."""
        return {name: getattr(self, name) for name in ("family", "variant", "arm", "effort", "seed")}


@dataclass(frozen=True)
class Played:
    """What a run leaves: one row, its hourly measures, and what its graph says of itself."""

    row: dict[str, Any]
    ticks: pd.DataFrame
    notes: tuple[str, ...]


def play(run: Run) -> Played:
    """Play one world in this process."""
    from sim.world import World

    begun = time.perf_counter()
    world = World(run.setting, rng=run.seed)
    history = world.run(run.ticks)
    campaign = run.setting.campaign
    measures = summarise({name: history[name].to_numpy() for name in MEASURES}, campaign.start, campaign.end)
    row = run.labels | measures | {"wall_time": time.perf_counter() - begun}
    labels = {name: getattr(run, name) for name in ("arm", "effort", "seed")}
    return Played(row, history.assign(**labels), world.notes)


def play_all(runs: Sequence[Run], workers: int, what: str) -> Iterator[tuple[Run, Played]]:
    """Play all runs with a progress bar on stderr; yield them as they end, in no order.

    Kernels are compiled in this process first, by the first run cut short, so that the workers only
    load them. With one worker everything stays in this process.

    Args:
        runs: what to play.
        workers: processes; 0 means one for each core that this process may use.
        what: the words beside the bar.
    """
    workers = min(workers or cores(), len(runs))
    with progress(len(runs), "compiling kernels", what) as advance:
        warm_up(runs)
        if workers <= 1:
            for run in runs:
                yield run, play(run)
                advance(1)
            return
        with processes(workers) as pool:
            waiting: dict[Future[Played], Run] = {pool.submit(play, run): run for run in runs}
            while waiting:
                done, _ = wait(waiting, return_when=FIRST_EXCEPTION, timeout=0.2)
                for future in done:
                    yield waiting.pop(future), future.result()
                    advance(1)


def cores() -> int:
    """Return how many cores this process may use; where the system does not say, how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def warm_up(runs: Sequence[Run]) -> None:
    """Compile every kernel these runs need, on worlds of few people with a campaign from the first hour."""
    from experiments.settings import changed

    seen: set[tuple[type, ...]] = set()
    for run in runs:
        kinds = tuple(type(getattr(run.setting, name)) for name in run.setting.__dataclass_fields__)
        if kinds in seen:
            continue
        seen.add(kinds)
        small = {"population.size": 50, "army.size": 30, "campaign.start": 1, "campaign.tactics": ("flood", "abuse")}
        play(Run("", "", "", "", 1, changed(run.setting, small), 30))


@contextmanager
def processes(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool whose workers are told to stop, and do, when this block ends early."""
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_quiet)
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    pool.shutdown()


def _quiet() -> None:
    """Have a worker ignore Ctrl-C: the parent stops it and says so."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def progress(total: int, at_first: str, then: str = "") -> Iterator[Callable[[int], None]]:
    """Show a progress bar on stderr; yield what advances it. `then` replaces the words at the first advance."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task(at_first, total=total)
        yield lambda steps: bar.update(task, advance=steps, description=then or at_first)
