"""Progress says the same in a terminal, a notebook and a log."""

import sys
from io import StringIO
from types import ModuleType

import pytest
from rich.console import Console

from experiments.sweeps.progress import SweepProgress, format_count, format_duration, show_progress

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


def test_a_notebook_gets_one_line_that_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    class Line:
        def update(self, shown: dict[str, str], raw: bool) -> None:
            told.append(shown["text/plain"])

    notebook = ModuleType("IPython.display")
    notebook.display = lambda shown, raw, display_id: Line()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", notebook)
    with show_progress(Console(force_jupyter=True, file=StringIO())) as show:
        show(HALF)
    assert told == [WORDS]
