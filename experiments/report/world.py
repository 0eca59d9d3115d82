"""The report of one recorded world: its hours in one picture."""

from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.report import style
from experiments.report.formatting import CAUSES, format_number
from experiments.report.page import Drawing, Report, Table
from experiments.report.results import ABOUT

CAVEATS = (
    "Not modelled: what posts say, private talk, other platforms, fear of the state itself, and operators who learn.",
    "One world is one draw: compare worlds in pairs (python -m experiments.suppression) before you conclude.",
    "These tables are for looking into the model. Ids, stances, followees and templates reveal who is organised, so "
    "do not test a detector on them.",
    "An illustration: people, graph and campaign are synthetic, and posts carry no text.",
)
FILES = {
    "ticks.parquet": "a row an hour",
    "posts.parquet": "every post that was written, oldest first",
    "accounts.parquet, follows.parquet": "accounts as they ended, and who follows whom",
    "truth/": "who is organised, which order made a post, what people feel, and through time those whom "
    "record.people asked for: never give this to a detector",
    "run.yaml": "what was run, resolved",
}
DAY = 24
PANELS = (
    ("Contested topic and army, posts an hour", ("dissent_posts", "loyal_posts", "army_posts"), "log"),
    (
        "Dissent withheld, posts an hour",
        ("withheld_fear", "withheld_climate", "withheld_joint", "withheld_redundant"),
        "",
    ),
    ("Support for the principal: perceived and true", ("perceived_support", "true_support"), ""),
)  #: title, columns, scale


def draw_hours(ticks: pd.DataFrame, start: int, stop: int) -> Figure:
    """Posts an hour by who wrote them, dissent withheld, perceived and true support; 24 h means."""
    figure = style.make_canvas(6.4)
    panels: Any = figure.subplots(3, 1, sharex=True)
    smooth = ticks.groupby("tick").mean().rolling(DAY, min_periods=1).mean()
    for panel, (title, columns, scale) in zip(panels, PANELS, strict=True):
        _draw_panel(panel, smooth, title, columns, scale)
        panel.axvspan(start / DAY, min(stop, len(smooth)) / DAY, color=style.PALE, zorder=0)
    panels[-1].set_xlabel("day")
    return figure


def _draw_panel(axes: Axes, smooth: pd.DataFrame, title: str, columns: tuple[str, ...], scale: str) -> None:
    colours = (style.BLUE, style.ORANGE, style.VERMILLION, style.PURPLE)
    for column, colour in zip(columns, colours, strict=False):
        axes.plot(smooth.index / DAY, smooth[column], color=colour, label=_format_label(column))
    axes.set_title(title)
    axes.legend(ncols=len(columns), loc="lower right", bbox_to_anchor=(1.0, 0.98), columnspacing=1.2, handlelength=1.4)
    axes.margins(x=0)
    if scale == "log":
        axes.set_yscale("symlog", linthresh=1.0)


def _format_label(column: str) -> str:
    """Return what a line is called under its panel's title."""
    return CAUSES.get(column, column.replace("_", " ")).removeprefix("withheld: ")


def compose(folder: Path) -> Report:
    """Return what the report says of the result files in `folder`."""
    run = yaml.safe_load((folder / ABOUT).read_text(encoding="utf-8"))
    ticks = pd.read_parquet(folder / "ticks.parquet")
    start, stop = run["campaign"]["start"], run["campaign"]["stop"]
    drawing = Drawing(
        "hours",
        "One world, hour by hour",
        draw_hours(ticks, start, stop),
        "Look at what the campaign (shaded) does to dissent, to what is withheld, and to what people believe.",
        (draw_hours.__doc__ or "").strip(),
    )
    return Report(
        "One recorded world",
        format_headline(ticks, start, stop),
        (),
        [drawing],
        [make_means_table(ticks, start, stop)],
        [*run["notes"], *CAVEATS],
        FILES,
    )


def make_means_table(ticks: pd.DataFrame, start: int, stop: int) -> Table:
    """Return what the picture draws, as means an hour before, during and after the campaign."""
    hour = ticks.groupby("tick").mean()
    parts = {"before": hour[:start], "during": hour[start:stop], "after": hour[stop:]}
    rows = [
        [
            CAUSES.get(name, name.replace("_", " ")),
            *(format_number(part[name].mean(), 3) if len(part) else "-" for part in parts.values()),
        ]
        for _, columns, _ in PANELS
        for name in columns
    ]
    note = "One world, so there are no intervals; posts an hour, and support as a share."
    return Table("Means an hour", ["measure", *parts], rows, note)


def format_headline(ticks: pd.DataFrame, start: int, stop: int) -> str:
    """Say how many dissenting posts an hour were written before, during and after the campaign."""
    rate = ticks.groupby("tick")["dissent_posts"].mean()
    before, during, after = rate[:start].mean(), rate[start:stop].mean(), rate[stop:].mean()
    parts = [
        f"{value:.1f} {when}"
        for value, when in ((before, "before"), (during, "during"), (after, "after"))
        if value == value
    ]
    return (
        f"Dissenting posts an hour: {', '.join(parts)} the campaign; one world has no interval and no comparison, so "
        "it explains nothing."
    )
