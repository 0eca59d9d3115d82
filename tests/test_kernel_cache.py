"""Kernels are kept in a folder of one user's own, named by what they were compiled from; or nowhere, and still run."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from numba import config

from sim import kernel_cache
from sim.kernel_cache import find_kernel_folder
from sim.kernels import cached_njit
from tests.conftest import ROOT

HERE = Path(__file__).parent
LOOP = "from sim.kernels import cached_njit\n\n\n@cached_njit\ndef twice(x):\n    return {} * x\n"
CALL = "import mine; print(mine.twice(4), sum(mine.twice.stats.cache_misses.values()))"


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Look for a folder anew, with nothing said about it, in a home of the test's own."""
    for name, value in {"HOME": "home", "LOCALAPPDATA": "local"}.items():
        monkeypatch.setenv(name, str(tmp_path / value))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(config, "CACHE_DIR", "")
    find_kernel_folder.cache_clear()
    yield
    find_kernel_folder.cache_clear()


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pretend that nobody may write beside the sources: a file stands where the folder would."""
    package = tmp_path / "site-packages" / "sim"
    package.mkdir(parents=True)
    (package / "kernels.py").write_text("one = 1\n")
    (package / "__pycache__").write_text("")
    monkeypatch.setattr(kernel_cache, "SOURCES", package)
    return package


def test_a_checkout_keeps_kernels_beside_its_sources() -> None:
    folder = find_kernel_folder(kernel_cache.SOURCES)
    assert folder is not None
    assert folder.parent == kernel_cache.SOURCES / "__pycache__"


@pytest.mark.parametrize(
    ("system", "stated", "place"),
    [
        ("linux", None, "home/.cache/infowar-lab"),
        ("linux", "xdg", "xdg/infowar-lab"),
        ("darwin", "xdg", "home/Library/Caches/infowar-lab"),
        ("win32", None, "local/infowar-lab"),
    ],
)
def test_a_read_only_package_keeps_them_where_the_system_keeps_caches(
    installed: Path, system: str, stated: str | None, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    if stated:
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / stated))
    folder = find_kernel_folder(installed)
    assert folder is not None
    assert folder.parent == tmp_path / place


def test_a_relative_cache_folder_is_no_cache_folder(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "here")
    folder = find_kernel_folder(installed)
    assert folder is not None
    assert folder.parent == tmp_path / "home" / ".cache" / "infowar-lab"


def test_what_the_user_states_for_numba_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / "stated"))
    folder = find_kernel_folder(kernel_cache.SOURCES)
    assert folder is not None
    assert folder.parent == tmp_path / "stated"


def test_two_users_of_one_folder_stay_apart(tmp_path: Path, installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / "stated"))
    mine = find_kernel_folder(installed)
    find_kernel_folder.cache_clear()
    monkeypatch.setattr(kernel_cache, "_name_user", lambda: "somebody else")
    theirs = find_kernel_folder(installed)
    assert mine is not None
    assert theirs is not None
    assert mine != theirs
    if hasattr(os, "geteuid"):
        assert mine.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system has no numbers for users")
def test_a_folder_that_another_user_made_is_not_used(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = find_kernel_folder(installed)
    find_kernel_folder.cache_clear()
    monkeypatch.setattr(kernel_cache, "_name_user", lambda: first.name.rpartition("-")[2] if first else "")
    monkeypatch.setattr(os, "geteuid", lambda: 123_456)
    assert first is not None
    assert find_kernel_folder(installed) is None


def test_who_may_write_nowhere_has_no_folder(installed: Path, tmp_path: Path) -> None:
    for name in ("home", "local"):
        (tmp_path / name).write_text("")
    assert find_kernel_folder(installed) is None


def test_a_kernel_without_a_folder_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_cache, "_list_candidates", lambda: iter(()))

    @cached_njit
    def thrice(x: int) -> int:
        return 3 * x

    assert thrice(4) == 12


def test_a_kernel_outlives_the_loss_of_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path / "stated"))

    @cached_njit
    def thrice(x: int) -> int:
        return 3 * x

    folder = find_kernel_folder(HERE)
    assert folder is not None
    folder.rmdir()
    folder.write_text("in the way")
    assert thrice(4) == 12


def test_the_name_follows_every_source_and_the_files_beside(installed: Path, tmp_path: Path) -> None:
    def name(of: Path) -> str:
        find_kernel_folder.cache_clear()
        folder = find_kernel_folder(of)
        assert folder is not None
        return folder.name

    beside = tmp_path / "own"
    beside.mkdir()
    names = [name(installed), name(beside)]
    (beside / "mine.py").write_text("two = 2\n")
    names += [name(installed), name(beside)]
    (installed / "kernels.py").write_text("one = 3\n")
    names += [name(installed), name(beside)]
    assert names[0] == names[1] == names[2]
    assert len(set(names)) == 4


def test_a_kernel_of_ones_own_is_kept_until_its_file_changes(tmp_path: Path) -> None:
    path = tmp_path / "mine.py"
    path.write_text(LOOP.format(2))
    told = [said(CALL, tmp_path), said(CALL, tmp_path)]
    path.write_text(LOOP.format(30))
    assert [*told, said(CALL, tmp_path)] == ["8 1", "8 0", "120 1"]


def test_an_index_with_a_class_that_is_not_there_is_begun_anew(tmp_path: Path) -> None:
    """A rule of a user's own module went into the index of a kernel; the module is gone in the next process."""
    (tmp_path / "mine.py").write_text(
        "from sim.kernels import cached_njit\n\n\n@cached_njit\ndef sum_up(p):\n    return p[0]\n"
    )
    (tmp_path / "owned.py").write_text("from collections import namedtuple\n\nOwn = namedtuple('Own', 'x')\n")
    misses = "sum(mine.sum_up.stats.cache_misses.values())"
    own, plain = (
        "import mine, owned; print(mine.sum_up(owned.Own(3)))",
        f"import mine; print(mine.sum_up((4,)), {misses})",
    )
    hidden = f"import sys; sys.modules['owned'] = None; {plain}"
    assert said(own, tmp_path) == "3"
    assert [said(hidden, tmp_path), said(hidden, tmp_path)] == ["4 1", "4 0"]


def said(code: str, folder: Path) -> str:
    """Return what a process of its own prints while it runs `code` in `folder`."""
    known = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=folder, env=known, capture_output=True, text=True, check=True).stdout.strip()
