"""The report of the docking: their curve, ours in the limit, and what moves the tipping point."""

from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from experiments.report import page, style
from experiments.report.page import Page, Picture, Table
from experiments.report.results import ABOUT
from experiments.report.style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILLION, canvas
from experiments.report.words import number

TITLE = "Docking: our model beside the spiral of silence with bots"
LIMIT, ROSS, DATA = "limit", "Ross et al. 2019", "climate as small as in data"
COLOURS = (GREY, VERMILLION, GREEN, ORANGE, PURPLE, SKY, BLACK, BLUE)

LACKS = (
    "Our model lacks one assumption of theirs on purpose: confidence that adds up without bound. There a user who met "
    "opposition early is hardly ever won back. Here the perceived climate is a share between 0 and 1 that follows what "
    "was seen lately, since people are asked for such a share in the studies behind fact 13; a majority can be lost "
    "again.",
    "More differences remain in the limit: people begin by knowing the true climate; posts are counted, not speakers; "
    "a run lasts a fixed time; whether a person speaks is drawn anew each hour around a personal threshold (theirs is "
    "fixed), and our army is followed by people at random (their bots pick the well-connected).",
    "Tipping points are read off straight lines between the points tried; intervals of the curves are of chance alone.",
    "Percentages of bots do not carry over to other sizes of population (see python -m experiments.reproduce).",
)


def write(folder: Path) -> str:
    """Draw the picture and write `folder`/report.html from its result files; return the headline."""
    about = yaml.safe_load((folder / ABOUT).read_text(encoding="utf-8"))
    table, points = (pd.read_parquet(folder / f"{name}.parquet") for name in ("docking", "tipping"))
    with style.look():
        svg = style.save(curves(table), folder / "figures", "docking")
    picture = Picture(
        "Who wins, by number of bots",
        svg,
        "Left: their model and ours in the limit; look for the same rise. Right: one assumption relaxed at a time; "
        "look at which curves still cross two runs in three, and where.",
        "P(the bots' side wins) against the number of bots, a curve for each variant.",
    )
    told = Page(
        title=TITLE,
        headline=headline(points, table),
        lede=[answer(points, table)],
        pictures=[picture],
        tables=[Table("Tipping points", HEADS, shown(points, table), open=True)],
        facts=about["facts"],
        caveats=LACKS,
        command=about["command"],
        files={
            "docking.parquet": "P(win) by variant and bots, with 95% Wilson intervals",
            "tipping.parquet": "bots at which two runs in three are won",
            "runs.parquet": "a row a run",
        },
        versions=about["versions"],
        config=(folder / "config.yaml").read_text(encoding="utf-8"),
    )
    page.write(told, folder / "report.html")
    return told.headline


HEADS = ("variant", "wins without bots", "wins with most bots", "two in three at (bots) [95%]")


def shown(points: pd.DataFrame, table: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return the rows of the table of tipping points, as words."""
    rows = []
    for row in points.to_dict("records"):
        curve = table[table["variant"] == row["variant"]]
        ends = [f"{number(100 * wins, 0)}%" for wins in (curve["wins"].iloc[0], curve["wins"].iloc[-1])]
        rows.append((str(row["variant"]), *ends, _where(row["tipping"], row["early"], row["late"])))
    return rows


def _where(value: float, early: float, late: float) -> str:
    if np.isnan(value):
        return "not reached" if np.isnan(early) else f"not reached [from {number(early, 0)}]"
    upper = "more than tried" if np.isnan(late) else number(late, 0)
    return f"{number(value, 0)} [{number(early, 0)} to {upper}]"


def headline(points: pd.DataFrame, table: pd.DataFrame) -> str:
    """Say where both models tip, in one sentence."""
    at = points.set_index("variant")["tipping"]
    theirs, ours = (_words(at[name]) for name in (ROSS, LIMIT))
    seeds = int(table["seeds"].min())
    return (
        f"The bots' side wins two runs in three {theirs} in the model of Ross et al. and {ours} in ours in their limit "
        f"(at least {seeds} runs a point)."
    )


def _words(tipping: float) -> str:
    return "with no number of bots tried" if np.isnan(tipping) else f"from {number(tipping, 0)} bots in 1,000 users on"


def answer(points: pd.DataFrame, table: pd.DataFrame) -> str:
    """Say whether tipping survives a climate effect as small as in data."""
    row = points[points["variant"] == DATA]
    if row.empty:
        return "The climate effect as small as in data was not played."
    curve = table[table["variant"] == DATA]
    most = int(curve["bots"].iloc[-1])
    last = curve.iloc[-1]
    told = f"with {most} bots that side wins {number(100 * last['wins'], 0)}% of runs"
    interval = f"95% interval {number(100 * last['lo'], 0)} to {number(100 * last['hi'], 0)}%"
    found = float(row["tipping"].iloc[0])
    if np.isnan(found) and last["hi"] >= 2 / 3:
        seen = "no tipping was seen, nor is it excluded"
        return f"With a climate effect as small as in data (fact 13) {seen}: {told} ({interval})."
    if np.isnan(found):
        return f"With a climate effect as small as in data (fact 13) tipping does not survive: {told} ({interval})."
    tips = f"two runs in three are won {_words(found)}"
    return f"With a climate effect as small as in data (fact 13) {tips}; {told} ({interval})."


def curves(table: pd.DataFrame) -> Figure:
    """P(the bots' side wins) against the number of bots: both models, and what relaxing does to ours."""
    figure = canvas(4.6)
    left, right = figure.subplots(1, 2, sharey=True)
    names = list(dict.fromkeys(table["variant"]))
    for axes, shown_here in ((left, [ROSS, LIMIT]), (right, [name for name in names if name != ROSS])):
        for name in (name for name in names if name in shown_here):
            curve, colour = table[table["variant"] == name], COLOURS[names.index(name) % len(COLOURS)]
            if axes is left:  # to the right, bands would hide the curves; the table has the intervals
                axes.fill_between(curve["bots"], curve["lo"], curve["hi"], color=colour, alpha=0.15, linewidth=0)
            axes.plot(curve["bots"], curve["wins"], color=colour, marker="o", ms=3, label=name)
        for level in (0.5, 2 / 3):
            axes.axhline(level, color=GREY, linewidth=0.9, linestyle=(0, (4, 2)))
        axes.set_xlabel("bots beside 1,000 people")
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), fontsize=7.5)
    left.set(title="Their model and our limit", ylabel="P(the bots' side wins)", ylim=(0, 1))
    right.set_title("One assumption relaxed")
    return figure


def show(folder: Path, console: Console) -> None:
    """Print the table, the answer and the headline."""
    table, points = (pd.read_parquet(folder / f"{name}.parquet") for name in ("docking", "tipping"))
    grid = Grid(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for name in HEADS:
        grid.add_column(name)
    for row in shown(points, table):
        grid.add_row(*row)
    console.print(grid)
    console.print(Text(answer(points, table)))
    console.print(Text(headline(points, table), style="bold"))
