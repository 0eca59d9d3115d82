"""The report of traces: real and synthetic side by side, measure by measure, and which are of one size."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from matplotlib.figure import Figure

from experiments.analysis.comparing import ALIKE, OPEN, OTHER, count_marks
from experiments.analysis.traces import MEASURES
from experiments.report import style
from experiments.report.formatting import format_number
from experiments.report.page import Drawing, Report, Table
from experiments.report.terminal import make_grid

COLOURS = (style.VERMILLION, style.BLUE, style.ORANGE, style.GREEN, style.PURPLE, style.SKY, style.BLACK)
CAVEATS = (
    "Not modelled: pictures, what links lead to, languages, likes, quotes and edits; two data sets alike in these "
    "numbers may differ in all of that.",
    "Whoever collected real data chose what is in it: a campaign with its context is no sample of a platform, and one "
    "factor fits no two platforms either. Compare two real data sets before you judge a synthetic one by a factor.",
    "Fewer accounts than all make cascades and co-reposts rarer, in every data set alike: numbers of different samples "
    "do not compare.",
    "The spread is that of the draws of accounts, least to largest; it is no confidence interval of the platform.",
)
FILES = {
    "traces.parquet": "a row a data set and measure: value, least and largest over draws, ratio to the first data set",
    "samples.parquet": "what was compared: posts and accounts in each window, and how many were drawn",
    "config.yaml": "what was run, resolved",
    "figures/": "every picture as PNG and SVG",
}


def compose(folder: Path) -> Report:
    """Return what the report says of the result files in `folder`."""
    measures, samples = (pd.read_parquet(folder / f"{name}.parquet") for name in ("traces", "samples"))
    factor = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))["factor"]
    table = make_measures_table(measures, factor)
    drawings = []
    if measures["column"].nunique() > 1:
        drawings.append(
            Drawing(
                "ratios",
                f"Everything over {measures['column'].iloc[0]}",
                draw_ratios(measures, factor),
                f"Points in the grey band are within a factor of {factor:g}; a point at an end lies beyond it.",
                "For each measure, the ratio of each data set to the first one on a logarithmic scale.",
            )
        )
    else:
        drawings.append(
            Drawing("values", "One data set", draw_values(measures), "Read it beside a second data set.",
                    "The measures of one data set.")
        )  # fmt: skip
    shown = [make_grid(make_measures_table(measures, factor, ranges=False)), make_grid(make_samples_table(samples))]
    return Report(
        "Traces of real and synthetic data, side by side",
        format_headline(measures, factor),
        format_summary(measures),
        drawings,
        [table, make_samples_table(samples), make_definitions_table()],
        CAVEATS,
        FILES,
        shown,
        width=62 + sum(max(len(column), 8) + 4 for column in measures["column"].unique()),
    )


def format_headline(measures: pd.DataFrame, factor: float) -> str:
    """Say of each data set how many measures are those of the first one, up to a factor."""
    first, *others = measures["column"].unique()
    if not others:
        return f"No data set was given to compare {first} with."
    told = []
    for column in others:
        marks = count_marks(measures, column)
        unclear = f", and maybe {marks[OPEN]} more" if marks[OPEN] else ""
        told.append(f"{marks[ALIKE]} of {sum(marks.values())} measures of {column}{unclear}")
    return f"Within a factor of {factor:g} of {first} are {'; '.join(told)} (counts, no interval)."


def format_summary(measures: pd.DataFrame) -> list[str]:
    """Return a sentence a data set: what differs most."""
    labels = {one.name: one.label for one in MEASURES}
    sentences = []
    for column, rows in measures.groupby("column", sort=False):
        off = rows[rows["mark"] == OTHER]
        if len(off):
            with np.errstate(divide="ignore"):
                size = np.abs(np.log(off["ratio"].to_numpy()))
            far = off.iloc[np.argsort(-size, kind="stable")[:3]]
            named = (
                f"{labels[name]} ({_format_ratio(ratio)})"
                for name, ratio in zip(far["measure"], far["ratio"], strict=True)
            )
            sentences.append(f"{column} differs most in {', '.join(named)}.")
    return sentences


def _format_ratio(ratio: float) -> str:
    if not np.isfinite(ratio) or ratio == 0:
        return "none beside some" if ratio == 0 else "some beside none"
    return f"\u00d7{ratio:.2g}" if ratio >= 1 else f"\u00f7{1 / ratio:.2g}"


def make_measures_table(measures: pd.DataFrame, factor: float, ranges: bool = True) -> Table:
    """Return a row a measure that some data set tells, and a column a data set, with or without the draws' ranges."""
    columns = list(measures["column"].unique())
    by = measures.set_index(["measure", "column"])
    rows = []
    for one in MEASURES:
        cells = [by.loc[(one.name, column)] for column in columns]
        if any(np.isfinite(cell["value"]) for cell in cells):
            told = [_format_cell(cell, place > 0, ranges) for place, cell in enumerate(cells)]
            rows.append([f"{one.label}, {one.unit}" if one.unit != "1" else one.label, *told])
    note = (
        f"{ALIKE} within a factor of {factor:g} of the first data set, {OTHER} not, {OPEN} not, but some draws of the "
        "two are. In brackets the least and largest of several draws of accounts, around their median."
    )
    return Table("Measure beside measure", ["measure", *columns], rows, note, open=True)


def _format_cell(cell: pd.Series, judged: bool, ranges: bool) -> str:
    value, lo, hi = (float(cell[name]) for name in ("value", "lo", "hi"))
    if not np.isfinite(value):
        return "\u2013"
    text = _format_value(value)
    if ranges and hi > lo:
        text += f" [{_format_value(lo)} to {_format_value(hi)}]"
    return f"{cell['mark']} {text}".strip() if judged else text


def _format_value(value: float) -> str:
    """Return a number with about three digits that count."""
    size = abs(value)
    return format_number(value, 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 or size == 0 else 3)


def make_samples_table(samples: pd.DataFrame) -> Table:
    """Return what was compared."""
    begin = pd.to_datetime(samples["begin"], unit="s").dt.strftime("%Y-%m-%d")
    numbers = [[f"{number:,}" for number in samples[name]] for name in ("days", "posts", "accounts", "drawn", "draws")]
    rows = [list(row) for row in zip(samples["column"], begin, *numbers, strict=True)]
    note = (
        "The window is where a data set has most posts, whole days, UTC. A part (people, campaign) stands as a data "
        "set of its own; where it has fewer accounts than are drawn, all are taken."
    )
    heads = ["data", "from", "days", "posts", "accounts", "drawn", "draws"]
    return Table("What was compared", heads, rows, note)


def make_definitions_table() -> Table:
    """Return what each measure is."""
    rows: Sequence[Sequence[str]] = [[one.group, one.label, one.unit, one.means] for one in MEASURES]
    return Table("What each measure is", ["of", "measure", "unit", "definition"], rows)


def draw_ratios(measures: pd.DataFrame, factor: float) -> Figure:
    """Return a dot a measure and data set: its ratio to the first one."""
    first, *columns = measures["column"].unique()
    marked = measures[(measures["column"] != first) & (measures["mark"] != "")]
    told = [one for one in MEASURES if one.name in set(marked["measure"])]
    figure = style.make_canvas(1.2 + 0.2 * max(len(told), 4))
    axes = figure.subplots()
    axes.axvspan(1 / factor, factor, color=style.PALE, zorder=0)
    axes.axvline(1, color=style.GREY, linewidth=1)
    end = 50.0
    height = {one.name: -place for place, one in enumerate(told)}
    for place, column in enumerate(columns):
        rows = marked[marked["column"] == column]
        ratio = np.clip(rows["ratio"].to_numpy(), 1 / end, end)
        shift = 0.5 * ((place + 0.5) / len(columns) - 0.5)
        colour = COLOURS[place % len(COLOURS)]
        axes.plot(ratio, rows["measure"].map(height) - shift, "o", ms=4, color=colour, label=column)
    axes.set_xscale("log")
    axes.set_xlim(1 / (1.3 * end), 1.3 * end)
    axes.set_xticks([0.02, 0.1, 0.5, 1, 2, 10, 50], ["\u2264 1/50", "1/10", "1/2", "1", "2", "10", "\u2265 50"])
    axes.set_yticks([-place for place in range(len(told))], [one.label for one in told])
    axes.set_xlabel(f"over {first}")
    axes.grid(axis="y", visible=False)
    figure.legend(loc="outside upper left", ncols=min(len(columns), 3))
    return figure


def draw_values(measures: pd.DataFrame) -> Figure:
    """Return the measures in % of one data set as bars."""
    told = [one for one in MEASURES if one.unit.startswith("%")]
    value = measures.set_index("measure")["value"].reindex([one.name for one in told]).to_numpy()
    figure = style.make_canvas(1.0 + 0.2 * len(told))
    axes = figure.subplots()
    axes.barh([-place for place in range(len(told))], np.nan_to_num(value), color=style.BLUE)
    axes.set_yticks([-place for place in range(len(told))], [one.label for one in told])
    axes.set_xlabel("%")
    return figure
