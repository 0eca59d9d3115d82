"""Pictures of defences: restored by scenario, against harm, and elsewhere."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from experiments.analysis.defences import classify_effect
from experiments.report.formatting import format_number
from experiments.report.style import BLUE, GREY, INK, PALE, VERMILLION, draw_zero_line, make_canvas

FOUND = {"more": BLUE, "less": VERMILLION, "none found": GREY}
ENDS = ("value", "lo", "hi")
NEAR = (0.025, 0.05)  #: half a number's share of a panel's width, and a line's of its height: closer labels overlap
HARMS = {"limited_posts": "civil posts limited, a world", "shut_out": "people shut out, a world"}


def draw_restored(rows: pd.DataFrame, names: list[str]) -> Figure:
    """Return points with intervals: a row a defence, a panel a scenario."""
    figure = make_canvas(0.26 * len(names) + 1.3)
    variations = list(dict.fromkeys(rows["variation"]))
    panels = figure.subplots(1, len(variations), sharey=True, squeeze=False)[0]
    for axes, variation in zip(panels, variations, strict=True):
        part, y = (
            _select_outcome(rows[rows["variation"] == variation], "restored").loc[names],
            np.arange(len(names))[::-1],
        )
        clear = (part["lo"] > 0) | (part["hi"] < 0)
        draw_zero_line(axes, vertical=True)
        axes.hlines(y, part["lo"], part["hi"], color=GREY, linewidth=1.3)
        axes.hlines(y[clear], part["lo"][clear], part["hi"][clear], color=BLUE, linewidth=1.3)
        axes.plot(part["value"], y, "o", color=GREY, markersize=4, markerfacecolor="white")
        axes.plot(part["value"][clear], y[clear], "o", color=BLUE, markersize=4)
        axes.set_title(str(variation).replace("_", " "))
        axes.grid(axis="y", visible=False)
    panels[0].set_yticks(range(len(names)), [name.replace("_", " ") for name in names[::-1]])
    figure.supxlabel("dissenting posts restored, a world (95% interval)", fontsize=9)
    return figure


def draw_front(rows: pd.DataFrame, names: list[str]) -> Figure:
    """Return two panels: dissent restored against either harm; filled where it is mostly on the front."""
    figure = make_canvas(4.0)
    value, share = _select_outcome(rows, "restored").loc[names], _select_outcome(rows, "front").loc[names, "value"]
    for axes, (harm, label) in zip(figure.subplots(1, 2, sharey=True), HARMS.items(), strict=True):
        draw_zero_line(axes)
        cost = _select_outcome(rows, harm).loc[names]
        for name in names:
            x, y = (dict(zip(ENDS, frame.loc[name], strict=True)) for frame in (cost, value))
            colour = BLUE if share[name] >= 0.5 else GREY
            axes.errorbar(
                x["value"], y["value"], xerr=_compute_error_bars(x), yerr=_compute_error_bars(y), fmt="o", color=colour,
                elinewidth=0.9, markerfacecolor=colour if share[name] >= 0.5 else "white",
            )  # fmt: skip
        axes.set_xscale("symlog", linthresh=1.0)
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.set_xlabel(label)
    for axes, harm in zip(figure.axes, HARMS, strict=True):  # once both panels have their limits
        ends = [frame.loc[names, "value"].to_numpy(np.float64) for frame in (_select_outcome(rows, harm), value)]
        _label_points(axes, *ends)
    figure.axes[0].set_ylabel("dissent restored, posts a world")
    words = [f"{place + 1} {name.replace('_', ' ')}" for place, name in enumerate(names)]
    lines = [", ".join(words[begin : begin + 5]) for begin in range(0, len(words), 5)]
    figure.supxlabel("\n".join(lines), fontsize=8.5)
    return figure


def _label_points(axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
    """Write beside each point its number from 1; points that lie too close together share a label."""
    axes.autoscale_view()
    places = axes.transAxes.inverted().transform(axes.transData.transform(np.column_stack([x, y])))
    groups: list[list[int]] = []
    for one in np.argsort(-y, kind="stable"):
        wide = [(NEAR[0] * (1 + len(group)), NEAR[1]) for group in groups]
        near = [
            group for group, limit in zip(groups, wide, strict=True)
            if (abs(places[group] - places[one]) < limit).all(axis=1).any()
        ]  # fmt: skip
        near[0].append(int(one)) if near else groups.append([int(one)])
    for group in groups:
        middle = x[group].mean(), y[group].mean()
        text = ", ".join(str(place + 1) for place in sorted(group))
        axes.annotate(text, middle, (5, 4), textcoords="offset points", fontsize=8.5)


def draw_variations(rows: pd.DataFrame, names: list[str]) -> Figure:
    """Return a table in colours: a row a defence, a column a variation."""
    variations = list(dict.fromkeys(rows["variation"]))
    figure = make_canvas(0.34 * len(names) + 1.3)
    axes = figure.subplots()
    for x, variation in enumerate(variations):
        part = _select_outcome(rows[rows["variation"] == variation], "restored")
        for y, name in enumerate(names[::-1]):
            value, lo, hi = (float(part[end][name]) for end in ("value", "lo", "hi"))
            found = classify_effect(lo, hi)
            axes.barh(y, 0.94, left=x - 0.47, height=0.86, color=FOUND[found] if found in ("more", "less") else PALE)
            ink = INK if found == "none found" else "white"
            axes.text(x, y, format_number(value), ha="center", va="center", color=ink, fontsize=8.5)
    axes.set_yticks(range(len(names)), [name.replace("_", " ") for name in names[::-1]])
    axes.set_xticks(range(len(variations)), [str(name).replace("_", "\n") for name in variations])
    axes.tick_params(length=0)
    axes.grid(visible=False)
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    return figure


def _select_outcome(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    return rows[rows["outcome"] == name].set_index("defence")[list(ENDS)]


def _compute_error_bars(one: dict[str, float]) -> list[list[float]] | None:
    """Return the two halves of an interval around its value; None where there is none."""
    if not np.isfinite([one["lo"], one["hi"]]).all():
        return None
    return [[one["value"] - one["lo"]], [one["hi"] - one["value"]]]
