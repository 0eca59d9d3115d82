"""The report of a story: its timeline under every picture, with and without what it is about."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.analysis.pairing import compute_interval
from experiments.report import style
from experiments.report.formatting import format_estimate, format_interval, format_number
from experiments.report.page import Drawing, Report, Table

DAY = 24
COLOURS = (style.VERMILLION, style.BLUE, style.GREEN, style.PURPLE)
BAND = (
    "Dashed: without what the story is about. Means of the last 24 h; the band is the 95% interval of the paired "
    "difference, laid around the solid line."
)
CAVEATS = (
    "Not modelled: what posts say, private talk, other platforms, and operators who learn; the only causes outside the "
    "platform are the named events.",
    "A story illustrates what follows from the model's assumptions. It does not reconstruct a campaign or its dates.",
    "People, graph and operations are synthetic, and posts carry no text.",
)
FILES = {
    "ticks.parquet": "hourly measures of every world: arm, seed, tick",
    "outcomes.parquet": "what is compared, with and without, over paired seeds",
    "timeline.parquet": "what plays from when to when",
    "run.yaml": "what was run, resolved",
}


def compose(folder: Path) -> Report:
    """Return what the report says of the result files in `folder`."""
    story: dict[str, Any] = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))["story"]
    ticks, outcomes, parts = (pd.read_parquet(folder / f"{name}.parquet") for name in ("ticks", "outcomes", "timeline"))
    drawings = [
        Drawing(
            f"picture_{number}",
            picture["title"],
            draw_measures(ticks, picture["lines"], parts),
            f"{picture['look']} {BAND}",
            f"{picture['title']}: lines along time, solid with and dashed without what the story is about.",
        )
        for number, picture in enumerate(story["pictures"], 1)
    ]
    table = Table.from_frame(
        "What is compared", _format_outcomes(outcomes), "Means over the hours named; 95% t-intervals over pairs."
    )
    sentence = format_headline(story["title"], outcomes)
    summary = [format_verdict(row) for row in outcomes.to_dict("records")[1:]]
    return Report(story["title"], sentence, summary, drawings, [table], CAVEATS, FILES)


def format_headline(title: str, outcomes: pd.DataFrame) -> str:
    """Return the first outcome in one sentence, with its statement about the effect only if that is clear."""
    return f"{title}: {format_verdict(outcomes.iloc[0].to_dict())}" if len(outcomes) else f"{title}."


def format_verdict(row: Mapping[Any, Any]) -> str:
    """Return one outcome in a sentence, which says so if its interval holds 0."""
    digits = 1 if max(abs(row["with"]), abs(row["without"])) >= 10 else 3
    both = f"{row['label']} {format_number(row['with'], digits)} with, {format_number(row['without'], digits)} without"
    known = f"{format_estimate(row['value'], row['lo'], row['hi'], digits)}, {row['seeds']} paired worlds"
    if not np.isfinite([row["lo"], row["hi"]]).all():
        return f"{both}: no interval from so few worlds."
    return f"{both}: {'no effect found, ' if row['lo'] <= 0.0 <= row['hi'] else ''}{known}."


def _format_outcomes(outcomes: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for row in outcomes.to_dict("records"):
        hours = f"{row['from']} to {row['to']}"
        cells = [format_number(row[name], 3) for name in ("with", "without", "value")]
        rows.append([row["label"], hours, *cells, format_interval(row["lo"], row["hi"], 3), str(row["seeds"])])
    heads = ["outcome", "hours", "with", "without", "difference", "95% interval", "seeds"]
    return pd.DataFrame(rows, columns=heads)


def draw_measures(ticks: pd.DataFrame, lines: Mapping[str, str], parts: pd.DataFrame) -> Figure:
    """Return the measures along time, 24 h means over seeds, and the timeline below them."""
    height = 0.35 + 0.24 * len(parts)
    figure = style.make_canvas(3.0 + height)
    top, bottom = figure.subplots(2, 1, sharex=True, height_ratios=(3.0, height))
    for (measure, label), colour in zip(lines.items(), COLOURS, strict=False):
        draw_both_arms(top, ticks, measure, label, colour)
    figure.legend(loc="outside upper left", ncols=2)
    top.set_xlim(0, (ticks["tick"].max() + 1) / DAY)
    _draw_schedule(bottom, parts.to_dict("records"))
    bottom.set_xlabel("day")
    return figure


def draw_both_arms(axes: Axes, ticks: pd.DataFrame, measure: str, label: str, colour: str) -> None:
    """Draw a measure of both arms, 24 h means over seeds, and the interval of their difference."""
    hours = ticks.pivot_table(index="tick", columns=["arm", "seed"], values=measure, dropna=False)
    smooth = hours.rolling(DAY, min_periods=1).mean()
    days, without, with_ = smooth.index / DAY, smooth["without"].to_numpy(), smooth["with"].to_numpy()
    gap, low, high = compute_interval((with_ - without).T)
    axes.plot(days, without.mean(axis=1), color=colour, linestyle=(0, (4, 2)))
    axes.plot(days, with_.mean(axis=1), color=colour, label=label)
    middle = with_.mean(axis=1) - gap
    axes.fill_between(days, middle + low, middle + high, color=colour, alpha=0.18, linewidth=0)


def _draw_schedule(axes: Axes, parts: Sequence[Mapping[Any, Any]]) -> None:
    """Draw each part as a bar with its name."""
    for place, part in enumerate(parts):
        axes.barh(place, (part["stop"] - part["start"]) / DAY, left=part["start"] / DAY, height=0.7, color=style.SKY)
        axes.text(part["start"] / DAY, place, f" {part['what']}", va="center", fontsize=7.5)
    axes.set_ylim(max(len(parts), 1) - 0.4, -0.6)
    axes.set_yticks([])
    axes.grid(visible=False)
