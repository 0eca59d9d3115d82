"""The report of a judgement: how well a tool's scores find the campaign, and whom they flag wrongly."""

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from matplotlib.figure import Figure

from experiments.report import style
from experiments.report.formatting import format_estimate, format_interval, format_number
from experiments.report.page import Drawing, Report, Table
from experiments.report.terminal import make_grid

RANKING = {"auc": "AUC", "average_precision": "average precision"}
FLAGS = {
    "recall": ("of the campaign", "found"), "cells": ("of its cells", "found"),
    "false_all": ("of all genuine", "false alarms"),
    "false_dissenters": ("of dissenters", "false alarms"), "false_others": ("of other people", "false alarms"),
    "false_fans": ("of fans", "false alarms"), "false_newsbots": ("of news bots", "false alarms"),
}  # fmt: skip
CAVEATS = (
    "Not modelled: language, pictures and what else a tool may read on a real platform; a tool that fails here may "
    "work there, and the other way round.",
    "One world: intervals say what another draw of accounts would change, and not another world. Judge several seeds.",
    "Members of a cell act alike, so intervals of what is counted over members are too narrow where cells are few.",
)
FILES = {
    "judged.parquet": "a row a measure: value, 95% interval, and of how many",
    "curves.parquet": "share of the genuine and of the campaign above each score",
    "config.yaml": "what was run, resolved",
    "figures/": "every picture as PNG and SVG",
}


def compose(folder: Path) -> Report:
    """Return what the report says of the result files in `folder`."""
    measures, curves = (pd.read_parquet(folder / f"{name}.parquet") for name in ("judged", "curves"))
    facts = yaml.safe_load((folder / "about.yaml").read_text(encoding="utf-8"))["facts"]
    tables = [make_ranking_table(measures), make_flags_table(measures, facts["Limit"]), make_precision_table(measures)]
    drawing = Drawing(
        "curves",
        "Found, and flagged wrongly",
        draw_curves(curves),
        "Further left at the same height is better. Platforms live at the left edge: of a million genuine accounts, a "
        "share of .001 are a thousand people.",
        "Share of the campaign found against the share of the genuine flagged, on a logarithmic axis.",
    )
    return Report(
        "A tool's scores, judged",
        format_headline(measures),
        [
            format_gain(measures),
            f"Read as: {facts['How they were read']}.",
            f"Flagged is what scores above {facts['Limit']}.",
        ],
        [drawing],
        tables,
        CAVEATS,
        FILES,
        [make_grid(table) for table in tables],
    )


def _get(measures: pd.DataFrame, measure: str) -> tuple[float, float, float]:
    value, lo, hi = measures.loc[measures["measure"] == measure, ["value", "lo", "hi"]].to_numpy(float)[0]
    return float(value), float(lo), float(hi)


def format_headline(measures: pd.DataFrame) -> str:
    """Say how well the scores tell the campaign from the genuine."""
    name = measures["of"].iloc[0]
    area = format_estimate(*_get(measures, "auc"), digits=2)
    return f"{name} tells the campaign from the genuine with an AUC of {area}."


def format_gain(measures: pd.DataFrame) -> str:
    """Say whether the scores do better than counting posts."""
    more, lo, hi = _get(measures, "average_precision_more")
    known = f"average precision: difference {format_number(more, 3)}, 95% interval {format_interval(lo, hi, 3)}"
    if lo > 0:
        return f"It does better than counting posts ({known})."
    if hi < 0:
        return f"It does worse than counting posts ({known})."
    return f"It was not found to differ from counting posts ({known})."


def make_ranking_table(measures: pd.DataFrame) -> Table:
    """Return AUC and average precision of the tool and of the number of posts."""
    rows = [
        [RANKING[row["measure"]], row["of"], *_format_value(row, 3)]
        for row in measures[measures["measure"].isin(RANKING)].to_dict("records")
    ]
    note = "Percentile bootstrap over accounts, members and genuine each among their own."
    return Table("Order", ["measure", "of", "value", "95% interval", "accounts"], rows, note, open=True)


def make_flags_table(measures: pd.DataFrame, limit: str) -> Table:
    """Return what is flagged, of the campaign and of each group of the genuine; groups that are empty are left out."""
    rows = [
        [*FLAGS[row["measure"]], *_format_value(row, 1, 100)]
        for row in measures[measures["measure"].isin(FLAGS) & (measures["n"] > 0)].to_dict("records")
    ]
    note = f"Limit {limit}. Exact intervals (Clopper & Pearson)."
    return Table("Flags, %", ["of", "what", "value", "95% interval", "number"], rows, note, open=True)


def make_precision_table(measures: pd.DataFrame) -> Table:
    """Return precision where the campaign is as rare as on a platform."""
    kept = measures[measures["measure"].str.startswith("precision_")]
    rows = [[row["measure"].removeprefix("precision_"), *_format_value(row, 2)[:2]] for row in kept.to_dict("records")]
    note = "Of those flagged, the share who are of the campaign, if it were that share of all accounts. At least 95%."
    return Table("Precision at prevalence", ["campaign", "precision", "95% interval"], rows, note, open=True)


def _format_value(row: Mapping[Hashable, Any], digits: int, scale: float = 1.0) -> list[str]:
    value, lo, hi = (scale * row[name] for name in ("value", "lo", "hi"))
    return [format_number(value, digits), format_interval(lo, hi, digits), f"{row['n']:,}"]


def draw_curves(curves: pd.DataFrame) -> Figure:
    """Return recall against false alarms, of the tool and of the number of posts."""
    figure = style.make_canvas(3.4)
    axes = figure.subplots()
    least = min(1e-3, float(curves.loc[curves["false"] > 0, "false"].min()))
    for colour, (of, rows) in zip((style.VERMILLION, style.GREY), curves.groupby("of", sort=False), strict=True):
        false, recall = (np.append(0.0, rows[name].to_numpy()) for name in ("false", "recall"))
        axes.plot(np.maximum(false, least / 2), recall, color=colour, label=of)
    chance = np.geomspace(least / 2, 1, 50)
    axes.plot(chance, chance, color=style.GREY, linestyle=":", linewidth=1, label="chance")
    axes.set_xscale("log")
    axes.set(xlabel="genuine flagged, share", ylabel="campaign found, share", ylim=(0, 1.02))
    figure.legend(loc="outside upper left", ncols=3)
    return figure
