"""A run that fails costs itself and no other; the numbers do not depend on who plays them."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from pebble import ProcessPool
from pebble.pool import process

from experiments.running import local
from experiments.running.engine import Engine, Limits, NoWorkerError
from experiments.running.jobs import Job
from experiments.running.local import LocalEngine
from experiments.running.outcomes import Outcome
from experiments.running.worker import Measure, Prepare
from tests import sweep_tasks as tasks
from tests.conftest import ROOT
from tests.processes import MARK, gone, marked, needs_proc

AGAIN = "sweep.retry=failed plays it again, with fewer workers=N"
PLAIN = [("plain", float(number)) for number in range(30)]
Engines = Callable[[Measure, Prepare, int, Path, Limits | None], Engine]


def play(
    jobs: Sequence[Job], folder: Path, workers: int = 2, limits: Limits | None = None, engine: Engines = LocalEngine
) -> dict[str, Outcome]:
    """Return what became of every job; none may end twice."""
    playing = engine(tasks.measure, tasks.prepare, workers, folder, limits)
    ended = [outcome for harvest in playing.run_jobs(jobs) for outcome in harvest.outcomes]
    assert max(Counter(outcome.run_id for outcome in ended).values()) == 1
    assert playing.count_left() == 0
    return {outcome.run_id: outcome for outcome in ended}


def each_pays_for_what_it_did(folder: Path, engine: Engines, *more: tuple[str, str, str]) -> None:
    """Play runs that go wrong in every way between others that do not; `more` ways are (what, status, error)."""
    once = f"once{folder}/mark"
    wrong = [
        ("raises", "error", "ValueError: no square of 0.0 (sweep_tasks.py:"),
        ("killed", "died", "its worker died of SIGKILL, 2 times"),
        ("crashes", "died", "its worker died of SIGSEGV, 2 times"),
        ("exits", "died", "its worker died with exit code 3, 2 times"),
        ("hangs", "timeout", "stopped after 1.5 s, the limit of a run"),
        ("hungry", "error", "MemoryError: "),
        *more,
    ]
    amounts = {"hungry": 900.0}
    bad = [(what, amounts.get(what, 0.0)) for what, _, _ in wrong]
    jobs = tasks.jobs([*PLAIN[:15], *bad, (once, 5.0), ("hungry", 10.0), *PLAIN[15:]])
    ended = play(jobs, folder, limits=Limits(seconds=1.5, memory=400), engine=engine)
    assert set(ended) == {job.run_id for job in jobs}
    told = {what: (status, error) for what, status, error in wrong}
    for job in jobs:
        what, number = job.task
        outcome = ended[job.run_id]
        if job.task in bad:
            assert outcome.status == told[what][0], outcome
            assert outcome.error.startswith(told[what][1]), outcome
            assert what != "hungry" or outcome.error.endswith("; sweep.memory_limit=400 MiB is what a run may take")
            limit = " or sweep.memory_limit above 400 if memory was short"
            assert outcome.status != "died" or outcome.error.endswith(f" times: {AGAIN}{limit}"), outcome
        else:
            assert (outcome.status, outcome.error) == ("ok", "")
            assert outcome.metrics == {"square": number * number, "threads": 1.0}


def test_every_run_ends_once_on_threads_of_its_own_and_each_pays_for_what_it_did(tmp_path: Path) -> None:
    each_pays_for_what_it_did(tmp_path, LocalEngine)
    assert "NUMBA_NUM_THREADS" not in os.environ or os.environ["NUMBA_NUM_THREADS"] != "1"


def test_a_poisonous_pilot_does_not_stop_the_sweep(tmp_path: Path) -> None:
    ended = play(tasks.jobs([("killed", 0.0), *PLAIN[:3]]), tmp_path, workers=1)
    assert [ended[f"run{number}"].status for number in range(4)] == ["died", "ok", "ok", "ok"]


def test_every_journal_is_handed_over_though_its_worker_lingers_after_the_last_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "run_batch", tasks.lingering_batch)
    playing = LocalEngine(tasks.measure, tasks.prepare, 2, tmp_path)
    journals = {path for harvest in playing.run_jobs(tasks.jobs(PLAIN[:3])) for path in harvest.journals}
    assert journals == set(tmp_path.iterdir())


def test_workers_killed_while_they_wait_are_replaced_and_no_run_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = ProcessPool.schedule, Counter[str]()

    def schedule(pool: Any, *words: Any, **more: Any) -> Any:
        calls["all"] += 1
        if calls["all"] in (1, 3):
            assert pool.active  # asking starts it
            for worker in list(pool._pool_manager.worker_manager.workers):
                os.kill(worker, signal.SIGKILL)
            until = time.monotonic() + 60
            while pool.active and time.monotonic() < until:
                time.sleep(0.01)
            calls["broken"] += not pool.active
        return real(pool, *words, **more)

    monkeypatch.setattr(ProcessPool, "schedule", schedule)
    ended = play(tasks.jobs(PLAIN[:9]), tmp_path)
    assert calls["broken"]
    assert {outcome.status for outcome in ended.values()} == {"ok"}
    assert len(ended) == 9


@pytest.mark.parametrize(("codes", "how"), [(None, " of SIGKILL"), ({}, ", nothing says of what")])
def test_a_poisonous_run_is_blamed_though_the_pool_breaks_before_it_knows_who_played_it(
    codes: dict[int, int] | None, how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if codes is not None:
        monkeypatch.setattr(local.TrackingContext, "get_exit_codes", lambda _: codes)
    monkeypatch.setattr(process.TaskManager, "task_start", lambda *_: None)
    ended = play(tasks.jobs([*PLAIN[:5], ("killed", 0.0), *PLAIN[:5]]), tmp_path, workers=1)
    assert {name for name, outcome in ended.items() if outcome.status != "ok"} == {"run5"}
    words = f"its worker died{how}, 2 times: {AGAIN} if memory was short"
    assert (ended["run5"].status, ended["run5"].error) == ("died", words)


KEPT = "; what is done is kept, and the same command continues"
UNBORN = [
    (
        tasks.measure,
        tasks.deadly_prepare,
        " of SIGKILL before they begin: the system kills them where memory is short; free some, or say fewer workers=N",
    ),
    (
        tasks.Unborn(),
        tasks.prepare,
        " with exit code 1 before they begin: mend what they say above; in a script, start ",
    ),
]


@pytest.mark.parametrize(("measure", "prepare", "line"), UNBORN, ids=["killed", "unimportable"])
def test_workers_that_never_begin_are_no_run_s_fault_and_one_line(
    measure: Measure, prepare: Prepare, line: str, tmp_path: Path
) -> None:
    engine = LocalEngine(measure, prepare, 1, tmp_path)
    with pytest.raises(NoWorkerError) as error:
        list(engine.run_jobs(tasks.jobs(PLAIN[:2])))
    assert str(error.value).startswith(f"workers die{line}")
    assert str(error.value).endswith(KEPT)


HANGING = """
import sys
from pathlib import Path
from experiments.running.local import LocalEngine
from tests import sweep_tasks as tasks
list(LocalEngine(tasks.measure, tasks.prepare, 2, Path(sys.argv[1])).run_jobs(tasks.jobs([("hangs", 0.0)])))
"""


@needs_proc
def test_nobody_plays_on_for_a_driver_that_was_killed(tmp_path: Path) -> None:
    words = [sys.executable, "-c", HANGING, str(tmp_path)]
    with subprocess.Popen(words, cwd=ROOT, env=os.environ | {MARK: str(tmp_path)}) as process:
        until = time.monotonic() + 60
        while not any("run0" in path.read_text() for path in tmp_path.glob("*.jsonl")):
            assert time.monotonic() < until
            time.sleep(0.05)
        assert len(marked(str(tmp_path))) > 1
        process.kill()
    gone(str(tmp_path), kill=False)
