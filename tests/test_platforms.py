"""What runs on Linux runs on Windows and macOS: no call that one system alone has, one way to start processes."""

import io
import os
import re
import signal
import subprocess
import sys
from pathlib import Path, PureWindowsPath
from types import ModuleType, SimpleNamespace

import pytest
import yaml

from experiments import plain_signs, retrying, workers
from experiments.ownership import is_litter
from experiments.plain_signs import print_plain_signs
from experiments.retrying import retry_while_open
from experiments.running import local, locking, worker
from experiments.running.locking import lock
from experiments.sweeps import runner
from sim.errors import InputError
from tests import sweep_tasks
from tests.conftest import ROOT
from tests.portability import find_default_encodings, find_pools, find_unguarded, has_guarded_main

FOLDERS = ("sim", "experiments", "infowar_lab", "benchmarks", "scripts")
SOURCES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*.py"))
}
STARTS = "experiments/workers.py"  #: the only source that says how processes start
SCRIPTS = [name for name, source in SOURCES.items() if re.search(r"^if __name__", source, re.MULTILINE)]
APPS = [f"experiments/{path.stem}.py" for path in (ROOT / "conf").glob("*.yaml") if path.stem not in ("base", "model")]

# The sources


@pytest.mark.parametrize("name", SOURCES)
def test_a_source_leaves_no_call_encoding_or_process_to_the_system(name: str) -> None:
    assert find_unguarded(SOURCES[name]) == []
    assert find_default_encodings(SOURCES[name]) == []
    assert len(find_pools(SOURCES[name])) == (name == STARTS)


def test_processes_start_by_spawn() -> None:
    assert workers.get_spawn_context().get_start_method() == "spawn"


@pytest.mark.parametrize("name", sorted({*SCRIPTS, *APPS}))
def test_a_script_does_nothing_when_a_worker_loads_it(name: str) -> None:
    assert has_guarded_main(SOURCES[name])


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import os\nos.fork()", ["os.fork"]),
        ("from os import getuid", ["os.getuid"]),
        ("from signal import SIGKILL, SIGTERM", ["signal.SIGKILL"]),
        ("def f():\n    import resource", ["resource"]),
        ("from fcntl import flock", ["fcntl"]),
        ("x = -signal.SIGKILL if late else 0", ["signal.SIGKILL"]),
        ("open('/dev/null')", ["/dev/null"]),
        ("path.symlink_to(other)", ["path.symlink_to"]),
        ("subprocess.run('ls', shell=True)", ["shell"]),
        ("if late:\n    os.fork()\nelse:\n    os.killpg(1, 2)", ["os.fork", "os.killpg"]),
        ("try:\n    import fcntl\nexcept OSError:\n    pass", ["fcntl"]),
        ("try:\n    f()\nexcept ImportError:\n    os.fork()", ["os.fork"]),
        ("if sys.platform == 'win32':\n    f()\nos.fork()", ["os.fork"]),
    ],
)
def test_what_one_system_alone_has_is_found(source: str, found: list[str]) -> None:
    assert find_unguarded(source) == found


@pytest.mark.parametrize(
    "source",
    [
        "if hasattr(os, 'fork'):\n    os.fork()",
        "x = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else 1",
        "if os.name == 'posix' and late:\n    os.sync()",
        "if sys.platform == 'win32':\n    import msvcrt\nelse:\n    import fcntl",
        "try:\n    import resource\nexcept (ImportError, OSError):\n    pass",
        "def f():\n    if sys.platform == 'win32':\n        return 0\n    import resource\n    return resource",
        "x = os.name == 'posix' and os.getuid()",
        "os.kill(1, signal.SIGTERM)\nos.path.join('a', 'b')\nmatch.group()",
        "subprocess.run(['git'], shell=False)",
    ],
)
def test_what_asks_for_the_system_before_is_not(source: str) -> None:
    assert find_unguarded(source) == []


def test_text_in_a_default_encoding_is_found() -> None:
    wrong = [
        "open('x')",
        "open('x', 'w')",
        "path.open()",
        "path.open('a')",
        "path.read_text()",
        "path.write_text('x')",
        "subprocess.run(['git'], text=True)",
        "NamedTemporaryFile('w', mode='w')",
        "io.TextIOWrapper(raw)",
    ]
    right = [
        "open('x', 'rb')",
        "open('x', encoding='utf-8')",
        "path.open('wb')",
        "path.read_text('utf-8')",
        "path.write_text('x', encoding='utf-8')",
        "write_text('x', path, drafts)",
        "os.open('x', 0)",
        "subprocess.run(['git'], capture_output=True)",
        "NamedTemporaryFile()",
        "io.TextIOWrapper(raw, 'utf-8')",
    ]
    assert find_default_encodings("\n".join(wrong + right)) == list(range(1, len(wrong) + 1))


def test_other_ways_to_start_processes_are_found() -> None:
    wrong = [
        "ProcessPoolExecutor(2)",
        "pebble.ProcessPool(2)",
        "get_context('fork')",
        "multiprocessing.set_start_method('spawn')",
        "multiprocessing.Pool(2)",
        "from multiprocessing import Process",
    ]
    right = [
        "ProcessPoolExecutor(2, mp_context=c)",
        "ProcessPool(2, context=c)",
        "ThreadPoolExecutor(2)",
        "pool.map(f)",
    ]
    assert sorted(find_pools("\n".join(wrong + right))) == list(range(1, len(wrong) + 1))
    assert not has_guarded_main("app('run', main)")


# The names of files


def tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, encoding="utf-8")
    return done.stdout.splitlines() or list(SOURCES)


def test_every_system_can_hold_the_files_of_this_project() -> None:
    names = tracked()
    assert len({name.lower() for name in names}) == len(names), "two names differ by case alone"
    for name in names:
        assert not PureWindowsPath(name).is_reserved(), name
        assert not re.search(r'[<>:"\\|?*\x00-\x1f]|[. ](/|$)', name), name
        assert len(name) <= 100, "Windows may allow 260 characters for a whole path"


# A system that lacks what POSIX has

BARE = """
import mmap, os, signal, socket, sys, time
import hydra, matplotlib, mesa, numba, pandas, pebble, pyarrow.dataset, rich.progress, scipy.stats, yaml, networkx
from concurrent.futures import process
from multiprocessing import connection
from contextlib import suppress
from importlib import import_module
from pkgutil import walk_packages
from tests.portability import ATTRIBUTES, MODULES
OPTIONAL = ("ray", "solara", "optuna", "pyabc", "SALib", "sklearn", "IPython", "ipyvue", "datasketch", "traitlets")
for name in OPTIONAL:
    with suppress(ImportError):
        import_module(name)
for module, names in ATTRIBUTES.items():
    for name in names:
        if hasattr(sys.modules[module], name):
            delattr(sys.modules[module], name)
for name in MODULES:
    sys.modules[name] = None
from experiments.app import app
import experiments, sim
for package in (sim, experiments):
    for found in walk_packages(package.__path__, package.__name__ + "."):
        try:
            import_module(found.name)
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in OPTIONAL:
                raise
from experiments.run import main
from experiments.running import locking
locking._hold = lambda handle: None  # msvcrt's part, which only Windows has
sys.argv = ["run", *sys.argv[1:]]
app("run", main)
"""


def test_every_module_loads_and_a_world_is_played_where_nothing_of_posix_is(tmp_path: Path) -> None:
    words = ["population.size=60", "army.size=6", "ticks=30", "campaign.start=1", f"out={tmp_path}/out"]
    code = [sys.executable, "-W", "ignore", "-c", BARE, *words]
    done = subprocess.run(code, cwd=ROOT, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith(f"results: {tmp_path}/out\n")
    record = yaml.safe_load((tmp_path / "out" / "run.yaml").read_bytes())
    assert (record["app"], record["scenario"]) == ("run", "flooded_hashtag")
    assert "truth/posts.parquet" in record["files"]


def test_cores_are_counted_where_the_system_does_not_say_which_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert workers.count_cores() == os.cpu_count()


@pytest.mark.parametrize(
    ("code", "how"),
    [
        (None, ", nothing says of what"),
        (3221225477, " with exit code 3221225477"),
        (-15, " of SIGTERM"),
        (-99, " of signal 99"),
    ],
)
def test_how_a_worker_died_is_told_on_any_system(code: int | None, how: str) -> None:
    assert local._format_cause(code) == how


class Windows(ModuleType):
    """Stands for msvcrt: who locks first holds."""

    LK_NBLCK = 3

    def __init__(self) -> None:
        super().__init__("msvcrt")
        self.held: set[tuple[int, int]] = set()

    def locking(self, handle: int, mode: int, size: int) -> None:
        assert (mode, size) == (self.LK_NBLCK, 1)
        file = os.fstat(handle)
        if (file.st_dev, file.st_ino) in self.held:
            raise PermissionError(13, "Permission denied")
        self.held.add((file.st_dev, file.st_ino))


def test_a_folder_is_locked_on_windows_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locking, "sys", SimpleNamespace(platform="win32"))
    monkeypatch.setitem(sys.modules, "msvcrt", Windows())
    os.close(lock(tmp_path / "lock", "out"))
    with pytest.raises(InputError, match="out=out is in use by another sweep: wait for it, or name another folder"):
        lock(tmp_path / "lock", "out")


def test_a_limit_of_memory_is_for_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resource", None)
    with monkeypatch.context() as patch:
        patch.setattr(worker, "sys", SimpleNamespace(platform="win32"))
        worker.limit_memory(100.0)
    monkeypatch.setattr(runner, "sys", SimpleNamespace(platform="darwin"))
    options = {"engine": "local", "address": "auto", "retry": "none"}
    with pytest.raises(InputError, match=r"^sweep\.memory_limit=100 needs Linux: leave it out here$"):
        runner.check_options(options | {"until": None, "time_limit": None, "memory_limit": 100, "half_width": None})


def test_windows_is_asked_again_while_a_file_is_open_and_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def act(refused: int) -> str:
        asked.append(refused)
        if len(asked) <= refused:
            raise PermissionError(13, "Permission denied")
        return "done"

    monkeypatch.setattr(retrying, "PAUSE", 0.0)
    with pytest.raises(PermissionError):
        retry_while_open(lambda: act(3))
    assert len(asked) == 1
    monkeypatch.setattr(retrying, "os", SimpleNamespace(name="nt"))
    asked.clear()
    assert retry_while_open(lambda: act(3)) == "done"
    asked.clear()
    with pytest.raises(PermissionError):
        retry_while_open(lambda: act(1000))
    assert len(asked) == retrying.TRIES + 1


def test_a_sign_that_an_encoding_lacks_is_printed_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, "cp437"))
    print_plain_signs()
    print("\N{MINUS SIGN}3 \N{LESS-THAN OR EQUAL TO} x \N{ARABIC LETTER ALEF}", end="", flush=True)
    assert raw.getvalue() == "-3 \N{LESS-THAN OR EQUAL TO} x ?".encode("cp437")
    with pytest.raises(UnicodeDecodeError):
        b"\xff".decode("utf-8", "plain")
    assert {len(sign) for sign in plain_signs.PLAIN} == {1}


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "thumbs.db", "desktop.ini", "._report.html", ".directory"])
def test_litter_of_file_managers_is_known(name: str) -> None:
    assert is_litter(Path("out") / name)


@pytest.mark.parametrize("name", ["report.html", "_draft", ".hidden", "Thumbs.db.txt", "DS_Store"])
def test_other_names_are_not_litter(name: str) -> None:
    assert not is_litter(Path("out") / name)


# Scripts without a guard

UNGUARDED = """
from pathlib import Path
from experiments.running.player import run_jobs
print(list(run_jobs(len, ["a", "bb"], 2, "counting")))
"""
UNGUARDED_SWEEP = """
import sys
from pathlib import Path
from experiments.running.local import LocalEngine
from tests import sweep_tasks as tasks
list(LocalEngine(tasks.measure, tasks.prepare, 1, Path(sys.argv[1])).run_jobs(tasks.jobs([("plain", 0.0)])))
"""


@pytest.mark.parametrize(("source", "error"), [(UNGUARDED, "NoWorkerError"), (UNGUARDED_SWEEP, "NoWorkerError")])
def test_a_script_without_a_guard_is_told_so_and_ends(source: str, error: str, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(source, encoding="utf-8")
    words = [sys.executable, str(script), str(tmp_path)]
    done = subprocess.run(words, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, encoding="utf-8")
    assert (done.returncode, done.stdout) == (1, "")
    *_, last = done.stderr.splitlines()
    assert error in last
    assert workers.CURE in last
    assert done.stderr.splitlines().count(workers.CURE) >= 1


def test_a_script_from_standard_input_is_told_what_is_wrong_and_ends() -> None:
    """No worker can load what stands in it, and no file tells a worker of it."""
    words = "from experiments.running.player import run_jobs\ndef double(x):\n    return 2 * x\n\n"
    script = f"{words}print(run_jobs(double, [1, 2, 3, 4], 2, 'doubling'))\n"
    paths = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-"], input=script, env=paths, capture_output=True, encoding="utf-8", timeout=120
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "workers die with exit code 1 before they begin: mend what they say above" in done.stderr.splitlines()[-1]


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="signals of POSIX")
def test_a_process_does_not_hear_of_ctrl_c_while_it_starts() -> None:
    process = workers.get_spawn_context().Process(target=sweep_tasks.leave_by_mask)
    process.start()
    process.join()
    assert process.exitcode == sweep_tasks.BLOCKED
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
