"""The report of a sensitivity analysis: what each parameter does to the outcome, with intervals."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from experiments.report import style
from experiments.report.formatting import format_estimate, format_number
from experiments.report.page import Drawing, Report, Table
from experiments.report.sweep import format_label
from experiments.sweeps.reading import DIFFERENCE

WORDS = {
    "mu_star": "mean size of the effect of the whole range",
    "sigma": "how much the effect differs from place to place (interactions, curvature)",
    "S1": "share of the variance by the parameter alone",
    "ST": "share of the variance by the parameter, its interactions included",
}
COLOURS = (style.BLUE, style.ORANGE)
CAVEATS = (
    "Not modelled: how parameters are related in reality. Each varies over its range independently of the others.",
    "Effects and shares hold only for these ranges and this setting.",
    "Intervals are bootstrap intervals over the design (95%). The noise of the seeds counts as interaction; more seeds "
    "reduce it.",
)
FILES = {
    "sensitivity.parquet": "a row a parameter and index",
    "runs/": "a row a run, hive-partitioned Parquet",
    "design.parquet": "which point has which values",
}


def draw_indices(found: pd.DataFrame, words: str) -> Figure:
    """Each parameter's indices with their intervals, the most important at the top; `words` name the outcome."""
    names = list(dict.fromkeys(found["index"]))
    last = found[found["index"] == names[0 if "mu_star" in names else -1]]
    keys = list(last.sort_values("value")["key"])
    drawn = style.make_canvas(0.9 + 0.38 * len(keys))
    axes = drawn.subplots()
    for place, (name, colour) in enumerate(zip(names, COLOURS, strict=False)):
        rows = found[found["index"] == name].set_index("key").loc[keys]
        y = np.arange(len(keys)) + 0.2 * (0.5 - place)
        half = rows["half"].to_numpy(np.float64)
        if np.isnan(half).all():
            axes.plot(rows["value"], y, "o", color=colour, markersize=4, label=name)
            continue
        axes.errorbar(rows["value"], y, xerr=half, fmt="o", color=colour, markersize=4, capsize=2, label=name)
    axes.set_yticks(range(len(keys)), keys)
    axes.set_xlabel(f"change of {words}" if "mu_star" in names else f"share of the variance of {words}")
    style.draw_zero_line(axes, vertical=True)
    axes.legend(loc="lower right")
    return drawn


def compose(folder: Path, method: str, outcome: str) -> Report:
    """Return what the report says of the result files in `folder`.

    Args:
        folder: of a sensitivity analysis.
        method: "morris" or "sobol".
        outcome: the column that was looked at.
    """
    found = pd.read_parquet(folder / "sensitivity.parquet")
    words = outcome.replace("_", " ")
    caption = "; ".join(f"{name}: {WORDS[name]}" for name in dict.fromkeys(found["index"])) + "."
    drawings = [
        Drawing(
            "sensitivity",
            f"What moves {words}",
            draw_indices(found, format_label(outcome.removesuffix(DIFFERENCE), outcome)),
            caption,
            "Indices of each parameter with 95% intervals.",
        )
    ]
    return Report(
        f"Sensitivity of {words} ({method.capitalize()})",
        format_headline(found, words),
        [caption],
        drawings if has_effects(found) else [],
        [_make_table(found)],
        CAVEATS,
        FILES,
    )


def has_effects(found: pd.DataFrame) -> bool:
    """Return whether any parameter has an effect, or a share of a variance."""
    return bool((found["value"].fillna(0.0) != 0).any())


def format_headline(found: pd.DataFrame, words: str) -> str:
    """Name the parameter that matters most, with its index, or say that none does."""
    if not has_effects(found):
        return (
            f"{words[0].upper()}{words[1:]} is the same at every point, so no parameter matters to it in these ranges."
        )
    name = "mu_star" if "mu_star" in set(found["index"]) else "ST"
    rows = found[found["index"] == name]
    top = rows.iloc[int(rows["value"].argmax())]
    known = format_estimate(top["value"], top["value"] - top["half"], top["value"] + top["half"], 2)
    return f"{words[0].upper()}{words[1:]} depends most on {top['key']}: {name} {known}."


def _make_table(found: pd.DataFrame) -> Table:
    shown = found.assign(
        value=[format_number(value, 3) for value in found["value"]],
        half=[format_number(half, 3) for half in found["half"]],
    )
    return Table.from_frame("indices", shown.rename(columns={"half": "half width of the 95% interval"}))
