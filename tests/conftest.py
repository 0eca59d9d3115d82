"""What several test files share."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# The first example compiles kernels; examples are the same in every run, so that a pass stays a pass.
settings.register_profile("house", deadline=None, derandomize=True)
settings.load_profile("house")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def command_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Return a function that sets the words of the command line; the working folder is `tmp_path`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    monkeypatch.setenv("INFOWAR_SCRATCH", str(tmp_path))
    return lambda *words: monkeypatch.setattr(sys, "argv", ["app", *words])
