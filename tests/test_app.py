"""An app's user gets whole results, or one line that says why not."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
import yaml
from hydra.utils import instantiate
from omegaconf import DictConfig

from experiments.app import app
from experiments.configuration import CONF
from experiments.folder import open_result_folder
from experiments.ownership import RECORD
from experiments.running.work import Work
from sim.errors import InputError
from sim.rules import Rule, parameter, share
from tests.conftest import ROOT


@dataclass(frozen=True, kw_only=True)
class Army(Rule):
    size: int = parameter(60, unit="accounts", low=0, source="assumption")
    discipline: float = share(0.5, source="assumption")
    quota: int = parameter(30, unit="posts/day", low=0, source="assumption; in no file below")


@dataclass(frozen=True, kw_only=True)
class Broken(Rule):
    size: int = parameter(60, unit="accounts", source="assumption")

    def __post_init__(self) -> None:
        raise ZeroDivisionError("a fault of the program")


FILES = {
    "toy.yaml": "defaults: [base, {graph: community}, {army: default}, _self_]\nout: out/toy\n"
    "hydra: {help: {header: A toy for tests.}}\n",
    "graph/community.yaml": "homophily: 0.5\n",
    "graph/file.yaml": "path: ???\n",
    "army/default.yaml": "_target_: tests.test_app.Army\nsize: 60\ndiscipline: 0.5\n",
    "army/broken.yaml": "_target_: tests.test_app.Broken\nsize: 60\n",
}


@pytest.fixture(scope="module")
def conf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("conf")
    shutil.copy(CONF / "base.yaml", folder)
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


def toy(config: DictConfig, folder: Path) -> None:
    army = instantiate(config.army)
    (folder / "army.txt").write_text(f"{army.size} {config.seed}")


Play = Callable[..., tuple[object, str, str]]


@pytest.fixture
def play(conf: Path, command_line: Callable[..., None], capfd: pytest.CaptureFixture[str]) -> Play:
    """Return a function that runs the toy in a folder of its own and returns exit code, stdout, stderr."""

    def play(*words: str, run: Callable[[DictConfig, Path], None] = toy) -> tuple[object, str, str]:
        command_line(*words)
        code: object = 0
        try:
            app("toy", run, conf)
        except SystemExit as leave:
            code = leave.code or 0
        return code, *capfd.readouterr()

    return play


MISTAKES = {
    "army.sise=3": "army.sise is not a known key: did you mean army.size?",
    "amry.size=3": "amry.size is not a known key: did you mean army.size?",
    "grap=file": "grap is not a known key: did you mean graph?",
    "zzz=1": "zzz is not a known key: choose one of: address, army, defences, engine, graph, mechanisms, out, seed, "
    "seeds, ticks, workers",
    "army.size.x=3": "army.size.x is not a known key: did you mean army.size?",
    "graph=comunity": "graph=comunity is unknown: did you mean community?",
    "-m graph=file,comunity": "graph=comunity is unknown: did you mean community?",
    "army=3": "army=3 is unknown: choose one of: broken, default; or set one of its keys, see --help",
    "graph.path=x": "graph.path is a key of another choice: add graph=file",
    "graph=file": "graph.path has no value: add graph.path=VALUE",
    "seeds": "seeds is not of the form KEY=VALUE: see --help",
    "army.size=a=b": """army.size=a=b cannot be read: put a value with special signs in two pairs of quotes, """
    """'army.size="a=b"'""",
    "army.size=many": "army.size='many' must be a number",
    "army.size=1.5": "army.size=1.5 must be a whole number",
    "army.size=-1": "army.size=-1 must lie in [0, inf] (accounts)",
    "army.discipline=1.2": "army.discipline=1.2 must lie in [0, 1] (share)",
    "army.size=6,7": "army.size=6,7 has several values: say one, or -m for a run with each",
    "army.discipline=0,5": "army.discipline=0,5 has several values: say one, or 0.5 with a point, or -m for a run with "
    "each",
    "army.size=range(1,3)": "army.size=range(1,3) has several values: say one, or -m for a run with each",
    "graph=file,community": "graph=file,community has several values: say one, or -m for a run with each",
    "army.size=60%": "army.size='60%' must be a number",
    "army.discipline=60%": "army.discipline='60%' must be a number: say 0.6",
    "army.discipline='0,5'": "army.discipline='0,5' must be a number: say 0.5",
    "army.size='1,000'": "army.size='1,000' must be a number: say 1000 or 1",
    "seeds=5%": "seeds=5% must be a whole number from 1 to 10000",
    "army.size=(6": "army.size=(6 cannot be read: ( needs )",
    'army.size="6': 'army.size="6 cannot be read: " needs "',
    "army.size=${x}": "army.size=${x} cannot be resolved (Interpolation key 'x' not found): say a value, or ${KEY} "
    "with a key that has one",
    "army.size=${army.size}": "army.size=${army.size} cannot be resolved (Recursive interpolation detected): say a "
    "value, or ${KEY} with a key that has one",
    "defences={a: []}": "defences has no a: say '+defences={a: []}' to add it",
    "army.quota=3": "army.quota is left at its default here: say +army.quota=3",
    "army.quata=3": "army.quata is not a known key: did you mean +army.quota?",
    "army._target_=no_module.Arm": "army._target_=no_module.Arm cannot be loaded (ModuleNotFoundError: No module named "
    "'no_module'): correct it, or add the folder of the module to PYTHONPATH",
    "+army.quota=3 army.sise=3": "army.sise is not a known key: did you mean army.size?",
    "+army.sise=3": "army.sise is not a known key of Army: did you mean size?",
    "+armyy.size=3": "armyy.size is not a known key: did you mean army?",
    "++armyy.size=3": "armyy.size is not a known key: did you mean army?",
    "+foo=1": "foo is not a known key: choose one of: address, army, defences, engine, graph, mechanisms, out, seed, "
    "seeds, ticks, workers",
    "seeds=0": "seeds=0 must be a whole number from 1 to 10000",
    "ticks=0": "ticks=0 must be a whole number from 1 to 1000000",
    "seed=1.5": "seed=1.5 must be a whole number from 0",
    "workers=true": "workers=true must be a whole number from 0 to 1024",
    "out=": "out is empty: name a folder for the results, such as out=out/first",
    "out=null": "out=null must be the name of a folder",
    "--hlp": "unrecognized arguments: --hlp: see --help",
    "-m -r": "Only one of --run, --multirun, --cfg, --info and --shell_completion can be specified",
}


@pytest.mark.parametrize("words", MISTAKES)
def test_a_mistake_is_one_line_and_code_2_and_writes_nothing(play: Play, tmp_path: Path, words: str) -> None:
    code, out, err = play(*(words.split() if "{a" not in words else [words]))
    assert (code, out, err) == (2, "", MISTAKES[words] + "\n")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_hydra_says_is_passed_on_as_one_line(play: Play) -> None:
    for words in ("seeds=1,2", "+army.size=3", "~foo", "--config-name=foo", "army._target_=tests.test_app.Arm"):
        code, out, err = play(words)
        assert (code, out, err.count("\n"), "Traceback" in err) == (2, "", 1, False), words


def test_the_program_s_own_faults_keep_their_traceback(play: Play, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="a fault of the program"):
        play("army=broken")
    with pytest.raises(ZeroDivisionError):
        play(run=lambda config, folder: print(1 / 0))
    assert not (tmp_path / "out/toy").exists()


def test_an_input_error_in_the_run_leaves_no_folder(play: Play, tmp_path: Path) -> None:
    def run(config: DictConfig, folder: Path) -> None:
        (folder / "half.txt").write_text("half")
        raise InputError("the graph is\nempty: give another")

    assert play(run=run) == (2, "", "the graph is empty: give another\n")
    assert not (tmp_path / "out").exists(), "nothing that this run made is left"


def test_ctrl_c_is_one_line_and_leaves_no_folder(play: Play, tmp_path: Path) -> None:
    def run(config: DictConfig, folder: Path) -> None:
        raise KeyboardInterrupt

    assert play(run=run) == (130, "", "stopped: nothing was written\n")
    assert not (tmp_path / "out").exists(), "nothing that this run made is left"


def test_results_are_in_the_folder_with_their_record_and_hydra_adds_nothing(play: Play, tmp_path: Path) -> None:
    assert play("army.size=7", "seed=5") == (0, "results: out/toy\n", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]
    assert sorted(path.name for path in (tmp_path / "out/toy").iterdir()) == ["army.txt", RECORD]
    assert (tmp_path / "out/toy/army.txt").read_text() == "7 5"
    record = yaml.safe_load((tmp_path / "out/toy" / RECORD).read_text())
    assert record["config"]["army"]["size"] == 7
    assert (record["seed"], record["files"]) == (5, {"army.txt": sha256(b"7 5").hexdigest()})
    assert {"python", "numpy", "numba", "mesa", "infowar-lab"} <= set(record["versions"])
    assert record["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert {"command", "platform", "git", "begun", "wall_time"} <= set(record)


def test_a_multirun_writes_one_folder_a_job(play: Play, tmp_path: Path) -> None:
    code, out, err = play("-m", "army.size=7,8")
    assert (code, out, err) == (0, "results: out/toy-0\nresults: out/toy-1\n", "")
    assert [(tmp_path / f"out/toy-{job}/army.txt").read_text() for job in (0, 1)] == ["7 1", "8 1"]


def test_keys_and_flags_may_be_mixed(play: Play, tmp_path: Path) -> None:
    assert play("seed=4", "-m", "army.size=7,8") == (0, "results: out/toy-0\nresults: out/toy-1\n", "")
    assert [(tmp_path / f"out/toy-{job}/army.txt").read_text() for job in (0, 1)] == ["7 4", "8 4"]
    assert play("army.size=9", "--config-dir", str(tmp_path), "seed=6") == (0, "results: out/toy\n", "")
    assert (tmp_path / "out/toy/army.txt").read_text() == "9 6"


def test_help_teaches_and_cfg_shows(play: Play, tmp_path: Path) -> None:
    code, out, err = play("--help")
    assert (code, err) == (0, "")
    for line in ("A toy for tests.", "python -m experiments.toy KEY=VALUE GROUP=CHOICE", "  out=out/toy ", "or file"):
        assert line in out
    code, out, err = play("--cfg", "job")
    assert (code, yaml.safe_load(out)["army"]["size"], err) == (0, 60, "")
    assert list(tmp_path.iterdir()) == []


# The folder of the results


def test_a_signal_while_the_name_is_tried_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, hit = Path.rmdir, []

    def stop_once(path: Path) -> None:
        if not hit:
            hit.append(path)
            raise KeyboardInterrupt
        real(path)

    monkeypatch.setattr(Path, "rmdir", stop_once)
    with pytest.raises(KeyboardInterrupt), open_result_folder(str(tmp_path / "deep" / "r"), {"seed": 1}):
        pass
    assert hit == [tmp_path / "deep" / "r"]
    assert list(tmp_path.iterdir()) == []


def test_a_former_result_is_replaced_only_when_the_new_one_is_whole(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with open_result_folder(str(out), {"seed": 1}) as folder:
        (folder / "a.txt").write_text("first")
    failing = ExitStack()
    (failing.enter_context(open_result_folder(str(out), {"seed": 2})) / "a.txt").write_text("second")
    assert failing.__exit__(ValueError, ValueError("fails"), None) is False
    assert (out / "a.txt").read_text() == "first"
    with open_result_folder(str(out), {"seed": 3}) as folder:
        (folder / "figures").mkdir()
        (folder / "figures/b.txt").write_text("uncommitted")
        assert (out / "a.txt").read_text() == "first"
    assert sorted(path.name for path in out.rglob("*")) == ["b.txt", "figures", RECORD]
    assert list(tmp_path.iterdir()) == [out]


def test_a_folder_with_anything_else_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    with open_result_folder(str(out), {}):
        pass
    (out / "notes.md").write_text("mine")
    with pytest.raises(InputError, match=r"holds notes\.md, which no run wrote"), open_result_folder(str(out), {}):
        pytest.fail("the block must not run")
    assert (out / "notes.md").read_text() == "mine"
    (out / RECORD).write_text("files: 3")
    with pytest.raises(InputError, match="which no run wrote"), open_result_folder(str(out), {}):
        pytest.fail("the block must not run")


def test_a_file_or_a_folder_under_a_file_is_refused_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for out, words in {"file": "is a file: name a folder", "file/a/b": "lies in file, which is a file: name"}.items():
        with pytest.raises(InputError, match=words), open_result_folder(str(tmp_path / out), {}):
            pytest.fail("the block must not run")


def test_an_unwritable_folder_is_refused_before_anything_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    line = r"cannot be written \(Permission denied\): name a folder that you may write"
    with pytest.raises(InputError, match=line), open_result_folder(str(tmp_path / "out"), {}):
        pytest.fail("the block must not run")


SLOW_TOY = """
import sys, time
from pathlib import Path
from experiments.app import app
def main(config, folder):
    (folder / "half.txt").write_text("half")
    print("begun", flush=True)
    time.sleep(60)
app("toy", main, Path(sys.argv.pop()))
"""


@pytest.mark.parametrize(
    ("number", "code", "line"),
    [
        (signal.SIGINT, 130, "stopped: nothing was written\n"),
        (signal.SIGTERM, 143, "stopped: nothing was written\n"),
        (signal.SIGKILL, -signal.SIGKILL, ""),
    ],
)
def test_a_run_that_is_stopped_leaves_nothing_that_looks_whole(
    play: Play, conf: Path, tmp_path: Path, number: signal.Signals, code: int, line: str
) -> None:
    words = [sys.executable, "-c", SLOW_TOY, f"out={tmp_path}/out", str(conf)]
    with subprocess.Popen(words, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(number)
        _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (code, line)
    left = list(tmp_path.iterdir())
    if number == signal.SIGKILL:
        assert {path.name for path in left} == {f"_out-{process.pid}", "_out-work"}
        assert not any((path / RECORD).exists() for path in left)
        (tmp_path / "_out-7").mkdir()
        line = "the run into out that was killed had kept nothing: it begins again\n"
        assert play("army.size=7", f"out={tmp_path}/out") == (0, f"results: {tmp_path}/out\n", line)
        assert {path.name for path in tmp_path.iterdir()} == {"_out-7", "out"}, "only what it left goes"
    else:
        assert left == []


@pytest.mark.parametrize("published", [False, True])
def test_a_former_result_survives_a_command_that_is_killed_while_it_replaces_it(
    play: Play, tmp_path: Path, published: bool
) -> None:
    assert play("seed=1")[0] == 0
    out = tmp_path / "out"
    (out / "toy").rename(out / "_toy-7-former")
    if published:
        (out / "toy").mkdir()
    else:
        (out / "_toy-7").mkdir()
    (out / "_toy-work").mkdir()
    (out / "_toy-work/lock").write_text("7")
    with Work(out / "toy") as work:
        work.begin()
        assert sorted(path.name for path in out.iterdir()) == ["_toy-work", "toy"]
        assert (out / "toy" / RECORD).exists() is not published


STOPPED_TOY = """
import signal, sys
from pathlib import Path
from experiments.app import app
from experiments.running import work
hold, number = work.lock, signal.Signals[sys.argv.pop()]
def stop(*words):
    signal.raise_signal(number)
    return hold(*words)
work.lock = stop
app("toy", lambda config, folder: None, Path(sys.argv.pop()))
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_command_that_is_stopped_before_it_has_its_folder_alone_leaves_nothing(
    conf: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    words = [sys.executable, "-c", STOPPED_TOY, f"out={tmp_path}/deep/out", str(conf), number.name]
    done = subprocess.run(words, cwd=ROOT, text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (code, "stopped: nothing was written\n")
    assert list(tmp_path.iterdir()) == []


COMPILING_TOY = """
import signal, sys
from pathlib import Path
from numba.core.codegen import CPUCodeLibrary
compiled = CPUCodeLibrary._object_compiled_hook.__func__
@classmethod
def stop(*words):
    if "number" in globals():
        signal.raise_signal(number)
    return compiled(*words)
CPUCodeLibrary._object_compiled_hook = stop
import numba
from experiments.app import app
class Held:
    def __del__(self):
        signal.raise_signal(asked)
def compile_one(config, folder):
    global number
    number = asked
    numba.njit(lambda x: x + 1)(1)
    while True:
        pass
def finalise(config, folder):
    Held()
    while True:
        pass
asked = signal.Signals[sys.argv.pop()]
run = {"compiler": compile_one, "finalizer": finalise}[sys.argv.pop()]
app("toy", run, Path(sys.argv.pop()))
"""


@pytest.mark.parametrize("where", ["compiler", "finalizer"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_is_heard_where_exceptions_are_ignored(
    conf: Path, tmp_path: Path, number: signal.Signals, code: int, where: str
) -> None:
    words = [sys.executable, "-c", COMPILING_TOY, f"out={tmp_path}/out", str(conf), where, number.name]
    done = subprocess.run(words, cwd=ROOT, text=True, capture_output=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (code, "stopped: nothing was written\n")
    assert list(tmp_path.iterdir()) == []


def test_a_second_command_into_a_folder_in_use_is_refused(play: Play, tmp_path: Path) -> None:
    """Also of apps that play no jobs; nothing of the first is touched."""
    with Work(tmp_path / "out/toy") as first:
        first.begin()
        code, _, err = play()
        assert (code, err.count("\n"), "in use by another run" in err) == (2, 1, True)
    assert play()[0] == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["toy"]


SLOW_WORKERS = """
import sys, time
from pathlib import Path
from experiments.app import app
from experiments.running.pool import open_process_pool
def main(config, folder):
    with open_process_pool(2) as pool:
        jobs = [pool.submit(time.sleep, seconds) for seconds in (0, 0, 90, 90)]
        jobs[0].result()
        print("begun", flush=True)
        jobs[2].result()
if __name__ == "__main__":
    app("toy", main, Path(sys.argv.pop()))
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_stopped_does_not_wait_for_its_workers(
    conf: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    (tmp_path / "slow.py").write_text(SLOW_WORKERS)
    words = [sys.executable, str(tmp_path / "slow.py"), f"out={tmp_path}/out", str(conf)]
    path = {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        words, env=os.environ | path, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "begun\n"
        run.send_signal(number)
        _, err = run.communicate(timeout=60)  # a worker that lives holds the pipe open for 90 s
    assert (run.returncode, err) == (code, "stopped: nothing was written\n")
    assert [path.name for path in tmp_path.iterdir()] == ["slow.py"]


def test_a_worker_that_is_terminated_inside_the_block_does_not_remove_its_parent_s_draft(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def worker() -> None:
        with open_result_folder(str(tmp_path / "out"), {}):
            monkeypatch.setattr(os, "getpid", lambda: -1)
            signal.raise_signal(signal.SIGTERM)

    draft = f"_out-{os.getpid()}"
    with pytest.raises(SystemExit):
        worker()
    assert [path.name for path in tmp_path.iterdir()] == [draft]


def test_a_real_process_says_one_line_and_exits_2(conf: Path) -> None:
    words = [sys.executable, "-c", SLOW_TOY, "army.sise=3", str(conf)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", MISTAKES["army.sise=3"] + "\n")
