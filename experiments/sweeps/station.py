"""A machine of a cluster: the engine of one machine, given jobs and asked for what ended, turn by turn."""

import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import gettempdir

from experiments.folder import versions
from experiments.sweeps.engine import Harvest, Limits
from experiments.sweeps.identity import sources
from experiments.sweeps.local import Local
from experiments.sweeps.outcomes import Outcome
from experiments.sweeps.plan import Job
from experiments.sweeps.worker import Measure, Prepare

TURN = 0.5  #: s that a turn takes at most


def about() -> dict[str, str | None]:
    """Return what two machines must agree on for the same bits: the sources and the versions of what they use."""
    return versions() | {"sources": sources()}


class Station:
    """Plays on all workers of its machine, with journals and mapped graphs in a folder of its own there.

    Args:
        measure, prepare, workers, limits: as for `Local`.
        folder: name of the folder, in the machine's own place for temporary files; what an earlier station of the same
            sweep left there is removed.
    """

    def __init__(self, measure: Measure, prepare: Prepare, workers: int, folder: str, limits: Limits) -> None:
        self.folder = Path(gettempdir()) / folder
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self._engine = Local(measure, prepare, workers, self.folder, limits)
        self._harvests: Iterator[Harvest] = iter(())

    def about(self) -> dict[str, str | None]:
        """Return `about()` of this machine."""
        return about()

    def turn(self, jobs: Sequence[Job]) -> list[Outcome]:
        """Take more jobs, play on, and return what ended: as soon as something did, nothing after half a second."""
        self._engine.add(jobs)
        until = time.monotonic() + TURN
        while self._engine.left() and time.monotonic() < until:
            harvest = next(self._harvests, None)
            if harvest is None:
                self._harvests = self._engine.play(())
                continue
            for journal in harvest.journals:
                journal.unlink(missing_ok=True)
            if harvest.outcomes:
                return harvest.outcomes
        return []

    def close(self) -> None:
        """Stop what is under way and leave nothing behind."""
        self._harvests.close()  # type: ignore[attr-defined]
        shutil.rmtree(self.folder, ignore_errors=True)
