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
            console.print(_grid(table, kept))
    for sentence in filter(None, (words.no_difference(results), words.fight_back(results), words.uncertainty(results))):
        console.print(Text(sentence))


def _grid(table: Table, kept: Sequence[int]) -> Grid:
    grid = Grid(title=table.title, title_justify="left", title_style="bold", header_style="dim", box=SIMPLE_HEAD)
    for place, index in enumerate(kept):
        grid.add_column(Text(table.columns[index]), justify="left" if place == 0 else "right", no_wrap=place > 0)
    for row in table.rows:
        grid.add_row(*(Text(row[index]) for index in kept))
    return grid
