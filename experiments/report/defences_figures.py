"""Pictures of defences: restored by scenario, against harm, and elsewhere."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from experiments.analysis.defences import verdict
from experiments.report.style import BLUE, GREEN, GREY, INK, ORANGE, PALE, PURPLE, VERMILLION, canvas, zero_line
from experiments.report.words import number

COLOURS = (BLUE, ORANGE, GREEN, PURPLE, VERMILLION, INK)
FOUND = {"more": BLUE, "less": VERMILLION, "none found": GREY}
ENDS = ("value", "lo", "hi")
HARMS = {"limited_posts": "civil posts limited, a world", "shut_out": "people shut out, a world"}


def restored(rows: pd.DataFrame, names: list[str]) -> Figure:
    """Return points with intervals: a row a defence, a colour a scenario."""
    figure = canvas(0.42 * len(names) + 1.2)
    axes = figure.subplots()
    zero_line(axes, vertical=True)
    variations = list(dict.fromkeys(rows["variation"]))
    for place, variation in enumerate(variations):
        part = _outcome(rows[rows["variation"] == variation], "restored").loc[names]
        y = np.arange(len(names))[::-1] + 0.2 * ((len(variations) - 1) / 2 - place)
        _points(axes, part, y, COLOURS[place % len(COLOURS)], str(variation).replace("_", " "))
    axes.set_yticks(range(len(names)), [name.replace("_", " ") for name in names[::-1]])
    axes.set_xlabel("dissenting posts restored, a world (95% interval)")
    axes.grid(axis="y", visible=False)
    figure.legend(loc="outside lower center", ncols=len(variations))
    return figure


def front(rows: pd.DataFrame, names: list[str]) -> Figure:
    """Return two panels: dissent restored against either harm; filled where it is mostly on the front."""
    figure = canvas(4.0)
    value, share = _outcome(rows, "restored").loc[names], _outcome(rows, "front").loc[names, "value"]
    for axes, (harm, label) in zip(figure.subplots(1, 2, sharey=True), HARMS.items(), strict=True):
        zero_line(axes)
        zero_line(axes, vertical=True)
        cost = _outcome(rows, harm).loc[names]
        for place, name in enumerate(names):
            x, y = (dict(zip(ENDS, frame.loc[name], strict=True)) for frame in (cost, value))
            colour = BLUE if share[name] >= 0.5 else GREY
            axes.errorbar(
                x["value"], y["value"], xerr=_arms(x), yerr=_arms(y), fmt="o", color=colour, elinewidth=0.9,
                markerfacecolor=colour if share[name] >= 0.5 else "white",
            )  # fmt: skip
            axes.annotate(str(place + 1), (x["value"], y["value"]), (4, 4), textcoords="offset points", fontsize=8.5)
        axes.set_xscale("symlog", linthresh=1.0)
        axes.set_xlabel(label)
    figure.axes[0].set_ylabel("dissent restored, posts a world")
    words = [f"{place + 1} {name.replace('_', ' ')}" for place, name in enumerate(names)]
    lines = [", ".join(words[begin : begin + 5]) for begin in range(0, len(words), 5)]
    figure.supxlabel("\n".join(lines), fontsize=8.5)
    return figure


def elsewhere(rows: pd.DataFrame, names: list[str]) -> Figure:
    """Return a table in colours: a row a defence, a column a variation."""
    variations = list(dict.fromkeys(rows["variation"]))
    figure = canvas(0.34 * len(names) + 1.3)
    axes = figure.subplots()
    for x, variation in enumerate(variations):
        part = _outcome(rows[rows["variation"] == variation], "restored")
        for y, name in enumerate(names[::-1]):
            value, lo, hi = (float(part[end][name]) for end in ("value", "lo", "hi"))
            found = verdict(lo, hi)
            axes.barh(y, 0.94, left=x - 0.47, height=0.86, color=FOUND[found] if found in ("more", "less") else PALE)
            ink = INK if found == "none found" else "white"
            axes.text(x, y, number(value), ha="center", va="center", color=ink, fontsize=8.5)
    axes.set_yticks(range(len(names)), [name.replace("_", " ") for name in names[::-1]])
    axes.set_xticks(range(len(variations)), [str(name).replace("_", "\n", 1).replace("_", " ") for name in variations])
    axes.tick_params(length=0)
    axes.grid(visible=False)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    return figure


def _outcome(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    return rows[rows["outcome"] == name].set_index("defence")[list(ENDS)]


def _arms(one: dict[str, float]) -> list[list[float]] | None:
    """Return the two halves of an interval around its value; None where there is none."""
    if not np.isfinite([one["lo"], one["hi"]]).all():
        return None
    return [[one["value"] - one["lo"]], [one["hi"] - one["value"]]]


def _points(axes: Axes, part: pd.DataFrame, y: NDArray[np.floating[Any]], colour: str,
            label: str) -> None:  # fmt: skip
    axes.hlines(y, part["lo"], part["hi"], color=colour, linewidth=1.3)
    axes.plot(part["value"], y, "o", color=colour, markersize=4, label=label)
