"""The report of unmasked sleepers: what their number and the hour cost genuine moderates."""

import math
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.report import style
from experiments.report.formatting import format_estimate, format_interval, format_number
from experiments.report.page import Drawing, Report, Table

COLOURS = (style.VERMILLION, style.BLUE, style.GREEN, style.PURPLE, style.ORANGE)
PANELS = {
    "credibility_dissenters": ("Credibility that genuine dissenters lose", 1.0),
    "dissent_impressions": ("Impressions of dissent lost, thousands", 1e-3),
}
CAVEATS = (
    "Not modelled: false accusations, doubts about the proof, and moderates who answer accusations.",
    "That respected moderates were paid is the essay's hypothesis; no count of them was found.",
    "How much distrust spills over to genuine people is an assumption (credibility.spillover). The dashed lines show "
    "what remains without it. Below zero, dissent is seen more than if nobody had been unmasked, since unmasked "
    "sleepers no longer write to order and take no slots in feeds.",
    "An illustration: people, graph and operations are synthetic, and posts carry no text.",
)
FILES = {
    "unmasking.parquet": "what each number and hour costs, with and without trust that spills over",
    "ticks.parquet": "hourly measures of every world",
    "run.yaml": "what was run, resolved",
}


def compose(folder: Path) -> Report:
    """Return what the report says of the result files in `folder`."""
    costs = pd.read_parquet(folder / "unmasking.parquet")
    drawing = Drawing(
        "costs",
        "Number and hour",
        draw_costs(costs),
        "Look at the slope, the cost of one more unmasked sleeper, and at which hour costs most. Solid: with spillover "
        "of distrust to genuine dissenters. Dashed: without it. Bands are 95% intervals over seeds.",
        "Losses against the number unmasked, a line an hour.",
    )
    return Report("Sleepers unmasked", format_headline(costs), (), [drawing], [_make_table(costs)], CAVEATS, FILES)


def format_headline(costs: pd.DataFrame) -> str:
    """Say what most unmaskings at the first hour cost in impressions, and what remains without spillover."""
    seen = costs[(costs["measure"] == "dissent_impressions") & (costs["number"] == costs["number"].max())]
    seen = seen[seen["hour"] == seen["hour"].min()].set_index("spillover")
    whole, rest = seen.loc[True], seen.loc[False]
    gained = bool(whole["hi"] < 0.0)

    def estimate(row: pd.Series) -> str:
        ends = (-row["hi"], -row["lo"]) if gained else (row["lo"], row["hi"])
        return format_estimate(-row["value"] if gained else row["value"], *ends, 0)

    percent = -whole["percent"] if gained else whole["percent"]
    known = f"{estimate(whole)} impressions of dissent"
    known += f" ({format_number(percent)}%)" if math.isfinite(percent) else ""
    effect = f"cost {known}" if whole["lo"] > 0.0 else f"have no clear effect, {known} lost"
    effect = f"cost nothing: dissent gains {known}" if gained else effect
    return f"{whole['number']} sleepers unmasked at hour {whole['hour']} {effect}; without spillover {estimate(rest)}."


def draw_costs(costs: pd.DataFrame) -> Figure:
    """Return one panel for each measure, with a line for each hour, solid with spillover and dashed without."""
    figure = style.make_canvas(3.4)
    for axes, (measure, (title, scale)) in zip(figure.subplots(1, 2), PANELS.items(), strict=True):
        _draw_panel(axes, costs[costs["measure"] == measure], title, scale)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels))
    return figure


def _draw_panel(axes: Axes, rows: pd.DataFrame, title: str, scale: float) -> None:
    for (hour, lines), colour in zip(rows.groupby("hour"), COLOURS, strict=False):
        for spills, dash in ((True, "solid"), (False, (0, (4, 2)))):
            part: Any = lines[lines["spillover"] == spills]
            label = f"at hour {hour}" if spills else None
            axes.plot(part["number"], scale * part["value"], color=colour, linestyle=dash, marker="o", markersize=3.5,
                      label=label)  # fmt: skip
            axes.fill_between(part["number"], scale * part["lo"], scale * part["hi"], color=colour, alpha=0.12, lw=0)
    style.draw_zero_line(axes)
    axes.set_title(title)
    axes.set_xticks(sorted(rows["number"].unique()))
    axes.set_xlabel("sleepers unmasked")


def _make_table(costs: pd.DataFrame) -> Table:
    rows = [
        [str(row["number"]), str(row["hour"]), "yes" if row["spillover"] else "no", row["measure"].replace("_", " "),
         _format_loss(row), format_number(row["percent"]), str(row["seeds"])]
        for row in costs.to_dict("records")
    ]  # fmt: skip
    heads = ["unmasked", "at hour", "spillover", "measure", "lost [95% interval]", "%", "seeds"]
    note = "Against the same worlds with nobody unmasked, from the hour of the unmasking to the end."
    return Table("Every case", heads, rows, note)


def _format_loss(row: dict[Any, Any]) -> str:
    digits = 3 if row["measure"].startswith("credibility") else 0
    return f"{format_number(row['value'], digits)} [{format_interval(row['lo'], row['hi'], digits)}]"
