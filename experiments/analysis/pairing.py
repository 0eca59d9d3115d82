"""Means with t-intervals over seeds, and what pairing the seeds gains."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtrit

F64 = NDArray[np.float64]
CONFIDENCE = 0.95


class Interval(NamedTuple):
    """A mean over seeds with its two-sided 95% t-interval; bounds are nan for fewer than two seeds."""

    value: Any
    lo: Any
    hi: Any


def compute_interval(samples: ArrayLike) -> Interval:
    """Return the mean over axis 0 (seeds) with its 95% t-interval.

    Args:
        samples: [seeds] or [seeds, ...], any unit. nan in [seeds] are left out; in more dimensions they stay nan.

    Returns:
        floats for [seeds], arrays of the remaining shape otherwise. No seed at all gives nan throughout.
    """
    x = np.asarray(samples, dtype=np.float64)
    if x.ndim == 1:
        x = x[~np.isnan(x)]
    n = x.shape[0]
    if n == 0:
        empty = np.full(x.shape[1:], np.nan)[()]
        return Interval(empty, empty, empty)
    mean = x.mean(axis=0)
    if n == 1:
        unknown = np.full_like(mean, np.nan)[()]
        return Interval(mean, unknown, unknown)
    half = stdtrit(n - 1, 0.5 + CONFIDENCE / 2) * x.std(axis=0, ddof=1) / np.sqrt(n)
    return Interval(mean, mean - half, mean + half)


def compute_detectable(samples: ArrayLike, power: float = 0.8) -> float:
    """Return the smallest mean difference that these seeds would tell from 0 with probability `power`, in their unit.

    (t(n-1, .975) + t(n-1, power)) times the standard error (Bloom 1995, doi:10.1177/0193841X9501900504); nan for fewer
    than two seeds.
    """
    x = np.asarray(samples, dtype=np.float64)
    x = x[~np.isnan(x)]
    n = len(x)
    if n < 2:
        return float("nan")
    quantiles = stdtrit(n - 1, 0.5 + CONFIDENCE / 2) + stdtrit(n - 1, power)
    return float(quantiles * x.std(ddof=1) / np.sqrt(n))


def compute_pairing_factor(without: ArrayLike, with_: ArrayLike) -> float:
    """Return Var(difference of independent seeds) / Var(difference of the same seeds).

    Above 1 pairing helps; below 1 it harms. The numerator is Var(without) + Var(with), what unpaired worlds would
    give. nan for fewer than two seeds, or when the paired difference does not vary.
    """
    a, b = np.asarray(without, dtype=np.float64), np.asarray(with_, dtype=np.float64)
    if len(a) < 2:
        return float("nan")
    paired = np.var(a - b, ddof=1)
    if not paired > 0:
        return float("nan")
    return float((np.var(a, ddof=1) + np.var(b, ddof=1)) / paired)


def ratio_of_means(numerator: ArrayLike, denominator: ArrayLike) -> Interval:
    """Return mean(numerator) / mean(denominator) of paired samples with Fieller's 95% interval.

    Bounds are nan for fewer than two seeds and where the denominator cannot be told from 0 (no bounded interval).
    """
    y, x = np.asarray(numerator, dtype=np.float64), np.asarray(denominator, dtype=np.float64)
    n = len(x)
    if n == 0 or x.mean() == 0:
        return Interval(float("nan"), float("nan"), float("nan"))
    ratio = float(y.mean() / x.mean())
    if n == 1:
        return Interval(ratio, float("nan"), float("nan"))
    (vyy, vyx), (_, vxx) = np.cov(y, x) / n
    q = stdtrit(n - 1, 0.5 + CONFIDENCE / 2) ** 2
    a, b, c = x.mean() ** 2 - q * vxx, x.mean() * y.mean() - q * vyx, y.mean() ** 2 - q * vyy
    inside = b * b - a * c
    if a <= 0:
        return Interval(ratio, float("nan"), float("nan"))
    root = float(np.sqrt(max(inside, 0.0)))
    return Interval(ratio, float((b - root) / a), float((b + root) / a))
