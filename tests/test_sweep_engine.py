"""A run that fails costs itself and no other; the numbers do not depend on who plays them."""

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from experiments.sweeps.local import Limits, Local
from experiments.sweeps.plan import Job
from experiments.sweeps.store import Outcome
from tests import sweep_tasks as tasks

PLAIN = [("plain", float(number)) for number in range(30)]


def play(jobs: Sequence[Job], folder: Path, workers: int = 2, limits: Limits | None = None) -> dict[str, Outcome]:
    """Return what became of every job; none may end twice."""
    engine = Local(tasks.measure, tasks.prepare, workers, folder, limits)
    ended = [outcome for harvest in engine.play(jobs) for outcome in harvest.outcomes]
    assert max(Counter(outcome.run_id for outcome in ended).values()) == 1
    return {outcome.run_id: outcome for outcome in ended}


def test_every_run_ends_once_on_threads_of_its_own_and_one_pays_for_what_it_did(tmp_path: Path) -> None:
    bad = [("raises", 3.0), ("killed", 0.0), ("crashes", 0.0), ("exits", 0.0), (f"once{tmp_path}/mark", 5.0)]
    jobs = tasks.jobs([*PLAIN[:15], *bad, *PLAIN[15:]])
    ended = play(jobs, tmp_path)
    assert set(ended) == {job.run_id for job in jobs}
    for job in jobs:
        what, number = job.task
        outcome = ended[job.run_id]
        if what == "plain" or what.startswith("once"):
            assert (outcome.status, outcome.error) == ("ok", "")
            assert outcome.metrics == {"square": number * number, "threads": 1.0}
    errors = {job.task[0]: ended[job.run_id] for job in jobs if job.task in bad[:4]}
    assert {what: outcome.status for what, outcome in errors.items()} == {
        "raises": "error",
        "killed": "died",
        "crashes": "died",
        "exits": "died",
    }
    assert errors["raises"].error.startswith("ValueError: no square of 3.0 (sweep_tasks.py:")
    assert errors["killed"].error == "its worker died of SIGKILL, 2 times"
    assert errors["crashes"].error == "its worker died of SIGSEGV, 2 times"
    assert errors["exits"].error == "its worker died with exit code 3, 2 times"
    assert "NUMBA_NUM_THREADS" not in os.environ or os.environ["NUMBA_NUM_THREADS"] != "1"


def test_a_run_that_hangs_or_takes_too_much_memory_is_stopped_alone(tmp_path: Path) -> None:
    jobs = tasks.jobs([*PLAIN[:5], ("hangs", 0.0), ("hungry", 900.0), ("hungry", 10.0), *PLAIN[5:10]])
    ended = play(jobs, tmp_path, limits=Limits(seconds=1.5, memory=400))
    status = [ended[job.run_id].status for job in jobs]
    assert status == ["ok"] * 5 + ["timeout", "error", "ok"] + ["ok"] * 5
    assert ended["run5"].error == "stopped after 1.5 s, the limit of a run"
    assert "MemoryError" in ended["run6"].error


def test_a_poisonous_pilot_does_not_stop_the_sweep(tmp_path: Path) -> None:
    ended = play(tasks.jobs([("killed", 0.0), *PLAIN[:3]]), tmp_path, workers=1)
    assert [ended[f"run{number}"].status for number in range(4)] == ["died", "ok", "ok", "ok"]


def test_workers_that_never_begin_are_no_run_s_fault(tmp_path: Path) -> None:
    engine = Local(tasks.measure, tasks.deadly_prepare, 1, tmp_path)
    with pytest.raises(RuntimeError, match="workers die before they begin"):
        list(engine.play(tasks.jobs(PLAIN[:2])))
