"""The result as a few tables on the terminal."""

from collections.abc import Callable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from experiments.report import formatting, tables
from experiments.report.page import Table
from experiments.report.results import Results

#: table -> the columns that fit a terminal of 80 characters
TERMINAL_COLUMNS: dict[Callable[[Results], Table], tuple[int, ...]] = {
    tables.make_arms_table: (0, 1, 2, 3),
    tables.make_causes_table: (0, 1, 2, 3),
    tables.make_knockouts_table: (0, 1, 2, 4),
    tables.make_robustness_table: (0, 1, 3, 4),
}


def show(results: Results, console: Console) -> None:
    """Print the headline, what became of the lost posts, every arm and which signs survive."""
    found, priors = results.get_finding("lost_dissent_percent"), results.get_finding("prior_range")
    console.print(Text(formatting.format_headline(found, priors), style="bold"))
    for sentence in formatting.format_summary(results):
        console.print(Text(sentence))
    for make, kept in TERMINAL_COLUMNS.items():
        if (table := make(results)).rows:
            console.print(make_grid(table, kept))
    for sentence in filter(
        None,
        (
            formatting.format_no_difference(results),
            formatting.format_fight_back(results),
            formatting.format_uncertainty(results),
        ),
    ):
        console.print(Text(sentence))


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
