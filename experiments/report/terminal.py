"""The result as a few tables on the terminal."""

from collections.abc import Callable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from experiments.report import tables, words
from experiments.report.page import Table
from experiments.report.results import Results

#: table -> the columns that fit a terminal of 80 characters
SHOWN: dict[Callable[[Results], Table], tuple[int, ...]] = {
    tables.arms: (0, 1, 2, 3),
    tables.causes: (0, 1, 2, 3),
    tables.knockouts: (0, 1, 2, 4),
    tables.robustness: (0, 1, 3, 4),
}


def show(results: Results, console: Console) -> None:
    """Print the headline, what became of the lost posts, every arm and which signs survive."""
    found, priors = results.finding("lost_dissent_percent"), results.finding("prior_range")
    console.print(Text(words.headline(found, priors), style="bold"))
    for sentence in words.lede(results):
        console.print(Text(sentence))
    for make, kept in SHOWN.items():
        if (table := make(results)).rows:
            console.print(grid(table, kept))
    for sentence in filter(None, (words.no_difference(results), words.fight_back(results), words.uncertainty(results))):
        console.print(Text(sentence))


def grid(table: Table, kept: Sequence[int] | None = None, wrap: bool = False) -> Grid:
    """Return a table for the terminal: the columns `kept`, all if None; cells may `wrap`."""
    drawn = Grid(title=table.title, title_justify="left", title_style="bold", header_style="dim", box=SIMPLE_HEAD)
    places = range(len(table.columns)) if kept is None else kept
    for number, place in enumerate(places):
        head, fixed = Text(table.columns[place]), number > 0 and not wrap
        drawn.add_column(head, justify="right" if number else "left", no_wrap=fixed)
    for row in table.rows:
        drawn.add_row(*(Text(row[place]) for place in places))
    return drawn
