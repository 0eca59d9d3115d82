"""How a process starts: --help loads nothing heavy, and kernels that some process compiled are loaded, not compiled."""

import subprocess
import sys

import pytest

from experiments.apps import BY_NAME
from tests.conftest import ROOT
from tests.worlds import LIVELY, START, played

PACKAGES = ("sim.world", "experiments.runs", "experiments.published.ross_2019", "infowar_lab")
HEAVY = {"numba", "mesa", "pandas", "matplotlib", "scipy", "networkx", "pyarrow", "rich", "numpy"}

HELP = """
import runpy, sys
sys.argv = ["app", "--help"]
try:
    runpy.run_module("experiments.{app}", run_name="__main__")
except SystemExit as leave:
    assert not leave.code, leave.code
print(*sorted({{name.partition(".")[0] for name in sys.modules}}))
"""

PLAY = """
import sys
from numba.core.dispatcher import Dispatcher
from tests.worlds import LIVELY, START, played
played(LIVELY, START + 6)
kernels = [value for name, module in sys.modules.items() if name.startswith("sim.")
           for value in vars(module).values() if isinstance(value, Dispatcher)]
assert sum(sum(kernel.stats.cache_hits.values()) for kernel in kernels) > 20
print(sum(sum(kernel.stats.cache_misses.values()) for kernel in kernels))
"""


AHEAD = """
from experiments.runs import compile_largest
from sim.people import expression
from sim.platform import candidates, feed
from tests.worlds import LIVELY, START, played
compile_largest()
kernels = candidates._lay_out_streams, feed._read, expression._decide, expression._speak
before = [kernel.signatures for kernel in kernels]
assert all(len(known) == 1 for known in before)
played(LIVELY, START + 2)
assert [kernel.signatures for kernel in kernels] == before
"""


def said(code: str) -> str:
    """Return what a process of its own prints on stdout while it runs `code`."""
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("app", BY_NAME)
def test_help_of_an_app_is_whole_and_loads_nothing_heavy(app: str) -> None:
    *page, modules = said(HELP.format(app=app)).splitlines()
    keys = "keys" if BY_NAME[app].keys else "options"
    for words in (f"python -m experiments.{app}", f"The {keys} that matter", "--help-all", "--version", "Examples"):
        assert any(words in line for line in page), words
    assert not HEAVY & set(modules.split())


def test_a_second_process_compiles_nothing() -> None:
    played(LIVELY, START + 6)
    # Other tests may be writing to the same cache at the same time, and one of two writers loses.
    assert any(said(PLAY) == "0\n" for _ in range(3))


@pytest.mark.parametrize("package", PACKAGES)
def test_an_import_changes_nothing_of_the_whole_process(package: str) -> None:
    code = (
        "import os; from numba import config; before = dict(os.environ), config.CACHE_DIR\n"
        f"import {package}; assert (dict(os.environ), config.CACHE_DIR) == before"
    )
    assert said(code) == ""


def test_what_a_worker_compiles_ahead_is_what_a_world_calls() -> None:
    assert said(AHEAD) == ""
