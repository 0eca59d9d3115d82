"""Curves of Truong et al. (2024) on synthetic networks, beside the results that the authors stored of theirs.

Their follower network (10,006 people, 1.81 million follows) cannot be had, so its numbers are shown and only the
direction along a curve is judged. Published means and standard deviations are of ten runs (thirteen at gamma = 0.1),
over 0.9026, the mean of five runs without bots; along mu and sigma the authors ran their network without bots, where
quality stays and diversity moves. The default setting, which begins or lies on most curves, was run four times by
the authors: 0.850 to 0.869.

Networks. "grown" is the authors' generator. Everybody follows equally many there, so the popular read no more than
others; on theirs, as on other platforms, many follows are returned. "returned" is the same generator with half of all
follows returned, on which the popular follow many: targeting and shuffles are played on both, told, and decide nothing.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.analysis.pairing import compute_interval
from experiments.published.simsom_2024 import SimSom, compute_diversity, simulate
from experiments.published.simsom_networks import SimSomNetwork
from sim.state.graph import Graph

AS_PUBLISHED, AGAINST, UNCLEAR = "as published", "against", "not told apart"
RELATIVE, DIVERSITY = "relative quality", "diversity, nats"
RETURNED = {"returned": 0.5}
Published = dict[str, tuple[float, float]]


class NetworkRun(NamedTuple):
    """One run on a synthetic network."""

    network: SimSomNetwork
    rule: SimSom
    seed: int

    @property
    def without_bots(self) -> "NetworkRun":
        """The same people, without bots, whose parameters decide nothing then."""
        plain = replace(self.network, gamma=0.0, targeting="random")
        return NetworkRun(plain, replace(self.rule, phi=0.0, theta=1), self.seed)


class CurveJob(NamedTuple):
    """A run, and the point of a curve that it belongs to."""

    curve: str
    point: str
    run: NetworkRun


@dataclass(frozen=True)
class Curve:
    """What is varied on a synthetic network, and how the measure moves along it in the published results."""

    name: str
    points: dict[str, dict[str, Any]]  #: what changes at each point, by its name
    rises: int  #: +1 or -1: the measure at the last point over the first
    published: Published = field(default_factory=dict)  #: point -> (mean, SD) of the measure
    base: dict[str, Any] = field(default_factory=dict)  #: what differs from the default all along
    measure: str = RELATIVE
    is_judged: bool = True  #: whether it decides; where it hangs on the paper's network, it is told and decides nothing


_TARGETING = {name: {"targeting": name} for name in ("random", "hubs")}
_SHUFFLE = {name: {"shuffle": name} for name in ("none", "hubs kept", "hubs gone")}
_TARGETED: Published = {"random": (0.867, 0.012), "hubs": (0.890, 0.022)}
_TARGETED_MANY: Published = {"random": (0.481, 0.022), "hubs": (0.560, 0.017)}
_SHUFFLED: Published = {"none": (0.867, 0.012), "hubs kept": (0.868, 0.025), "hubs gone": (0.940, 0.015)}
CURVES = (
    Curve(
        "gamma",
        {f"{gamma:g}": {"gamma": gamma} for gamma in (1e-4, 1e-3, 0.01, 0.1)},
        -1,
        {"0.0001": (0.999, 0.003), "0.001": (0.974, 0.013), "0.01": (0.869, 0.016), "0.1": (0.482, 0.012)},
    ),
    Curve(
        "theta",
        {str(theta): {"theta": theta} for theta in (1, 4, 16, 64)},
        -1,
        {"1": (0.869, 0.016), "4": (0.803, 0.027), "16": (0.741, 0.028), "64": (0.675, 0.016)},
    ),
    Curve(
        "phi",
        {f"{phi:g}": {"phi": phi} for phi in (0.0, 0.5, 1.0)},
        -1,
        {"0": (0.850, 0.024), "0.5": (0.724, 0.007), "1": (0.717, 0.016)},
    ),
    Curve(
        "theta, phi",
        {"1, 0": {}, "16, 0.5": {"theta": 16, "phi": 0.5}, "64, 1": {"theta": 64, "phi": 1.0}},
        -1,
        {"16, 0.5": (0.639, 0.007), "64, 1": (0.587, 0.009)},
    ),
    Curve(
        "mu, no bots",
        {f"{mu:g}": {"mu": mu} for mu in (0.1, 0.25, 0.5, 0.75, 0.9)},
        +1,
        {"0.1": (5.59, 0.14), "0.25": (6.35, 0.07), "0.5": (6.78, 0.06), "0.75": (7.05, 0.05), "0.9": (7.26, 0.04)},
        {"gamma": 0.0},
        DIVERSITY,
    ),
    Curve(
        "sigma, no bots",
        {str(sigma): {"sigma": sigma} for sigma in (1, 4, 16, 64)},
        +1,
        {"1": (4.69, 0.16), "4": (5.38, 0.10), "16": (6.85, 0.05), "64": (8.17, 0.02)},
        {"gamma": 0.0},
        DIVERSITY,
    ),
    Curve("targeting, grown", _TARGETING, +1, _TARGETED, is_judged=False),
    Curve("targeting, returned", _TARGETING, +1, _TARGETED, RETURNED, is_judged=False),
    Curve("gamma 0.1, grown", _TARGETING, +1, _TARGETED_MANY, {"gamma": 0.1}, is_judged=False),
    Curve("gamma 0.1, returned", _TARGETING, +1, _TARGETED_MANY, {"gamma": 0.1, **RETURNED}, is_judged=False),
    Curve("shuffle, grown", _SHUFFLE, +1, _SHUFFLED, is_judged=False),
    Curve("shuffle, returned", _SHUFFLE, +1, _SHUFFLED, RETURNED, is_judged=False),
)


def make_jobs(scale: float, seeds: Iterable[int], curves: Iterable[Curve] = CURVES) -> list[CurveJob]:
    """Return every point of every curve on networks of `scale` times the paper's people, one a seed."""
    people = max(60, round(scale * SimSomNetwork().people))
    links = min(SimSomNetwork().links, people // 10)
    found = []
    for seed in seeds:
        for curve in curves:
            for point, changes in curve.points.items():
                changes = curve.base | changes
                net = {key: value for key, value in changes.items() if key in SimSomNetwork.__dataclass_fields__}
                rule = {key: value for key, value in changes.items() if key not in net}
                fewer = max(2, round(links / (1.0 + net.get("returned", 0.0))))  # as many follows in all
                world = NetworkRun(SimSomNetwork(people=people, links=fewer, **net), SimSom(**rule), seed)
                found.append(CurveJob(curve.name, point, world))
    return found


def list_runs(plan: Iterable[CurveJob]) -> list[NetworkRun]:
    """Return every different run that a plan needs, runs among the same people side by side."""
    needed = dict.fromkeys(world for job in plan for world in (job.run.without_bots, job.run))
    return sorted(needed, key=lambda world: (world.seed, repr(world.without_bots.network)))


def simulate_run(world: NetworkRun) -> dict[str, Any]:
    """Return what a run leaves: `quality, diversity, steps, settled`."""
    graph = world.network.add_bots(_get_people(world.without_bots.network, world.seed), world.seed)
    ended = simulate(graph, world.network.people, world.rule, world.seed)
    kept = {"quality": ended.quality, "diversity": compute_diversity(ended.platform)}
    return kept | {"steps": ended.steps, "settled": ended.settled}


@lru_cache(maxsize=1)
def _get_people(network: SimSomNetwork, seed: int) -> Graph:
    return network.build_people_graph(seed)


def tabulate_runs(plan: Sequence[CurveJob], found: dict[NetworkRun, dict[str, Any]]) -> pd.DataFrame:
    """Return a row a job: `curve, point, seed, relative quality, diversity, steps, settled`."""
    rows = []
    for job in plan:
        here, without = found[job.run], found[job.run.without_bots]
        row = {"curve": job.curve, "point": job.point, "seed": job.run.seed}
        row |= {RELATIVE: here["quality"] / without["quality"], DIVERSITY: here["diversity"]}
        rows.append(row | {"steps": here["steps"], "settled": here["settled"] and without["settled"]})
    return pd.DataFrame(rows)


def judge_directions(played: pd.DataFrame, curves: Iterable[Curve] = CURVES) -> pd.DataFrame:
    """Return a row a point: our mean and standard error, the published, and in its last row the curve's verdict.

    `low` and `high` are the 95% t-interval of our mean. "as published": the 95% t-interval of the difference between
    the last point and the first, paired by seed, lies on the published side of 0, and no step between neighbours goes
    against it by more than 2 standard errors. "against": it lies on the other side. Else "not told apart".
    """
    rows = []
    for curve in curves:
        own = played[played["curve"] == curve.name].pivot(index="seed", columns="point", values=curve.measure)
        own = own[list(curve.points)]
        for point in curve.points:
            values, told = own[point], curve.published.get(point, (math.nan, math.nan))
            row = {"curve": curve.name, "measure": curve.measure, "point": point, "runs": len(values)}
            mean, low, high = compute_interval(values)
            row |= {"ours": mean, "low": low, "high": high, "error": values.std() / math.sqrt(len(values))}
            row |= {"target": told[0], "target_spread": told[1]}
            last = point == list(curve.points)[-1]
            rows.append(row | {"verdict": judge_direction(own, curve.rises) if last else "", "judged": curve.is_judged})
    return pd.DataFrame(rows)


def judge_direction(own: pd.DataFrame, rises: int) -> str:
    """Return how the columns of `own` move, a row a seed: see `judge_directions`."""
    values = rises * own.to_numpy(np.float64)
    _, low, high = compute_interval(values[:, -1] - values[:, 0])
    if high < 0.0:
        return AGAINST
    steps = np.diff(values, axis=1)
    errors = steps.std(axis=0, ddof=1) / math.sqrt(len(steps))
    ordered = bool((steps.mean(axis=0) > -2.0 * errors - 1e-3).all())
    return AS_PUBLISHED if low > 0.0 and ordered else UNCLEAR
