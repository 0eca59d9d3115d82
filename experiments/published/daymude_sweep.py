"""The sweep of Daymude et al. (2025): where an authority ends, by what people want to say and by how bold they are.

The authors': 50 mean desires in 0.005 to 0.495 and 50 mean boldnesses in 0.1 to 10, 50 trials each, 100,000 people and
10,000 rounds, the same seeds in every cell, starts uniform on (0, 1)^3. Ours keeps ranges, starts and shared seeds, on
fewer points, people and rounds: it shows the shape, no number of it is told in the specification, and none is judged.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from experiments.published.daymude_2025 import PROPORTIONAL, UNIFORM, DaymudeRun, measure, simulate
from experiments.published.daymude_targets import SMALL

DESIRES, BOLDNESSES = (0.005, 0.495), (0.1, 10.0)
EVERY = 50  #: rounds between those whose cost is kept


def make_points(points: int, seeds: Iterable[int]) -> list[DaymudeRun]:
    """Return a run for each punishment, seed, and pair of `points` mean desires and as many mean boldnesses."""
    axes = [[float(f"{value:.4g}") for value in np.linspace(*ends, points)] for ends in (DESIRES, BOLDNESSES)]
    return [
        DaymudeRun(replace(SMALL, punishment=kind, desire=desire, boldness=boldness, random_start=True), seed)
        for kind in (UNIFORM, PROPORTIONAL)
        for desire in axes[0]
        for boldness in axes[1]
        for seed in seeds
    ]


def simulate_point(job: DaymudeRun) -> dict[str, Any]:
    """Return the measures of a run, and its total cost per head every `EVERY` rounds."""
    history, desire = simulate(*job)
    cost = job.rule.adamancy * history[::EVERY, 3] + history[::EVERY, 4]
    return {**measure(history, desire), "costs": cost.tolist()}


def tabulate_points(jobs: Iterable[DaymudeRun], found: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Return a row a run: `punishment, desire, boldness, seed`, its measures, and its costs as a list."""
    return pd.DataFrame(
        [
            {
                "punishment": job.rule.punishment,
                "desire": job.rule.desire,
                "boldness": job.rule.boldness,
                "seed": job.seed,
                **measures,
            }
            for job, measures in zip(jobs, found, strict=True)
        ]
    )
