"""The dose at which an effect changes its sign, with its interval."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from experiments.analysis.pairing import CONFIDENCE, Interval

RESAMPLES = 2000


def find_sign_change(doses: ArrayLike, values: ArrayLike) -> float:
    """Return the first dose at which the values cross 0, by straight lines between them; nan if they never do."""
    x, y = np.asarray(doses, dtype=np.float64), np.asarray(values, dtype=np.float64)
    order = np.argsort(x)
    x, y = x[order], y[order]
    zero = np.flatnonzero(y == 0)
    cross = np.flatnonzero(y[:-1] * y[1:] < 0)
    found = [*x[zero], *(x[i] - y[i] * (x[i + 1] - x[i]) / (y[i + 1] - y[i]) for i in cross)]
    return float(min(found)) if found else float("nan")


def find_turning_point(effects: pd.DataFrame) -> Interval:
    """Return where the mean over seeds changes its sign, with the middle 95% of bootstrap samples of seeds.

    Args:
        effects: a row a dose and seed: `dose`, `seed`, `value`. Seeds not played at every dose are left out.

    Returns:
        the dose, nan if no sign changes; bounds are inf where samples do not reach a change within the doses tried,
        nan for fewer than two seeds.
    """
    table = effects.pivot(index="seed", columns="dose", values="value").dropna()
    doses = table.columns.to_numpy(np.float64)
    return bootstrap_place(table.to_numpy(np.float64), lambda means: find_sign_change(doses, means))


def bootstrap_place(values: NDArray[np.float64], find: Callable[[NDArray[np.float64]], float]) -> Interval:
    """Return what `find` finds in the means over seeds, with the middle 95% of bootstrap samples of seeds.

    Args:
        values: [seeds, doses].
        find: from means, [doses], to a place; nan if there is none.

    Returns:
        bounds are inf where samples have no such place, nan for fewer than two seeds; without a seed all is nan.
    """
    n, nan = len(values), float("nan")
    if n == 0:
        return Interval(nan, nan, nan)
    found = find(values.mean(axis=0))
    if n == 1:
        return Interval(found, nan, nan)
    weights = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), RESAMPLES) / n
    places = np.sort([find(means) for means in weights @ values])  # nan come last
    places[np.isnan(places)] = np.inf
    first = int((1 - CONFIDENCE) / 2 * (RESAMPLES - 1))
    return Interval(found, float(places[first]), float(places[RESAMPLES - 1 - first]))
