"""Profiles of the likelihood: how far one parameter can go while the others make up for it.

A profile is the greatest log-likelihood at each value of one parameter, the searched parameters re-fitted on the
response surface. For a parameter that is not searched, worlds are played at each value with the others as fitted; what
the others could do for the moments there is taken from the surface, as if both effects simply added (assumption).
A profile that stays within half of the 95% quantile of chi-squared, 1.92, over more than `WIDE` of the range is *flat*:
the moments do not fix the parameter, and its prior should be the whole range.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from experiments.calibration.moments import Moment
from experiments.calibration.posterior import F64, LogDensity, Surface, make_log_likelihood

DROP = float(stats.chi2.ppf(0.95, 1) / 2.0)  #: log-likelihood below its maximum at which a 95% interval ends
WIDE = 0.8  #: part of the range above which a profile is flat
CLOUD, KEPT, ROUNDS, NEARER = 240, 60, 80, 0.8  #: of a re-fit: places, the best of them, rounds, step over a difference
FLAT, CURVED = "flat", "curved"


def profile_searched(density: LogDensity, best: F64, key: int, grid: F64) -> tuple[F64, F64]:
    """Return log-likelihoods along a searched parameter: the others held at `best` [keys], and re-fitted."""
    held, refitted = np.empty((2, len(grid)))
    for number, place in enumerate(grid):
        start = best.copy()
        start[key] = place
        held[number], refitted[number] = density(start[None])[0], _refit(density, start, key)
    return held, refitted


def profile_played(found: F64, surface: Surface, moments: Sequence[Moment], noise: F64, best: F64) -> tuple[F64, F64]:
    """Return log-likelihoods along a parameter that is not searched: the others held, and re-fitted.

    Args:
        found: [values, moments] as played with the others at `best` [keys]; nan where a moment is undefined.
        surface: of the moments over the searched parameters.
        moments: targets and scales.
        noise: [moments] standard error of a moment's mean over the seeds.
        best: the fitted place.
    """
    held, refitted = np.full((2, len(found)), np.nan)
    for number, row in enumerate(found):
        if np.isfinite(row).all():
            density = make_log_likelihood(_shift(surface, row - surface(best[None])[0]), moments, noise)
            held[number], refitted[number] = density(best[None])[0], _refit(density, best, None)
    return held, refitted


def _shift(surface: Surface, by: F64) -> Surface:
    coefficients = surface.coefficients.copy()
    coefficients[0] += by
    return replace(surface, coefficients=coefficients)


def _refit(density: LogDensity, start: F64, fixed: int | None) -> float:
    """Return the greatest log-likelihood on [0, 1]^keys with place `fixed` as in `start`.

    A cloud of places narrows around its best: each moves along the difference of two others of the best, so correlated
    parameters cost nothing (as in differential evolution, Storn & Price 1997).
    """
    rng = np.random.default_rng(0)
    cloud = rng.random((CLOUD, len(start)))
    cloud[0] = start
    for _ in range(ROUNDS):
        if fixed is not None:
            cloud[:, fixed] = start[fixed]
        best = cloud[np.argsort(-density(cloud), kind="stable")[:KEPT]]
        base, one, other = (best[rng.integers(KEPT, size=CLOUD - KEPT)] for _ in range(3))
        cloud = np.vstack([best, np.clip(base + NEARER * (one - other), 0.0, 1.0)])
    return float(density(cloud[:1])[0])


def tabulate_profile(key: str, grid: F64, values: Sequence[float], held: F64, refitted: F64) -> pd.DataFrame:
    """Return a row a value: `key, place, value, held, refitted, span, verdict`, log-likelihoods below the maximum.

    `span` is the part of the range in which the re-fitted profile lies within `DROP` of its maximum, lines between the
    values; the verdict is FLAT if that is more than `WIDE`.
    """
    top = np.nanmax(refitted) if np.isfinite(refitted).any() else np.nan
    known = np.isfinite(refitted)
    fine = np.linspace(0.0, 1.0, 2001)
    line = np.interp(fine, grid[known], refitted[known]) if known.any() else np.full(len(fine), np.nan)
    span = float(np.mean(line >= top - DROP))
    rows = {"key": key, "place": grid, "value": values, "held": held - top, "refitted": refitted - top, "span": span}
    return pd.DataFrame(rows).assign(verdict=FLAT if span > WIDE else CURVED)


def list_wide_priors(profiles: pd.DataFrame) -> dict[str, list[float]]:
    """Return the whole range of each parameter whose profile is flat, [LOW, HIGH]."""
    flat: Mapping[Any, pd.DataFrame] = dict(list(profiles[profiles["verdict"] == FLAT].groupby("key", sort=False)))
    return {str(key): [float(f"{end:.6g}") for end in rows["value"].iloc[[0, -1]]] for key, rows in flat.items()}
