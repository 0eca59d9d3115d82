"""Pictures for a notebook: one axes each, which the caller may give, title and save."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from experiments.report import style
from experiments.report.story import draw_both_arms
from sim.errors import InputError, suggest

DAY = 24
SPOKEN = ("dissent_posts", "loyal_posts", "army_posts")
LABELS = ("tick", "arm", "seed")  #: columns beside the measures
COLOURS = (style.VERMILLION, style.BLUE, style.GREEN, style.PURPLE, style.ORANGE, style.SKY)


def plot_hours(history: pd.DataFrame, measures: Sequence[str], campaign: tuple[int, int], ax: Axes | None) -> Axes:
    """Draw measures of one world, 24 h means, its campaign (first tick, tick after the last) shaded."""
    if history.empty:
        raise InputError("no hour has been played yet: say world.run(24) or world.run_model() first")
    measures = measures or SPOKEN
    check_measures(measures, history)
    with style.apply_style():
        axes = ax or _make_axes()
        smooth = history[list(measures)].rolling(DAY, min_periods=1).mean()
        for place, measure in enumerate(measures):
            axes.plot(
                smooth.index / DAY, smooth[measure], color=COLOURS[place % len(COLOURS)], label=_get_label(measure)
            )
        _finish(axes, campaign, len(history))
    return axes


def plot_pair(ticks: pd.DataFrame, measure: str, campaign: tuple[int, int], ax: Axes | None) -> Axes:
    """Draw a measure of paired worlds: solid with, dashed without, the 95% interval of the difference as a band."""
    check_measures([measure], ticks)
    with style.apply_style():
        axes = ax or _make_axes()
        draw_both_arms(axes, ticks, measure, f"{_get_label(measure)}; dashed: without", style.VERMILLION)
        _finish(axes, campaign, int(ticks["tick"].max()) + 1)
    return axes


def check_measures(measures: Sequence[str], ticks: pd.DataFrame) -> None:
    """Raise InputError unless every measure is a column of `ticks`."""
    known = [str(name) for name in ticks if name not in LABELS]
    for measure in measures:
        if measure not in known:
            raise InputError(f"{measure} is not an hourly measure here: {suggest(str(measure), known)}")


def _make_axes() -> Axes:
    """Return the axes of a figure that a notebook shows below its cell, and `pyplot.show` in a window."""
    from matplotlib import pyplot

    return pyplot.subplots(figsize=(style.WIDTH, 3.2), layout="constrained")[1]


def _finish(axes: Axes, campaign: tuple[int, int], hours: int) -> None:
    start, stop = campaign
    if start < min(stop, hours):
        axes.axvspan(start / DAY, min(stop, hours) / DAY, color=style.PALE, zorder=0)
    axes.set_xlabel("day")
    axes.set_ylabel("mean of the last 24 h")
    axes.set_xlim(0, hours / DAY)
    axes.legend()


def _get_label(measure: str) -> str:
    return measure.replace("_", " ")
