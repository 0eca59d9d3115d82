"""What several test files share."""

import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# The first example compiles kernels; examples are the same in every run, so that a pass stays a pass.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")

# In the background of a shell SIGINT is ignored, and so it would be by every process that a test starts and stops.
signal.signal(signal.SIGINT, signal.default_int_handler)

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def seeds_played() -> Iterator[list[int]]:
    """Give the seed of each world that is made in this process from now on, in order."""
    from sim.world import World

    seeds: list[int] = []
    begin = World.__init__

    def noted(world: World, *given: Any, **named: Any) -> None:
        begin(world, *given, **named)
        seeds.append(world.seed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(World, "__init__", noted)
        yield seeds


@pytest.fixture
def command_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Return a function that sets the words of the command line; the working folder is `tmp_path`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    monkeypatch.setenv("INFOWAR_SCRATCH", str(tmp_path))
    return lambda *words: monkeypatch.setattr(sys, "argv", ["app", *words])
