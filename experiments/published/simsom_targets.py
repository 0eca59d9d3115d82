"""Published numbers of Truong et al. (2024), the runs they belong to, and how ours are set beside them.

Numbers of the small network are of the authors' public code, 16 runs beside this project; no spread was told of the
exposure, for which ours stands in. Those of the paper's own network, which can not be had, are its stored results:
beside a synthetic network of its size only directions are judged.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from experiments.published import simsom_2024
from experiments.published.simsom_2024 import SimSom, play
from experiments.published.simsom_networks import Network
from sim.state.graph import Graph

WITHIN = 3.0  #: combined standard errors that a difference may reach
RUNS = 16  #: that a published number of the small network rests on
SMALL = SimSom(phi=0.5, theta=4, strength=5.0)
SMALL_NETWORK = Network(people=1000, links=30, gamma=0.05)
STEPS = 40  #: of a run on the small network
DIGEST = "e23a8a94bee2915a"  #: of the edges of the published small network
#: measure -> what it is called, published mean, published standard deviation
TARGETS = {
    "quality": ("mean quality", 0.4977, 0.0128),
    "diversity": ("diversity, nats", 5.294, 0.055),
    "tau": ("tau, ties broken by quality", 0.7526, 0.0047),
    "exposure": ("exposure to bots' messages", 0.3888, math.nan),
    "tau_b": ("tau-b", math.nan, math.nan),
}


class Job(NamedTuple):
    """One run on a synthetic network: the point of a curve, its network and rule, and the seed."""

    curve: str
    point: str
    network: Network
    rule: SimSom
    seed: int


@dataclass(frozen=True)
class Curve:
    """What is varied on the synthetic network, and how relative quality should move along it, if that is published."""

    name: str
    points: dict[str, dict[str, Any]]  #: what changes at each point, by its name
    rises: int = 0  #: +1 or -1: quality at the last point over the first; 0: nothing is published
    published: dict[str, tuple[float, float]] = field(default_factory=dict)  #: point -> (mean, SD) of relative quality


CURVES = (
    Curve(
        "gamma",
        {f"{gamma:g}": {"gamma": gamma} for gamma in (1e-4, 1e-3, 0.01, 0.1)},
        -1,
        {"0.0001": (0.999, 0.003), "0.001": (0.974, 0.013), "0.01": (0.869, 0.016), "0.1": (0.482, 0.012)},
    ),
    Curve("theta", {str(theta): {"theta": theta} for theta in (1, 4, 16, 64)}, -1),
    Curve("phi", {f"{phi:g}": {"phi": phi} for phi in (0.0, 0.5, 1.0)}, -1),
    Curve("theta and phi", {"1, 0": {}, "16, 0.5": {"theta": 16, "phi": 0.5}, "64, 1": {"theta": 64, "phi": 1.0}}, -1),
    Curve("mu", {f"{mu:g}": {"mu": mu} for mu in (0.25, 0.5, 0.75)}),
    Curve("sigma", {str(sigma): {"sigma": sigma} for sigma in (5, 15, 50)}),
    Curve("targeting", {name: {"targeting": name} for name in ("random", "hubs")}, +1),
    Curve("shuffle", {name: {"shuffle": name} for name in ("none", "hubs kept", "hubs gone")}, +1),
)


def digest(graph: Graph) -> str:
    """Return a hash of who follows whom."""
    return blake2b(graph.following_start.tobytes() + graph.following.tobytes(), digest_size=8).hexdigest()


def small(graph: Graph, people: int, rule: SimSom, steps: int, seed: int) -> dict[str, float]:
    """Return every measure of one run of `steps` steps."""
    ended = play(graph, people, rule, seed, steps)
    tau, tau_b = simsom_2024.taus(ended.platform)
    measures = {"quality": ended.quality, "diversity": simsom_2024.diversity(ended.platform), "tau": tau}
    return {"seed": seed, **measures, "exposure": simsom_2024.exposure(ended.platform), "tau_b": tau_b}


def compare(runs: pd.DataFrame, judged: bool) -> pd.DataFrame:
    """Return a row a measure of the small network: published, ours, standard errors, and whether they agree.

    Args:
        runs: a row a run, of `small`.
        judged: whether the runs are of the published network and setting; else nothing is passed or missed.
    """
    rows = []
    for measure, (name, value, spread) in TARGETS.items():
        ours, own = float(runs[measure].mean()), float(runs[measure].std())
        error = own / math.sqrt(len(runs))
        target_error = (own if math.isnan(spread) else spread) / math.sqrt(RUNS)
        passed = abs(ours - value) <= WITHIN * math.hypot(error, target_error)
        row = {"measure": measure, "name": name, "runs": len(runs), "target": value, "target_error": target_error}
        rows.append(
            row | {"ours": ours, "error": error, "passed": passed if judged and not math.isnan(value) else None}
        )
    return pd.DataFrame(rows).astype({"passed": "boolean"})


def jobs(scale: float, seeds: Iterable[int], curves: Iterable[Curve] = CURVES) -> list[Job]:
    """Return every run on synthetic networks of `scale` times the paper's people, each network's runs together."""
    size: dict[str, Any] = {"people": max(60, round(scale * Network().people))}
    size["links"] = min(Network().links, size["people"] // 10)
    found = []
    for seed in seeds:
        for curve in curves:
            for point, changes in curve.points.items():
                net = {key: value for key, value in changes.items() if key in Network.__dataclass_fields__}
                rule = SimSom(**{key: value for key, value in changes.items() if key not in net})
                found.append(Job(curve.name, point, Network(**size, **net), rule, seed))
    return found


def play_relative(job: Job) -> dict[str, Any]:
    """Return mean quality with bots over that of the same people without them."""
    people = job.network.people_graph(job.seed)
    humans = job.network.people
    without = play(people, humans, job.rule, job.seed)
    ended = play(job.network.infiltrated(people, job.seed), humans, job.rule, job.seed)
    row = {"curve": job.curve, "point": job.point, "seed": job.seed, "relative": ended.quality / without.quality}
    return row | {"settled": ended.settled and without.settled, "steps": ended.steps}


def directions(played: pd.DataFrame, curves: Iterable[Curve] = CURVES) -> pd.DataFrame:
    """Return a row a point of a curve: our mean and standard error, and in its last row whether the order is theirs.

    `passed`: the last point differs from the first in the published direction by more than 2 standard errors of the
    difference, paired by seed, and no step between neighbours goes against it by more than that.
    """
    rows = []
    for curve in curves:
        table = played[played["curve"] == curve.name].pivot(index="seed", columns="point", values="relative")
        table = table[list(curve.points)]
        for point in curve.points:
            values, told = table[point], curve.published.get(point, (math.nan, math.nan))
            row = {"curve": curve.name, "point": point, "runs": len(values), "ours": values.mean()}
            row |= {"error": values.std() / math.sqrt(len(values)), "target": told[0], "target_spread": told[1]}
            last = point == list(curve.points)[-1]
            rows.append(row | {"passed": _ordered(table, curve.rises) if last and curve.rises else None})
    return pd.DataFrame(rows).astype({"passed": "boolean"})


def _ordered(table: pd.DataFrame, rises: int) -> bool:
    names = list(table.columns)

    def moved(a: str, b: str) -> tuple[float, float]:
        return _moved(rises * (table[b] - table[a]))

    mean, error = moved(names[0], names[-1])
    steps = [moved(a, b) for a, b in pairwise(names)]
    return bool(mean > 2.0 * error and all(step > -2.0 * wide - 1e-3 for step, wide in steps))


def _moved(differences: "pd.Series[float]") -> tuple[float, float]:
    values = differences.to_numpy(np.float64)
    return float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values)))
