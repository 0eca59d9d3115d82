"""From jobs to kept runs: the loop between an engine and the store."""

import re
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol

from experiments.exit_codes import stop_on_signals
from experiments.running.drafts import guard_disk, remove
from experiments.running.engine import Engine, NoWorkerError
from experiments.running.jobs import Job
from experiments.running.outcomes import OK, Outcome
from experiments.running.progress import SweepProgress
from sim.errors import InputError


class Keeper(Protocol):
    """What keeps runs: the store of a sweep, or the work of an app."""

    place: str  #: its name in messages

    def write(self, outcomes: Sequence[Outcome]) -> None:
        """Keep these runs."""


ALIKE = 20  #: failures alike in a row, which are a mistake in the model and not of a run
NUMBER = re.compile(r"[-+.\d]+")
FLUSH = 10.0  #: s of ended runs that stay in journals alone
PARTS = 100  #: of the time so far, one of which they may stay there too, so that a sweep of days makes few files
MANY = 1000  #: runs that are kept at once


def schedule_jobs(
    store: Keeper,
    engine: Engine,
    jobs: Sequence[Job],
    show: Callable[[SweepProgress], None],
    flush: float = FLUSH,
    stop_after: int | None = ALIKE,
) -> None:
    """Run `jobs` and keep what they leave, also what is there when this is stopped.

    A journal is removed when its runs are in the store, so that a crash at any moment loses none.

    Args:
        store: keeps what ended.
        engine: plays.
        jobs: what to play.
        show: shows the state, some times a second.
        flush: seconds for which ended runs stay in journals alone.
        stop_after: failures alike in a row that end it; None to play on whatever fails.

    Raises:
        InputError: so many runs in a row failed alike.
    """
    ended: list[Outcome] = []
    journals: list[Path] = []
    counts = {"done": 0, "failed": 0}
    failures: list[str] = []  # alike, and the last that ended
    begun = written = time.monotonic()

    def keep() -> None:
        nonlocal written
        store.write(ended)
        for path in journals:
            remove(path)
        ended.clear()
        journals.clear()
        written = time.monotonic()

    with stop_on_signals(), guard_disk(store.place):
        try:
            with closing(engine.run_jobs(jobs)) as harvests:
                for harvest in harvests:
                    ended += harvest.outcomes
                    journals += harvest.journals
                    counts["done"] += len(harvest.outcomes)
                    counts["failed"] += sum(outcome.status != OK for outcome in harvest.outcomes)
                    _note_failures(failures, harvest.outcomes)
                    left, now = len(jobs) - counts["done"], time.monotonic()
                    show(
                        SweepProgress(
                            **counts, left=left, seconds=now - begun, seconds_left=engine.estimate_seconds_left()
                        )
                    )
                    if ended and (now - written > max(flush, (now - begun) / PARTS) or len(ended) >= MANY):
                        keep()
                    if stop_after is not None and len(failures) >= stop_after:
                        keep()
                        raise InputError(
                            f"{len(failures)} runs in a row failed alike, last: {failures[-1]}; what is done is kept: "
                            f"mend that, and {engine.limits.again}"
                        )
        except (KeyboardInterrupt, SystemExit, NoWorkerError):
            keep()
            raise
        keep()


def _note_failures(failures: list[str], outcomes: Sequence[Outcome]) -> None:
    """Add failures that are like the former ones but for their numbers; begin anew after any other outcome."""
    for outcome in outcomes:
        if failures and (outcome.status == OK or NUMBER.sub("", failures[-1]) != NUMBER.sub("", outcome.error)):
            failures.clear()
        if outcome.status != OK:
            failures.append(outcome.error)
