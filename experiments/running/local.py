"""The engine of one machine: batches on Pebble's process pool, and exact blame for a run that kills its worker."""

import os
import signal
import time
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pebble import ProcessExpired, ProcessPool

from experiments.running.engine import EndedRuns, Engine, Limits, NoWorkerError, make_failure
from experiments.running.jobs import Job
from experiments.running.outcomes import TIMEOUT, Outcome, read_events
from experiments.running.worker import PINNED, Measure, Prepare, run_batch, start_worker
from experiments.workers import CURE, get_spawn_context

MAX_EARLY_DEATHS = 5  #: batches in a row that may end before their first run begins
POLL = 0.05  #: s
KILLED = -9  #: exit code of a process that POSIX killed, whatever system reads it
_NAMES = {int(number): number.name for number in signal.Signals}


@dataclass
class Batch:
    """Jobs in one worker, and how far its journal has been read."""

    jobs: dict[str, Job]  #: those not ended, by run id
    journal: Path
    read: int = 0
    running: str | None = None  #: run id
    since: float = 0.0  #: Unix time at which it began
    worker: int = 0  #: its process; 0 before its first run began
    has_begun: bool = False


class TrackingContext:
    """A way to start processes that remembers them: of a pool that breaks they alone know how they died."""

    def __init__(self, context: Any) -> None:
        self._context, self.started = context, list[Any]()

    def Process(self, *words: Any, **more: Any) -> Any:  # noqa: N802
        """Return a process, as any context does."""
        self.started.append(self._context.Process(*words, **more))
        return self.started[-1]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._context, name)

    def get_exit_codes(self) -> dict[int, int]:
        """Return the exit code of every process that has ended, by its id."""
        return {process.pid: process.exitcode for process in self.started if process.exitcode is not None}


class LocalEngine(Engine):
    """Runs jobs on the cores of this machine.

    Args:
        measure, prepare, workers, work, limits: as for any engine.
        pilot: whether the first job goes ahead alone: it compiles what the others only load, and says how long one
            takes.
    """

    def __init__(
        self,
        measure: Measure,
        prepare: Prepare,
        workers: int,
        work: Path,
        limits: Limits | None = None,
        pilot: bool = True,
    ) -> None:
        super().__init__(measure, prepare, workers, work, limits)
        self._pilot = pilot
        self._flight: dict[Any, Batch] = {}
        self._codes: dict[int, int] = {}  # of the workers of a pool that broke, by process
        self._batches = self._early_deaths = 0

    def run_jobs(self, jobs: Sequence[Job]) -> Generator[EndedRuns, None, None]:
        """Yield what ended, some times a second, also when that is nothing."""
        self.add(jobs)
        while self.count_left():
            try:
                with _limit_threads(), self._open_pool() as pool:
                    yield from self._keep_busy(pool)
            except BrokenProcessPool:
                yield self._recover_jobs()

    def _count_under_way(self) -> int:
        return sum(len(batch.jobs) for batch in self._flight.values())

    @contextmanager
    def _open_pool(self) -> Iterator[ProcessPool]:
        processes = TrackingContext(get_spawn_context())
        pool = ProcessPool(self.workers, initializer=start_worker, context=processes)
        try:
            yield pool
            pool.close()
        except BrokenProcessPool:
            self._codes = processes.get_exit_codes()  # before the others are stopped
            raise
        finally:
            pool.stop()
            pool.join()

    def _keep_busy(self, pool: ProcessPool) -> Iterator[EndedRuns]:
        while self.count_left() or self._flight:  # a worker tells its last run before its batch is seen to end
            while (self._queue or self._alone) and len(self._flight) < self._limit_batches():
                self._send_batch(pool)
            wait(self._flight, timeout=POLL, return_when=FIRST_COMPLETED)
            yield self._harvest()

    def _limit_batches(self) -> int:
        """Return how many batches may be under way: one until the pilot has ended."""
        return 2 * self.workers if self._ended or not self._pilot else 1

    def _send_batch(self, pool: ProcessPool) -> None:
        queue = self._alone or self._queue
        jobs = [self._alone.popleft()] if self._alone else self._take_jobs(self._choose_batch_size())
        journal = self.work / f"{os.getpid()}-{self._batches}.jsonl"
        self._batches += 1
        words = (jobs, self.measure, self.prepare, journal, self.limits.memory)
        try:
            future = pool.schedule(run_batch, args=words)
        except RuntimeError as error:  # so says a pool that broke since it was last looked at
            queue.extendleft(reversed(jobs))
            raise BrokenProcessPool from error
        self._flight[future] = Batch({job.run_id: job for job in jobs}, journal)

    def _choose_batch_size(self) -> int:
        """Return how many runs the next batch holds: some seconds of work, less when little is left."""
        return max(1, min(self._estimate_batch_size(), self._limit_share(1))) if self._ended else 1

    def _harvest(self) -> EndedRuns:
        outcomes: list[Outcome] = []
        journals: list[Path] = []
        for future, batch in list(self._flight.items()):
            done = future.done()
            outcomes += self._read_journal(batch)
            is_late = self._is_late(batch)
            if not done and not is_late:
                continue
            if not done:
                future.cancel()
            outcomes += self._close_batch(future, batch, is_late)
            journals.append(batch.journal)
            del self._flight[future]
        return EndedRuns(outcomes, journals)

    def _read_journal(self, batch: Batch) -> list[Outcome]:
        if not batch.journal.is_file():
            return []
        with batch.journal.open("rb") as file:
            file.seek(batch.read)
            events, size = read_events(file.read())
        batch.read += size
        outcomes = []
        for event in events:
            batch.has_begun, self._early_deaths = True, 0
            if "begun" in event:
                batch.running, batch.since, batch.worker = event["begun"], event["at"], event["worker"]
            else:
                batch.running = None
                outcomes.append(self._end_job(batch, Outcome(**event)))
        return outcomes

    def _end_job(self, batch: Batch, outcome: Outcome) -> Outcome:
        del batch.jobs[outcome.run_id]
        return self._record_outcome(outcome)

    def _is_late(self, batch: Batch) -> bool:
        limit = self.limits.seconds
        return limit is not None and batch.running is not None and time.time() - batch.since > limit

    def _close_batch(self, future: Any, batch: Batch, is_late: bool) -> list[Outcome]:
        """Return what is known of the run that ended a batch early, and put the others back."""
        outcomes = []
        try:
            if future.done():
                future.result()
        except (ProcessExpired, CancelledError) as error:
            if not is_late:
                outcomes += self._handle_death(batch, getattr(error, "exitcode", None))
        if is_late and batch.running in batch.jobs:
            job, limit = batch.jobs[batch.running], self.limits.seconds
            words = f"stopped after {limit:g} s, the limit of a run"
            outcomes.append(self._end_job(batch, make_failure(job, TIMEOUT, words, float(limit or 0))))
        self._put_back(batch.jobs.values())
        return outcomes

    def _handle_death(self, batch: Batch, code: int | None) -> list[Outcome]:
        if not batch.has_begun:
            self._count_early_death(code)
        if batch.running is None:
            return []
        return self._retry_or_fail(batch.jobs.pop(batch.running), f"its worker died{_format_cause(code)}")

    def _count_early_death(self, code: int | None) -> None:
        """Count a worker that died before its first run began, and give up where they all do."""
        self._early_deaths += 1
        if self._early_deaths <= MAX_EARLY_DEATHS:
            return
        cure = f"mend what they say above; in a script, {CURE}"
        if code == KILLED:
            cure = "the system kills them where memory is short; free some, or say fewer workers=N"
        raise NoWorkerError(
            f"workers die{_format_cause(code)} before they begin: {cure}; what is done is kept, and the same "
            "command continues"
        )

    def _recover_jobs(self) -> EndedRuns:
        """Put back what has not begun: a pool breaks when a worker dies before the pool knows what it plays."""
        self._count_early_death(next((code for code in self._codes.values() if code), None))
        batches = list(self._flight.values())
        self._flight.clear()
        outcomes: list[Outcome] = []
        for batch in batches:
            outcomes += self._read_journal(batch)
            if batch.running is not None:
                how = _format_cause(self._codes.get(batch.worker))
                outcomes += self._retry_or_fail(batch.jobs.pop(batch.running), f"its worker died{how}")
            self._put_back(batch.jobs.values())
        return EndedRuns(outcomes, [batch.journal for batch in batches])


def _format_cause(code: int | None) -> str:
    if code is None:
        return ", nothing says of what"
    if code >= 0:
        return f" with exit code {code}"
    return f" of {_NAMES.get(-code, f'signal {-code}')}"


@contextmanager
def _limit_threads() -> Iterator[None]:
    """Have processes that start inside this use one thread each."""
    former = {name: os.environ.get(name) for name in PINNED}
    os.environ.update(dict.fromkeys(PINNED, "1"))
    try:
        yield
    finally:
        for name, value in former.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
