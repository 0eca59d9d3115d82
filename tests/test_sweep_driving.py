"""What ended is kept now and then, and its journals go when it is."""

import itertools
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from experiments.running import scheduler
from experiments.running.engine import EndedRuns, Engine
from experiments.running.jobs import Job
from experiments.running.outcomes import Outcome
from experiments.sweeps.store import Store
from sim.errors import InputError
from tests import sweep_tasks as tasks
from tests.test_sweep_store import opened, outcome


class Each(Engine):
    """Says that one run ended every time it is asked."""

    journals: ClassVar[list[Path]] = []

    def run_jobs(self, jobs: Sequence[Job]) -> Generator[EndedRuns, None, None]:
        for job in jobs:
            yield EndedRuns([outcome(job.seed)], self.journals)

    def _count_under_way(self) -> int:
        return 0


def driven(store: Store, runs: int) -> None:
    engine = Each(tasks.measure, tasks.prepare, 1, store.work)
    scheduler.schedule_jobs(store, engine, tasks.jobs([("plain", 0.0)] * runs), lambda state: None)


def test_ten_thousand_runs_of_a_minute_make_hundreds_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[int] = []
    monkeypatch.setattr(scheduler.time, "monotonic", itertools.count(0.0, 60.0).__next__)
    monkeypatch.setattr(Store, "write", lambda self, outcomes: written.append(len(outcomes)))
    with opened(tmp_path / "out") as store:
        driven(store, 10_000)
    assert sum(written) == 10_000
    assert len(written) < 999


def test_a_journal_stays_until_its_runs_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Store, outcomes: Sequence[Outcome]) -> None:
        raise InputError("the disk is full")

    journal = tmp_path / "out/_work/1-0.jsonl"
    monkeypatch.setattr(Each, "journals", [journal])
    with opened(tmp_path / "out") as store:
        journal.touch()
        with monkeypatch.context() as patch:
            patch.setattr(Store, "write", full)
            with pytest.raises(InputError, match="the disk is full"):
                driven(store, 1)
        assert journal.exists()
        driven(store, 1)
        assert not journal.exists()
