"""Progress says the same in a terminal, a notebook and a log."""

import sys
import time
from io import StringIO
from types import ModuleType

import pytest
from rich.console import Console

from experiments.running import progress
from experiments.running.progress import SweepProgress, format_count, format_duration, show_progress, show_progress_bar

HALF = SweepProgress(done=50, failed=2, left=150, seconds=10.0, seconds_left=30.0)
WORDS = "50 done, 2 failed, 150 left, 5/s, 30 s left"


def test_a_state_in_words() -> None:
    assert str(HALF) == WORDS
    assert str(SweepProgress(0, 0, 9, 0.1, None)) == "0 done, 0 failed, 9 left, -/s, unknown time left"
    assert [format_count(number, "run") for number in (0, 1, 2)] == ["0 runs", "1 run", "2 runs"]
    assert [format_duration(x) for x in (5, 600, 90000)] == ["5 s", "10 min", "25.0 h"]


def test_a_log_gets_a_line_now_and_then_and_one_at_the_end() -> None:
    for every, lines in ((0.0, [WORDS, WORDS, WORDS]), (60.0, [WORDS])):
        file = StringIO()
        with show_progress(Console(file=file), every) as show:
            show(HALF)
            show(HALF)
        assert file.getvalue().splitlines() == lines


def test_a_terminal_gets_a_bar() -> None:
    file = StringIO()
    with show_progress(Console(file=file, force_terminal=True, width=100)) as show:
        show(HALF)
    assert WORDS in file.getvalue()
    assert "\x1b[" in file.getvalue()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Be a notebook; return what its one line says, from the first text on."""
    said: list[str] = []

    class Handle:
        def update(self, shown: dict[str, str], raw: bool) -> None:
            said.append(shown["text/plain"])

    def display(shown: dict[str, str], raw: bool, display_id: bool) -> Handle:
        said.append(shown["text/plain"])
        return Handle()

    notebook = ModuleType("IPython.display")
    notebook.display = display  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", notebook)
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    return said


def test_a_notebook_gets_one_line_that_changes(told: list[str]) -> None:
    with show_progress(Console(force_jupyter=True, file=StringIO())) as show:
        show(HALF)
    assert told == ["starting workers", WORDS]


def test_worlds_that_are_played_are_counted_in_a_notebook_too(told: list[str]) -> None:
    with show_progress_bar(3, "compiling kernels", "playing worlds") as advance:
        advance(1)
        advance(2)
    assert told == ["compiling kernels: 0 of 3", "playing worlds: 1 of 3", "playing worlds: 3 of 3"]


def test_what_ends_soon_shows_nothing(told: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress_bar(1, "compiling kernels", patience=3600.0) as advance:
        advance(1)
    assert told == []
    assert capsys.readouterr().err == ""


def test_what_takes_longer_is_shown_after_a_while(told: list[str]) -> None:
    with show_progress_bar(1, "compiling kernels", "playing worlds", patience=0.01) as advance:
        while not told:
            time.sleep(0.01)
        advance(1)
    assert told == ["compiling kernels: 0 of 1", "playing worlds: 1 of 1"]


def test_a_line_moves_until_something_else_does_and_then_again(monkeypatch: pytest.MonkeyPatch) -> None:
    file = StringIO()
    monkeypatch.setattr(progress, "Console", lambda **_: Console(file=file, force_terminal=True, width=80))
    progress.show_waiting("reading words")
    with progress.show_progress_bar(3, "simulating"):
        assert not progress.stop_waiting(), "two things would move in one line"
    assert progress.stop_waiting()
    assert file.getvalue().index("reading words") < file.getvalue().index("simulating")
    assert not progress.stop_waiting()
