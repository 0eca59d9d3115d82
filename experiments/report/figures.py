"""Pictures along time: the headline, what was seen and believed, and recovery."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from experiments.analysis.recovery import DAY, NO_DEFICIT, RECOVERED, kaplan_meier
from experiments.analysis.transitions import GAINED, LOST
from experiments.report.formatting import CAUSES, format_number
from experiments.report.results import Results
from experiments.report.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    INK,
    ORANGE,
    PALE,
    PURPLE,
    SKY,
    VERMILLION,
    YELLOW,
    draw_zero_line,
    make_canvas,
)

CAUSE_COLOURS = {
    "withheld_fear": VERMILLION,
    "withheld_climate": BLUE,
    "withheld_joint": PURPLE,
    "withheld_redundant": "#5B3A6E",
    "dissent_removed": YELLOW,
    "left": ORANGE,
    "suspended": BLACK,
    "persuaded": GREEN,
    "unprompted": SKY,
    "private": "#B9BEC5",
}


def draw_headline(results: Results) -> Figure:
    """Standing dissent with and without the operation, and below it what was lost and gained each day, by cause."""
    figure = make_canvas(5.6)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2.4))
    _draw_arms(top, results, "standing", scale=DAY, label=True)
    top.set_title("Standing dissent, posts a day (24 h mean)")
    top.set_ylim(0, 1.14 * top.get_ylim()[1])
    _shade_campaign(top, results, label=True)
    _draw_daily_bars(bottom, results["daily_changes"])
    _shade_campaign(bottom, results)
    bottom.set_title("Posts gained (above zero) and lost (below) a day, by cause")
    bottom.set_xlabel("days since the campaign began")
    return figure


def draw_visibility(results: Results) -> Figure:
    """What readers saw of dissent, and what they believed about support and supporters."""
    figure = make_canvas(5.4)
    grid = figure.subplots(2, 2, sharex=True)
    _draw_arms(grid[0, 0], results, "impressions", scale=DAY / 1000)
    grid[0, 0].set_title("Dissent seen, thousand impressions a day")
    _draw_arms(grid[0, 1], results, "visibility", scale=100)
    grid[0, 1].set_title("Dissent\u2019s share of what is seen, %")
    _draw_belief(grid[1, 0], results, "perceived_support", "true_support", 100)
    grid[1, 0].set_title("Support for the principal, %")
    _draw_belief(grid[1, 1], results, "perceived_supporters", "true_supporters", 1)
    grid[1, 1].set_title("Distinct supporters seen in a week")
    for axes in grid.flat:
        _shade_campaign(axes, results)
    for axes in grid[0]:
        axes.set_ylim(bottom=0)
    for axes in grid[1]:
        axes.set_xlabel("days since the campaign began")
    handles = {h.get_label(): h for axes in grid.flat for h in axes.lines if not str(h.get_label()).startswith("_")}
    figure.legend(handles.values(), list(handles), loc="outside lower center", ncols=len(handles))
    return figure


def draw_recovery(results: Results) -> Figure:
    """The paired deficit after the campaign, and the share of worlds that have not yet recovered half of it."""
    figure = make_canvas(3.2)
    left, right = figure.subplots(1, 2, width_ratios=(1.7, 1))
    _draw_deficit(left, results)
    _draw_survival(right, results)
    return figure


def _draw_arms(axes: Axes, results: Results, series: str, *, scale: float = 1.0, label: bool = False) -> None:
    rows = results["timeline"].query("series == @series")
    for arm, colour, text in (("none", INK, "without the operation"), ("all", VERMILLION, "with the operation")):
        part = rows[rows["arm"] == arm]
        days = _to_days(part, results)
        if arm == "all":
            axes.fill_between(days, scale * part["lo"], scale * part["hi"], color=colour, alpha=0.22, linewidth=0)
        axes.plot(days, scale * part["value"], color=colour, label=text)
    if label:
        axes.legend(loc="lower right", bbox_to_anchor=(1.01, 0.985), ncols=2, borderaxespad=0.2)


def _draw_belief(axes: Axes, results: Results, perceived: str, true: str, scale: float) -> None:
    _draw_arms(axes, results, perceived, scale=scale)
    rows = results["timeline"].query("series == @true and arm == 'all'")
    axes.plot(_to_days(rows, results), scale * rows["value"], color=BLUE, linestyle=(0, (4, 2)), label="true, with it")


def _draw_daily_bars(axes: Axes, daily: pd.DataFrame) -> None:
    draw_zero_line(axes)
    if daily.empty:
        axes.text(0.5, 0.5, "the run is shorter than a day", transform=axes.transAxes, ha="center")
        return
    table = daily.pivot(index="day", columns=["change", "cause"], values="value")
    net = np.zeros(len(table))
    for change, sign in ((GAINED, 1.0), (LOST, -1.0)):
        foot = np.zeros(len(table))
        for cause, colour in CAUSE_COLOURS.items():
            value = sign * table[change, cause].to_numpy(np.float64)
            if value.any():
                axes.bar(table.index + 0.5, value, 0.86, bottom=foot, color=colour, label=CAUSES[cause], linewidth=0)
            foot += value
        net += foot
    axes.plot(table.index + 0.5, net, "o", ms=3, color=INK, label="net")
    shown = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    axes.legend(
        shown.values(), shown, loc="upper left", bbox_to_anchor=(0, -0.24), ncols=3, handlelength=1.0, columnspacing=1.4
    )


def _draw_deficit(axes: Axes, results: Results) -> None:
    series = results["timeline"].query("series == 'standing'").pivot(index="tick", columns="arm")
    hours = series.index.to_numpy(np.float64) - (DAY - 1) - results.stop
    after, days = series[hours >= 0], hours[hours >= 0] / DAY
    base = DAY * after["value", "none"]
    low, high = (base - DAY * after[bound, "all"] for bound in ("hi", "lo"))
    axes.fill_between(days, low, high, color=VERMILLION, alpha=0.2, linewidth=0)
    axes.plot(days, base - DAY * after["value", "all"], color=VERMILLION)
    draw_zero_line(axes)
    axes.set_title("Deficit over the next 24 h, posts a day")
    axes.set_xlabel("days since the campaign ended")
    pooled = results["recovery"].query("arm == 'all' and seed == -1").iloc[0]
    if pooled["outcome"] == NO_DEFICIT or not len(after):
        axes.text(0.5, 0.92, "nothing to recover from", transform=axes.transAxes, ha="center")
        return
    for share, words in ((1.0, "the campaign\u2019s last days"), (0.5, "half of it")):
        level = DAY * share * pooled["reference"]
        axes.axhline(level, color=INK, linewidth=1, linestyle=(0, (4, 2)))
        place = (1, level)
        axes.annotate(words, place, (-2, 3), axes.get_yaxis_transform(), "offset points", ha="right", color=GREY)
    if pooled["outcome"] == RECOVERED and not pooled["is_late"]:
        x, y = pooled["hours"] / DAY, DAY * pooled["reference"] / 2
        axes.plot(x, y, "o", color=INK, ms=5, zorder=5)
        time = f"{format_number(pooled['hours'], 0)} h"
        axes.annotate(time, (x, y), xytext=(-6, -12), textcoords="offset points", ha="right")


def _draw_survival(axes: Axes, results: Results) -> None:
    rows = results["recovery"].query("arm == 'all' and seed >= 0 and outcome != @NO_DEFICIT")
    axes.set_title("Worlds not yet half recovered, %")
    axes.set_xlabel("hours since the campaign ended")
    axes.set_ylim(0, 103)
    if rows.empty:
        axes.text(0.5, 0.5, "no world with a deficit", transform=axes.transAxes, ha="center")
        return
    seen = rows["outcome"] == RECOVERED
    times, surviving = kaplan_meier(rows["hours"], seen)
    end = max(float(rows["hours"].max()), 1.0)
    x, y = np.concatenate([[0.0], times, [end]]), np.concatenate([[1.0], surviving])
    axes.step(x, 100 * np.append(y, y[-1]), where="post", color=BLUE)
    late = rows.loc[~seen, "hours"].to_numpy(np.float64)
    if late.size:
        level = 100 * y[np.searchsorted(times, late, side="right")]
        axes.plot(late, level, "|", color=INK, ms=9, label="run ended first")
        axes.legend(loc="upper right")
    axes.set_xlim(left=0)


def _shade_campaign(axes: Axes, results: Results, *, label: bool = False) -> None:
    end = (results.stop - results.start) / DAY
    first, last = results["timeline"]["tick"].min(), results["timeline"]["tick"].max() + 1
    axes.set_xlim(*((t - results.start) / DAY for t in (first, last)))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    axes.axvspan(0, end, color=PALE, alpha=0.7, zorder=0, linewidth=0)
    if label:
        text = axes.text(end / 2, 0.97, "campaign", transform=axes.get_xaxis_transform(), color=GREY, clip_on=True)
        text.set(ha="center", va="top", in_layout=False)


def _to_days(rows: pd.DataFrame, results: Results) -> NDArray[np.float64]:
    return (rows["tick"].to_numpy(np.float64) - results.start) / DAY
