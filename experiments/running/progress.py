"""Progress of jobs: a bar in a terminal, one line below a notebook's cell, an occasional line in a log."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Timer
from typing import Any, TypeVar

from rich.console import Console
from rich.live import Live
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.spinner import Spinner

T = TypeVar("T")
EVERY = 30.0  #: s between two lines of a log


@dataclass(frozen=True)
class SweepProgress:
    """Numbers of runs, and the time."""

    done: int  #: in this call, failed ones included
    failed: int
    left: int
    seconds: float  #: since the call began
    seconds_left: float | None  #: None where nothing says it yet

    def __str__(self) -> str:
        rate = f"{self.done / self.seconds:.3g}/s" if self.done and self.seconds > 0 else "-/s"
        left = format_duration(self.seconds_left)
        return f"{self.done} done, {self.failed} failed, {self.left} left, {rate}, {left} left"


def format_duration(seconds: float | None) -> str:
    """Return a length of time in a few words."""
    if seconds is None:
        return "unknown time"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def format_count(number: int, what: str) -> str:
    """Return a number of things: "1 run", "2 runs"."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


_waiting: list[Live] = []  #: the line that moves now, if there is one


def show_waiting(words: str) -> None:
    """Show a line that moves on a terminal, until something else is shown or `stop_waiting` is called."""
    stop_waiting()
    console = Console(stderr=True)
    if console.is_terminal and not console.is_jupyter:
        line = Live(Spinner("dots", words), console=console, transient=True, redirect_stdout=sys.stdout.isatty())
        line.start()
        _waiting.append(line)


def stop_waiting() -> bool:
    """Take the moving line away; return whether there was one."""
    was = bool(_waiting)
    while _waiting:
        _waiting.pop().stop()
    return was


@contextmanager
def _pause_waiting() -> Iterator[None]:
    """Do without the moving line inside this block, where something else moves."""
    was = stop_waiting()
    try:
        yield
    finally:
        if was:
            show_waiting("reading what was played")


class PatientConsole(Console):
    """A console of commands that go on where nobody reads any more, as after `| head`: their result is written."""

    def on_broken_pipe(self) -> None:
        """Print nothing from now on."""
        self.quiet = True
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def open_console() -> Console:
    """Return the terminal for what is to stay there."""
    stop_waiting()
    return PatientConsole()


@contextmanager
def show_progress(console: Console, every: float = EVERY) -> Iterator[Callable[[SweepProgress], None]]:
    """Yield what shows a state on `console`, in the way that suits it."""
    if console.is_jupyter:
        yield _show_in_notebook("starting workers")
        return
    with _pause_waiting(), _show_bar(console) if console.is_terminal else _show_lines(console, every) as show:
        yield show


class Line:
    """One line below the cell of a notebook that says how many of `total` are done."""

    def __init__(self, total: int, what: str) -> None:
        self.total, self.done, self.what = total, 0, what
        self._show: Callable[[str], None] | None = None

    def start(self) -> None:
        """Show the line."""
        self._show = _show_in_notebook(str(self))

    def advance(self, steps: int, what: str) -> None:
        """Count some steps more, with these words before the numbers."""
        self.done, self.what = self.done + steps, what
        if self._show is not None:
            self._show(str(self))

    def __str__(self) -> str:
        return f"{self.what}: {self.done} of {self.total}"


def _show_in_notebook(first: str) -> Callable[[Any], None]:
    """Show one line below the cell of a notebook; return what replaces it."""
    from IPython.display import display

    line = display({"text/plain": first}, raw=True, display_id=True)
    return lambda words: line.update({"text/plain": str(words)}, raw=True)


@contextmanager
def _show_bar(console: Console) -> Iterator[Callable[[SweepProgress], None]]:
    with Progress(BarColumn(), TextColumn("{task.description}"), console=console) as bar:
        task = bar.add_task("starting workers", total=None)
        yield lambda state: bar.update(
            task, total=state.done + state.left, completed=state.done, description=str(state)
        )


@contextmanager
def _show_lines(console: Console, every: float) -> Iterator[Callable[[SweepProgress], None]]:
    last: list[SweepProgress] = []
    said = time.monotonic()

    def show(state: SweepProgress) -> None:
        nonlocal said
        last[:] = [state]
        if time.monotonic() - said >= every:
            said = time.monotonic()
            console.print(str(state), soft_wrap=True, highlight=False)

    yield show
    for state in last:
        console.print(str(state), soft_wrap=True, highlight=False)


@contextmanager
def show_progress_bar(
    total: int, at_first: str, then: str = "", patience: float = 0.0
) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on stderr, or a line below the cell of a notebook; yield what advances it.

    Args:
        total: how many steps there are.
        at_first: the words beside the bar.
        then: replaces them at the first advance.
        patience: seconds until it is shown; what ends sooner shows nothing.
    """
    start, advance, stop = _make_display(total, at_first)
    late = Timer(patience, start)
    late.daemon = True
    with _pause_waiting():
        (late.start if patience else start)()
        try:
            yield lambda steps: advance(steps, then or at_first)
        finally:
            late.cancel()
            if late.is_alive():
                late.join()
            stop()


def show_steps(things: Sequence[T], what: str, patience: float) -> Iterator[T]:
    """Yield things one by one, and show how many have been done to whoever looks on."""
    if not (console := Console(stderr=True)).is_terminal and not console.is_jupyter:
        yield from things
        return
    with show_progress_bar(len(things), what, patience=patience) as advance:
        for thing in things:
            yield thing
            advance(1)


def _make_display(total: int, what: str) -> tuple[Callable[[], None], Callable[[int, str], None], Callable[[], None]]:
    """Return what starts, advances and ends a bar, or the line of a notebook."""
    console = Console(stderr=True)
    if console.is_jupyter:
        line = Line(total, what)
        return line.start, line.advance, lambda: None
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    bar = Progress(*columns, TimeRemainingColumn(), console=console)
    task = bar.add_task(what, total=total)
    return bar.start, lambda steps, words: bar.update(task, advance=steps, description=words), bar.stop
