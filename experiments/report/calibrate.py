"""The report of a calibration: the fit, what is identified, the headline over the posterior, facts held out."""

import math
from collections.abc import Hashable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from experiments.analysis.priors import PriorSpread
from experiments.calibration.calibration import DEFAULT, FITTED, compute_spread
from experiments.calibration.measuring import UNARMED
from experiments.calibration.profiles import DROP, FLAT, WIDE
from experiments.facts.table import MET, SHOWN
from experiments.report import style
from experiments.report.formatting import format_interval, format_number
from experiments.report.page import Drawing, Report, Table
from experiments.report.style import BLUE, GREY, ORANGE, PALE, VERMILLION

Rows = Sequence[Sequence[str]]
COLUMNS = 3  #: of panels
DEPTH = 10.0  #: log-likelihood below the maximum at which a profile is cut
NO_DOSE = "fixes no dose"
CLOSE = 0.25  #: part of the trials that is drawn dark
CAVEATS = (
    "Not modelled: facts of platforms, countries and years other than those of the sources, and any rule that no "
    "parameter here can express.",
    "The fitted setting was chosen by the moments that it is compared with here; only the held-out facts test it.",
    "The posterior rests on a response surface, quadratic in the parameters, through all trials. Its error, shown "
    "beside each moment, widens the posterior; a quadratic surface misses more complex shapes.",
    "The band of a fact is read as a 95% interval of its target. Ranges are uniform priors: assumptions.",
    "A profile takes the normal likelihood of the posterior as it is. For a parameter that is not fitted, its effect "
    "on the moments and that of the others are taken to add.",
    "Interactions of parameters and seeds count in part as parameter uncertainty, less so with more seeds a draw.",
    "Parameters of army, campaign, forces and extremists are not fitted: nothing here may search for a better attack.",
)
FILES = {
    "overrides.txt": "the fitted setting as words for the command line of any app",
    "fitted/people.yaml": "the same as a configuration: --config-dir DIR +fitted=people",
    "fitted/priors.yaml": "the whole range of what is flat, for the main job: --config-dir DIR +fitted=priors",
    "posterior.parquet": "a row a parameter: default, fitted, median and 90% interval, what is identified",
    "moments.parquet": "a row a moment: target, scale, default, fitted, error of the surface",
    "profiles.parquet": "a row a value of a profile: log-likelihood below its maximum, others held and re-fitted",
    "trials.parquet": "a row a trial: places, values, moments, distance",
    "facts.parquet": "a row a held-out number, before and after",
    "headline.parquet": "a row a world of the headline: default, fitted, draws of the posterior",
    "runs/": "a row a run, hive-partitioned Parquet",
    "search.log": "the search, in Optuna's journal",
    "abc/": "pyABC's populations, if they were asked for",
}


def compose(folder: Path) -> Report:
    """Return what the report says of the result files in `folder`."""
    names = ("trials", "moments", "posterior", "profiles", "facts", "headline")
    trials, moments, posterior, profiles, facts, runs = (pd.read_parquet(folder / f"{name}.parquet") for name in names)
    drawings = [
        Drawing(
            "fit",
            "Fit",
            draw_fit(moments),
            "Distance of each moment from its target, in units of its scale. Shaded: within 2.",
            "Errors of the moments under the default and the fitted setting.",
        ),
        Drawing(
            "parameters",
            "What is known of each parameter",
            draw_parameters(trials, posterior),
            "Dots: trials by distance, dark the closest quarter. Bar: 90% of the posterior; line: fitted; dashes: "
            "default. A parameter is not identified where good trials lie all over its range.",
            "Distance of the trials against each parameter, with posterior intervals.",
        ),
        Drawing(
            "profiles",
            "How far each parameter can go",
            draw_profiles(profiles),
            f"Log-likelihood below its maximum, cut at {DEPTH:g}. Solid: the other parameters re-fitted; dashed: held "
            "as fitted. Shaded: within 1.92 of the maximum, a 95% interval. A flat profile says that the facts do not "
            "fix the parameter.",
            "Profiles of the log-likelihood over the range of each parameter.",
        ),
        Drawing(
            "headline",
            "The headline",
            draw_outcome(runs),
            "Lost dissent in the same seeds under the default, the fitted setting and draws of the posterior. Dots "
            "are seeds, lines are means.",
            "Lost dissent by setting and seed.",
        ),
    ]
    over = compute_spread(runs)
    return Report(
        "Calibration: what the facts say of people and platform",
        format_headline(moments, posterior, over),
        [format_profiles(profiles), format_doses(moments), format_uncertainty(over, runs), format_verdicts(facts)],
        drawings,
        [
            Table("Parameters", *make_parameter_rows(posterior), open=True),
            Table("Profiles", *make_profile_rows(profiles), open=True),
            Table("Moments", *make_moment_rows(moments), open=True),
            Table("Facts held out, before and after", *make_held_out_rows(facts), open=True),
        ],
        CAVEATS,
        FILES,
    )


def format_headline(moments: pd.DataFrame, posterior: pd.DataFrame, over: PriorSpread) -> str:
    """Return how well the moments are met, what is identified, and the headline over the posterior."""
    errors = {name: (moments[name] - moments["target"]).abs() / moments["scale"] for name in (DEFAULT, FITTED)}
    met = {name: int((error <= 2.0).sum()) for name, error in errors.items()}
    open_ = posterior.loc[posterior["verdict"] == "not identified", "key"].tolist()
    loose = f"not identified: {', '.join(open_)}" if open_ else "each parameter is identified, some weakly"
    if (posterior["verdict"] == "identified").all():
        loose = "each parameter is identified"
    return (
        f"{met[FITTED]} of {len(moments)} moments are within 2 scales of their targets ({met[DEFAULT]} by default); "
        f"{loose}; lost dissent over what is left open: {format_number(over.value)}% (90% interval over draws "
        f"{format_interval(over.low, over.high)})."
    )


def format_profiles(profiles: pd.DataFrame) -> str:
    """Return which profiles are flat, and what follows."""
    verdicts = profiles.drop_duplicates("key").set_index("key")["verdict"]
    flat = verdicts.index[verdicts == FLAT].tolist()
    if not flat:
        return (
            f"None of {len(verdicts)} likelihood profiles is flat (within 1.92 over more than {WIDE:.0%} of the range)."
        )
    return (
        f"{len(flat)} of {len(verdicts)} likelihood profiles are flat, within 1.92 of their maximum over more than "
        f"{WIDE:.0%} of the range: {', '.join(flat)}. The facts do not fix these, so their prior should be the "
        "whole range (fitted/priors.yaml)."
    )


def list_doseless(moments: pd.DataFrame) -> list[bool]:
    """Return of each moment whether it is within 2 scales under the fitted setting without an army."""
    return ((moments[FITTED + UNARMED] - moments["target"]).abs() <= 2.0 * moments["scale"]).tolist()


def format_doses(moments: pd.DataFrame) -> str:
    """Return how many moments would be met without an army."""
    count = sum(list_doseless(moments))
    return (
        f"Without an army {count} of {len(moments)} moments are within 2 scales under the fitted setting: each of them "
        "fixes no dose, since it would be met whatever the army does."
    )


def format_uncertainty(over: PriorSpread, runs: pd.DataFrame) -> str:
    """Return the standard deviations of the headline by parameters and by seeds, apart."""
    seeds = runs.loc[runs["setting"] == FITTED, "value"]
    return (
        f"Lost dissent under the fitted setting: {format_number(seeds.mean())}%, with a standard deviation of "
        f"{format_number(math.sqrt(over.seeds))} points over {len(seeds)} seeds; over {over.draws} draws of the "
        f"posterior, each the mean over the same seeds, it is {format_number(math.sqrt(over.parameters))} points."
    )


def format_verdicts(facts: pd.DataFrame) -> str:
    """Return how many judged numbers of the facts held out are met before and after."""
    judged = facts[facts["part_verdict"] != SHOWN]
    met = {name: int((rows["part_verdict"] == MET).sum()) for name, rows in judged.groupby("setting")}
    return f"Of {len(judged) // 2} numbers held out, {met[FITTED]} are met; by default {met[DEFAULT]} were."


def make_parameter_rows(posterior: pd.DataFrame) -> tuple[list[str], Rows]:
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


def make_profile_rows(profiles: pd.DataFrame) -> tuple[list[str], Rows]:
    """Return head and rows of the table of profiles."""
    rows = [
        (
            str(key),
            f"{own['value'].iloc[0]:.4g} to {own['value'].iloc[-1]:.4g}",
            f"{own['value'].iloc[int(np.nanargmax(own['refitted']))]:.4g}" if own["refitted"].notna().any() else "none",
            f"{-own['refitted'].min():.2f}",
            f"{-own['held'].min():.2f}",
            f"{own['span'].iloc[0]:.0%}",
            str(own["verdict"].iloc[0]),
        )
        for key, own in profiles.groupby("key", sort=False)
    ]
    return ["parameter", "range", "best at", "deepest, re-fitted", "deepest, held", "range within 1.92", ""], rows


def make_moment_rows(moments: pd.DataFrame) -> tuple[list[str], Rows]:
    """Return head and rows of the table of moments."""
    rows = [
        (
            str(row["name"]),
            f"{row['target']:.4g} \u00b1 {row['scale']:.2g}",
            f"{row['default']:.4g}",
            f"{row['fitted']:.4g}",
            *(f"{row[name + UNARMED]:.4g}" for name in (DEFAULT, FITTED)),
            NO_DOSE if is_doseless else "",
            f"{row['surface_error']:.2g}",
        )
        for row, is_doseless in zip(moments.to_dict("records"), list_doseless(moments), strict=True)
    ]
    head = ["moment", "target \u00b1 scale", DEFAULT, FITTED, DEFAULT + UNARMED, FITTED + UNARMED, ""]
    return [*head, "error of the surface"], rows


def make_held_out_rows(facts: pd.DataFrame) -> tuple[list[str], Rows]:
    """Return head and rows of the table of facts held out, default and fitted side by side."""
    both = [facts[facts["setting"] == name].reset_index(drop=True) for name in (DEFAULT, FITTED)]
    rows = [
        (f"{one['number']} {one['fact']}", str(one["part"]), str(one["target"]), _format_cell(one), _format_cell(other))
        for one, other in zip(*(frame.to_dict("records") for frame in both), strict=True)
    ]
    return ["fact", "number", "target", "default", "fitted"], rows


def _format_cell(row: Mapping[Hashable, Any]) -> str:
    return f"{format_number(row['value'], 2)} [{format_interval(row['lo'], row['hi'], 2)}] {row['part_verdict']}"


def draw_fit(moments: pd.DataFrame) -> Figure:
    """Errors of the moments in units of their scales, default and fitted."""
    drawn = style.make_canvas(0.9 + 0.3 * len(moments))
    axes = drawn.subplots()
    y = np.arange(len(moments))[::-1]
    for name, colour, marker, size in ((DEFAULT, GREY, "o", 8), (FITTED, BLUE, "D", 5)):  # so that both are seen
        error = ((moments[name] - moments["target"]) / moments["scale"]).clip(-8.0, 8.0)
        axes.plot(error, y, marker, color=colour, markersize=size, label=name)
    axes.axvspan(-2.0, 2.0, color=PALE, zorder=0)
    axes.set(xlim=(-8.5, 8.5), xlabel="error, scales of the target (cut at 8)")
    axes.set_yticks(y, moments["name"])
    style.draw_zero_line(axes, vertical=True)
    axes.legend(loc="lower right")
    return drawn


def draw_parameters(trials: pd.DataFrame, posterior: pd.DataFrame) -> Figure:
    """Distance of the trials against each parameter, on the scale of its prior; posterior and default beside them."""
    rows = math.ceil(len(posterior) / COLUMNS)
    drawn = style.make_canvas(2.2 * rows)
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
        if _is_log_uniform(values, shown[row["key"]], row["from"], row["to"]):
            axes.set_xscale("log")
        for axis in (axes.yaxis, axes.xaxis) if axes.get_xscale() == "log" else (axes.yaxis,):
            axis.set_major_locator(LogLocator(subs=(1.0, 3.0)))
            axis.set_major_formatter("{x:g}")
            axis.set_minor_formatter("")
    for axes in panels[len(posterior) :]:
        axes.set_axis_off()
    panels[0].set_ylabel("distance")
    return drawn


def draw_profiles(profiles: pd.DataFrame) -> Figure:
    """Profiles of the log-likelihood, a panel a parameter; the x axis is the prior's own scale."""
    groups = list(profiles.groupby("key", sort=False))
    rows = math.ceil(len(groups) / COLUMNS)
    drawn = style.make_canvas(2.2 * rows)
    panels = drawn.subplots(rows, COLUMNS, sharey=True, squeeze=False).ravel()
    for axes, (key, own) in zip(panels, groups, strict=False):
        colour = VERMILLION if own["verdict"].iloc[0] == FLAT else BLUE
        axes.axhspan(-DROP, 0.0, color=PALE, zorder=0)
        axes.plot(own["place"], own["held"].clip(lower=-DEPTH), "--", color=GREY)
        axes.plot(own["place"], own["refitted"].clip(lower=-DEPTH), "o-", color=colour, markersize=3)
        ends = (0, len(own) // 2, len(own) - 1)
        axes.set_xticks(own["place"].iloc[list(ends)], [f"{own['value'].iloc[end]:.3g}" for end in ends])
        axes.set(xlabel=key, xlim=(-0.03, 1.03), ylim=(-1.05 * DEPTH, 0.5), title=own["verdict"].iloc[0])
    for axes in panels[len(groups) :]:
        axes.set_axis_off()
    panels[0].set_ylabel("log-likelihood")
    return drawn


def _is_log_uniform(values: "pd.Series[float]", places: "pd.Series[float]", low: float, high: float) -> bool:
    """Return whether a prior is uniform over the logarithm, by values at places in [0, 1]."""
    return low > 0.0 and bool(np.allclose(values, low * (high / low) ** places, rtol=1e-6))


def draw_outcome(runs: pd.DataFrame) -> Figure:
    """Lost dissent by setting, a dot a seed."""
    drawn = style.make_canvas(2.8)
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
    style.draw_zero_line(axes)
    return drawn
