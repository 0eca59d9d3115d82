"""The one way in which apps play jobs: side by side, each kept when it has ended, a failed one named."""

import logging
import os
from collections.abc import Callable, Generator, Sequence
from dataclasses import fields, is_dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from experiments.keys import check_jobs
from experiments.running import scheduler
from experiments.running.engine import EndedRuns, Engine, Limits
from experiments.running.identity import make_identity
from experiments.running.jobs import Job
from experiments.running.local import LocalEngine
from experiments.running.outcomes import ERROR, OK, Outcome
from experiments.running.progress import SweepProgress, format_count, show_progress_bar, show_steps
from experiments.running.work import KeepResult, Work, prepare_nothing
from experiments.running.worker import Measure, Prepare
from experiments.workers import count_cores
from sim.errors import InputError

LOGGER = logging.getLogger(__name__)
KEPT = "what is done is kept, and the same command continues"
HIDDEN = ("ticks",)  #: fields of a job that do not tell it from others
#: Ray reads these once: silent where this project speaks, done joining, patient with a cluster whose head went
RAY_VARIABLES = {
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_NUM_REDIS_GET_RETRIES": "5",
    "RAY_gcs_rpc_server_reconnect_timeout_s": "3600",
}
AGAIN = Limits(again="the same command tries it again")


class Player:
    """Plays jobs.

    Args:
        work: where results are kept.
        workers: processes, on each machine of a cluster; 0: one for each core; 1: no process but this one, where a
            debugger sees every line.
        engine, address: as the keys of every app.
    """

    def __init__(self, work: Work, workers: int = 0, engine: str = "local", address: str = "auto") -> None:
        self.work, self.workers, self.engine, self.address = work, workers, engine, address

    def __call__(
        self,
        simulate: Callable[[Any], Any],
        values: Sequence[Any],
        label: str,
        prepare: Callable[[], object] | None = None,
        decided_by: Any = None,
        patience: float = 0.0,
    ) -> list[Any]:
        """Return what `simulate` returns of each value, in order; equal values are played once if results are kept.

        Args:
            simulate: a function at the top of a module.
            values: that can be pickled.
            label: the words beside the progress bar.
            prepare: is called before anything is played, unless everything is done already.
            decided_by: what decides the results beside the values, where `simulate` holds what has no stable identity;
                `simulate` is then known by its name alone.
            patience: seconds until the bar is shown.

        Raises:
            InputError: a job failed, or found a mistake, in one line.
        """
        known: Any = simulate if decided_by is None else (_find_name(simulate), decided_by)
        check_jobs(len(values))
        kept = self.work.target is not None
        names = [
            make_identity(known, value) if kept else uuid4().hex  # no name is used twice
            for value in show_steps(values, "laying out", patience=1.0)
        ]
        jobs = {
            name: Job(name, name_job(value), getattr(value, "seed", 0), "", (name, value))
            for name, value in zip(names, values, strict=True)
        }
        self.work.begin()
        if kept_before := self.work.count_kept(jobs):
            LOGGER.info("%s: kept %s of %s", label, f"{kept_before:,}", format_count(len(jobs), "run"))
        missing = [job for name, job in jobs.items() if not self.work.holds(name)]
        if missing:
            with show_progress_bar(len(jobs), "compiling kernels", label, patience) as advance:
                if prepare:
                    prepare()
                advance(len(jobs) - len(missing))
                self._play(KeepResult(simulate), missing, advance)
        return [self.work.read(name) for name in names]

    def _play(self, measure: Measure, jobs: Sequence[Job], advance: Callable[[int], None]) -> None:
        """Play jobs, and those that raised once more, alone."""
        self._schedule(self._make_engine(measure, min(self.workers, len(jobs))), jobs, advance)
        again = [job for job in jobs if job.run_id in self.work.failed and self.work.failed[job.run_id].status == ERROR]
        if again:
            self._schedule(LocalEngine(measure, prepare_nothing, 1, self.work.root, AGAIN), again, lambda steps: None)
        for name, outcome in self.work.failed.items():
            which = next(job.point for job in jobs if job.run_id == name)
            raise InputError(
                f"{format_count(len(self.work.failed), 'job')} of {len(jobs)} failed, first {which}: {outcome.error}; "
                f"{KEPT}; workers=1 shows where it fails"
            )

    def _schedule(self, engine: Engine, jobs: Sequence[Job], advance: Callable[[int], None]) -> None:
        done = 0

        def show(state: SweepProgress) -> None:
            nonlocal done
            advance(state.done - done)
            done = state.done

        scheduler.schedule_jobs(self.work, engine, jobs, show, flush=0.0)

    def _make_engine(self, measure: Measure, workers: int) -> Engine:
        if self.workers == 1 and self.engine == "local":
            return ThisProcess(measure, prepare_nothing, 1, self.work.root)
        return make_engine(
            self.engine, self.address, measure, prepare_nothing, workers, self.work.root, AGAIN, pilot=False
        )


class ThisProcess(Engine):
    """Plays jobs in this process, one after another; what a job raises is not caught."""

    def run_jobs(self, jobs: Sequence[Job]) -> Generator[EndedRuns, None, None]:
        """Yield each job as it ends."""
        self.add(jobs)
        while self._queue:
            job = self._queue.popleft()
            self.measure(job.task, self.work)
            ended = Outcome(job.run_id, job.point, job.seed, job.code, OK, "", 0.0, {})
            yield EndedRuns([self._record_outcome(ended)])

    def _count_under_way(self) -> int:
        return 0


def run_jobs(
    simulate: Callable[[Any], Any], values: Sequence[Any], workers: int, label: str, patience: float = 0.0
) -> list[Any]:
    """Return what `simulate` returns of each value, in order, where nothing is to outlive this process."""
    with Work() as work:
        return Player(work, workers)(simulate, values, label, patience=patience)


def make_engine(
    engine: str,
    address: str,
    measure: Measure,
    prepare: Prepare,
    workers: int,
    work: Path,
    limits: Limits | None = None,
    pilot: bool = True,
) -> Engine:
    """Return an engine by the name that a user gives it."""
    if engine == "local":
        return LocalEngine(measure, prepare, workers or count_cores(), work, limits, pilot)
    os.environ.update({**RAY_VARIABLES, **os.environ})
    from experiments.running.cluster import ClusterEngine

    return ClusterEngine(measure, prepare, workers, work, limits, address)


def name_job(value: Any) -> str:
    """Return what tells a job from others, in words: its labels, or the plain values that it holds."""
    labels = getattr(value, "labels", None)
    if isinstance(labels, dict):
        return " ".join(f"{name}={one}" for name, one in labels.items())
    if isinstance(value, str | int | float):
        return str(value)
    if is_dataclass(value):
        named: dict[str, Any] = {column.name: getattr(value, column.name) for column in fields(value)}
    elif isinstance(value, tuple) and hasattr(value, "_asdict"):
        named = value._asdict()
    elif isinstance(value, list | tuple):
        return ", ".join(dict.fromkeys(filter(None, map(name_job, value))))
    else:
        return ""
    plain = {name: one for name, one in named.items() if isinstance(one, str | int | float) and name not in HIDDEN}
    return " ".join(f"{name}={one}" for name, one in plain.items())


def _find_name(function: Any) -> Any:
    return _find_name(function.func) if isinstance(function, partial) else function
