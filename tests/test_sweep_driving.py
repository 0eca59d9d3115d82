"""What ended is kept now and then, and its journals go when it is."""

import itertools
from collections.abc import Generator, Sequence
from contextlib import nullcontext
from dataclasses import replace
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


class Failing(Each):
    """Says that all runs but the first failed."""

    def run_jobs(self, jobs: Sequence[Job]) -> Generator[EndedRuns, None, None]:
        for number, job in enumerate(jobs):
            failed = {"status": "error", "error": f"ValueError: no square of {job.task[1]} (x.py:3)"} if number else {}
            yield EndedRuns([replace(outcome(job.seed), **failed)], self.journals)


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


@pytest.mark.parametrize(("stop_after", "played"), [(5, 5), (None, 40)])
def test_a_mistake_of_one_s_own_does_not_play_all_runs(
    stop_after: int | None, played: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    monkeypatch.setattr(Store, "write", lambda self, outcomes: written.extend(one.status for one in outcomes))
    with opened(tmp_path / "out") as store:
        engine = Failing(tasks.measure, tasks.prepare, 1, store.work)
        jobs = tasks.jobs([("plain", 0.0), *(("raises", float(number)) for number in range(39))])
        stops = pytest.raises(InputError, match=r"^5 runs in a row failed alike, last: ValueError: no square of 4\.0 ")
        with stops if stop_after else nullcontext():
            scheduler.schedule_jobs(store, engine, jobs, lambda state: None, stop_after=stop_after)
    assert written == ["ok", *["error"] * (played if stop_after else 39)]


def test_failures_of_different_kinds_are_not_alike(tmp_path: Path) -> None:
    failures: list[str] = []
    for error, alike in (("x 1", 1), ("x 2.5", 2), ("y 2", 1), ("", 0), ("y 3", 1)):
        status = "error" if error else "ok"
        scheduler._note_failures(failures, [Outcome("run", "point", 1, "code", status, error, 0.0, {})])
        assert len(failures) == alike
