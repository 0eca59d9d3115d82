"""Pictures of recoveries: what is missing after the end, hour by hour and in the last day."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.analysis.pairing import compute_interval
from experiments.analysis.recoveries import MAIN, group_deficits, select_hardest
from experiments.analysis.recovery import DAY
from experiments.report import style

COLOURS = (style.SKY, style.BLUE, style.VERMILLION, style.PURPLE, style.GREEN)


def draw_curves(deficits: pd.DataFrame, times: pd.DataFrame, start: int) -> Figure:
    """Return the mean deficit after the end by length, at the highest intensity, as a share of the reference.

    Bands are 95% t-intervals over seeds of the numerator. A campaign without a deficit has no curve.
    """
    cases = group_deficits(deficits[deficits["intervention"] == MAIN], start)
    figure = style.make_canvas(3.2)
    axes = figure.subplots()
    style.draw_zero_line(axes)
    axes.axhline(0.5, color=style.INK, linewidth=0.9, linestyle=":")
    for place, row in enumerate(select_hardest(times).dropna(subset="half_life").to_dict("records")):
        case = cases[MAIN, int(row["hours"]), float(row["intensity"])]
        sums = np.cumsum(np.pad(case.deficit[:, case.stop :], ((0, 0), (1, 0))), axis=1)
        value, lo, hi = compute_interval((sums[:, DAY:] - sums[:, :-DAY]) / (DAY * row["reference"]))
        x, colour = np.arange(len(value)), COLOURS[place % len(COLOURS)]
        axes.fill_between(x, lo, hi, color=colour, alpha=0.12, linewidth=0)
        axes.plot(x, value, color=colour, label=f"{row['hours']:.0f} h")
    axes.set_xlabel("hours after the end (mean of the 24 hours that follow)")
    axes.set_ylabel("deficit, share of the last days\u2019")
    if axes.get_legend_handles_labels()[1]:
        axes.legend(title="length of the campaign")
    else:
        _draw_empty(axes)
    return figure


def draw_remaining(times: pd.DataFrame) -> Figure:
    """Return what is left in the last day by length; a colour an intensity."""
    rows = times[times["intervention"] == MAIN]
    figure = style.make_canvas(3.2)
    axes = figure.subplots()
    style.draw_zero_line(axes)
    for place, (intensity, part) in enumerate(rows.groupby("intensity")):
        x = part["hours"].to_numpy(np.float64) * (1 + 0.03 * place)
        colour = COLOURS[place % len(COLOURS)]
        axes.vlines(x, part["remaining_lo"], part["remaining_hi"], color=colour, linewidth=1.3)
        axes.plot(x, part["remaining"], "o-", color=colour, label=f"intensity {intensity:g}")
        axes.plot(x, part["leaver_share"], "o", color=colour, markerfacecolor="white")
    axes.set_xlabel("length of the campaign, h")
    axes.set_ylabel("missing in the last day, share")
    if rows["remaining"].isna().all():
        _draw_empty(axes)
    else:
        figure.legend(loc="outside lower center", ncols=rows["intensity"].nunique())
    return figure


def _draw_empty(axes: Axes) -> None:
    """Say in an empty picture why it is empty."""
    axes.set_axis_off()
    axes.text(0.5, 0.5, "no campaign left a deficit", ha="center", va="bottom", transform=axes.transAxes)
