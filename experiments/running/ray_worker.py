"""A machine of a cluster: the engine of one machine, given jobs and asked for what ended, turn by turn."""

import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import gettempdir

from experiments.folder import get_versions
from experiments.running.drafts import remove
from experiments.running.engine import EndedRuns, Limits
from experiments.running.identity import hash_sources
from experiments.running.jobs import Job
from experiments.running.local import LocalEngine
from experiments.running.outcomes import Outcome
from experiments.running.work import attach_result
from experiments.running.worker import Measure, Prepare

TURN = 0.5  #: s that a turn takes at most


def describe_machine() -> dict[str, str | None]:
    """Return what two machines must agree on for the same bits: the sources and the versions of what they use."""
    return get_versions() | {"sources": hash_sources()}


class RayWorker:
    """Runs jobs on all workers of its machine, with journals and mapped graphs in a folder of its own there.

    Args:
        measure, prepare, workers, limits: as for `LocalEngine`.
        folder: name of the folder, in the machine's own place for temporary files; what an earlier Ray worker of
            the same sweep left there is removed.
    """

    def __init__(self, measure: Measure, prepare: Prepare, workers: int, folder: str, limits: Limits) -> None:
        self.folder = Path(gettempdir()) / folder
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self._engine = LocalEngine(measure, prepare, workers, self.folder, limits)
        self._harvests: Iterator[EndedRuns] = iter(())

    def describe_machine(self) -> dict[str, str | None]:
        """Return `about()` of this machine."""
        return describe_machine()

    def run_turn(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Take more jobs, play on, and return what ended: as soon as something did, nothing after half a second."""
        self._engine.add(jobs)
        until = time.monotonic() + TURN
        while self._engine.count_left() and time.monotonic() < until:
            harvest = next(self._harvests, None)
            if harvest is None:
                self._harvests = self._engine.run_jobs(())
                continue
            for journal in harvest.journals:
                remove(journal)
            if harvest.outcomes:
                return [attach_result(outcome, self.folder) for outcome in harvest.outcomes]
        return []

    def close(self) -> None:
        """Stop what is under way and leave nothing behind."""
        self._harvests.close()  # type: ignore[attr-defined]
        shutil.rmtree(self.folder, ignore_errors=True)
