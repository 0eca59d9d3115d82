"""The result as a few tables on the terminal."""

from collections.abc import Callable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from experiments.report import tables
from experiments.report.page import Report, Table
from experiments.report.results import Results

#: table -> the columns that fit a terminal of 80 characters
TERMINAL_COLUMNS: dict[Callable[[Results], Table], tuple[int, ...]] = {
    tables.make_doses_table: (0, 1, 2, 3),
    tables.make_arms_table: (0, 1, 2, 3),
    tables.make_causes_table: (0, 1, 2, 3),
    tables.make_knockouts_table: (0, 1, 2, 4),
    tables.make_robustness_table: (0, 1, 3, 4),
}


def show_report(report: Report, console: Console) -> None:
    """Print a report's headline, its summary, and the tables that it shows."""
    console.print(Text(report.headline, style="bold"))
    for sentence in report.summary:
        console.print(Text(sentence))
    wide = type(console)(file=console.file, width=max(console.width, report.width), no_color=console.no_color)
    for part in report.shown:
        (wide if report.width > console.width else console).print(part)


def make_grid(table: Table, kept: Sequence[int] | None = None, wrap: bool = False) -> Grid:
    """Return a table for the terminal: the columns `kept`, all if None; cells may `wrap`."""
    drawn = Grid(title=table.title, title_justify="left", title_style="bold", header_style="dim", box=SIMPLE_HEAD)
    places = range(len(table.columns)) if kept is None else kept
    for number, place in enumerate(places):
        head, fixed = Text(table.columns[place]), number > 0 and not wrap
        drawn.add_column(head, justify="right" if number else "left", no_wrap=fixed)
    for row in table.rows:
        drawn.add_row(*(Text(row[place]) for place in places))
    return drawn
