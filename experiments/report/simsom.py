"""The report of SimSoM's reproduction: measures beside the published ones, and relative quality by curve."""

import math
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from experiments.published.simsom_targets import WITHIN
from experiments.report import page, style
from experiments.report.page import Page, Picture, Table
from experiments.report.style import BLUE, INK, ORANGE, canvas
from experiments.report.words import number

HEADS = ("measure", "published (s.e.)", "ours (s.e.)", "passed")
POINTS = ("varied", "at", "published (SD)", "ours (s.e.)", "order as published")
CAVEATS = (
    "The paper's own network can not be had. On a synthetic one of its size only directions are judged; the published "
    "points beside the curves are of the other network.",
    "The synthetic network has no communities, scores or parties: of the paper's targetings hubs alone, and of its "
    "shuffles none that keeps communities, can be tried.",
    "Theta multiplies shares only: 64 copies take one slot. Their tau breaks ties by quality; tau-b does not.",
)


def write(folder: Path, compared: pd.DataFrame, curves: pd.DataFrame) -> None:
    """Draw the curves into `folder`/figures and write `folder`/report.html; `folder` holds what `describe` wrote."""
    with style.look():
        drawing = style.save(figure(curves), folder / "figures", "curves")
    told = Page(
        title="Manipulating bots and the quality of feeds: Truong et al. (2024) on this engine",
        headline=headline(compared, curves),
        lede=[],
        pictures=[
            Picture(
                "Relative quality",
                drawing,
                "Quality of people's feeds over that without bots. Lines: ours, 95% intervals; diamonds: published.",
                "Relative quality along each varied parameter.",
            )
        ],
        tables=[
            Table("The small network", HEADS, measures(compared), open=True),
            Table("Synthetic network of the paper's kind", POINTS, points(curves), open=True),
        ],
        caveats=CAVEATS,
        files={
            "measures.parquet": "a row a measure of the small network",
            "curves.parquet": "a row a point of a curve",
            "runs.parquet, played.parquet": "a row a run, of the small and of the synthetic network",
            "figures/": "every picture as PNG and SVG",
        },
        **page.made(folder),
    )
    page.write(told, folder / "report.html")


def headline(compared: pd.DataFrame, curves: pd.DataFrame) -> str:
    """Return how many published numbers and directions are met."""
    numbers, orders = (table.dropna(subset=["passed"]) for table in (compared, curves))
    missed = [
        *numbers.loc[~numbers["passed"].astype(bool), "name"],
        *orders.loc[~orders["passed"].astype(bool), "curve"],
    ]
    what = f"{len(numbers)} published numbers within {WITHIN:g} combined standard errors"
    if numbers.empty:
        what = "no published number (this is not the published small network)"
    text = f"Judged: {what}, {len(orders)} published directions."
    return f"{text} Missed: {', '.join(missed)}." if missed else f"{text} All are met."


def measures(compared: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return the table of the small network, as words."""
    return [
        (
            str(row["name"]),
            f"{number(row['target'], 4)} ({number(row['target_error'], 4)})" if math.isfinite(row["target"]) else "",
            f"{number(row['ours'], 4)} ({number(row['error'], 4)})",
            "" if pd.isna(row["passed"]) else "yes" if row["passed"] else "NO",
        )
        for row in compared.to_dict("records")
    ]


def points(curves: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return the table of the synthetic network, as words."""
    return [
        (
            str(row["curve"]),
            str(row["point"]),
            f"{number(row['target'], 3)} ({number(row['target_spread'], 3)})" if math.isfinite(row["target"]) else "",
            f"{number(row['ours'], 3)} ({number(row['error'], 3)})",
            "" if pd.isna(row["passed"]) else "yes" if row["passed"] else "NO",
        )
        for row in curves.to_dict("records")
    ]


def figure(curves: pd.DataFrame) -> Figure:
    """Relative quality along each curve, a panel each, published values beside ours."""
    drawn = canvas(4.6)
    names = list(dict.fromkeys(curves["curve"]))
    panels = drawn.subplots(2, math.ceil(len(names) / 2), sharey=True, squeeze=False).ravel()
    for axes, name in zip(panels, names, strict=False):
        rows = curves[curves["curve"] == name]
        at = range(len(rows))
        axes.errorbar(at, rows["ours"], 1.96 * rows["error"], color=BLUE, marker="o", ms=3)
        axes.errorbar(at, rows["target"], 1.96 * rows["target_spread"], fmt="D", color=ORANGE, ms=4, mec=INK)
        axes.set_xticks(list(at), list(rows["point"]))
        axes.set(title=name)
    for axes in panels[len(names) :]:
        axes.set_axis_off()
    return drawn


def show(compared: pd.DataFrame, curves: pd.DataFrame) -> None:
    """Print both tables and the headline."""
    for row in (HEADS, *measures(compared)):
        print("{:32}{:22}{:22}{}".format(*row).rstrip())
    for row in (POINTS, *points(curves)):
        print("{:16}{:12}{:20}{:20}{}".format(*row).rstrip())
    print(headline(compared, curves))
