"""The posterior of the parameters: a response surface through the trials, and the posterior that it implies.

Each moment is a quadratic of the parameters, fitted to all trials, the close ones counting more (local regression, as
in approximate Bayesian computation: Beaumont, Zhang & Balding 2002). Prior: uniform over
the ranges. Likelihood: normal, with the target's scale, the noise of the seeds and the surface's own error. Sampled by
the affine-invariant ensemble of Goodman & Weare 2010, doi:10.2140/camcos.2010.5.65.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.calibration.moments import Moment
from sim.errors import InputError

F64 = NDArray[np.float64]
LogDensity = Callable[[F64], F64]
CLOSE = 0.25  #: part of the trials whose worst has half of the best one's weight
WALKERS, BURN, STEPS, THIN = 200, 600, 600, 20
STRETCH = 2.0
KNOWN, OPEN = 0.5, 0.8  #: spread over that of the prior: below, a parameter is identified; above, it is not


@dataclass(frozen=True)
class Surface:
    """Moments as quadratics of places in [0, 1]^keys."""

    coefficients: F64  #: [terms, moments]
    error: F64  #: [moments] standard deviation of what the surface leaves

    def __call__(self, places: F64) -> F64:
        """Return the moments, [places, moments], at [places, keys]."""
        return np.asarray(_make_terms(places) @ self.coefficients)


def fit_surface(places: F64, found: F64, distance: F64) -> Surface:
    """Return the surface through trials at [n, keys] with moments [n, moments] and their distance [n].

    Raises:
        InputError: there are fewer trials than the surface has terms.
    """
    check_trials(len(places), places.shape[1])
    terms = _make_terms(places)
    weight = 1.0 / (1.0 + distance / max(float(np.quantile(distance, CLOSE)), 1e-12))
    root = np.sqrt(weight / weight.mean())[:, None]
    coefficients, *_ = np.linalg.lstsq(terms * root, found * root, rcond=1e-8)
    left = (found - terms @ coefficients) * root
    free = max(1, len(places) - terms.shape[1])
    return Surface(coefficients, np.sqrt(np.square(left).sum(axis=0) / free))


def check_trials(trials: int, keys: int) -> None:
    """Raise InputError unless a surface over `keys` parameters can be fitted to so many trials."""
    least = math.ceil(1.2 * (1 + 2 * keys + math.comb(keys, 2)))
    if trials < least:
        raise InputError(
            f"{trials} trials that succeed, and {keys} parameters need {least} to say what is known of them: raise "
            "calibrate.trials, or fit fewer parameters"
        )


def _make_terms(places: F64) -> F64:
    """Return 1, each place, each square and each product, [n, terms]."""
    keys = range(places.shape[1])
    centred = 2.0 * places - 1.0
    products = [centred[:, i] * centred[:, j] for i, j in combinations(keys, 2)]
    return np.column_stack([np.ones(len(places)), centred, centred**2, *products])


def make_log_likelihood(surface: Surface, moments: Sequence[Moment], noise: F64) -> LogDensity:
    """Return the logarithm of the likelihood at places, -inf outside the ranges.

    Args:
        surface: of the moments, in their order.
        moments: targets and scales.
        noise: [moments] standard error of a moment's mean over the seeds.
    """
    target, scale = (np.array([getattr(moment, name) for moment in moments]) for name in ("target", "scale"))
    variance = scale**2 + noise**2 + surface.error**2

    def measure_density(places: F64) -> F64:
        inside = ((places >= 0.0) & (places <= 1.0)).all(axis=1)
        errors = np.square(surface(np.clip(places, 0.0, 1.0)) - target) / variance
        return np.where(inside, -0.5 * errors.sum(axis=1), -np.inf)

    return measure_density


def sample_posterior(log_density: LogDensity, start: F64, seed: int) -> F64:
    """Return draws, [WALKERS * STEPS / THIN, keys], of a density on [0, 1]^keys, from walkers that set out at `start`.

    Two halves of the ensemble move by turns, each walker along the line to one of the other half.
    """
    rng = np.random.default_rng(seed)
    keys = start.shape[1]
    walkers = start[rng.integers(len(start), size=WALKERS)] + 0.02 * rng.standard_normal((WALKERS, keys))
    walkers = np.clip(walkers, 1e-6, 1.0 - 1e-6)
    height = log_density(walkers)
    kept = []
    for step in range(BURN + STEPS):
        for half, other in ((slice(0, None, 2), slice(1, None, 2)), (slice(1, None, 2), slice(0, None, 2))):
            here, others = walkers[half], walkers[other]
            z = (1.0 + (STRETCH - 1.0) * rng.random(len(here))) ** 2 / STRETCH
            partner = others[rng.integers(len(others), size=len(here))]
            there = partner + z[:, None] * (here - partner)
            new = log_density(there)
            moves = np.log(rng.random(len(here))) < (keys - 1) * np.log(z) + new - height[half]
            walkers[half] = np.where(moves[:, None], there, here)
            height[half] = np.where(moves, new, height[half])
        if step >= BURN and step % THIN == 0:
            kept.append(walkers.copy())
    return np.concatenate(kept)


def select_best(log_density: LogDensity, draws: F64) -> F64:
    """Return the most likely of the draws, [keys]."""
    return np.asarray(draws[int(np.argmax(log_density(draws)))])


def summarise_draws(keys: Sequence[str], draws: F64) -> pd.DataFrame:
    """Return `key, median, low, high, spread, verdict` in places from 0 to 1: 90% intervals, and what is identified.

    `spread` is the standard deviation of the draws over that of the range itself.
    """
    rows = []
    for key, column in zip(keys, draws.T, strict=True):
        low, median, high = np.quantile(column, (0.05, 0.5, 0.95))
        spread = float(column.std() * np.sqrt(12.0))
        rows.append((key, median, low, high, spread, _classify_spread(spread)))
    return pd.DataFrame(rows, columns=["key", "median", "low", "high", "spread", "verdict"])


def _classify_spread(spread: float) -> str:
    if spread < KNOWN:
        return "identified"
    return "not identified" if spread > OPEN else "weakly identified"
