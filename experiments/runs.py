"""Many worlds in parallel: one process for each core; results do not depend on the number of processes."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Timer
from typing import TYPE_CHECKING, Any, TypeVar

from experiments.workers import CURE, get_spawn_context
from sim.campaigns import Campaign
from sim.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

    from sim.setting import Setting
    from sim.world import World

J = TypeVar("J")
R = TypeVar("R")


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
class RunResult:
    """What a run leaves: one row, its hourly measures, and what its graph says of itself."""

    row: dict[str, Any]
    ticks: pd.DataFrame
    notes: tuple[str, ...]


def simulate_run(run: Run) -> RunResult:
    """Simulate one world in this process."""
    return simulate_group([run])[0]


def simulate_group(runs: Sequence[Run]) -> list[RunResult]:
    """Simulate worlds that are one world until their campaigns begin: the quiet days are played once.

    All runs have the same seed and ticks, and settings that differ in the campaign's conduct only
    (`get_shared_prefix`). A fork goes on exactly as the whole run would (tests/test_fork.py).
    """
    from sim.world import World

    first = runs[0]
    begun = time.perf_counter()
    world = World(first.setting, rng=first.seed)
    world.run(min(first.ticks, first.setting.campaign.start))
    shared = (time.perf_counter() - begun) / len(runs)
    return [_finish_run(world.fork(run.setting.campaign), run, shared) for run in runs]


def _finish_run(world: World, run: Run, spent: float) -> RunResult:
    from experiments.analysis.summary import MEASURES, summarise_run

    begun = time.perf_counter()
    history = world.run(run.ticks - world.now)
    campaign = run.setting.campaign
    measures = summarise_run({name: history[name].to_numpy() for name in MEASURES}, campaign.start, campaign.end)
    row = run.labels | measures | {"wall_time": spent + time.perf_counter() - begun}
    labels = {name: getattr(run, name) for name in ("arm", "effort", "seed")}
    return RunResult(row, history.assign(**labels), world.notes)


def get_shared_prefix(run: Run) -> tuple[Setting, int, int]:
    """Return what determines a run until its campaign begins: setting without the campaign's conduct, seed, ticks."""
    start, hours = run.setting.campaign.start, run.setting.campaign.hours
    return replace(run.setting, campaign=Campaign(start=start, hours=hours)), run.seed, run.ticks


def simulate_all(runs: Sequence[Run], workers: int, label: str) -> Iterator[tuple[Run, RunResult]]:
    """Simulate all runs with a progress bar on stderr; yield them as they end, in no order.

    Kernels are compiled first, by the first run cut short in this process and one in a worker, so that the
    workers only load them. With one worker everything stays in this process.

    Args:
        runs: what to play.
        workers: processes; 0 means one for each core that this process may use.
        what: the words beside the bar.
    """
    groups: dict[tuple[Setting, int, int], list[Run]] = {}
    for run in runs:
        groups.setdefault(get_shared_prefix(run), []).append(run)
    workers = min(workers or count_cores(), len(groups))
    with show_progress_bar(len(runs), "compiling kernels", label) as advance:
        if workers <= 1:
            for group in groups.values():
                yield from zip(group, simulate_group(group), strict=True)
                advance(len(group))
            return
        with open_process_pool(workers) as pool:
            pool.submit(compile_largest)
            warm_up(runs)
            waiting: dict[Future[list[RunResult]], list[Run]] = {
                pool.submit(simulate_group, group): group for group in groups.values()
            }
            while waiting:
                done, _ = wait(waiting, return_when=FIRST_EXCEPTION, timeout=0.2)
                for future in done:
                    group = waiting.pop(future)
                    yield from zip(group, future.result(), strict=True)
                    advance(len(group))


def run_jobs(
    play_one: Callable[[J], R], jobs: Sequence[J], workers: int, label: str, patience: float = 0.0
) -> Iterator[R]:
    """Run jobs side by side with a progress bar on stderr; yield what `play_one` returns, in the order of `jobs`.

    Args:
        play_one: a function at the top of a module.
        jobs: what to play; values that can be pickled.
        workers: processes; 0 means one for each core that this process may use.
        what: the words beside the bar.
        patience: seconds until the bar is shown.
    """
    workers = min(workers or count_cores(), len(jobs))
    with show_progress_bar(len(jobs), "compiling kernels", label, patience) as advance:
        if workers <= 1:
            for job in jobs:
                yield play_one(job)
                advance(1)
            return
        with open_process_pool(workers) as pool:
            for result in pool.map(play_one, jobs, chunksize=max(1, min(20, len(jobs) // (4 * workers)))):
                yield result
                advance(1)


def compile_largest() -> None:
    """Compile the kernels that take longest, on nobody: in a worker, while the parent compiles the others.

    Reading comes first, as the parent needs it first.
    """
    import numpy as np

    from sim.people.attention import Attention
    from sim.people.expression import Expression
    from sim.platform.feed import Feed
    from sim.platform.timelines import Timelines
    from sim.rules import get_values
    from sim.state.accounts import make_blank_accounts
    from sim.state.graph import Adjacency
    from sim.state.posts import Ledger
    from sim.state.records import ActiveUsers, StateUpdate
    from sim.state.topics import Topics

    rows, whole, number, flags = np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0), np.zeros(0, np.bool_)
    people, nobody, posts, topics = (
        make_blank_accounts(0),
        ActiveUsers(rows, rows, whole),
        Ledger(1).get_rows(),
        Topics(1),
    )
    feed, attention, speech = Feed(), get_values(Attention()), Expression()
    with pause_collector():
        streams = topics.serials, topics.lengths
        display = feed.build_candidates(posts, 0, Timelines(0).columns, streams, whole, flags, attention, 0)
        seen = feed.read(people, Adjacency(whole, whole, rows), posts, 0, display, nobody, attention, 1, 0)
        change = StateUpdate(number, number, number, number, number, number, whole, whole, flags)
        wanted = speech.decide(people, nobody, change, number, 1, 0)
        speech.speak(people, posts, 0, nobody, seen, change, wanted, 1, 0)


@contextmanager
def pause_collector() -> Iterator[None]:
    """Do without Python's collector in this block, where kernels are compiled.

    A compiler makes millions of objects that stay; to look at them again and again takes a fifth of its time.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def count_cores() -> int:
    """Return how many cores this process may use; where the system does not say, how many there are."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def warm_up(runs: Sequence[Run]) -> None:
    """Compile every kernel these runs need, on worlds of few people with a campaign from the first hour.

    Four days are enough that some leave because of abuse and that reports are judged.
    """
    from experiments.settings import replace_fields

    seen: set[tuple[type, ...]] = set()
    for run in runs:
        kinds = tuple(type(getattr(run.setting, name)) for name in run.setting.__dataclass_fields__)
        if kinds in seen:
            continue
        seen.add(kinds)
        small: dict[str, Any] = {"population.size": 50, "army.size": 30}
        small |= {"campaign.start": 1, "campaign.tactics": ("flood", "abuse"), "campaign.victims": ()}
        with pause_collector():
            simulate_run(Run("", "", "", "", 1, replace_fields(run.setting, small), 96))


@contextmanager
def open_process_pool(workers: int) -> Iterator[ProcessPoolExecutor]:
    """Yield a pool whose workers are told to stop, and do, when this block ends early.

    Raises:
        InputError: a worker died.
    """
    pool = ProcessPoolExecutor(workers, mp_context=get_spawn_context(), initializer=_ignore_interrupts)
    try:
        yield pool
    except BrokenProcessPool:
        raise InputError(f"a worker died: in a script, {CURE}; where memory is short, say fewer workers=N") from None
    except BaseException:
        started = list((pool._processes or {}).values())  # the pool forgets them when it shuts down
        pool.shutdown(wait=False, cancel_futures=True)
        for process in started:
            process.terminate()
        raise
    pool.shutdown()


def _ignore_interrupts() -> None:
    """Have a worker ignore Ctrl-C: the parent stops it and says so."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def show_progress_bar(
    total: int, at_first: str, then: str = "", patience: float = 0.0
) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on stderr, or a line below the cell of a notebook; yield what advances it.

    Args:
        total: how many steps there are.
        at_first: the words beside the bar.
        then: replaces them at the first advance.
        patience: seconds until it is shown; what ends sooner shows nothing.
    """
    start, advance, stop = _make_display(total, at_first)
    late = Timer(patience, start)
    late.daemon = True
    (late.start if patience else start)()
    try:
        yield lambda steps: advance(steps, then or at_first)
    finally:
        late.cancel()
        if late.is_alive():
            late.join()
        stop()


def _make_display(total: int, what: str) -> tuple[Callable[[], None], Callable[[int, str], None], Callable[[], None]]:
    """Return what starts, advances and ends a bar, or the line of a notebook."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    if console.is_jupyter:
        from experiments.sweeps.progress import Line

        line = Line(total, what)
        return line.start, line.advance, lambda: None
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bar = Progress(*columns, TimeRemainingColumn(), console=console)
    task = bar.add_task(what, total=total)
    return bar.start, lambda steps, words: bar.update(task, advance=steps, description=words), bar.stop
