"""Pictures of the benchmark of detectors: maps of cells, curves along axes, and the monitor's timeline."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.report import style
from experiments.report.formatting import format_number

COLOURS = (style.GREY, style.BLACK, style.BLUE, style.SKY, style.GREEN, style.ORANGE, style.VERMILLION, style.PURPLE)
DASHES = ("-", "--")
ACROSS = 3  #: panels beside one another
GROUPS = {
    "false_dissenters": "dissenters",
    "false_others": "others",
    "false_fans": "fans",
    "false_newsbots": "news bots",
}
CONTROL = "control"


def draw_cells(summary: pd.DataFrame, achieved: pd.DataFrame, measure: str) -> Figure:
    """A row a detector, a column a cell: its mean; below, what the campaign still achieved there."""
    judged = summary[summary["axis"] != CONTROL]
    columns = judged[["axis", "level", "rank"]].drop_duplicates().to_records(index=False).tolist()
    detectors = judged["detector"].unique().tolist()
    table = judged.pivot_table(index="detector", columns=["axis", "level", "rank"], values=measure, dropna=False)
    values = table.reindex(index=detectors, columns=pd.MultiIndex.from_tuples(columns)).to_numpy(np.float64)
    figure = style.make_canvas(1.9 + 0.27 * (len(detectors) + 3))
    upper, lower = figure.subplots(2, 1, height_ratios=(len(detectors), 2))
    _draw_map(upper, values, detectors, [], 2, (0.5 if measure == "auc" else 0.0, 1.0))
    _draw_breaks(upper, columns)
    still = achieved.set_index(["axis", "level", "rank"]).loc[columns]
    seen = 100.0 * still["campaign_impressions"] / max(float(still["campaign_impressions"].iloc[0]), 1.0)
    rows = np.array([still["lost_dissent_percent"].to_numpy(), seen.to_numpy()])
    _draw_map(
        lower,
        rows,
        ["lost dissent, %", "impressions, % of open"],
        [_format_column(*column) for column in columns],
        0,
        (0, 100),
    )
    _draw_breaks(lower, columns)
    return figure


def _format_column(axis: str, level: str, rank: int) -> str:
    return f"{axis} {level}".strip() if rank else "not hidden"


def _draw_breaks(axes: Axes, columns: Sequence[tuple[str, str, int]]) -> None:
    """Part the axes from one another."""
    for place in range(1, len(columns)):
        if columns[place][0] != columns[place - 1][0]:
            axes.axvline(place - 0.5, color="white", linewidth=3)


def _draw_map(
    axes: Axes,
    values: np.ndarray[tuple[int, int], np.dtype[np.float64]],
    rows: Sequence[str],
    columns: Sequence[str],
    digits: int,
    span: tuple[float, float],
) -> None:
    axes.imshow(values, cmap="Blues", vmin=span[0], vmax=span[1], aspect="auto")
    for row, column in np.ndindex(*values.shape):
        value = values[row, column]
        if math.isfinite(value):
            dark = value > span[0] + 0.6 * (span[1] - span[0])
            text = f"{value:.{digits}f}"
            axes.text(
                column,
                row,
                text.removeprefix("0") if digits else text,
                ha="center",
                va="center",
                fontsize=6.5,
                color="white" if dark else style.INK,
            )
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xticks(range(len(columns)), columns, rotation=90, fontsize=7)
    axes.grid(visible=False)
    axes.tick_params(length=0)


def draw_curves(summary: pd.DataFrame, achieved: pd.DataFrame, measure: str, label: str) -> Figure:
    """One panel for each axis: every detector by level, with 95% intervals; grey: what the campaign still costs."""
    names = [axis for axis in summary["axis"].unique() if axis not in ("", CONTROL)]
    high = max(-(-len(names) // ACROSS), 1)
    figure = style.make_canvas(2.3 * high + 0.8)
    panels = figure.subplots(high, min(ACROSS, max(len(names), 1)), sharey=True, squeeze=False)
    for axes, name in zip(panels.flat, names, strict=False):
        along = summary[summary["axis"].isin(["", name])]
        for place, (detector, rows) in enumerate(along.groupby("detector", sort=False)):
            rows = rows.sort_values("rank")
            colour, dash = COLOURS[place % len(COLOURS)], DASHES[place // len(COLOURS) % 2]
            axes.plot(rows["rank"], rows[measure], dash, color=colour, linewidth=1.4, label=str(detector))
            axes.fill_between(
                rows["rank"], rows[f"{measure}_lo"], rows[f"{measure}_hi"], color=colour, alpha=0.1, linewidth=0
            )
        still = achieved[achieved["axis"].isin(["", name])].sort_values("rank")
        lost = still["lost_dissent_percent"].to_numpy(np.float64)
        share = lost / lost[0] if lost[0] > 0 else np.full(len(lost), np.nan)
        axes.plot(still["rank"], share, ":", color=style.GREY, linewidth=2.5, label="lost dissent, share of open")
        axes.set_title(name)
        axes.set_ylim(-0.02, 1.05)
        axes.set_xticks(still["rank"], ["open", *still["level"][1:]], rotation=30, fontsize=7)
    for axes in panels.flat[len(names) :]:
        axes.set_axis_off()
    panels[0, 0].set_ylabel(label)
    handles, labels = panels[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=7.5)
    return figure


def draw_alarms(summary: pd.DataFrame) -> Figure:
    """False positives: share flagged of each kind of genuine account, in each world."""
    worlds = summary[(summary["axis"] == CONTROL) | (summary["axis"] == "")]
    columns = worlds[["axis", "level"]].drop_duplicates().to_records(index=False).tolist()
    detectors = worlds["detector"].unique().tolist()
    found = worlds.set_index(["axis", "level", "detector"])
    values = np.array(
        [[100 * found.loc[(*column, name), group] for column in columns for group in GROUPS] for name in detectors]
    )
    kept = np.isfinite(values).any(axis=0)
    heads = [f"{level if axis else 'campaign'}: {who}" for axis, level in columns for who in GROUPS.values()]
    figure = style.make_canvas(2.4 + 0.27 * len(detectors))
    axes = figure.subplots()
    _draw_map(
        axes, values[:, kept], detectors, [head for head, keep in zip(heads, kept, strict=True) if keep], 1, (0.0, 20.0)
    )
    return figure


def draw_timeline(looks: pd.DataFrame, worlds: Sequence[tuple[str, str, str]], start: int, stop: int) -> Figure:
    """The topic monitor's score of every topic through time, in one world of each of some cells.

    Args:
        looks: of all worlds.
        worlds: axis, level and title of each panel.
        start, stop: of the campaign, hours of the run.
    """
    figure = style.make_canvas(1.75 * len(worlds) + 0.6)
    panels = figure.subplots(len(worlds), 1, sharex=True, sharey=True, squeeze=False)[:, 0]
    limit, seed = float(looks["limit"].iloc[0]), looks["seed"].min()
    for axes, (axis, level, title) in zip(panels, worlds, strict=True):
        here = looks[(looks["axis"] == axis) & (looks["level"] == level) & (looks["seed"] == seed)]
        if axis != CONTROL:
            axes.axvspan(start, stop, color=style.PALE, zorder=0)
        for (topic, planned), rows in here.groupby(["topic", "planned"]):
            colour, width = (style.VERMILLION, 2.2) if planned else (style.SKY, 1.0)
            axes.plot(rows["hour"] + start, rows["score"], color=colour, linewidth=width)
            raised = rows[rows["alarm"]]
            axes.plot(raised["hour"] + start, raised["score"], "o", color=colour, markersize=4)
            if planned:
                axes.annotate(
                    f"#{topic}", (rows["hour"].iloc[-1] + start, rows["score"].iloc[-1]), fontsize=7, color=colour
                )
        axes.axhline(limit, color=style.INK, linestyle="--", linewidth=1)
        axes.set_title(title)
    panels[len(panels) // 2].set_ylabel("score: mean of \u2212log10 p")
    panels[-1].set_xlabel("hour of the run")
    return figure


def format_finite(value: float, digits: int = 2) -> str:
    """Return a number of a table in words: "never" for infinite hours."""
    return "never" if value == math.inf else format_number(value, digits)
