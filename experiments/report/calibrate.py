"""The report of a calibration: the fit, what is identified, the headline over what is not, facts held out."""

import math
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from experiments.analysis.priors import Spread
from experiments.calibration.calibration import DEFAULT, FITTED, spread
from experiments.report import page, style
from experiments.report.page import Page, Picture, Table
from experiments.report.style import BLUE, GREY, ORANGE, PALE
from experiments.report.words import number, span

Rows = Sequence[Sequence[str]]
COLUMNS = 3  #: of panels
CLOSE = 0.25  #: part of the trials that is drawn dark
CAVEATS = (
    "Not modelled: facts of platforms, countries and years other than those of the sources, and any rule that no "
    "parameter here can express.",
    "The fitted setting was chosen by the moments that it is shown beside; the facts held out say how far it is more.",
    "The posterior rests on a response surface, quadratic in the parameters, through all trials. Its error, told "
    "beside each moment, widens the posterior; what a quadratic can not follow is not seen.",
    "A band of a fact is read as a 95% interval of its target. Ranges are even priors: assumptions.",
    "What parameters and seeds do together counts in part as the parameters': the less, the more seeds a draw has.",
    "Parameters of army, campaign, forces and extremists are not fitted: nothing here may search for a better attack.",
)
FILES = {
    "overrides.txt": "the fitted setting as words for the command line of any app",
    "fitted/people.yaml": "the same as a configuration: --config-dir DIR +fitted=people",
    "posterior.parquet": "a row a parameter: default, fitted, median and 90% interval, what is identified",
    "moments.parquet": "a row a moment: target, scale, default, fitted, error of the surface",
    "trials.parquet": "a row a trial: places, values, moments, distance",
    "facts.parquet": "a row a held-out number, before and after",
    "headline.parquet": "a row a world of the headline: default, fitted, draws of the posterior",
    "runs/": "a row a run, hive-partitioned Parquet",
    "search.log": "the search, in Optuna's journal",
    "abc/": "pyABC's populations, if they were asked for",
}


def write(folder: Path) -> str:
    """Write figures and `folder`/report.html from its result files; return the headline."""
    names = ("trials", "moments", "posterior", "facts", "headline")
    trials, moments, posterior, facts, runs = (pd.read_parquet(folder / f"{name}.parquet") for name in names)
    with style.look():
        pictures = [
            Picture(
                "Fit",
                style.save(fit(moments), folder / "figures", "fit"),
                "Distance of each moment from its target, in units of its scale. Shaded: within 2.",
                "Errors of the moments under the default and the fitted setting.",
            ),
            Picture(
                "What is known of each parameter",
                style.save(parameters(trials, posterior), folder / "figures", "parameters"),
                "Dots: trials by distance, dark the closest quarter. Bar: 90% of the posterior; line: fitted; dashes: "
                "default. A parameter is not identified where good trials lie all over its range.",
                "Distance of the trials against each parameter, with posterior intervals.",
            ),
            Picture(
                "The headline",
                style.save(outcome(runs), folder / "figures", "headline"),
                "Lost dissent in the same seeds under the default, the fitted setting and draws of the posterior. Dots "
                "are seeds, lines are means.",
                "Lost dissent by setting and seed.",
            ),
        ]
    told = Page(
        title="Calibration: what the facts say of people and platform",
        headline=headline(moments, posterior, spread(runs)),
        lede=[uncertainty(spread(runs), runs), verdicts(facts)],
        pictures=pictures,
        tables=[
            Table("Parameters", *known(posterior), open=True),
            Table("Moments", *fitted(moments), open=True),
            Table("Facts held out, before and after", *held_out(facts), open=True),
        ],
        caveats=CAVEATS,
        files=FILES,
        **page.made(folder),
    )
    page.write(told, folder / "report.html")
    return f"{told.headline} {told.lede[0]} {told.lede[1]}"


def headline(moments: pd.DataFrame, posterior: pd.DataFrame, over: Spread) -> str:
    """Return how well the moments are met, what is identified, and the headline over the posterior."""
    errors = {name: (moments[name] - moments["target"]).abs() / moments["scale"] for name in (DEFAULT, FITTED)}
    met = {name: int((error <= 2.0).sum()) for name, error in errors.items()}
    open_ = posterior.loc[posterior["verdict"] == "not identified", "key"].tolist()
    loose = f"not identified: {', '.join(open_)}" if open_ else "each parameter is identified, some weakly"
    if (posterior["verdict"] == "identified").all():
        loose = "each parameter is identified"
    return (
        f"{met[FITTED]} of {len(moments)} moments are within 2 scales of their targets ({met[DEFAULT]} by default); "
        f"{loose}; lost dissent over what is left open: {number(over.value)}% (90% interval over draws "
        f"{span(over.low, over.high)})."
    )


def uncertainty(over: Spread, runs: pd.DataFrame) -> str:
    """Return the standard deviations of the headline by parameters and by seeds, apart."""
    seeds = runs.loc[runs["setting"] == FITTED, "value"]
    return (
        f"Lost dissent under the fitted setting: {number(seeds.mean())}%, with a standard deviation of "
        f"{number(math.sqrt(over.seeds))} points over {len(seeds)} seeds; over {over.draws} draws of the posterior, "
        f"each the mean over the same seeds, it deviates with {number(math.sqrt(over.parameters))} points."
    )


def verdicts(facts: pd.DataFrame) -> str:
    """Return how many judged numbers of the facts held out are met before and after."""
    judged = facts[facts["part_verdict"].isin(("met", "missed"))]
    met = {name: int((rows["part_verdict"] == "met").sum()) for name, rows in judged.groupby("setting")}
    return f"Of {len(judged) // 2} numbers held out, {met[FITTED]} are met; by default {met[DEFAULT]} were."


def known(posterior: pd.DataFrame) -> tuple[list[str], Rows]:
    """Return head and rows of the table of parameters."""
    rows = [
        (
            str(row["key"]),
            f"{row['default']:.4g}",
            f"{row['fitted']:.4g}",
            f"{row['low']:.4g} to {row['high']:.4g}",
            f"{row['from']:.4g} to {row['to']:.4g}",
            f"{row['spread']:.2f}",
            *([f"{row['abc_low']:.4g} to {row['abc_high']:.4g}"] if "abc_low" in row else []),
            str(row["verdict"]),
        )
        for row in posterior.to_dict("records")
    ]
    by_simulation = ["90%, pyABC"] if "abc_low" in posterior else []
    return ["parameter", "default", "fitted", "90% posterior", "range", "spread / prior's", *by_simulation, ""], rows


def fitted(moments: pd.DataFrame) -> tuple[list[str], Rows]:
    """Return head and rows of the table of moments."""
    rows = [
        (
            str(row["name"]),
            f"{row['target']:.4g} \u00b1 {row['scale']:.2g}",
            f"{row['default']:.4g}",
            f"{row['fitted']:.4g}",
            f"{row['surface_error']:.2g}",
        )
        for row in moments.to_dict("records")
    ]
    return ["moment", "target \u00b1 scale", "default", "fitted", "error of the surface"], rows


def held_out(facts: pd.DataFrame) -> tuple[list[str], Rows]:
    """Return head and rows of the table of facts held out, default and fitted side by side."""
    both = [facts[facts["setting"] == name].reset_index(drop=True) for name in (DEFAULT, FITTED)]
    rows = [
        (f"{one['number']} {one['fact']}", str(one["part"]), str(one["target"]), _beside(one), _beside(other))
        for one, other in zip(*(frame.to_dict("records") for frame in both), strict=True)
    ]
    return ["fact", "number", "target", "default", "fitted"], rows


def _beside(row: Mapping[Hashable, Any]) -> str:
    return f"{number(row['value'], 2)} [{span(row['lo'], row['hi'], 2)}] {row['part_verdict']}"


def fit(moments: pd.DataFrame) -> Figure:
    """Errors of the moments in units of their scales, default and fitted."""
    drawn = style.canvas(0.9 + 0.3 * len(moments))
    axes = drawn.subplots()
    y = np.arange(len(moments))[::-1]
    for name, colour, marker, size in ((DEFAULT, GREY, "o", 8), (FITTED, BLUE, "D", 5)):  # so that both are seen
        error = ((moments[name] - moments["target"]) / moments["scale"]).clip(-8.0, 8.0)
        axes.plot(error, y, marker, color=colour, markersize=size, label=name)
    axes.axvspan(-2.0, 2.0, color=PALE, zorder=0)
    axes.set(xlim=(-8.5, 8.5), xlabel="error, scales of the target (cut at 8)")
    axes.set_yticks(y, moments["name"])
    style.zero_line(axes, vertical=True)
    axes.legend(loc="lower right")
    return drawn


def parameters(trials: pd.DataFrame, posterior: pd.DataFrame) -> Figure:
    """Distance of the trials against each parameter, on the scale of its prior; posterior and default beside them."""
    rows = math.ceil(len(posterior) / COLUMNS)
    drawn = style.canvas(2.2 * rows)
    panels = drawn.subplots(rows, COLUMNS, sharey=True, squeeze=False).ravel()
    shown = trials.dropna(subset=["distance"]).sort_values("distance", ascending=False)
    close = shown["distance"] <= shown["distance"].quantile(CLOSE)
    for axes, row in zip(panels, posterior.to_dict("records"), strict=False):
        values = shown[f"{row['key']} at"]
        axes.scatter(values, shown["distance"], s=7, c=np.where(close, BLUE, GREY), linewidths=0)
        axes.axvspan(float(row["low"]), float(row["high"]), color=ORANGE, alpha=0.2, zorder=0)
        axes.axvline(float(row["fitted"]), color=ORANGE)
        axes.axvline(float(row["default"]), color=GREY, linestyle="--")
        axes.set(yscale="log", xlabel=row["key"], xlim=(row["from"], row["to"]), title=row["verdict"])
        if _even_in_logs(values, shown[row["key"]], row["from"], row["to"]):
            axes.set_xscale("log")
        for axis in (axes.yaxis, axes.xaxis) if axes.get_xscale() == "log" else (axes.yaxis,):
            axis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
            axis.set_major_formatter("{x:g}")
            axis.set_minor_formatter("")
    for axes in panels[len(posterior) :]:
        axes.set_axis_off()
    panels[0].set_ylabel("distance")
    return drawn


def _even_in_logs(values: "pd.Series[float]", places: "pd.Series[float]", low: float, high: float) -> bool:
    """Return whether a prior is even over the logarithm, by values at places in [0, 1]."""
    return low > 0.0 and bool(np.allclose(values, low * (high / low) ** places, rtol=1e-6))


def outcome(runs: pd.DataFrame) -> Figure:
    """Lost dissent by setting, a dot a seed."""
    drawn = style.canvas(2.8)
    axes = drawn.subplots()
    names = list(dict.fromkeys(runs["setting"]))
    for place, name in enumerate(names):
        own = runs.loc[runs["setting"] == name, "value"]
        colour = {DEFAULT: GREY, FITTED: ORANGE}.get(name, BLUE)
        axes.plot(np.full(len(own), place), own, "o", color=colour, markersize=3, alpha=0.6)
        axes.hlines(own.mean(), place - 0.3, place + 0.3, color=colour)
    words = {DEFAULT: DEFAULT, FITTED: f"\n{FITTED}"}  # a line lower, since they stand close
    axes.set_xticks(range(len(names)), [words.get(name, "") for name in names])
    axes.set(ylabel="lost dissent, %", xlabel="default, fitted, and draws of the posterior")
    style.zero_line(axes)
    return drawn
