"""A picture of all intentions: how each ends without the operation, and how with it."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from experiments.analysis.transitions import STANDING
from experiments.report.figures import CAUSE_COLOURS
from experiments.report.formatting import ENDINGS, format_number
from experiments.report.results import Results
from experiments.report.style import GREEN, GREY, INK, PALE, make_canvas

ORDER = (STANDING, *CAUSE_COLOURS)  #: from top to bottom
GAP = 0.025  #: between two endings, as a share of all intentions
BAR = 0.03  #: width of an ending, of the picture


def draw_flows(results: Results) -> Figure:
    """Intentions of dissenters by how they end without the operation (left) and with it (right)."""
    flows = results["flows"]
    figure = make_canvas(4.6)
    axes = figure.subplots()
    axes.set(xlim=(-0.42, 1.42), xticks=[], yticks=[])
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    total = float(flows["value"].sum())
    if not total > 0:
        axes.text(0.5, 0.5, "no dissenter had anything to say", ha="center")
        return figure
    tops = [_stack(axes, flows, side, total) for side in ("without", "with")]
    for before in ORDER:
        for after in ORDER:
            chosen = (flows["without"] == before) & (flows["with"] == after)
            height = float(flows.loc[chosen, "value"].sum()) / total
            if height > 0:
                places = tops[0][before], tops[1][after]
                _draw_band(axes, places, height, _choose_colour(before, after))
                tops[0][before], tops[1][after] = (place - height for place in places)
    axes.set_ylim(-1 - GAP * len(ORDER), 0.06)
    for x, words, side in ((0, "without the operation", "right"), (1, "with the operation", "left")):
        axes.text(x, 0.02, words, ha=side, va="bottom", weight="bold")
    return figure


def _stack(axes: Axes, flows: pd.DataFrame, side: str, total: float) -> dict[str, float]:
    """Draw the endings of one side from the top down, with their numbers; return the upper edge of each."""
    counts = flows.groupby(side, observed=True)["value"].sum()
    tops, top, labels = dict[str, float](), 0.0, list[tuple[float, str]]()
    x, edge, align = (-BAR, -2 * BAR, "right") if side == "without" else (1.0, 1 + 2 * BAR, "left")
    for ending in ORDER:
        tops[ending] = top
        if not (count := float(counts.get(ending, 0.0))) > 0:
            continue
        height = count / total
        axes.add_patch(Rectangle((x, top - height), BAR, height, color=CAUSE_COLOURS.get(ending, GREEN), linewidth=0))
        labels.append((top - height / 2, f"{ENDINGS[ending]}  {format_number(count, 0 if count >= 10 else 1)}"))
        top -= height + GAP
    for y, (place, text) in zip(_spread([place for place, _ in labels]), labels, strict=True):
        axes.text(edge, y, text, ha=align, va="center", fontsize=8, color=INK)
        axes.plot((x + BAR * (x > 0), edge), (place, y), color=GREY, linewidth=0.5)
    return tops


def _spread(places: Sequence[float], apart: float = 0.05) -> list[float]:
    """Return the places of labels, from the top down, at least `apart` from one another."""
    found = list[float]()
    for place in places:
        found.append(min(place, found[-1] - apart) if found else place)
    return found


def _choose_colour(before: str, after: str) -> str:
    if before == after or STANDING not in (before, after):
        return PALE if before != STANDING else GREY
    return CAUSE_COLOURS[after if before == STANDING else before]


def _draw_band(axes: Axes, tops: tuple[float, float], height: float, colour: str) -> None:
    (left, right), half = tops, 0.5
    upper = [(0, left), (half, left), (half, right), (1, right)]
    lower = [(x, y - height) for x, y in reversed(upper)]
    ends = np.array([*upper, *lower, upper[0]])
    codes = [Path.MOVETO, *[Path.CURVE4] * 3, Path.LINETO, *[Path.CURVE4] * 3, Path.CLOSEPOLY]
    axes.add_patch(PathPatch(Path(ends, codes), color=colour, alpha=0.55, linewidth=0))
