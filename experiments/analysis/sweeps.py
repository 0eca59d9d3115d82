"""A sweep's runs by point: means with intervals, and how many seeds an interval still needs."""

import math
from collections.abc import Sequence

import pandas as pd

from experiments.analysis.pairing import compute_interval
from experiments.running.outcomes import OK


def average_by_point(frame: pd.DataFrame, keys: Sequence[str], outcome: str) -> pd.DataFrame:
    """Return the mean of `outcome` at every point with its 95% t-interval over seeds.

    Args:
        frame: a row a point and seed, with `status`.
        keys: what varies; their values tell points apart.
        outcome: a column of numbers; nan is left out.

    Returns:
        the keys, `value, lo, hi`, `seeds` (that the interval rests on) and `failed` (runs that did not succeed).
    """
    rows = []
    groups = frame.groupby(list(keys), sort=False, dropna=False) if keys else [((), frame)]
    for values, group in groups:
        told = group.loc[group["status"] == OK, outcome].dropna()
        failed = int((group["status"] != OK).sum())
        rows.append((*values, *compute_interval(told), len(told), failed))
    return pd.DataFrame(rows, columns=[*keys, "value", "lo", "hi", "seeds", "failed"])


def estimate_seeds_needed(half: float, seeds: int, wanted: float) -> int:
    """Return how many seeds an interval needs to become `wanted` half wide, at most twice as many as it has.

    A half width falls as the root of the number of seeds; the next estimate will know better than this one.

    Args:
        half: half width now, nan for fewer than two seeds.
        seeds: that it rests on.
        wanted: half width wanted, in the same unit.
    """
    if seeds < 2 or math.isnan(half):
        return max(2, 2 * seeds)
    return seeds if half <= wanted else min(2 * seeds, max(seeds + 1, math.ceil(seeds * (half / wanted) ** 2)))
