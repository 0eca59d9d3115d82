"""What every engine is and keeps: which jobs wait, how long a run takes, and who killed a worker."""

from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from experiments.running.jobs import Job
from experiments.running.outcomes import DIED, Outcome
from experiments.running.worker import Measure, Prepare
from sim.errors import InputError

BATCH_SECONDS = 7.0  #: of work in a batch
MAX_BATCH = 1000  #: runs in a batch
MAX_DEATHS = 2  #: workers that a run may kill


class NoWorkerError(InputError):
    """No worker can play; what ended is to be kept."""


@dataclass(frozen=True)
class Limits:
    """What one run may take."""

    seconds: float | None = None
    memory: float | None = None  #: MiB
    again: str = "sweep.retry=failed plays it again"  #: what a reader is told of one that failed


@dataclass(frozen=True)
class EndedRuns:
    """Runs that ended, and journals that are not needed once these runs are kept."""

    outcomes: list[Outcome]
    journals: list[Path] = field(default_factory=list)


class Engine(ABC):
    """Runs jobs in workers; what its runs measure does not depend on which engine plays them.

    Args:
        measure: plays one task; at the top of a module.
        prepare: makes a worker ready for tasks, untimed.
        workers: processes.
        work: folder of the journals, and of what the runs of one machine share.
        limits: of one run.
    """

    def __init__(
        self, measure: Measure, prepare: Prepare, workers: int, work: Path, limits: Limits | None = None
    ) -> None:
        self.measure, self.prepare, self.workers, self.work = measure, prepare, workers, work
        self.limits = limits or Limits()
        self._queue: deque[Job] = deque()
        self._alone: deque[Job] = deque()  # were there when a worker died: played without company
        self._deaths: Counter[str] = Counter()
        self._spent, self._ended = 0.0, 0

    @abstractmethod
    def run_jobs(self, jobs: Sequence[Job]) -> Generator[EndedRuns, None, None]:
        """Yield what ended, some times a second, also when that is nothing.

        A run that raises is an outcome; one whose worker dies is tried again, alone, and is marked as died if that one
        dies too; the other runs of its batch are played again.

        Raises:
            NoWorkerError: workers die one after another before a run begins, in one line with the cure.
        """

    @abstractmethod
    def _count_under_way(self) -> int:
        """Return how many jobs have been handed out and have not ended."""

    def add(self, jobs: Iterable[Job]) -> None:
        """Have more jobs wait, also while others are played."""
        self._queue.extend(jobs)

    def count_left(self) -> int:
        """Return how many jobs have not ended."""
        return len(self._queue) + len(self._alone) + self._count_under_way()

    def estimate_seconds_left(self) -> float | None:
        """Return how long the jobs left will take all workers, None before the first ended."""
        return self.count_left() * self._spent / self._ended / max(self.workers, 1) if self._ended else None

    def _estimate_batch_size(self) -> int:
        """Return how many runs are some seconds of one worker's work; 0 if one takes longer."""
        return min(int(BATCH_SECONDS * self._ended / max(self._spent, 1e-6)), MAX_BATCH)

    def _limit_share(self, workers: int) -> int:
        """Return how many of the waiting jobs so many workers should be given at most, so that some are left to all."""
        return -(-len(self._queue) * workers // (2 * self.workers))

    def _take_jobs(self, most: int) -> list[Job]:
        return [self._queue.popleft() for _ in range(min(most, len(self._queue)))]

    def _put_back(self, jobs: Iterable[Job]) -> None:
        self._queue.extendleft(reversed(list(jobs)))

    def _record_outcome(self, outcome: Outcome) -> Outcome:
        self._spent += outcome.wall_time
        self._ended += 1
        return outcome

    def _retry_or_fail(self, job: Job, how: str) -> list[Outcome]:
        """Have a job that killed what played it try again alone, or end it as died."""
        self._deaths[job.run_id] += 1
        if self._deaths[job.run_id] < MAX_DEATHS:
            self._alone.append(job)
            return []
        cure = f"{self.limits.again}{self._format_memory_cure()}"
        return [self._record_outcome(make_failure(job, DIED, f"{how}, {MAX_DEATHS} times: {cure}", 0.0))]

    def _format_memory_cure(self) -> str:
        """Return what to change where memory was short."""
        limit = self.limits.memory
        more = "fewer workers=N" if limit is None else f"fewer workers=N or sweep.memory_limit above {limit:g}"
        return f", with {more} if memory was short"


def make_failure(job: Job, status: str, error: str, seconds: float) -> Outcome:
    """Return what became of a run that could not tell it itself."""
    return Outcome(job.run_id, job.point, job.seed, job.code, status, error, seconds, {})
