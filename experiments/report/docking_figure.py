"""The picture of the docking: three curves of wins, and what relaxing each assumption changes."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.report.style import BLUE, GREY, INK, PALE, VERMILLION, draw_zero_line, make_canvas

#: variant -> colour, marker, line: told apart without colour, too
CURVES = {
    "Ross et al. 2019": (INK, "s", (0, (4, 2))),
    "limit": (BLUE, "o", "-"),
    "climate as small as in data": (VERMILLION, "D", "-"),
}
LABELS = {
    "Ross et al. 2019": "Ross et al.",
    "limit": "ours, limit",
    "climate as small as in data": "ours, climate\nas in data",
}


def draw_curves(table: pd.DataFrame, shifts: pd.DataFrame, asked: Sequence[int]) -> Figure:
    """P(the bots' side wins) against the number of bots, and each variant's paired difference from the limit.

    Args:
        table: variant, bots, wins, lo, hi.
        shifts: variant, win, win_lo, win_hi, of the numbers of bots `asked`.
        asked: numbers of bots, shaded.
    """
    figure = make_canvas(3.9)
    left, right = figure.subplots(1, 2, width_ratios=(1.15, 1))
    left.axvspan(min(asked), max(asked), color=PALE, zorder=0)
    left.annotate("2-4%", (np.mean(asked), 0.02), ha="center", color=INK, fontsize=8)
    left.axhline(2 / 3, color=INK, linewidth=0.9, linestyle=(0, (1, 2)))
    most = table["bots"].max()
    edge = most * 1.42
    left.annotate("two in three", (edge, 2 / 3), (0, 3), textcoords="offset points", ha="right", fontsize=8)
    shown = [name for name in CURVES if (table["variant"] == name).any()]
    for name in shown:
        _draw_curve(left, table[table["variant"] == name], name)
    _draw_labels(left, table, shown)
    left.set(title="P(the bots' side wins)", xlabel="bots beside the people", ylim=(0, 1.12), xlim=(0, edge))
    left.set_xticks(np.linspace(0, most, 6))
    left.set_yticks(np.linspace(0, 1, 6))
    _draw_differences(right, shifts)
    right.set(title="Against the limit, 2-4% bots", xlabel="wins, percentage points")
    return figure


def _draw_curve(axes: Axes, curve: pd.DataFrame, name: str) -> None:
    colour, marker, line = CURVES[name]
    axes.fill_between(curve["bots"], curve["lo"], curve["hi"], color=colour, alpha=0.15, linewidth=0)
    axes.plot(curve["bots"], curve["wins"], color=colour, marker=marker, ms=4, linestyle=line)


def _draw_labels(axes: Axes, table: pd.DataFrame, names: Sequence[str]) -> None:
    """Write each curve's name at its end, moved apart where they would touch."""
    ends = sorted((float(table[table["variant"] == name]["wins"].iloc[-1]), name) for name in names)
    at = -1.0
    for height, name in ends:
        at = max(height, at + 0.1)
        last = float(table[table["variant"] == name]["bots"].iloc[-1])
        axes.annotate(
            LABELS[name], (last, at), (6, 0), textcoords="offset points", va="center", fontsize=8, color=CURVES[name][0]
        )


def _draw_differences(axes: Axes, shifts: pd.DataFrame) -> None:
    draw_zero_line(axes, vertical=True)
    place = np.arange(len(shifts))[::-1]
    clear = ((shifts["win_lo"] > 0) | (shifts["win_hi"] < 0)).to_numpy()
    for row, y, moved in zip(shifts.to_dict("records"), place, clear, strict=True):
        colour = VERMILLION if moved else GREY
        axes.plot([100 * row["win_lo"], 100 * row["win_hi"]], [y, y], color=colour, linewidth=2.2)
        axes.plot([100 * row["win"]], [y], color=colour, marker="D" if moved else "o", ms=5)
    names = [str(name).replace(", ", ",\n") for name in shifts["variant"]]
    axes.set_yticks(place, names, fontsize=8)
    axes.set_ylim(-0.6, len(shifts) - 0.4)
