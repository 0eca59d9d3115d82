"""A Ray cluster gives what one machine gives, also when a node of it or a Ray worker dies."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from signal import SIGINT, SIGTERM

import pandas as pd
import pytest

from experiments.running import scheduler
from experiments.running.engine import Engine, Limits, NoWorkerError
from experiments.running.local import LocalEngine
from experiments.running.progress import SweepProgress
from experiments.running.worker import Measure, Prepare
from experiments.sweeps.store import Store
from sim.errors import InputError
from tests import sweep_tasks as tasks
from tests.conftest import ROOT
from tests.processes import needs_proc
from tests.ray_cluster import HEAD, OTHER, TOKEN, Cluster, two_nodes
from tests.test_design import SMALL
from tests.test_sweep_engine import PLAIN, Engines, each_pays_for_what_it_did

pytestmark = [needs_proc, pytest.mark.skipif(find_spec("ray") is None, reason="the group `ray` is not installed")]


@pytest.fixture(scope="module")
def nodes() -> Iterator[Cluster]:
    with two_nodes() as cluster:
        yield cluster


@pytest.fixture(autouse=True)
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the token in the environment, where Ray reads it once, when it is loaded."""
    for name, value in TOKEN.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def engine(nodes: Cluster) -> Engines:
    """Return what makes an engine on both nodes, whatever number of workers is asked for."""
    nodes.start(OTHER)
    from experiments.running import cluster

    def made(measure: Measure, prepare: Prepare, workers: int, work: Path, limits: Limits | None) -> Engine:
        return cluster.ClusterEngine(measure, prepare, workers, work, limits, nodes.address)

    return made


@pytest.mark.slow
def test_each_run_pays_for_what_it_did_though_it_killed_a_station(engine: Engines, tmp_path: Path) -> None:
    each_pays_for_what_it_did(tmp_path, engine, ("kills_station", "died", "it killed its Ray worker, 2 times"))


def test_workers_of_a_machine_that_die_before_they_begin_are_one_line(engine: Engines, tmp_path: Path) -> None:
    playing = engine(tasks.measure, tasks.deadly_prepare, 2, tmp_path, None)
    with pytest.raises(NoWorkerError, match=r"^127\.0\.0\.[23]: workers die of SIGKILL before they begin: "):
        list(playing.run_jobs(tasks.jobs(PLAIN[:4])))


def rows(folder: Path) -> pd.DataFrame:
    frame = pd.read_parquet(folder / "runs").drop(columns="wall_time")
    return frame.sort_values("run_id", ignore_index=True)


def plays(nodes: Cluster, node: str) -> bool:
    """Return whether a run has begun on a node and has not ended."""
    journals = [path.read_text() for path in nodes.temporary(node).glob("infowar-*/*.jsonl")]
    return any(text.count('"begun"') > text.count('"status"') for text in journals)


def test_two_nodes_keep_the_rows_of_one_machine_though_one_is_killed_in_the_middle(
    nodes: Cluster, engine: Engines, tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    asked = [("plain" if number < 20 else f"waits{mark}", float(number)) for number in range(120)]
    jobs = tasks.jobs(asked)

    def show(state: SweepProgress) -> None:
        if not mark.exists() and plays(nodes, OTHER):
            nodes.kill(OTHER)
            mark.touch()

    for name, kind in (("cluster", engine), ("alone", LocalEngine)):
        with Store(str(tmp_path / name), tasks.METRICS) as store:
            playing = kind(tasks.measure_hours, tasks.prepare, 2, store.work, None)
            scheduler.schedule_jobs(store, playing, jobs, show if kind is engine else lambda state: None)
            assert [path.name for path in store.work.iterdir()] == ["lock"]
    pd.testing.assert_frame_equal(rows(tmp_path / "cluster"), rows(tmp_path / "alone"), check_exact=True)
    series = [pd.read_parquet(tmp_path / name / "series") for name in ("cluster", "alone")]
    first, second = (frame.sort_values(["run_id", "tick"], ignore_index=True) for frame in series)
    pd.testing.assert_frame_equal(first, second, check_exact=True)


def left_behind(nodes: Cluster) -> set[Path]:
    return {path for node in (HEAD, OTHER) for path in nodes.temporary(node).glob("infowar-*")}


def sweep(folder: Path, *words: str, seeds: int = 40, **secret: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "experiments.sweep", *SMALL, "ticks=168", "sweep.report=false", *words]
    return subprocess.Popen(
        [*command, 'sweep.grid=["army.size=5,10,20"]', f"seeds={seeds}", f"out={folder}"],
        cwd=ROOT,
        env=os.environ | TOKEN | secret,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.slow
def test_worlds_are_the_same_to_the_bit_though_a_node_is_killed_in_the_middle(nodes: Cluster, tmp_path: Path) -> None:
    nodes.start(OTHER)
    with sweep(tmp_path / "cluster", "sweep.engine=ray", f"sweep.address={nodes.address}") as process:
        until = time.monotonic() + 100
        while not plays(nodes, OTHER):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < until
            time.sleep(0.01)
        nodes.kill(OTHER)
        assert process.poll() is None
        out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    assert "160 runs are done, 0 failed" in out
    with sweep(tmp_path / "alone", "workers=1") as process:
        process.communicate()
        assert process.returncode == 0
    pd.testing.assert_frame_equal(rows(tmp_path / "cluster"), rows(tmp_path / "alone"), check_exact=True)


@pytest.mark.slow
@pytest.mark.parametrize(("signal", "code"), [(SIGINT, 130), (SIGTERM, 143)])
def test_a_sweep_that_is_stopped_keeps_what_is_done_and_leaves_nothing_on_its_machines(
    nodes: Cluster, tmp_path: Path, signal: int, code: int
) -> None:
    nodes.start(OTHER)
    before = left_behind(nodes)
    with sweep(tmp_path / "out", "sweep.engine=ray", f"sweep.address={nodes.address}") as process:
        until = time.monotonic() + 100
        while not (plays(nodes, OTHER) and list((tmp_path / "out/_work").glob("*.jsonl"))):
            assert time.monotonic() < until
            time.sleep(0.01)
        process.send_signal(signal)
        _, err = process.communicate(timeout=60)
    assert process.returncode == code, err
    assert err.splitlines()[-1].startswith("stopped: what is done is kept, and the same command continues")
    assert left_behind(nodes) == before
    assert 0 < len(rows(tmp_path / "out")) < 160


@pytest.mark.slow
def test_another_token_and_a_head_that_is_lost_are_one_line(tmp_path: Path) -> None:
    with two_nodes() as own:
        words = ["sweep.engine=ray", f"sweep.address={own.address}"]
        with sweep(tmp_path / "refused", *words, RAY_AUTH_TOKEN="f" * 32) as process:
            _, err = process.communicate(timeout=60)
        assert (process.returncode, err.count("\n")) == (2, 1), err
        assert err.startswith(f"address={own.address} cannot be joined (its token is another): name HOST:PORT")
        with sweep(tmp_path / "out", *words, seeds=1000) as process:
            until = time.monotonic() + 100
            while not (plays(own, OTHER) and list((tmp_path / "out/_work").glob("*.jsonl"))):
                assert time.monotonic() < until
                time.sleep(0.01)
            own.kill(HEAD)
            _, err = process.communicate(timeout=90)
        assert process.returncode == 2, err
        assert err.splitlines()[-1].startswith(f"address={own.address}: the head of this cluster is gone: what")
    with Store(str(tmp_path / "out"), ()) as store:
        assert set(store.read_status().values()) == {"ok"}


def test_a_cluster_that_can_not_be_joined_is_one_line(tmp_path: Path) -> None:
    from experiments.running.cluster import ClusterEngine

    nobody = ClusterEngine(tasks.measure, tasks.prepare, 0, tmp_path, None, f"{HEAD}:1")
    with pytest.raises(InputError, match=rf"^address={HEAD}:1 cannot be joined \(.*Connection refused\): name"):
        list(nobody.run_jobs(tasks.jobs(PLAIN[:1])))


def test_machines_with_other_sources_or_versions_are_refused() -> None:
    from experiments.running.ray_setup import check_versions
    from experiments.running.ray_worker import describe_machine

    check_versions("10.0.0.2", describe_machine())
    with pytest.raises(InputError, match=r"10\.0\.0\.2 has other sources of this project: runs would"):
        check_versions("10.0.0.2", describe_machine() | {"sources": "else"})
    with pytest.raises(InputError, match=r"10\.0\.0\.2 has numpy 1\.0, not 2\..*: runs would"):
        check_versions("10.0.0.2", describe_machine() | {"numpy": "1.0"})


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["sweep.address=10.0.0.1:6379"], "sweep.address=10.0.0.1:6379 is for a cluster: add sweep.engine=ray"),
        (["sweep.engine=spark"], "sweep.engine=spark is unknown: choose one of: local, ray"),
    ],
)
def test_a_mistake_about_engines_is_one_line(words: list[str], line: str) -> None:
    from experiments.sweep import sweep

    with pytest.raises(InputError) as error:
        sweep(*words)
    assert str(error.value) == line


def test_a_missing_ray_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from experiments.sweep import sweep

    monkeypatch.setattr("experiments.extras.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"^every machine of sweep\.engine=ray needs ray: "):
        sweep("sweep.engine=ray")
