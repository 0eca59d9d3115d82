"""Pictures of a sweep: curves for one parameter, heat maps for two or three, else one panel for each key."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from experiments.report.formatting import format_number
from experiments.report.style import BLUE, GREY, VERMILLION, draw_zero_line, make_canvas

MOST_VALUES = 16  #: of one key in a map
ACROSS = 3  #: panels beside one another
DECADES = 30  #: largest by smallest value from which an axis is logarithmic
FONT, LEAST = 7.5, 4.5  #: points: of the numbers in a map, and below which they are left out
SMALL = 6  #: points: of what stands below a map and is too long to lie flat
FAILED = "a run failed"
INTERVALS = "Means with 95% intervals over seeds."
ALONE = "One seed a point: without intervals."
MAPPED = (
    "Each cell: the mean and, below it, half the width of its 95% interval over seeds; hatched where runs failed, with "
    "their number after \u00d7."
)
COLOURED = "Each cell: the mean as a colour, hatched where runs failed; the numbers stand in the table."


def draw_picture(points: pd.DataFrame, keys: Sequence[str], label: str) -> tuple[Figure, str]:
    """Return the figure that suits the design, and what to look at.

    Args:
        points: a row a point: the keys, `value, lo, hi, seeds, failed` (`analysis.sweeps.average_by_point`).
        keys: those that take more than one value.
        label: what `value` is, with its unit.
    """
    counts = [points[key].nunique() for key in keys]
    whole = len(points) == math.prod(counts) and max(counts, default=1) <= MOST_VALUES
    if len(keys) <= 1:
        return draw_curve(points, keys[0] if keys else None, label), INTERVALS if points["lo"].notna().any() else ALONE
    if whole and len(keys) in (2, 3):
        across, up, *more = keys if len(keys) == 2 else sorted(keys, key=lambda key: -points[key].nunique())
        third = more[0] if more else None
        figure = draw_maps(points, across, up, third, label)
        said = MAPPED if any(axes.texts for axes in figure.axes) else COLOURED
        return figure, f"One map for each value of {third}. {said}" if third else said
    return draw_scatter(points, keys, label), "One panel for each parameter; all the others vary too."


def draw_curve(points: pd.DataFrame, key: str | None, label: str) -> Figure:
    """One parameter against the outcome, with intervals."""
    figure = make_canvas(3.6)
    axes = figure.subplots()
    _draw_intervals(axes, points, key, line=True)
    axes.set_title(label)
    return figure


def draw_scatter(points: pd.DataFrame, keys: Sequence[str], label: str) -> Figure:
    """A panel a parameter: every point of the design at its value."""
    rows = -(-len(keys) // ACROSS)
    figure = make_canvas(2.7 * rows + 0.3)
    panels = figure.subplots(rows, min(ACROSS, len(keys)), sharey=True, squeeze=False)
    for axes, key in zip(panels.flat, keys, strict=False):
        _draw_intervals(axes, points, key, line=False)
    for axes in panels.flat[len(keys) :]:
        axes.set_visible(False)
    _draw_title(figure, label)
    return figure


def _draw_title(figure: Figure, label: str) -> None:
    figure.suptitle(label, x=0.01, ha="left", fontsize=9.5, fontweight="bold")


def draw_maps(points: pd.DataFrame, across: str, up: str, third: str | None, label: str) -> Figure:
    """Heat maps of two parameters, one for each value of a third; colours mean the same in all."""
    kinds: list[Any] = [None] if third is None else list(dict.fromkeys(points[third]))
    columns = min(ACROSS, len(kinds))
    rows = -(-len(kinds) // columns)
    figure = make_canvas(min(1.0 + rows * (0.9 + 0.42 * points[up].nunique()), 14.0))
    panels = figure.subplots(rows, columns, squeeze=False)
    norm, colours = _make_scale(points["value"])
    for axes, kind in zip(panels.flat, kinds, strict=False):
        chosen = points if third is None else points[points[third] == kind]
        _draw_map(axes, chosen, across, up, norm, colours)
        axes.set_title(label if third is None else f"{third} = {format_short(kind)}")
    for axes in panels.flat[len(kinds) :]:
        axes.set_visible(False)
    if third is not None:
        _draw_title(figure, label)
    figure.colorbar(mpl.cm.ScalarMappable(norm, colours), ax=panels, shrink=0.8)
    _fit_text(figure, list(panels.flat[: len(kinds)]))
    return figure


def _fit_text(figure: Figure, maps: Sequence[Axes]) -> None:
    """Make the numbers as small as their cells ask, or leave them out where nobody could read them."""
    figure.draw_without_rendering()
    ticks = [(axes, text) for axes in maps for text in axes.get_xticklabels()]
    if any(text.get_window_extent().width > 0.9 * _measure_cell(axes)[0] for axes, text in ticks):
        for axes in maps:
            axes.tick_params(axis="x", rotation=90, labelsize=SMALL)
        figure.draw_without_rendering()
    texts = [(axes, text) for axes in maps for text in axes.texts]
    room = 1.0
    for axes, text in texts:
        box, (width, height) = text.get_window_extent(), _measure_cell(axes)
        room = min(room, 0.84 * width / box.width, 0.92 * height / box.height)
    for _, text in texts:
        if FONT * room < LEAST:
            text.remove()
        text.set_fontsize(FONT * room)


def _measure_cell(axes: Axes) -> tuple[float, float]:
    """Return width and height of a cell of a map, in pixels."""
    box = axes.get_window_extent()
    return box.width / abs(np.diff(axes.get_xlim())[0]), box.height / abs(np.diff(axes.get_ylim())[0])


def _draw_map(axes: Axes, points: pd.DataFrame, across: str, up: str, norm: Normalize, colours: Any) -> None:
    xs, ys = (_order_values(points[key]) for key in (across, up))
    axes.grid(visible=False)
    axes.set(xlim=(-0.5, len(xs) - 0.5), ylim=(-0.5, len(ys) - 0.5), xlabel=across, ylabel=up)
    axes.set_xticks(range(len(xs)), [format_short(x) for x in xs])
    axes.set_yticks(range(len(ys)), [format_short(y) for y in ys])
    for row in points.to_dict("records"):
        x, y = xs.index(row[across]), ys.index(row[up])
        face = colours(norm(row["value"])) if math.isfinite(row["value"]) else "white"
        hatch = "///" if row["failed"] else None
        axes.add_patch(mpl.patches.Rectangle((x - 0.5, y - 0.5), 1, 1, facecolor=face, edgecolor=GREY, hatch=hatch))
        dark = math.isfinite(row["value"]) and sum(face[:3]) < 1.5
        ink = "white" if dark else "black"
        axes.text(x, y, _format_cell(row), ha="center", va="center", fontsize=FONT, color=ink)


def _format_cell(row: Mapping[Any, Any]) -> str:
    half = (row["hi"] - row["lo"]) / 2
    most = max(abs(row["value"]), abs(half) if math.isfinite(half) else 0.0)
    digits = 0 if most >= 10 else 1 if most >= 1 else 2
    parts = [format_number(row["value"], digits) if math.isfinite(row["value"]) else "nothing"]
    parts += [f"\u00b1{format_number(half, digits)}"] if math.isfinite(half) else []
    parts += [f"\u00d7{row['failed']}"] if row["failed"] else []
    return "\n".join(parts)


def _make_scale(values: "pd.Series[float]") -> tuple[Normalize, Any]:
    """Return a scale that is centred on zero where values lie on both sides of it."""
    known = values.dropna()
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    if low < 0 < high:
        most = max(-low, high)
        return Normalize(-most, most), mpl.colormaps["RdBu_r"]
    return Normalize(low, high if high > low else low + 1.0), mpl.colormaps["cividis"]


def _draw_intervals(axes: Axes, points: pd.DataFrame, key: str | None, line: bool) -> None:
    values = _order_values(points[key]) if key else ["the configuration"]
    numeric = key is not None and pd.api.types.is_numeric_dtype(points[key])
    place = {value: float(value) if numeric else float(at) for at, value in enumerate(values)}
    x = np.array([place[value] for value in points[key]] if key else [0.0] * len(points))
    order = np.argsort(x, kind="stable")
    y, lo, hi = (points[name].to_numpy(np.float64)[order] for name in ("value", "lo", "hi"))
    joined = "o-" if line and numeric else "o"
    axes.errorbar(x[order], y, np.array([y - lo, hi - y]), color=BLUE, fmt=joined, markersize=4, capsize=2)
    bad = x[(points["failed"] > 0).to_numpy()]
    if len(bad):
        low = axes.get_ylim()[0]
        axes.plot(bad, np.full(len(bad), low), "x", color=VERMILLION, label=FAILED, clip_on=False, zorder=5)
        axes.legend()
    if numeric and x.min() > 0 and x.max() >= DECADES * x.min():
        axes.set_xscale("log")
    if not numeric:
        axes.set_xticks(list(place.values()), [format_short(value) for value in values])
        axes.set_xlim(-0.5, len(values) - 0.5)
    axes.set_xlabel(key or "")
    if axes.get_ylim()[0] < 0 < axes.get_ylim()[1]:
        draw_zero_line(axes)


def _order_values(values: "pd.Series[Any]") -> list[Any]:
    """Return the different values: numbers by size, words as they come."""
    found = list(dict.fromkeys(values))
    return sorted(found) if pd.api.types.is_numeric_dtype(values) else found


def format_short(value: Any) -> str:
    """Return a value as it fits an axis."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
