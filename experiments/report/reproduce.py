"""The report of a reproduction: published numbers beside ours, the paper's figure, one page."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.table import Table as Grid

from experiments.published.ross_targets import MEASURES, WITHIN, estimate
from experiments.report.formatting import format_estimate, format_number
from experiments.report.page import Drawing, Report, Table
from experiments.report.style import BLUE, GREEN, GREY, INK, ORANGE, PURPLE, SKY, VERMILLION, make_canvas

TITLE = "Bots in a spiral of silence: Ross et al. (2019) on this engine"
HEADS = ("cell", "measure", "published (s.e.)", "ours (s.e.)", "difference / s.e.", "passed")
Z = 1.96  #: standard errors of a 95% interval
COLOURS = (BLUE, SKY, GREEN, ORANGE, VERMILLION, PURPLE)
CAVEATS = (
    "Not modelled, as not in theirs: attention, feeds, moderation, attacks on people, fear, and daily rhythms.",
    "This shows that the engine gives a published model's numbers. Whether that model is right about people is another "
    "question: it is a model and not data, and its climate effect is far stronger than the one measured in surveys.",
    "The published numbers are those of the authors' public code, run beside this project. The paper itself reports "
    "another program (NetLogo) on another preferential-attachment graph, and differs from them: its most central "
    "actor decides in 70.4% (m = 1) and 59.8% (m = 10) of runs.",
    "Runs of one seed share people and graph whatever the number of bots, so points of a curve rise and fall together.",
    "Percentages of bots do not carry over to other sizes: at m = 1 and 2% bots, P(bots win) grows with N.",
)


def compose(folder: Path) -> Report:
    """Return what the report says of the result files in `folder`."""
    compared, runs = (pd.read_parquet(folder / f"{name}.parquet") for name in ("cells", "runs"))
    drawings = [
        Drawing(
            "tipping",
            "How many bots turn the climate",
            draw_tipping(compared),
            "Lines and bands: ours, with 95% intervals. Diamonds: published, with 95% intervals. Look where the "
            "curves cross two thirds.",
            "P(bots win) against the number of bots among 1,000 users, a curve for each m.",
        ),
        Drawing(
            "unmanipulated",
            "Without bots",
            draw_without_bots(runs, compared),
            "Denser graphs leave the minority no corner to speak in. Diamonds: published.",
            "Share silent, share speaking for the minority, mean ticks and P(most central decides), by m.",
        ),
    ]
    return Report(
        TITLE,
        format_headline(compared),
        format_summary(compared),
        drawings,
        [Table("Every cell", HEADS, format_rows(compared), open=True)],
        CAVEATS,
        {
            "cells.parquet": "a row a cell and measure: published, ours, standard errors, passed",
            "runs.parquet": "a row a run",
            "config.yaml": "what was run, resolved",
            "figures/": "every picture as PNG and SVG",
        },
        [_make_grid(compared)],
        120,
    )


def format_headline(compared: pd.DataFrame) -> str:
    """Return how many published numbers are met, in one sentence."""
    judged = compared.dropna(subset=["passed"])
    missed = judged[~judged["passed"].astype(bool)]
    runs = f"({compared['runs'].min():,} runs a cell)"
    if judged.empty:
        return f"No published number is judged: none of these cells was published {runs}."
    apart = np.abs(judged["ours"] - judged["target"]) / np.hypot(judged["error"], judged["target_error"])
    far = judged.iloc[int(np.argmax(apart))].to_dict()
    digits = 1 if far["measure"] == "ticks" else 3
    half = Z * far["error"]
    most = (
        f"furthest off is {MEASURES[far['measure']]} at {far['cell']}, "
        f"{format_estimate(far['ours'], far['ours'] - half, far['ours'] + half, digits)} where "
        f"{format_number(far['target'], digits)} was published"
    )
    if missed.empty:
        return f"All {len(judged)} published numbers are met within {WITHIN:g} combined standard errors {runs}; {most}."
    names = "; ".join(f"{MEASURES[row['measure']]} at {row['cell']}" for row in missed.to_dict("records"))
    return f"{len(missed)} of {len(judged)} published numbers are missed {runs}: {names}; {most}."


def format_summary(compared: pd.DataFrame) -> list[str]:
    """Return where each curve reaches two thirds, and how many runs did not stop."""
    found = []
    for m, curve in _select_curves(compared):
        won = curve.loc[curve["ours"] >= 2 / 3, "bots"]
        if len(curve) > 1:  # a cell alone is no curve
            found.append(f"m = {m}: {won.iloc[0]}" if len(won) else f"m = {m}: none tried")
    cells = compared.drop_duplicates("cell")
    cycles, unsettled = int(cells["cycles"].sum()), int(cells["unsettled"].sum())
    return [
        f"Fewest bots tried among 1,000 users with which they win two runs in three: {', '.join(found)}.",
        f"{cycles} of {cells['runs'].sum():,} runs ended in a limit cycle; {unsettled} had not settled at the limit.",
    ]


def format_rows(compared: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return the cells of the printed table, as words."""
    return [_format_row(row) for row in compared.to_dict("records")]


def _format_row(row: Mapping[Hashable, Any]) -> tuple[str, ...]:
    digits = 1 if row["measure"] == "ticks" else 4
    ours = f"{format_number(row['ours'], digits)} ({format_number(row['error'], digits)})"
    if pd.isna(row["passed"]):
        return str(row["cell"]), MEASURES[row["measure"]], "", ours, "", ""
    published = f"{format_number(row['target'], min(digits, 3))} ({format_number(row['target_error'], digits)})"
    apart = (row["ours"] - row["target"]) / np.hypot(row["error"], row["target_error"])
    return str(row["cell"]), MEASURES[row["measure"]], published, ours, format_number(apart, 2), _format_passed(row)


def _format_passed(row: Mapping[Hashable, Any]) -> str:
    return "yes" if row["passed"] else "NO"


def _make_grid(compared: pd.DataFrame) -> Grid:
    """Return a line a cell and measure."""
    grid = Grid(box=None, header_style="dim", padding=(0, 2, 0, 0))
    for name in HEADS:
        grid.add_column(name, no_wrap=True, overflow="ignore")
    for words in format_rows(compared):
        grid.add_row(*words, style="red" if words[-1] == "NO" else "")
    return grid


def _select_curves(compared: pd.DataFrame) -> list[tuple[int, pd.DataFrame]]:
    """Return (m, its cells by number of bots) of the paper's 1,000 users of whom half hold either view."""
    plain = compared.query("measure == 'bots_win' and users == 1000 and positive == 0.5")
    return [(m, plain[plain["links"] == m].sort_values("bots")) for m in sorted(set(plain["links"]))]


def draw_tipping(compared: pd.DataFrame) -> Figure:
    """P(bots win) against the number of bots, a curve for each m."""
    figure = make_canvas(4.2)
    axes = figure.subplots()
    for place, (m, rows) in enumerate(_select_curves(compared)):
        colour = COLOURS[place % len(COLOURS)]
        low, high = ((rows["ours"] + side * 1.96 * rows["error"]).clip(0.0, 1.0) for side in (-1, 1))
        axes.fill_between(rows["bots"], low, high, color=colour, alpha=0.2, linewidth=0)
        axes.plot(rows["bots"], rows["ours"], color=colour, label=f"m = {m}", marker="o", ms=3)
        _draw_published(axes, rows, rows["bots"], colour)
    for level, words in ((0.5, "chance"), (2 / 3, "two runs in three")):
        axes.axhline(level, color=GREY, linewidth=0.9, linestyle=(0, (4, 2)))
        axes.annotate(words, (1, level), (-2, 3), axes.get_yaxis_transform(), "offset points", ha="right", color=GREY)
    axes.set(title="P(bots win)", xlabel="bots added to 1,000 users")
    axes.legend(loc="upper left", ncols=2)
    return figure


def draw_without_bots(runs: pd.DataFrame, compared: pd.DataFrame) -> Figure:
    """Shares, ticks and the most central actor's weight without bots, against m."""
    figure = make_canvas(2.9)
    panels = figure.subplots(1, 3)
    plain = runs.query("bots == 0 and users == 1000 and positive == 0.5")
    groups = {m: plain[plain["links"] == m] for m in sorted(set(plain["links"]))}
    published = compared.query("bots == 0 and users == 1000 and positive == 0.5 and passed.notna()")
    drawn = (
        (0, "silent", GREY, "silent"),
        (0, "minority", ORANGE, "for the minority"),
        (1, "central", BLUE, ""),
        (2, "ticks", INK, ""),
    )
    for panel, measure, colour, words in drawn:
        estimates = np.array([estimate(rows, measure) for rows in groups.values()])
        mean, error = estimates.T
        panels[panel].plot(list(groups), mean, color=colour, label=words, marker="o", ms=3)
        panels[panel].fill_between(list(groups), mean - 1.96 * error, mean + 1.96 * error, color=colour, alpha=0.2)
        told = published[published["measure"] == measure]
        _draw_published(panels[panel], told, told["links"], colour)
    for axes, title in zip(panels, ("Share of users", "P(most central decides)", "Mean ticks"), strict=True):
        axes.set(title=title, xlabel="m")
    panels[0].legend(loc="center right")
    return figure


def _draw_published(axes: Axes, rows: pd.DataFrame, x: "pd.Series[Any]", colour: str) -> None:
    """Mark published numbers with their 95% intervals."""
    bars: dict[str, Any] = {
        "fmt": "D",
        "color": colour,
        "ms": 4,
        "mec": INK,
        "mew": 0.7,
        "ecolor": INK,
        "elinewidth": 0.8,
    }
    axes.errorbar(x, rows["target"], 1.96 * rows["target_error"], zorder=5, **bars)
