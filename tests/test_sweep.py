"""A sweep from the command line to its tables: resumed, extended, merged, and the same numbers whoever plays."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.analysis.summary import MEASURES
from experiments.app import resumable_app
from experiments.configuration import CONF
from experiments.running import player
from experiments.running.engine import EndedRuns, Engine
from experiments.running.jobs import Job
from experiments.running.local import LocalEngine
from experiments.running.outcomes import Outcome, read_events
from experiments.running.worker import run_batch
from experiments.runs import Run, simulate_run
from experiments.sweep import main
from experiments.sweep import sweep as command
from experiments.sweeps import identity, plan, reading, world
from sim.errors import InputError
from tests import sweep_tasks as tasks
from tests.conftest import ROOT
from tests.test_design import SMALL

Sweep = Callable[..., tuple[bool, str]]
GRID = 'sweep.grid=["army.size=0,5,20"]'
FAILING = 'sweep.list=["army.size=5","graph=small_world graph.neighbours=900"]'  #: the second at its run alone
WORDS = [*SMALL, "campaign.dose=saturation", "seeds=2", "sweep.report=false"]


class Here(Engine):
    """Plays in this process, whose kernels are loaded: for tests of what is played, not of who plays it."""

    def __init__(self, *words: Any) -> None:
        super().__init__(*words[:5])  # no pilot goes ahead

    def run_jobs(self, jobs: Sequence[Job]) -> Generator[EndedRuns, None, None]:
        journal = self.work / f"{os.getpid()}-0.jsonl"
        self.add(jobs)
        while job := self._take_jobs(1):
            run_batch(job, self.measure, self.prepare, journal, None)
            events, _ = read_events(journal.read_bytes())
            yield EndedRuns([self._record_outcome(Outcome(**events[-1]))])

    def _count_under_way(self) -> int:
        return 0


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a sweep of `GRID` that one worker played."""
    folder = tmp_path_factory.mktemp("kept") / "out"
    assert command(*WORDS, GRID, "workers=1", f"out={folder}")
    return folder


@pytest.fixture
def sweep(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> Sweep:
    """Return what does a sweep into `out`, with what it returns and says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(player, "LocalEngine", Here)

    def sweep(*words: str) -> tuple[bool, str]:
        well = command(*WORDS, "out=out", *words)
        return well, capfd.readouterr().out

    return sweep


def rows(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "runs").sort_values("run_id", ignore_index=True)


def test_the_same_command_continues_and_a_changed_design_adds_what_is_missing(
    kept: Path, sweep: Sweep, tmp_path: Path
) -> None:
    first = rows(kept)
    assert len(first) == 6
    shutil.copytree(kept, tmp_path / "out")
    well, out = sweep(GRID)
    assert well
    assert "6 are kept (0 taken over), 0 to simulate" in out
    pd.testing.assert_frame_equal(first, rows(tmp_path / "out"))
    well, out = sweep('sweep.grid=["army.size=0,5,9,20"]', "seeds=3")
    assert "6 are kept (0 taken over), 6 to simulate" in out
    frame = rows(tmp_path / "out")
    assert len(frame) == frame["run_id"].nunique() == 12

    tidy = reading.tidy(tmp_path / "out")
    assert len(tidy) == 12
    assert (tidy.loc[tidy["army.size"] == 0, "dissent_posts_difference"] == 0).all()
    row = tidy[(tidy["army.size"] == 20) & (tidy["seed"] == 2)].iloc[0]
    base = tidy[(tidy["army.size"] == 0) & (tidy["seed"] == 2)].iloc[0]
    assert row["organic_posts_difference"] == row["organic_posts"] - base["organic_posts"]
    standing = [line["dissent_posts"] - line["dissent_removed"] for line in (base, row)]
    assert row["lost_dissent"] == standing[0] - standing[1]


def test_what_somebody_changed_or_another_scenario_wrote_is_one_line(kept: Path, sweep: Sweep, tmp_path: Path) -> None:
    shutil.copytree(kept, tmp_path / "out")
    with pytest.raises(
        InputError, match="holds results of scenario=flooded_hashtag, whose report that of scenario=quiet"
    ):
        sweep(GRID, "scenario=quiet")
    (tmp_path / "out/config.yaml").write_text("mine", encoding="utf-8")
    with pytest.raises(
        InputError, match=r"^out=out holds config\.yaml, which was changed after it was written: move it"
    ):
        sweep(GRID)
    assert (tmp_path / "out/config.yaml").read_text(encoding="utf-8") == "mine"


def test_one_and_two_workers_give_the_same_bits_which_are_those_of_a_world_alone(kept: Path, tmp_path: Path) -> None:
    composer = plan.Composer("sweep", WORDS, CONF)
    table = plan.compose_rows(composer, [{"army.size": size} for size in (0, 5, 20)], {})
    jobs = plan.make_jobs(
        plan.list_configurations(table), (1, 2), identity.hash_code(row.cell.setting for row in table)
    )
    engine = LocalEngine(world.measure, world.prepare, 2, tmp_path)
    two = {outcome.run_id: dict(outcome.metrics) for harvest in engine.run_jobs(jobs) for outcome in harvest.outcomes}
    one = rows(kept).set_index("run_id")[list(MEASURES)].T.to_dict()
    np.testing.assert_equal(one, two)
    for job in jobs[1::2]:
        setting, _, seed, ticks = job.task
        alone = simulate_run(Run("", "", "", "", seed, setting, ticks)).row
        np.testing.assert_equal(two[job.run_id], {name: float(alone[name]) for name in MEASURES})


def test_a_failed_run_is_a_row_an_exit_code_and_can_be_tried_again(
    sweep: Sweep, command_line: Callable[..., None], tmp_path: Path
) -> None:
    words = [
        FAILING,
        "sweep.series=true",
        "seeds=1",
        "sweep.baseline=[]",
    ]
    well, out = sweep(*words)
    assert not well
    assert "2 points (2 different, and 0 baselines beside them) x 1 seed = 2 runs; 0 are kept (0 taken over), 2" in out
    assert "1 run is done, 1 failed: out" in out
    frame = rows(tmp_path / "out").astype({"status": str})
    (error,) = frame.loc[frame["status"] == "error", "error"]
    assert error.startswith("InputError: graph.neighbours=900 needs more than")
    assert len(pd.read_parquet(tmp_path / "out/series")) == 24
    command_line(*WORDS, "out=out", *words)
    with pytest.raises(SystemExit) as leave:
        resumable_app("sweep", main)
    assert leave.value.code == 1
    well, out = sweep(*words, "sweep.retry=failed")
    assert (well, "1 is kept (0 taken over), 1 to simulate" in out) == (False, True)
    assert len(rows(tmp_path / "out")) == 2


def test_workers_that_die_before_they_begin_are_one_line_and_nothing_is_lost(
    command_line: Callable[..., None], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    command_line(*WORDS, GRID, "workers=1", "out=out")
    monkeypatch.setattr(world, "prepare", tasks.deadly_once)
    with pytest.raises(SystemExit) as leave:
        resumable_app("sweep", main)
    monkeypatch.setattr(world, "prepare", tasks.prepare)
    err = capfd.readouterr().err.splitlines()
    assert leave.value.code == 2
    assert err[-1].startswith("workers die of SIGKILL before they begin: ")
    assert not any("Traceback" in line for line in err)
    assert len(rows(Path("out"))) == 1, "the pilot"
    resumable_app("sweep", main)
    assert "1 is kept (0 taken over), 5 to simulate" in capfd.readouterr().out
    assert len(rows(Path("out"))) == 6


def test_another_folder_s_runs_are_taken_over(kept: Path, sweep: Sweep, tmp_path: Path) -> None:
    well, out = sweep('sweep.grid=["army.size=0,5,9"]', f"sweep.merge=[{kept}]")
    assert well
    assert "4 are kept (6 taken over), 2 to simulate" in out
    assert len(reading.tidy(tmp_path / "out")) == 6


def test_seeds_are_added_where_intervals_are_wide(kept: Path, sweep: Sweep, tmp_path: Path) -> None:
    shutil.copytree(kept, tmp_path / "out")
    wide = ["sweep.until=half_width", "sweep.outcome=army_posts", "sweep.half_width=1e-9", "sweep.max_seeds=5"]
    assert sweep(GRID, *wide)[0]
    counts = reading.tidy(tmp_path / "out").groupby("army.size").size()
    assert counts.to_dict() == {0: 5, 5: 5, 20: 5}


def test_a_point_that_only_fails_gets_no_more_seeds(sweep: Sweep, tmp_path: Path) -> None:
    wide = ["sweep.until=half_width", "sweep.outcome=acts", "sweep.half_width=1e-9", "sweep.max_seeds=3"]
    assert not sweep(FAILING, "sweep.baseline=[]", *wide)[0]
    assert reading.tidy(tmp_path / "out").groupby("status").size().to_dict() == {"error": 2, "ok": 3}


PREPARED = """
import sys
from pathlib import Path
from numba.core.dispatcher import Dispatcher
from experiments.configuration import CONF
from experiments.sweeps import plan, world

cell = plan.Composer("sweep", ["population.size=300", "ticks=120"], CONF).compose({})
task = (cell.setting, "", 1, 120)
world.prepare([task], Path(sys.argv[1]))
compiled = []
real = Dispatcher.compile
Dispatcher.compile = lambda self, signature: compiled.append(self.py_func.__name__) or real(self, signature)
world.measure(task, Path(sys.argv[1]))
print(compiled)
"""


def test_no_run_loads_or_compiles_what_its_worker_could_have_before(tmp_path: Path) -> None:
    words = [sys.executable, "-c", PREPARED, str(tmp_path)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.stdout == "[]\n", done.stdout + done.stderr


CAST = ["scenario=committee_smear", "population.size=200", "ticks=130", "seeds=1", "sweep.report=false", "workers=1"]


@pytest.mark.parametrize("plan", ["true", "false"])
@pytest.mark.parametrize(
    ("name", "cure"),
    [("nope", "the nearest of "), ("withheld_over", "its name is now withheld_redundant")],
)
def test_a_measure_that_no_world_has_is_refused_before_any_run(
    name: str, cure: str, plan: str, sweep: Sweep, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as error:
        sweep(GRID, f"sweep.measures=[{name}]", f"sweep.plan={plan}")
    assert str(error.value).startswith(f"sweep.measures has {name}, which no world of this sweep has: {cure}")
    assert list(tmp_path.iterdir()) == []


def test_fields_that_a_scenario_leaves_out_are_swept_and_its_own_measures_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(player, "LocalEngine", Here)
    words = [
        'sweep.grid=["forces.committee.size=0,6"]',
        'sweep.baseline=["forces.committee.operations.smear.intensity=0"]',
        "sweep.measures=[targeted_credibility,recruits]",
    ]
    with pytest.raises(InputError, match="has recruits, which no world of this sweep has: the nearest of"):
        command(*CAST, *words, f"out={tmp_path / 'out'}")
    words[2] = "sweep.measures=[smear_impressions,targeted_credibility]"
    assert command(*CAST, *words, f"out={tmp_path / 'out'}")
    tidy = reading.tidy(tmp_path / "out").set_index("forces.committee.size")
    assert tidy.loc[0, "smear_impressions"] == 0 < tidy.loc[6, "smear_impressions"]
    assert tidy.loc[6, "targeted_credibility_difference"] < 0
    assert command(*CAST, *words[:2], f"out={tmp_path / 'out'}"), "without the measures these are other runs"
    assert len(reading.tidy(tmp_path / "out")) == 2
