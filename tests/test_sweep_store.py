"""What is kept is whole at every moment, and every run is kept once."""

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.dataset as ds
import pytest

from experiments.folder import write_metadata
from experiments.report import __main__ as report
from experiments.running import drafts
from experiments.running.outcomes import Outcome
from experiments.sweeps import files as files_module
from experiments.sweeps.files import read_table
from experiments.sweeps.sealing import seal
from experiments.sweeps.store import Store
from sim.errors import InputError
from tests.conftest import ROOT

METRICS = ("square", "threads")


def outcome(number: int, status: str = "ok", series: bool = False) -> Outcome:
    hours = {"tick": [0.0, 1.0], "x": [float(number), 0.5]} if series else None
    metrics = {"square": number / 3, "threads": 1.0} if status == "ok" else {}
    return Outcome(
        f"run{number}", "point", number, "code", status, "" if status == "ok" else "bad", 0.1, metrics, hours
    )


def opened(
    folder: Path, metrics: Sequence[str] = METRICS, config: Sequence[str] = (), scenario: str | None = None
) -> Store:
    return Store(str(folder), metrics, config, scenario)


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.parquet"))


def test_rows_are_read_by_any_reader_as_they_were_written(tmp_path: Path) -> None:
    with opened(tmp_path / "out") as store:
        store.write([outcome(1), outcome(2, "error"), outcome(3)])
        store.write([outcome(4, "died")])
    frame = pd.read_parquet(tmp_path / "out/runs").sort_values("run_id")
    assert list(frame["run_id"]) == ["run1", "run2", "run3", "run4"]
    assert list(frame["status"].astype(str)) == ["ok", "error", "ok", "died"]
    assert frame["square"].tolist()[0] == 1 / 3
    assert frame["square"].isna().tolist() == [False, True, False, True]
    assert {"point", "seed", "code", "error", "wall_time", *METRICS} <= set(frame.columns)


def test_a_draft_beside_the_files_disturbs_no_reader(tmp_path: Path) -> None:
    with opened(tmp_path / "out") as store:
        store.write([outcome(1)])
        draft = store.work / "_half.draft"
        draft.write_bytes(b"PAR1 torn")
        assert len(pd.read_parquet(tmp_path / "out/runs")) == 1
    with opened(tmp_path / "out"):
        assert not draft.exists()


def test_compaction_keeps_every_row_and_few_files(tmp_path: Path) -> None:
    with opened(tmp_path / "out") as store:
        for number in range(66):
            store.write([outcome(number, series=True)])
        before = pd.read_parquet(tmp_path / "out/runs").sort_values("run_id", ignore_index=True)
        store.compact()
        after = pd.read_parquet(tmp_path / "out/runs").sort_values("run_id", ignore_index=True)
        pd.testing.assert_frame_equal(before, after)
        assert len(files(tmp_path / "out/runs")) == len(files(tmp_path / "out/series")) == 2
        assert len(pd.read_parquet(tmp_path / "out/series")) == 132
        store.compact()
        assert len(files(tmp_path / "out/runs")) == 1


def test_a_newer_version_s_metrics_stand_beside_older_rows(tmp_path: Path) -> None:
    with opened(tmp_path / "out", ("square",)) as store:
        store.write([replace(outcome(1), metrics={"square": 1.0}, series={"tick": [0.0]})])
    with opened(tmp_path / "out") as store:
        store.write([outcome(2, series=True)])
        for _ in range(2):
            table = read_table(store.runs)
            assert table is not None
            frame = table.to_pandas().set_index("run_id")
            assert frame["threads"].isna().to_dict() == {"run1": True, "run2": False}
            store.compact()
        assert len(files(tmp_path / "out")) == 2
    with opened(tmp_path / "out"):
        assert pd.read_parquet(tmp_path / "out/series")["x"].isna().tolist() == [True, False, False]


@pytest.mark.parametrize("moment", range(10))
def test_a_compaction_that_is_cut_short_is_finished(
    tmp_path: Path, moment: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Cut(BaseException):
        pass

    with opened(tmp_path / "out") as store:
        for number in range(3):
            store.write([outcome(number, series=True)])
        calls, real = 0, {"replace": Path.replace, "unlink": Path.unlink}

        def cutting(name: str):
            def call(self: Path, *words: object, **more: object) -> object:
                nonlocal calls
                calls += 1
                if calls > moment:
                    raise Cut
                return real[name](self, *words, **more)  # type: ignore[operator]

            return call

        with monkeypatch.context() as patch:
            for name in real:
                patch.setattr(Path, name, cutting(name))
            try:
                store.compact()
            except Cut:
                assert moment < 10
        table = read_table(store.runs)
        assert table is not None
        assert sorted(table["run_id"].to_pylist()) == ["run0", "run1", "run2"]
    with opened(tmp_path / "out") as store:
        assert len(store.read_status()) == 3
    assert sorted(pd.read_parquet(tmp_path / "out/runs")["run_id"]) == ["run0", "run1", "run2"]
    assert len(pd.read_parquet(tmp_path / "out/series")) == 6
    assert not list((tmp_path / "out/_work").glob("*.json"))


def test_who_reads_while_files_are_compacted_sees_every_run_once(tmp_path: Path) -> None:
    done = threading.Event()
    seen: list[list[str]] = []

    def read(runs: Path) -> None:
        while not done.is_set() or len(seen) < 3:
            table = read_table(runs, ["run_id"])
            seen.append(sorted(table["run_id"].to_pylist()) if table else [])

    with opened(tmp_path / "out") as store, ThreadPoolExecutor(1) as readers:
        for number in range(4):
            store.write([outcome(number)])
        reading = readers.submit(read, store.runs)
        for number in range(4, 24, 4):
            for more in range(number, number + 4):
                store.write([outcome(more)])
            store.compact()
        done.set()
        reading.result(timeout=60)
    assert all(names == sorted(f"run{number}" for number in range(len(names))) for names in seen)
    assert len(seen[-1]) == 24


def test_a_file_that_goes_between_listing_and_reading_is_read_around(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, left = files_module.ds.dataset, [3]

    with opened(tmp_path / "out") as store:
        for number in range(3):
            store.write([outcome(number)])

        def late(*words: object, **more: object) -> object:
            found = real(*words, **more)
            if left[0]:
                left[0] -= 1
                store.write([outcome(10 + left[0])])
                store.compact()
            return found

        monkeypatch.setattr(files_module.ds, "dataset", late)
        table = read_table(store.runs)
    assert table is not None
    assert sorted(table["run_id"].to_pylist()) == ["run0", "run1", "run10", "run11", "run12", "run2"]


def test_files_that_never_rest_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = files_module.ds.dataset
    numbers = iter(range(1, 100))
    monkeypatch.setattr(files_module, "TRIES", 3)
    with opened(tmp_path / "out") as store:
        store.write([outcome(0)])

        def restless(*words: object, **more: object) -> object:
            store.write([outcome(next(numbers))])
            return real(*words, **more)

        monkeypatch.setattr(files_module.ds, "dataset", restless)
        with pytest.raises(InputError, match="changes all the time: read it again"):
            read_table(store.runs)


def test_series_without_their_runs_are_not_there(tmp_path: Path) -> None:
    with opened(tmp_path / "out") as store:
        store.write([outcome(1, series=True)])
    next((tmp_path / "out/runs").rglob("*.parquet")).unlink()
    with opened(tmp_path / "out") as store:
        assert store.read_status() == {}
    assert files(tmp_path / "out") == []


def test_a_journal_that_a_crash_left_is_taken_over_up_to_its_last_whole_line(tmp_path: Path) -> None:
    with opened(tmp_path / "out") as store:
        store.write([outcome(1)])
        lines = [{"begun": "run1", "at": 0.0}, vars(outcome(1)), {"begun": "run2", "at": 0.0}, vars(outcome(2))]
        whole = "".join(json.dumps(line) + "\n" for line in lines)
        (store.work / "9-1.jsonl").write_text(whole + json.dumps(vars(outcome(3)))[:40])
    with opened(tmp_path / "out") as store:
        assert store.read_status() == {"run1": "ok", "run2": "ok"}
        assert list(store.work.iterdir()) == [store.work / "lock"]
    assert sorted(pd.read_parquet(tmp_path / "out/runs")["run_id"]) == ["run1", "run2"]


def test_a_file_is_on_the_disk_before_its_name_and_series_come_before_their_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, str]] = []
    sync, move = drafts._sync, Path.replace
    monkeypatch.setattr(drafts, "_sync", lambda path: told.append(("sync", path.name[:5])) or sync(path))
    monkeypatch.setattr(Path, "replace", lambda self, to: told.append(("move", to.parent.name)) or move(self, to))
    with opened(tmp_path / "out") as store:
        store.write([outcome(1, series=True)])
        stem = next(store.series.iterdir()).name[:4]
    draft = ("sync", f"_{stem}")
    runs = [draft, ("move", "status=ok"), ("sync", "statu")]
    assert told == [draft, ("move", "series"), ("sync", "serie"), *runs]


def test_two_folders_merge_by_run_id(tmp_path: Path) -> None:
    for name, numbers in (("a", (1, 2)), ("b", (2, 3))):
        with opened(tmp_path / name) as store:
            store.write([outcome(number, series=True) for number in numbers])
            store.write([outcome(10 * numbers[0], "died")])
    with opened(tmp_path / "a") as store:
        assert store.merge(tmp_path / "b") == 2
        assert store.merge(tmp_path / "b") == 0
        assert set(store.read_status()) == {"run1", "run2", "run3", "run10", "run20"}
    assert len(pd.read_parquet(tmp_path / "a/series")) == 6
    with opened(tmp_path / "a") as store, pytest.raises(InputError, match="no folder of a sweep"):
        store.merge(tmp_path / "nowhere")


def test_a_success_is_taken_over_where_there_was_a_failure_and_not_the_other_way(tmp_path: Path) -> None:
    states = {"a": ("error", "timeout", "ok", "ok"), "b": ("ok", "died", "died", "ok")}
    for name, each in states.items():
        with opened(tmp_path / name) as store:
            store.write([outcome(number, status) for number, status in enumerate(each)])
    with opened(tmp_path / "a") as store:
        assert store.merge(tmp_path / "b") == 1
        assert store.read_status() == {"run0": "ok", "run1": "timeout", "run2": "ok", "run3": "ok"}
    assert sorted(pd.read_parquet(tmp_path / "a/runs")["run_id"]) == ["run0", "run1", "run2", "run3"]


def test_failures_beside_successes_that_were_copied_in_go_when_the_folder_is_opened(tmp_path: Path) -> None:
    for name, status in (("a", "timeout"), ("b", "ok")):
        with opened(tmp_path / name) as store:
            store.write([outcome(1, status), outcome(2, "timeout")])
    shutil.copytree(tmp_path / "b/runs/status=ok", tmp_path / "a/runs/status=ok")
    with opened(tmp_path / "a") as store:
        assert store.read_status() == {"run1": "ok", "run2": "timeout"}
    assert len(pd.read_parquet(tmp_path / "a/runs")) == 2


def test_failed_runs_can_be_forgotten(tmp_path: Path) -> None:
    with opened(tmp_path / "out") as store:
        store.write([outcome(1), outcome(2, "error"), outcome(3, "timeout")])
        store.forget_failed()
        assert store.read_status() == {"run1": "ok"}


def test_a_folder_in_use_or_with_anything_else_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path / "out"), pytest.raises(InputError, match="in use by another sweep"), opened(tmp_path / "out"):
        pytest.fail("the block must not run")
    (tmp_path / "out/notes.md").write_text("mine")
    with pytest.raises(InputError, match=r"holds notes\.md, which no sweep wrote"), opened(tmp_path / "out"):
        pytest.fail("the block must not run")
    with pytest.raises(InputError, match="is a file"), opened(tmp_path / "out/notes.md"):
        pytest.fail("the block must not run")


SWEEP, SENSITIVITY, CALIBRATE = ["sweep"], ["sweep", "sensitivity"], ["calibrate"]


@pytest.mark.parametrize(
    ("there", "here", "line"),
    [
        (SENSITIVITY, SWEEP, "holds a sensitivity analysis, whose report a sweep would replace: name another folder; "),
        (SWEEP, SENSITIVITY, "holds a sweep, whose report a sensitivity analysis would replace: name another folder; "),
        (SWEEP, CALIBRATE, "holds a sweep, whose report a calibration would replace: name another folder"),
        (CALIBRATE, SENSITIVITY, "holds a calibration, whose report a sensitivity analysis would replace: "),
    ],
)
def test_results_of_another_kind_are_not_replaced(there: list[str], here: list[str], line: str, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    with opened(folder, config=there) as store:
        store.write([outcome(1)])
        write_metadata(store.root, {part: {} for part in there}, {}, store.work)
        (store.work / "left.jsonl").write_text("of a crash, and the other's to read\n")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with pytest.raises(InputError) as error, opened(folder, config=here):
        pytest.fail("the block must not run")
    assert str(error.value).startswith(f"out={folder} {line}")
    assert ("sweep.merge=[" in str(error.value)) == ("calibrate" not in there + here)
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    (folder / "_work/left.jsonl").unlink()
    with opened(folder, config=there) as store:
        assert store.read_status() == {"run1": "ok"}


@pytest.mark.parametrize("config", [SWEEP, CALIBRATE])
def test_results_of_another_scenario_are_not_replaced(config: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "out"
    with opened(folder, config=config, scenario="quiet") as store:
        store.write([outcome(1)])
        write_metadata(store.root, dict.fromkeys(config), {"scenario": "quiet"}, store.work)
    with pytest.raises(InputError) as error, opened(folder, config=config, scenario="protest_day"):
        pytest.fail("the block must not run")
    also = f"; sweep.merge=[{folder}] takes its runs over" if config == SWEEP else ""
    line = (
        f"out={folder} holds results of scenario=quiet, whose report that of scenario=protest_day would replace: "
        f"name another folder{also}"
    )
    assert str(error.value) == str(InputError(line))
    for scenario in ("quiet", None):
        with opened(folder, config=config, scenario=scenario) as store:
            assert store.read_status() == {"run1": "ok"}


def test_what_file_managers_leave_disturbs_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with opened(Path("a")) as store:
        for number in range(3):
            store.write([outcome(number, series=True)])
        store.write([outcome(3, "error")])
    for name in (".DS_Store", "runs/Thumbs.db", "runs/status=ok/desktop.ini", "runs/status=error/.DS_Store"):
        Path("a", name).write_bytes(b"\0\5\x16\7")
    for path in [*Path("a").rglob("*.parquet")]:
        path.with_name(f"._{path.name}").write_bytes(b"\0\5\x16\7")
    Path("a/_work/._9-1.jsonl").write_bytes(b"\0\5\x16\7")
    with opened(Path("b")) as store:
        assert store.merge(Path("a")) == 4
    with opened(Path("a")) as store:
        store.forget_failed()
        store.compact()
        assert store.read_status() == {"run0": "ok", "run1": "ok", "run2": "ok"}
        table = read_table(store.runs, ["run_id", "status"])
    assert table is not None
    assert set(table["status"].to_pylist()) == {"ok"}
    assert len([path for path in Path("a/series").iterdir() if not path.name.startswith("._")]) == 1
    assert Path("a/.DS_Store").exists()


def test_what_somebody_changed_after_a_command_is_not_replaced_by_the_next(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    with opened(folder) as store:
        store.write([outcome(1)])
    (folder / "figures").mkdir()
    for name in ("report.html", "figures/a.svg"):
        (folder / name).write_bytes(b"written")
    seal(folder)
    (folder / "report.html").unlink()  # what is gone cannot be lost
    (folder / "figures/a.svg").write_bytes(b"mine")
    with pytest.raises(InputError) as error, opened(folder):
        pytest.fail("the block must not run")
    line = "holds figures/a.svg, which was changed after it was written: move it away"
    assert str(error.value) == f"out={folder} {line}"
    with pytest.raises(SystemExit) as leave:
        report.main([str(folder)])
    assert leave.value.code == 2
    assert (folder / "figures/a.svg").read_bytes() == b"mine"
    (folder / "figures/a.svg").unlink()
    with opened(folder):
        (folder / "report.html").write_bytes(b"half")  # and then it was killed
    with opened(folder) as store:
        assert store.read_status() == {"run1": "ok"}


def test_a_folder_that_can_not_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(InputError, match=r"lies in file, which is a file: name a folder$"),
        opened(tmp_path / "file/deep"),
    ):
        pytest.fail("the block must not run")
    if os.geteuid() != 0:
        (tmp_path / "locked").mkdir(mode=0o500)
        with pytest.raises(InputError, match="Permission denied"), opened(tmp_path / "locked/out"):
            pytest.fail("the block must not run")


def test_a_folder_that_may_not_be_written_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(InputError, match=r"cannot be written \(Permission denied\)"), opened(tmp_path / "out"):
        pytest.fail("the block must not run")


def test_a_disk_that_turns_read_only_or_full_leaves_what_was_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    with opened(tmp_path / "out") as store:
        store.write([outcome(1)])
        for number in (errno.EROFS, errno.ENOSPC):
            for name in ("fsync", "replace"):
                with monkeypatch.context() as patch:
                    patch.setattr(*((os, name) if name == "fsync" else (Path, name)), refuse)
                    with pytest.raises(InputError, match=os.strerror(number)):
                        store.write([outcome(2, series=True)])
                assert not list((tmp_path / "out").rglob("*.draft"))
                assert len(pd.read_parquet(tmp_path / "out/runs")) == 1
        store.write([outcome(2, series=True)])
    assert len(pd.read_parquet(tmp_path / "out/runs")) == 2
    assert len(pd.read_parquet(tmp_path / "out/series")) == 2


# A driver that is killed


def driver(folder: Path, *words: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.sweep_driver", str(folder), *words]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def resumed(folder: Path, runs: int) -> pd.DataFrame:
    with driver(folder, str(runs)) as process:
        out, err = process.communicate(timeout=120)
    assert (process.returncode, out) == (0, "done\n"), err
    frame = pd.read_parquet(folder / "runs")
    assert sorted(frame["run_id"]) == sorted(f"run{number}" for number in range(runs))
    assert (frame["square"] == frame["seed"] ** 2).all()
    assert set(frame["status"].astype(str)) == {"ok"}
    hours = pd.read_parquet(folder / "series")
    assert len(hours) == 2 * runs
    assert set(hours["run_id"]) == set(frame["run_id"])
    return frame


def readable(folder: Path) -> int:
    """Return how many runs are kept now; every file under its name can be read."""
    if not any(folder.rglob("*.parquet")):
        return 0
    return int(ds.dataset(folder / "runs", partitioning="hive").count_rows())


def killed_at_random(folder: Path, kills: int, runs: int, most: float) -> None:
    """Kill the driver some seconds after its workers began, again and again, then let it finish."""
    chance = random.Random(kills)
    for _ in range(kills):
        with driver(folder, str(runs)) as process:
            while process.poll() is None and not list((folder / "_work").glob("*.jsonl")):
                time.sleep(0.01)
            time.sleep(chance.uniform(0.0, most))
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL, "the driver ended before it was killed: give it more runs"
        assert readable(folder) < runs
    resumed(folder, runs)


@pytest.mark.skipif(sys.platform == "win32", reason="no limit on the size of files")
def test_a_full_disk_is_one_line_and_a_killed_driver_is_resumed_and_every_run_is_there_once(tmp_path: Path) -> None:
    with driver(tmp_path / "out", "240", "4000") as process:
        _, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert err.count("\n") == 1
    assert "cannot be written" in err
    assert "the same command continues" in err
    assert readable(tmp_path / "out") < 240
    killed_at_random(tmp_path / "out", 1, 240, 0.3)


@pytest.mark.slow
def test_twenty_random_kills_lose_nothing(tmp_path: Path) -> None:
    killed_at_random(tmp_path / "out", 20, 8000, 2.0)
