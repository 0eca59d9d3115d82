"""The report of SimSoM's reproduction: measures beside the published ones, and relative quality by curve."""

import math
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from experiments.published.simsom_curves import AS_PUBLISHED, RELATIVE
from experiments.published.simsom_targets import WITHIN
from experiments.report.formatting import format_estimate, format_number
from experiments.report.page import Drawing, Report, Table
from experiments.report.style import BLUE, INK, ORANGE, make_canvas
from experiments.report.terminal import make_grid

COLUMNS = 4  #: of panels
HEADS = ("measure", "published (s.e.)", "ours (s.e.)", "passed")
POINTS = ("varied", "at", "published (SD)", "ours (s.e.)", "direction")
CAVEATS = (
    "Not modelled, as not in theirs: stances, silence, moderation, and people who leave; quality is a number a post.",
    "The paper's own network is not available. On synthetic ones only directions are judged; the published points "
    "beside the curves are of the paper's network.",
    "Points rest on few networks: a direction counts where the 95% t-interval of its paired difference excludes 0, so "
    "a small effect may not be found.",
    "What targeting and shuffles do depends on the network. On the authors' generator (grown) everybody follows "
    "equally many, so bots fill a popular person's feed as easily as anybody's; with follows returned the popular "
    "follow many. Both are reported, and decide nothing.",
    "The synthetic networks have no communities, scores or parties: of the paper's targetings hubs alone, and of its "
    "shuffles none that keeps communities, can be tried.",
    "A run ends when quality changes by at most 1e-4 in one step, early or late by chance: runs of one setting "
    "differ by about 0.02, theirs and ours. Their default setting, run four times, gave 0.850 to 0.869.",
    "Theta multiplies shares only: 64 copies take one slot. Their tau breaks ties by quality; tau-b does not.",
)


def compose(folder: Path) -> Report:
    """Return what the report says of the result files in `folder`."""
    compared, curves = (pd.read_parquet(folder / f"{name}.parquet") for name in ("measures", "curves"))
    drawing = Drawing(
        "curves",
        "Quality and diversity along what is varied",
        draw_curves(curves),
        "Quality of people's feeds over that without bots; diversity of messages where there are none. Lines: "
        f"ours, means and 95% t-intervals over {curves['runs'].max()} networks; diamonds: published, of "
        "another network, one standard deviation of single runs to either side.",
        "Relative quality, and diversity along mu and sigma, a panel for each varied parameter.",
    )
    tables = [
        Table("The small network", HEADS, format_measures(compared), open=True),
        Table("Synthetic networks", POINTS, format_points(curves), open=True),
    ]
    return Report(
        "Manipulating bots and the quality of feeds: Truong et al. (2024) on this engine",
        format_headline(compared, curves),
        format_summary(curves),
        [drawing],
        tables,
        CAVEATS,
        {
            "measures.parquet": "a row a measure of the small network",
            "curves.parquet": "a row a point of a curve",
            "runs.parquet, played.parquet": "a row a run, of the small and of the synthetic network",
            "figures/": "every picture as PNG and SVG",
        },
        [make_grid(table) for table in tables],
        120,
    )


def format_headline(compared: pd.DataFrame, curves: pd.DataFrame) -> str:
    """Return how many published numbers and directions are met, and where quality is lowest."""
    numbers = compared.dropna(subset=["passed"])
    missed = numbers.loc[~numbers["passed"].astype(bool), "name"].tolist()
    what = (
        f"{len(numbers) - len(missed)} of {len(numbers)} published numbers within {WITHIN:g} combined standard errors"
    )
    if numbers.empty:
        what = "No published number is judged (this is not the published small network and setting)"
    words = [what + (f", missed: {', '.join(missed)}" if missed else "")]
    for told, met, others in _count_directions(curves):
        words.append(f"{met} of {met + len(others)} {told} as published")
    words.append(_format_worst(curves))
    return ". ".join(words) + "."


def format_summary(curves: pd.DataFrame) -> list[str]:
    """Return a sentence for each kind of direction that names those which are not as published."""
    return [
        f"Not as published, of {told}: {'; '.join(others)}." for told, _, others in _count_directions(curves) if others
    ]


def _count_directions(curves: pd.DataFrame) -> list[tuple[str, int, list[str]]]:
    """Return for each kind of direction its name, how many are as published, and the others with their verdicts."""
    found = []
    for judged, told in (
        (True, "directions over tactics and attention"),
        (False, "directions that hang on the network"),
    ):
        ends = curves[(curves["verdict"] != "") & (curves["judged"] == judged)]
        others = ends[ends["verdict"] != AS_PUBLISHED].to_dict("records")
        found.append((told, len(ends) - len(others), [f"{row['curve']}: {row['verdict']}" for row in others]))
    return found


def _format_worst(curves: pd.DataFrame) -> str:
    """Say where quality is lowest relative to that without bots, with its interval."""
    points = curves[curves["measure"] == RELATIVE].dropna(subset="ours")
    if points.empty:
        return "No quality relative to that without bots was measured"
    low = points.iloc[int(points["ours"].argmin())].to_dict()
    known = format_estimate(low["ours"], low["low"], low["high"], 2)
    return f"Relative to no bots, quality is lowest at {low['curve']} {low['point']}: {known}"


def format_measures(compared: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return the table of the small network, as words."""
    return [
        (
            str(row["name"]),
            f"{format_number(row['target'], 4)} ({format_number(row['target_error'], 4)})"
            if math.isfinite(row["target"])
            else "",
            f"{format_number(row['ours'], 4)} ({format_number(row['error'], 4)})",
            "" if pd.isna(row["passed"]) else "yes" if row["passed"] else "NO",
        )
        for row in compared.to_dict("records")
    ]


def format_points(curves: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return the table of the synthetic networks, as words."""
    return [
        (
            str(row["curve"]),
            str(row["point"]),
            f"{format_number(row['target'], 3)} ({format_number(row['target_spread'], 3)})"
            if math.isfinite(row["target"])
            else "",
            f"{format_number(row['ours'], 3)} ({format_number(row['error'], 3)})",
            str(row["verdict"]),
        )
        for row in curves.to_dict("records")
    ]


def draw_curves(curves: pd.DataFrame) -> Figure:
    """The measure along each curve, a panel each, published values beside ours; relative qualities share a scale."""
    names = list(dict.fromkeys(curves["curve"]))
    rows = math.ceil(len(names) / COLUMNS)
    drawn = make_canvas(2.2 * rows)
    panels = drawn.subplots(rows, COLUMNS, squeeze=False).ravel()
    for axes, name in zip(panels, names, strict=False):
        own = curves[curves["curve"] == name]
        at = range(len(own))
        axes.errorbar(at, own["ours"], own["high"] - own["ours"], color=BLUE, marker="o", ms=3)
        axes.errorbar(at, own["target"], own["target_spread"], fmt="D", color=ORANGE, ms=4, mec=INK)
        axes.set_xticks(list(at), [point.replace(" ", "\n") for point in own["point"]], fontsize=7)
        axes.set(ylabel=own["measure"].iloc[0])
        axes.set_title(name, fontsize=8)
        axes.margins(x=0.15)
        if (own["measure"] == RELATIVE).all():
            axes.set_ylim(0.4, 1.05)
    for axes in panels[len(names) :]:
        axes.set_axis_off()
    return drawn
