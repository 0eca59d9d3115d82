"""The report of a race: dissent restored, innocent people suspended, and when the defence is worse than the army."""

from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.report import style
from experiments.report.formatting import format_estimate, format_interval, format_number
from experiments.report.page import Drawing, Report, Table
from experiments.report.terminal import make_grid

COLOURS = (style.SKY, style.BLUE, style.ORANGE, style.VERMILLION, style.PURPLE, style.GREEN)
PANELS = {"restored": "Dissenting posts restored", "innocent": "People suspended", "lost": "Suspensions a member"}
CAVEATS = (
    "Not modelled: an army that learns (it climbs a declared ladder and does not adapt to what works), detectors that "
    "are retrained, appeals, and what a detector could read in words, tags and links, which it does not see here.",
    "The detector sees the 48 hours in memory. Rates are set in quiet worlds of other seeds; what people do in a "
    "campaign differs; the number of people suspended shows how much.",
    "Scores of co-action are whole numbers, so several rates may have the same limit and be the same defence.",
    "Intervals cover chance alone (95%, t, over seeds), each by itself: among many, some exclude 0 by luck.",
)
FILES = {
    "rounds.parquet": "a row a seed, rate and round: what the detector changes against the same seed without it",
    "summary.parquet": "means over seeds with 95% intervals",
    "tipping.parquet": "by how much the defence silences more than the army, by rate, in the last round",
    "run.yaml": "what was run, resolved",
}


def compose(folder: Path) -> Report:
    """Return what the report says of the result files in `folder`."""
    table, tipped = (pd.read_parquet(folder / f"{name}.parquet") for name in ("summary", "tipping"))
    drawing = Drawing(
        "rounds",
        "Round by round",
        draw_rounds(table),
        "Look at whether the effect lasts, and at who is harmed. A colour is a false-positive rate; bars are 95% "
        "intervals over seeds.",
        "Dissent restored, people suspended and suspensions a member of the army, by round and rate.",
    )
    tables = [_make_rounds_table(table), _make_tipping_table(tipped)]
    return Report(
        "A detector in the loop",
        format_headline(tipped),
        [format_scope(tipped), format_persistence(table)],
        [drawing],
        tables,
        CAVEATS,
        FILES,
        [make_grid(each, kept) for each, kept in zip(tables, ((0, 1, 3, 4, 5), None), strict=True)],
    )


def format_headline(tipped: pd.DataFrame) -> str:
    """Say at which false-positive rate the defence silences more dissent than the army, or that none was found."""
    rows = tipped.sort_values("rate").to_dict("records")
    worse = [row["rate"] for row in rows if row["alone_lo"] > 0]
    harmful = [row["rate"] for row in rows if row["net_lo"] > 0]
    helpful = [row["rate"] for row in rows if row["net_hi"] < 0]
    if worse:
        told = _format_margin(next(row for row in rows if row["rate"] == worse[0]))
        text = f"At a false-positive rate of {_format_rates(worse)} the detector silences more dissent than the army"
        text += f": at {worse[0]:g} it is {told}"
    else:
        tried = f"from {rows[0]['rate']:g} to {rows[-1]['rate']:g}"
        text = f"At no false-positive rate {tried} was the detector found to silence more dissent than the army"
        text += f": at {rows[-1]['rate']:g} it is {_format_margin(rows[-1])}"
    if helpful:
        text += f"; it still restores dissent in the last round at {_format_rates(helpful)}"
    if harmful:
        text += f"; under the campaign it makes matters worse at {_format_rates(harmful)}"
    if not (helpful or harmful):
        text += "; no effect on dissent under the campaign was found in the last round"
    return f"{text}."


def _format_margin(row: dict[Any, Any]) -> str:
    value, lo, hi = (row[f"alone{end}"] for end in ("", "_lo", "_hi"))
    if value < 0:
        return f"{format_estimate(-value, -hi, -lo)} posts a world fewer"
    return f"{format_estimate(value, lo, hi)} posts a world more"


def _format_rates(rates: list[float]) -> str:
    return ", ".join(f"{rate:g}" for rate in rates)


def format_scope(tipped: pd.DataFrame) -> str:
    """Say what is compared, and what limits it."""
    seeds = tipped["seeds"].max()
    return (
        "This compares the posts that a detector silences without a campaign with those that the army silences "
        f"without a detector ({seeds} seeds). The number of accounts that it may suspend each time limits the former."
    )


def format_persistence(table: pd.DataFrame) -> str:
    """Say what is restored in the first and in the last round, at the rate that restores most at first."""
    found = table[table["measure"] == "restored"]
    first, last = found[found["round"] == found["round"].min()], found[found["round"] == found["round"].max()]
    rate = first.sort_values("value")["rate"].iloc[-1]
    ends = [part[part["rate"] == rate].to_dict("records")[0] for part in (first, last)]
    words = [
        f"{format_number(row['value'])} [{format_interval(row['lo'], row['hi'])}] in round {row['round']:.0f}"
        for row in ends
    ]
    return f"Dissenting posts restored a world at rate {rate:g}, the best in round 1: {words[0]}, {words[1]}."


def draw_rounds(table: pd.DataFrame) -> Figure:
    """Return a panel a measure, with a curve a rate."""
    figure = style.make_canvas(3.2)
    for axes, measure in zip(figure.subplots(1, len(PANELS)), PANELS, strict=True):
        _draw_panel(axes, table[table["measure"] == measure], PANELS[measure])
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _draw_panel(axes: Axes, rows: pd.DataFrame, title: str) -> None:
    style.draw_zero_line(axes)
    rates = sorted(rows["rate"].unique())
    for place, (rate, part) in enumerate(rows.groupby("rate")):
        colour = COLOURS[place % len(COLOURS)]
        x = part["round"] + 0.5 * ((place + 1) / (len(rates) + 1) - 0.5)  # beside each other: some are one defence
        axes.vlines(x, part["lo"], part["hi"], color=colour, linewidth=1.3)
        axes.plot(x, part["value"], "o-", color=colour, linewidth=0.9, markersize=3.5, label=f"rate {rate:g}")
    ticks: Any = sorted(rows["round"].unique())
    axes.set_xticks(ticks)
    axes.set_title(title)
    axes.set_xlabel("round")


def _make_rounds_table(table: pd.DataFrame) -> Table:
    rows = []
    key: Any
    for key, group in table.groupby(["rate", "round"], sort=False):
        by = group.set_index("measure").to_dict("index")
        shown = (by[name] for name in ("deficit", "restored", "innocent"))
        cells = [f"{format_number(one['value'])} [{format_interval(one['lo'], one['hi'])}]" for one in shown]
        means = [format_number(by[n]["value"], 2) for n in ("dissenters", "organised", "lost", "rung")]
        cells.append(_format_precision(by["precision"]))
        rate, turn = key
        rows.append([f"{rate:g}", f"{turn}", *cells, *means])
    heads = ["rate", "round", "deficit without", "restored", "innocent", "precision, %", "of them dissenters",
             "organised", "a member", "rung"]  # fmt: skip
    note = (
        "Posts and accounts a world, means over seeds with 95% intervals. Deficit: what the army costs at the rungs of "
        "this round without a detector. Innocent, of them dissenters, organised: suspended because of the detector. A "
        "member: suspensions for each member; an operator who returns under another account may be suspended twice. "
        "Precision: share of the organised among all accounts that the detector had suspended."
    )
    return Table("Every round", heads, rows, note, open=True)


def _format_precision(one: dict[Any, Any]) -> str:
    if not one["lo"] >= 0:
        return "nobody surely"
    return f"{format_number(one['value'], 0)} [{format_interval(one['lo'], min(one['hi'], 100.0), 0)}]"


def _make_tipping_table(tipped: pd.DataFrame) -> Table:
    rows = [
        [f"{row['rate']:g}", f"{format_number(row['alone'])} [{format_interval(row['alone_lo'], row['alone_hi'])}]",
         f"{format_number(row['net'])} [{format_interval(row['net_lo'], row['net_hi'])}]"]
        for row in tipped.to_dict("records")
    ]  # fmt: skip
    heads = ["rate", "detector minus army", "lost under campaign"]
    note = (
        "Dissenting posts a world in the last round, 95% intervals: what the detector silences without a campaign, "
        "minus what the army does without a detector; and what is lost through the detector under the campaign. "
        "Above 0 the defence does more harm."
    )
    return Table("Which silences more", heads, rows, note, open=True)
