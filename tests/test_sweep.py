"""A sweep from the command line to its tables: resumed, extended, merged, and the same numbers whoever plays."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.analysis.summary import MEASURES
from experiments.app import growing_app
from experiments.runs import Run, play
from experiments.sweep import main
from experiments.sweeps import plan, reading, world
from experiments.sweeps.local import Local
from tests.test_design import SMALL, composer  # noqa: F401

Sweep = Callable[..., tuple[int, str, str]]
GRID = 'sweep.grid=["army.size=0,5,20"]'


@pytest.fixture
def sweep(command_line: Callable[..., None], capfd: pytest.CaptureFixture[str]) -> Sweep:
    def sweep(*words: str) -> tuple[int, str, str]:
        command_line(*SMALL, "workers=1", "seeds=2", "out=out", "sweep.report=false", *words)
        code = 0
        try:
            growing_app("sweep", main)
        except SystemExit as leave:
            code = int(leave.code or 0)
        return code, *capfd.readouterr()

    return sweep


def test_the_same_command_continues_and_a_changed_design_adds_what_is_missing(sweep: Sweep, tmp_path: Path) -> None:
    assert sweep(GRID)[0] == 0
    first = pd.read_parquet(tmp_path / "out/runs").sort_values("run_id", ignore_index=True)
    assert len(first) == 6
    code, out, _ = sweep(GRID)
    assert code == 0
    assert "6 are kept (0 taken over), 0 to play" in out
    pd.testing.assert_frame_equal(
        first, pd.read_parquet(tmp_path / "out/runs").sort_values("run_id", ignore_index=True)
    )
    code, out, _ = sweep('sweep.grid=["army.size=0,5,9,20"]', "seeds=3")
    assert "6 are kept (0 taken over), 6 to play" in out
    frame = pd.read_parquet(tmp_path / "out/runs")
    assert len(frame) == frame["run_id"].nunique() == 12

    tidy = reading.tidy(tmp_path / "out")
    assert len(tidy) == 12
    assert (tidy.loc[tidy["army.size"] == 0, "dissent_posts_difference"] == 0).all()
    row = tidy[(tidy["army.size"] == 20) & (tidy["seed"] == 2)].iloc[0]
    base = tidy[(tidy["army.size"] == 0) & (tidy["seed"] == 2)].iloc[0]
    assert row["organic_posts_difference"] == row["organic_posts"] - base["organic_posts"]
    standing = [line["dissent_posts"] - line["dissent_removed"] for line in (base, row)]
    assert row["lost_dissent"] == standing[0] - standing[1]


def test_one_and_two_workers_give_the_same_bits_which_are_those_of_a_world_alone(
    composer: plan.Composer,  # noqa: F811
    tmp_path: Path,
) -> None:
    cells = [composer.cell({"army.size": size, "feed": feed}) for size in (0, 20) for feed in ("chronological",)]
    jobs = plan.jobs(cells, range(1, 4), "code", tmp_path)
    found = []
    for workers in (1, 2):
        folder = tmp_path / str(workers)
        folder.mkdir()
        engine = Local(world.measure, world.prepare, workers, folder)
        ended = [outcome for harvest in engine.play(jobs) for outcome in harvest.outcomes]
        found.append({outcome.run_id: dict(outcome.metrics) for outcome in ended})
    np.testing.assert_equal(found[0], found[1])
    for job in jobs:
        setting, seed, ticks = job.task
        alone = play(Run("", "", "", "", seed, setting, ticks)).row
        np.testing.assert_equal(found[0][job.run_id], {name: float(alone[name]) for name in MEASURES})


def test_a_failed_run_is_a_row_an_exit_code_and_can_be_tried_again(sweep: Sweep, tmp_path: Path) -> None:
    words = ['sweep.list=["army.size=5","campaign.victims=[999]"]', "sweep.series=true", "seeds=1", "sweep.baseline=[]"]
    code, out, _ = sweep(*words)
    assert code == 1
    assert "1 runs are done, 1 failed: out" in out
    frame = pd.read_parquet(tmp_path / "out/runs").astype({"status": str})
    (error,) = frame.loc[frame["status"] == "error", "error"]
    assert error.startswith("InputError: Campaign.victims has 999")
    assert len(pd.read_parquet(tmp_path / "out/series")) == 24
    assert "0 to play" in sweep(*words)[1]
    code, out, _ = sweep(*words, "sweep.retry=failed")
    assert (code, "1 to play" in out) == (1, True)
    assert len(pd.read_parquet(tmp_path / "out/runs")) == 2


def test_another_folder_s_runs_are_taken_over(sweep: Sweep, tmp_path: Path) -> None:
    sweep(GRID, "out=other")
    code, out, _ = sweep('sweep.grid=["army.size=0,5,9"]', "sweep.merge=[other]")
    assert code == 0
    assert "4 are kept (6 taken over), 2 to play" in out
    assert len(reading.tidy(tmp_path / "out")) == 6


def test_seeds_are_added_where_intervals_are_wide(sweep: Sweep, tmp_path: Path) -> None:
    wide = ["sweep.until=half_width", "sweep.outcome=army_posts", "sweep.half_width=1e-9", "sweep.most_seeds=5"]
    assert sweep(GRID, *wide)[0] == 0
    counts = reading.tidy(tmp_path / "out").groupby("army.size").size()
    assert counts.to_dict() == {0: 5, 5: 5, 20: 5}
    assert "sweep.until=half_width needs what is narrow enough" in sweep(GRID, "sweep.until=half_width")[2]


def test_a_point_that_only_fails_gets_no_more_seeds(sweep: Sweep, tmp_path: Path) -> None:
    wide = ["sweep.until=half_width", "sweep.outcome=acts", "sweep.half_width=1e-9", "sweep.most_seeds=3"]
    assert sweep('sweep.list=["army.size=5","campaign.victims=[999]"]', "sweep.baseline=[]", *wide)[0] == 1
    assert reading.tidy(tmp_path / "out").groupby("status").size().to_dict() == {"error": 2, "ok": 3}
