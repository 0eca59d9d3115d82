"""What an app has done survives whatever ends it; a job that fails costs no other; workers end with their parent."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from experiments.folder import open_result_folder
from experiments.running.drafts import guard_disk
from experiments.running.identity import make_identity
from experiments.running.player import Player, name_job, run_jobs
from experiments.running.work import Work
from experiments.runs import Run
from sim.errors import InputError
from sim.setting import Setting
from tests.conftest import ROOT
from tests.processes import MARK, marked, needs_proc

PATH = {"PYTHONPATH": str(ROOT)}
#: small runs of apps that play jobs, by app
SMALL = {
    "contest": "population.size=100 ticks=40 campaign.start=10 contest.breadths=[1] seeds=6",
    "unmasking": "population.size=80 ticks=40 seeds=3 unmasking.numbers=[1,2] unmasking.hours=[26] "
    "forces.sleepers.hired_at=20 forces.sleepers.operations.awake.start=24",
    "story": "scenario=quiet population.size=60 army.size=6 campaign.start=1 ticks=216 seeds=4",
    "suppression": "population.size=100 army.size=9 extremists.size=2 ticks=48 campaign.start=20 campaign.hours=20 "
    "seeds=3 knockouts.seeds=1 robustness.seeds=1 robustness.fight_back=[0.5] dose.seeds=2 "
    "dose.intensities=[0.1,0.5] priors.draws=1",
    "recovery": "population.size=100 army.size=8 extremists.size=2 ticks=60 campaign.start=6 campaign.targets=4 "
    "seeds=4 recovery.hours=[8,18] recovery.intensities=[0.5,1.0]",
    "defences": "population.size=100 army.size=8 extremists.size=2 ticks=36 campaign.start=2 campaign.hours=10 "
    "campaign.targets=4 seeds=4 comparison.names=[rate_limit,reply_limit] comparison.robustness_seeds=0 "
    "comparison.scenarios={all_tactics: []}",
    "race": "population.size=100 army.size=9 extremists.size=2 ticks=48 campaign.start=2 campaign.hours=22 "
    "campaign.targets=4 seeds=3 race.rates=[0.05] race.calibration=2 race.rounds=1 race.watch.every=6 race.watch.lag=1",
    "validity": "population.size=100 army.size=9 ticks=97 campaign.start=24 campaign.hours=60 seeds=4",
    "docking": "population.size=60 graph.links=2 ticks=24 seeds=2 bots=[0,2,12] relaxed_bots=[0,2,12] ross_seeds=3",
    "detectors": "detectors.co_repost_1h=null detectors.co_sharing=null detectors.near_duplicates=null "
    "population.size=120 army.size=12 ticks=48 campaign.start=24 campaign.hours=24 seeds=1 benchmark.null_seeds=1 "
    "benchmark.train_seeds=1 benchmark.hours=[12] benchmark.only=[deletion] benchmark.monitor_seeds=1 "
    "monitor.rate=0.5 benchmark.cross_scenario=[] monitor.min_posts=5",
    "reproduce": "runs=120 links=[1] bots=[0,20]",
    "replay": "population.size=80 army.size=8 ticks=40 campaign.start=10 campaign.hours=20 seeds=6",
}
QUICK = ("contest", "unmasking", "story")
#: those whose results grow in their folder, or that begin again
OTHERS = {
    "run": "population.size=60 army.size=6 ticks=30 campaign.start=6 seeds=2 record.people=0.5",
    "export": "population.size=60 army.size=6 ticks=30 campaign.start=6 seeds=2",
    "sweep": "population.size=60 army.size=6 ticks=30 campaign.start=6 sweep.grid=['army.size=4,6,8'] seeds=3",
    "sensitivity": "population.size=60 army.size=6 ticks=30 campaign.start=6 sensitivity.draws=2 seeds=2 "
    "sensitivity.ranges=['reaction.half_life=interval(24,240)','expression.fear_weight=interval(2,8)']",
    "calibrate": "population.size=60 army.size=6 ticks=100 campaign.start=6 campaign.hours=48 seeds=2 "
    "calibrate.moments=moments.csv calibrate.trials=8 calibrate.sobol=4 calibrate.batch=4 calibrate.draws=2 "
    "calibrate.headline_seeds=2 calibrate.held_out_seeds=2 "
    "calibrate.parameters=['expression.fear_weight=interval(1,9)']",
}
MOMENTS = 'name,target,scale\n"2 reposts, %",60,2.5\n"2 replies, %",25,2\n'
DATA = (".csv", ".json", ".jsonl", ".graphml", ".txt")  #: files of results that the same command writes alike


def start(app: str, folder: Path, *more: str) -> subprocess.Popen[str]:
    words = split((SMALL | OTHERS)[app])
    words = words if any(word.startswith("out=") for word in more) else [*words, "out=result"]
    return subprocess.Popen(
        [sys.executable, "-m", f"experiments.{app}", *words, *more],
        cwd=folder,
        env=os.environ | PATH | {MARK: str(folder)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def split(words: str) -> list[str]:
    """Return words; one with a dictionary has a space in it."""
    found: list[str] = []
    for word in words.split():
        if found and found[-1].count("{") > found[-1].count("}"):
            found[-1] += f" {word}"
        else:
            found.append(word)
    return found


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    tables = {path.name: pd.read_parquet(path) for path in sorted(folder.glob("*.parquet"))}
    return {name: table.drop(columns="wall_time", errors="ignore") for name, table in tables.items()}


def read_results(folder: Path) -> tuple[dict[str, pd.DataFrame], dict[str, bytes]]:
    """Return all tables by name, the runs of a sweep as one, and the bytes of the files of `DATA`."""
    found: dict[str, list[pd.DataFrame]] = {}
    for path in sorted(folder.rglob("*.parquet")):
        where = path.relative_to(folder)
        name = "runs" if "runs" in where.parts else str(where)
        found.setdefault(name, []).append(pd.read_parquet(path).drop(columns=["wall_time", "seconds"], errors="ignore"))
    tables = {name: pd.concat(parts) for name, parts in found.items()}
    for name, table in tables.items():
        if "run_id" in table:
            tables[name] = table.sort_values("run_id", ignore_index=True)
    files = sorted(path for path in folder.rglob("*") if path.suffix in DATA and "_work" not in path.parts)
    return tables, {str(path.relative_to(folder)): path.read_bytes() for path in files}


def count_kept(folder: Path) -> int:
    return len(list(folder.glob("_result-work/results/*.pickle")))


@needs_proc
@pytest.mark.parametrize("app", [pytest.param(app, marks=[] if app in QUICK else pytest.mark.slow) for app in SMALL])
def test_an_app_that_is_killed_goes_on_and_ends_with_the_same_bits(app: str, tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    with start(app, tmp_path / "whole", "workers=1") as process:
        _, err = process.communicate(timeout=600)
        assert process.returncode in (0, 1), err
    with start(app, tmp_path, "workers=2") as process:
        until = time.monotonic() + 300
        while not count_kept(tmp_path):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.01)
        process.kill()
        until = time.monotonic() + 5
        while marked(str(tmp_path)):
            assert time.monotonic() < until, "a worker has outlived its parent by 5 s"
            time.sleep(0.05)
    kept = count_kept(tmp_path)
    assert kept
    assert not (tmp_path / "result").exists()
    with start(app, tmp_path, "workers=2") as process:
        out, err = process.communicate(timeout=600)
        assert process.returncode in (0, 1), err
    assert "results: result" in out
    said = [int(found.replace(",", "")) for found in re.findall(r"(?m): kept ([\d,]+) of [\d,]+ runs?$", err)]
    assert 1 <= sum(said) <= kept, err
    assert [path.name for path in tmp_path.glob("_*")] == []
    one, other = read_tables(tmp_path / "whole" / "result"), read_tables(tmp_path / "result")
    assert one.keys() == other.keys()
    for name, table in one.items():
        pd.testing.assert_frame_equal(table, other[name], check_exact=True)


@needs_proc
@pytest.mark.slow
@pytest.mark.parametrize("app", SMALL | OTHERS)
def test_killed_at_any_of_twenty_moments_an_app_goes_on_to_the_same_bits(app: str, tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "whole"):
        folder.mkdir(exist_ok=True)
        (folder / "moments.csv").write_text(MOMENTS, encoding="utf-8")
    for first in (False, True):  # the second time is that of a start with compiled kernels
        begun = time.monotonic()
        with start(app, tmp_path / "whole", "workers=1", *([] if first else ["out=before"])) as process:
            _, err = process.communicate(timeout=600)
            assert process.returncode in (0, 1), err
    lasted, moments = time.monotonic() - begun, np.random.default_rng(20)
    for _ in range(20):
        with start(app, tmp_path, "workers=2") as process:
            with suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=moments.uniform(0.1, 1.0) * lasted)
            process.kill()
        if process.returncode in (0, 1):
            break
        assert process.returncode == -signal.SIGKILL
    with start(app, tmp_path, "workers=2") as process:
        _, err = process.communicate(timeout=600)
        assert process.returncode in (0, 1), err
        assert "Traceback" not in err
    (one, data), (other, other_data) = (read_results(folder / "result") for folder in (tmp_path / "whole", tmp_path))
    assert one.keys() == other.keys()
    for name, table in one.items():
        pd.testing.assert_frame_equal(table, other[name], check_exact=True)
    assert data == other_data
    assert not (tmp_path / "_result-work").exists()
    pages = [folder / "result" / "report.html" for folder in (tmp_path / "whole", tmp_path)]
    headlines = [re.findall(r"(?s)<h1>.*?</h1>", page.read_text(encoding="utf-8")) for page in pages if page.is_file()]
    assert len({*map(tuple, headlines)}) <= 1


IDENTITIES = """
import json, sys
from contextlib import suppress
from importlib import import_module
from experiments.app import compose_config
from experiments.experiment import Experiment, Given
from experiments.running.identity import make_identity
from tests.test_running import SMALL, split
found = {}
for app in SMALL:
    module = import_module(f"experiments.{app}")
    config = compose_config(app, split(SMALL[app]))
    if app == "replay":
        found[app] = [make_identity(scene) for scene in module.build_scenes(config)]
        continue
    kind = next(one for one in vars(module).values()
                if isinstance(one, type) and issubclass(one, Experiment) and one.__module__ == module.__name__)
    experiment, given = kind.read(config), Given(config)
    if app == "race":
        values = list(module.build_race(given, experiment))
    elif app == "detectors":
        values = [*module.make_jobs(given, experiment.benchmark), *module.build_detectors(experiment).values()]
    elif app == "docking":
        values = [*experiment.make_jobs(given), *experiment.make_batches(given)]
    elif app == "reproduce":
        from experiments.published.simsom_targets import SMALL_NETWORK
        from experiments.published.ross_targets import list_cells
        from experiments.published.daymude_2025 import DaymudeRun
        from experiments.published.daymude_targets import REPEATS
        values = [SMALL_NETWORK(1), *list_cells(experiment.links, experiment.bots)]
        values += [*(DaymudeRun(cell, 1) for cell in experiment.daymude.list_cells()), *REPEATS]
    else:
        values = list(experiment.make_jobs(given))
    found[app] = [make_identity(kind.simulate, value) for value in values]
print(json.dumps(found))
"""


def test_identities_of_all_apps_are_the_same_in_every_process() -> None:
    said = [
        subprocess.run(
            [sys.executable, "-c", IDENTITIES],
            cwd=ROOT,
            env=os.environ | PATH | {"PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in (1, 2)
    ]
    assert said[0] == said[1]
    for app, names in json.loads(said[0]).items():
        assert names, app
        assert len(set(names)) == len(names), app


def test_an_identity_tells_all_that_decides(tmp_path: Path) -> None:
    path = tmp_path / "edges"
    path.write_text("1 2\n", encoding="utf-8")
    from sim.people.given_graphs import GraphFile

    setting, seeds = Setting(), {1, 2}
    whole = [setting, 1, 1.0, True, "1", (1,), [1], seeds, np.arange(3), np.arange(3.0), pd.DataFrame({"a": [1]}), path]
    whole += [GraphFile(path=str(path)), setting.replace({"army.size": 61}), {"a": 1, "b": 2}, {"b": 2, "a": 1}, None]
    names = [make_identity(value) for value in whole]
    assert len(set(names)) == len(names)
    assert names == [make_identity(value) for value in whole]
    path.write_text("1 3\n", encoding="utf-8")
    assert make_identity(GraphFile(path=str(path))) not in names


def test_what_own_modules_import_is_part_of_an_identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    sources = {
        "mine_rules.py": "from dataclasses import dataclass\nfrom mine_facts import FACTOR\n"
        "@dataclass\nclass Mine:\n    def act(self):\n        import mine_parts.late\n",
        "mine_facts.py": "FACTOR = 1\n",
        "mine_parts/__init__.py": "",
        "mine_parts/late.py": "from . import other\n",
        "mine_parts/other.py": "from ..nowhere import no\nimport numpy\n",
        "mine_else.py": "",
    }
    (tmp_path / "mine_parts").mkdir()
    for name, source in sources.items():
        (tmp_path / name).write_text(source, encoding="utf-8")
    kind = import_module("mine_rules").Mine
    names = [make_identity(kind())]
    for name in sources:
        with (tmp_path / name).open("a", encoding="utf-8") as file:
            file.write("# changed\n")
        names.append(make_identity(kind()))
    assert len(set(names)) == len(sources), "all but the last file count"
    assert names[-1] == names[-2]
    for name in ("mine_rules", "mine_facts"):
        del sys.modules[name]


# ---- one player


def double(value: int) -> int:
    return 2 * value


def go_wrong(value: tuple[str, str, int]) -> int:
    """Play a job that goes wrong once, always, or never; `value`: how, a folder for marks, and a number."""
    how, marks, number = value
    with (Path(marks) / f"{number}-{time.time_ns()}").open("w") as file:
        file.write("tried")
    tried = len(list(Path(marks).glob(f"{number}-*")))
    if how == "raises" or (how == "raises once" and tried == 1):
        raise ValueError("no such number")
    if how == "kills":
        os.kill(os.getpid(), signal.SIGKILL)
    if how == "mistake":
        raise InputError("say another number")
    return number


@pytest.fixture
def marks(tmp_path: Path) -> str:
    (tmp_path / "marks").mkdir()
    return str(tmp_path / "marks")


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_order_and_nothing_is_left(workers: int, tmp_path: Path) -> None:
    with Work(tmp_path / "result") as work:
        assert Player(work, workers)(double, [3, 1, 2, 1], "doubling") == [6, 2, 4, 2]
        assert work.holds_any()
    assert list(tmp_path.iterdir()) == []
    assert run_jobs(double, [1, 2], workers, "doubling") == [2, 4]


def test_a_failed_job_is_tried_again_alone_and_named_and_the_others_are_kept(tmp_path: Path, marks: str) -> None:
    wrong = [("well", marks, 1), ("raises", marks, 2), ("raises once", marks, 3), ("well", marks, 4)]
    with pytest.raises(InputError) as error, Work(tmp_path / "result") as work:
        Player(work, 2)(go_wrong, wrong, "going")
    line = str(error.value)
    assert line.startswith(f"1 job of 4 failed, first raises, {marks}, 2: ValueError: no such number (test_running.py:")
    assert line.endswith("; what is done is kept, and the same command continues; workers=1 shows where it fails")
    assert len(list(Path(marks).glob("2-*"))) == 2
    assert count_kept(tmp_path) == 3
    with Work(tmp_path / "result") as work:
        well = [value for value in wrong if value[0] != "raises"]
        assert Player(work, 2)(go_wrong, well, "going") == [1, 3, 4]
    assert [path.name for path in tmp_path.iterdir()] == ["marks"]
    assert len(list(Path(marks).glob("1-*"))) == 1, "what is done is not played again"


def test_a_job_that_kills_its_worker_is_named(tmp_path: Path, marks: str) -> None:
    wrong = [("well", marks, 1), ("kills", marks, 2), ("well", marks, 3)]
    said = r"first kills, .*, 2: its worker died of SIGKILL, 2 "
    with pytest.raises(InputError, match=said), Work(tmp_path / "result") as work:
        Player(work, 2)(go_wrong, wrong, "going")
    assert count_kept(tmp_path) == 2


def test_a_mistake_of_the_user_s_is_its_own_line(tmp_path: Path, marks: str) -> None:
    with pytest.raises(InputError, match=r"^say another number$"), Work(tmp_path / "result") as work:
        Player(work, 2)(go_wrong, [("mistake", marks, 1)], "going")
    assert [path.name for path in tmp_path.iterdir()] == ["marks"]


def test_how_much_an_earlier_command_did_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "experiments")
    with suppress(KeyboardInterrupt), Work(tmp_path / "result") as work:
        Player(work, 1)(double, [1, 2], "doubling")
        Player(work, 1)(double, [1, 2], "doubling")
        raise KeyboardInterrupt
    assert caplog.messages == []
    with Work(tmp_path / "result") as work:
        assert Player(work, 1)(double, [1, 2, 3], "doubling") == [2, 4, 6]
        assert Player(work, 1)(double, [3], "doubling") == [6]
    assert caplog.messages == ["doubling: kept 2 of 3 runs"]


def test_two_commands_into_one_folder_are_refused(tmp_path: Path) -> None:
    with Work(tmp_path / "result") as work:
        work.begin()
        with (
            pytest.raises(InputError, match="is in use by another run: wait for it"),
            Work(tmp_path / "result") as second,
        ):
            second.begin()
        assert work.root.is_dir()
    assert list(tmp_path.iterdir()) == []


def test_what_somebody_put_there_stays(tmp_path: Path) -> None:
    (tmp_path / "_result-work").mkdir()
    (tmp_path / "_result-work" / "mine.txt").write_text("mine", encoding="utf-8")
    with Work(tmp_path / "result") as work:
        Player(work, 1)(double, [1], "doubling")
    assert [path.name for path in tmp_path.rglob("*")] == ["_result-work", "mine.txt"]


def test_a_job_is_named_by_what_tells_it_from_others() -> None:
    run = Run("main", "full", "all", "equal", 3, Setting(), 9)
    assert name_job(run) == "family=main variant=full arm=all effort=equal seed=3"
    assert name_job([run]) == name_job(run)
    assert name_job(7) == "7"


def test_a_disk_that_is_full_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(InputError, match=r"cannot be written \(No space left on device\): what is there"):
        Work(tmp_path / "result").begin()


FULL = [(28, "No space left on device"), (30, "Read-only file system"), (2, "No such file or directory")]


@pytest.mark.parametrize(("number", "said"), FULL)
def test_a_result_that_cannot_be_written_is_one_line_and_what_is_done_is_kept(
    number: int, said: str, tmp_path: Path
) -> None:
    target = tmp_path / "out"

    def play() -> None:
        with Work(target) as work, open_result_folder(str(target), {}):
            Player(work, 1)(double, [1], "doubling")
            raise OSError(number, f"Error writing bytes to file. Detail: {said}")

    with pytest.raises(InputError, match=rf"cannot be written \({said}\): what is there is whole; free space"):
        play()
    assert [path.name for path in tmp_path.iterdir()] == ["_out-work"]
    with Work(target) as work, open_result_folder(str(target), {}):
        work.begin()
        assert work.holds_any()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_reader_who_has_left_is_no_error_of_the_disk() -> None:
    with pytest.raises(BrokenPipeError), guard_disk("out"):
        raise BrokenPipeError


LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
from experiments.__main__ import main
sys.argv[0] = "infowar-lab"
main()
"""
EVERY = [pytest.param(app, marks=[] if app in ("run", "sweep") else pytest.mark.slow) for app in SMALL | OTHERS]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of file sizes")
@pytest.mark.parametrize("app", EVERY)
def test_an_app_whose_files_find_no_room_ends_in_one_line(app: str, tmp_path: Path) -> None:
    (tmp_path / "moments.csv").write_text(MOMENTS, encoding="utf-8")
    command = [sys.executable, "-c", LIMITED, app, *split((SMALL | OTHERS)[app]), "workers=1", "out=out"]
    done = subprocess.run(
        command, cwd=tmp_path, env=os.environ | PATH, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert re.match(r"\S+ cannot be written \(File too large\): what is there is whole; free space", last)
    assert len(last) <= 300


@needs_proc
@pytest.mark.slow
@pytest.mark.parametrize("app", SMALL | OTHERS)
def test_of_two_commands_at_once_one_is_refused_or_both_are_whole(app: str, tmp_path: Path) -> None:
    (tmp_path / "moments.csv").write_text(MOMENTS, encoding="utf-8")
    with start(app, tmp_path, "workers=1") as one, start(app, tmp_path, "workers=1") as other:
        ended = [(process, process.communicate(timeout=600)[1]) for process in (one, other)]
    for process, err in ended:
        assert process.returncode in (0, 1, 2), err
        assert "Traceback" not in err
        assert process.returncode != 2 or "is in use by another" in err.splitlines()[-1]
    assert any(process.returncode != 2 for process, _ in ended)
    tables, _ = read_results(tmp_path / "result")
    assert tables or app == "replay"
    assert not list(tmp_path.glob("_*"))


@needs_proc
@pytest.mark.slow
@pytest.mark.parametrize("app", SMALL | OTHERS)
def test_an_app_whose_folder_is_deleted_ends_in_one_line(app: str, tmp_path: Path) -> None:
    (tmp_path / "moments.csv").write_text(MOMENTS, encoding="utf-8")
    with start(app, tmp_path, "workers=1") as process:
        while process.poll() is None and not any(tmp_path.rglob("*.[pj]*")):
            time.sleep(0.01)
        for folder in (*tmp_path.glob("_result*"), tmp_path / "result"):
            shutil.rmtree(folder, ignore_errors=True)
        _, err = process.communicate(timeout=600)
    assert "Traceback" not in err
    assert process.returncode in (0, 1, 2), err
    assert process.returncode != 2 or "cannot be written" in err.splitlines()[-1]
