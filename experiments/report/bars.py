"""Pictures of comparisons: arms, tactics, causes and other assumptions."""

from collections.abc import Hashable, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from experiments.analysis.arms import ADDITIVE, ALL, EFFORTS
from experiments.analysis.transitions import GAINED, LOST
from experiments.report.figures import CAUSE_COLOURS
from experiments.report.formatting import CAUSES, KNOCKOUTS, OUTCOMES, format_interval, format_number, format_variant
from experiments.report.results import Results
from experiments.report.style import BLUE, GREY, INK, ORANGE, PALE, VERMILLION, draw_zero_line, make_canvas

#: outcomes of which the picture of tactics has a panel; its table has all
TACTICS_SHOWN = ("lost_posts", "gained_posts", "lost_dissent_impressions", "perceived_support_shift")
EFFORT_COLOURS = {"additive": BLUE, "equal": ORANGE}
EFFORT_WORDS = {"additive": "only the chosen platoons work", "equal": "equal effort: all members work"}
VERDICT_COLOURS = {"survives": BLUE, "reversed": VERMILLION, "unclear": GREY, "headline has no sign": GREY}


def draw_arms(results: Results) -> Figure:
    """Lost dissent of every arm with its interval, at both efforts."""
    table = results["contrasts"].query("outcome == 'lost_dissent_percent'")
    names = list(dict.fromkeys(table["arm"]))[::-1]
    figure = make_canvas(0.36 * len(names) + 1.3)
    axes = figure.subplots()
    draw_zero_line(axes, vertical=True)
    for effort, shift, marker in zip(EFFORTS, (0.14, -0.14), ("o", "D"), strict=True):
        part = table[(table["effort"] == effort) & (table["arm"] != ALL)]
        y = [names.index(arm) + shift for arm in part["arm"]]
        _draw_points(axes, part, y, EFFORT_COLOURS[effort], marker, EFFORT_WORDS[effort])
    whole = table[(table["arm"] == ALL) & (table["effort"] == ADDITIVE)]
    _draw_points(axes, whole, [names.index(arm) for arm in whole["arm"]], INK, "s", "whole operation (both the same)")
    axes.set_yticks(range(len(names)), [name.replace("+", " + ") for name in names])
    axes.set_xlabel("lost dissent, % of what stands without the operation (95% interval)")
    axes.grid(axis="y", visible=False)
    figure.legend(loc="outside lower center", ncols=3, handlelength=1.2, columnspacing=1.4)
    return figure


def draw_tactics(results: Results) -> Figure:
    """Shapley value of each tactic for four outcomes, with the interaction of flood and abuse apart."""
    figure = make_canvas(3.3)
    shown = {name: OUTCOMES[name] for name in TACTICS_SHOWN}
    panels = figure.subplots(1, len(shown))
    shares, pairs = results["decomposition"], results["interactions"]
    pairs = pairs[(pairs["pair"] == "flood x abuse") & (pairs["measure"] == "index")]
    for axes, (outcome, (title, unit, scale)) in zip(panels, shown.items(), strict=True):
        both = pd.concat([shares, pairs.rename(columns={"pair": "tactic"})])
        rows = both[both["outcome"] == outcome]
        names = list(dict.fromkeys(rows["tactic"]))
        for effort, shift in zip(EFFORTS, (-0.2, 0.2), strict=True):
            part = rows[rows["effort"] == effort]
            x = np.array([names.index(name) for name in part["tactic"]]) + shift
            value = scale * part["value"].to_numpy(np.float64)
            hatch = ["///" if " x " in name else "" for name in part["tactic"]]
            axes.bar(x, value, 0.36, color=EFFORT_COLOURS[effort], hatch=hatch, edgecolor="white", linewidth=0)
            axes.errorbar(x, value, yerr=_compute_error_bars(part, scale), fmt="none", ecolor=INK, elinewidth=1.1)
            axes.bar(0, 0, color=EFFORT_COLOURS[effort], label=EFFORT_WORDS[effort])
        draw_zero_line(axes)
        axes.set_xticks(range(len(names)), [name.replace(" x ", "\n\u00d7 ") for name in names], fontsize=8)
        axes.set_title(f"{title},\n{unit}", fontsize=8.5)
        axes.grid(axis="x", visible=False)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure


def draw_causes(results: Results) -> Figure:
    """Left: lost and gained posts by cause. Right, if tried: how much of the loss disappears without a pathway."""
    table = results["causes"]
    rows = table[(table["arm"] == ALL) & (table["effort"] == ADDITIVE) & (table["cause"] != "total")]
    causes = list(CAUSE_COLOURS)[::-1]
    figure = make_canvas(3.7)
    tried = results["knockouts"].iloc[::-1]
    left, *right = figure.subplots(1, 2, width_ratios=(1.25, 1)) if len(tried) else [figure.subplots()]
    y = np.arange(len(causes))
    for change, shift, hatch, words in ((LOST, 0.2, "", "lost"), (GAINED, -0.2, "////", "gained")):
        part = rows[rows["change"] == change].set_index("cause").loc[causes]
        colours = [CAUSE_COLOURS[name] for name in causes]
        left.barh(y + shift, part["value"], 0.4, color=colours, hatch=hatch, edgecolor="white", linewidth=0)
        left.errorbar(part["value"], y + shift, xerr=_compute_error_bars(part), fmt="none", ecolor=INK, elinewidth=1.1)
        left.barh(0, 0, color=GREY, hatch=hatch, edgecolor="white", label=words)
    left.set_yticks(y, [CAUSES[name] for name in causes])
    left.axhline(len(causes) - 4.5, color=GREY, linewidth=0.8, linestyle=(0, (1, 2)))
    draw_zero_line(left, vertical=True)
    left.legend(loc="lower right")
    left.set_title("What became of the same intention")
    left.set_xlabel("posts a world (95% interval)")
    left.grid(axis="y", visible=False)
    for axes in right:
        _draw_knockouts(axes, tried)
    return figure


def draw_robustness(results: Results) -> Figure:
    """Left: the headline under other assumptions, declared priors last. Right: paired differences."""
    table = results["robustness"].query("outcome == 'lost_dissent_percent'").reset_index(drop=True)
    labels = [format_variant(row["family"], row["variant"]) for row in table.to_dict("records")]
    priors = results.get_finding("prior_range")
    if priors.seeds:
        labels.append(f"declared priors, 5\u201395% of {priors.seeds} draws")
    figure = make_canvas(0.27 * len(labels) + 1.4)
    left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1.2, 1))
    y = np.arange(len(labels))[::-1]
    left.axvspan(*table.loc[0, ["lo", "hi"]].fillna(0), color=PALE, linewidth=0, zorder=0)
    for verdict, colour in VERDICT_COLOURS.items():
        chosen = (table["sign"] == verdict).to_numpy()
        if chosen.any():
            _draw_points(left, table[chosen], y[: len(table)][chosen], colour, "o", verdict)
    gaps = table[["difference", "difference_lo", "difference_hi"]].set_axis(["value", "lo", "hi"], axis=1)
    known = gaps["value"].notna().to_numpy()
    _draw_points(right, gaps[known], y[: len(table)][known], INK, "o", "")
    texts = [_format_row(gap) if gap["value"] == gap["value"] else "" for gap in gaps.to_dict("records")]
    if priors.seeds:
        main = results.get_finding("lost_dissent_percent").value
        for axes, shift in ((left, 0.0), (right, main)):
            _draw_range(axes, priors.value - shift, priors.lo - shift, priors.hi - shift)
        texts.append(f"[{format_interval(priors.lo - main, priors.hi - main)}]")
    left.set_yticks(y, labels)
    _draw_text_beside(right, y, texts)
    for axes, words in ((left, "lost dissent, %"), (right, "difference, points")):
        draw_zero_line(axes, vertical=True)
        axes.set_xlabel(f"{words} (95% interval)")
        axes.grid(axis="y", visible=False)
    title = "sign of the main setting\u2019s effect"
    handles, names = left.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=4, title=title, title_fontsize=8.5)
    return figure


def _draw_range(axes: Axes, value: float, low: float, high: float) -> None:
    axes.plot([low, high], [0, 0], color=INK, linewidth=4, solid_capstyle="butt", alpha=0.75)
    axes.plot(value, 0, "|", color="white", ms=7, mew=1.5)


def _format_row(row: Mapping[Hashable, float]) -> str:
    return f"{format_number(row['value'])} [{format_interval(row['lo'], row['hi'])}]"


def _draw_text_beside(axes: Axes, y: ArrayLike, texts: list[str]) -> None:
    beside = axes.secondary_yaxis("right")
    beside.set_yticks(y, texts, fontsize=8)
    beside.tick_params(length=0)
    beside.spines["right"].set_visible(False)


def _draw_knockouts(axes: Axes, table: pd.DataFrame) -> None:
    axes.set_title("Loss that disappears")
    y = np.arange(len(table))
    share = 100 * table[["share", "share_lo", "share_hi"]].set_axis(["value", "lo", "hi"], axis=1)
    axes.barh(y, share["value"], 0.5, color=BLUE)
    axes.errorbar(share["value"], y, xerr=_compute_error_bars(share), fmt="none", ecolor=INK, elinewidth=1.1)
    axes.set_yticks(y, [f"without\n{KNOCKOUTS.get(str(name), str(name))}" for name in table["knockout"]])
    draw_zero_line(axes, vertical=True)
    axes.axvline(100, color=GREY, linewidth=0.9, linestyle=(0, (4, 2)))
    axes.set_xlabel("% of the loss (95% interval)")
    axes.grid(axis="y", visible=False)


def _draw_points(axes: Axes, rows: pd.DataFrame, y: ArrayLike, colour: str, marker: str, label: str) -> None:
    axes.errorbar(
        rows["value"],
        y,
        xerr=_compute_error_bars(rows),
        fmt=marker,
        color=colour,
        ms=5.5,
        elinewidth=1.6,
        label=label,
        zorder=3,
    )


def _compute_error_bars(rows: pd.DataFrame, scale: float = 1.0) -> NDArray[np.float64]:
    below, above = rows["value"] - rows["lo"], rows["hi"] - rows["value"]
    sides = np.stack([below.to_numpy(np.float64), above.to_numpy(np.float64)])
    return np.asarray(scale * np.nan_to_num(sides.clip(min=0)))
