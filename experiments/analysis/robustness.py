"""Which signs of the headline survive other assumptions, and how wide it is over declared priors."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from experiments.analysis.arms import ADDITIVE, ALL
from experiments.analysis.pairing import interval

HEADLINES = ("lost_dissent_percent", "lost_dissent_impressions_percent", "perceived_support_shift")
FAMILIES = ("main", "main_few", "robustness", "fight_back", "dose")
SAME, REVERSED, UNCLEAR, NO_SIGN = "survives", "reversed", "unclear", "headline has no sign"


def sign(lo: float, hi: float) -> int:
    """Return +1 or -1 if the interval lies on one side of 0, else 0 (also when it is unknown)."""
    return int(lo > 0) - int(hi < 0)


def robustness(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return the headline outcomes under other assumptions; the main setting first, then on the seeds of the others.

    Args:
        outcomes: of `contrasts.outcomes`; families of FAMILIES, arm "all", additive effort.

    Returns:
        `family, variant, outcome, value, lo, hi, seeds, sign`. `sign` compares with the main setting: "survives",
        "reversed", "unclear" (the interval holds 0 or is unknown), or "headline has no sign" to compare with.
    """
    whole = outcomes[(outcomes["arm"] == ALL) & (outcomes["effort"] == ADDITIVE)]
    few = whole.loc[whole["family"].isin(FAMILIES[2:]), "seed"]
    same = whole[(whole["family"] == "main") & whole["seed"].isin(few)].assign(family="main_few")
    whole = pd.concat([whole, same])
    kept = pd.concat([whole[whole["family"] == family] for family in FAMILIES])
    rows = []
    for name in HEADLINES:
        main = 0
        for (family, variant), group in kept.groupby(["family", "variant"], sort=False):
            value, lo, hi = interval(group[name])
            if family == "main":
                main = sign(lo, hi)
            rows.append((family, variant, name, value, lo, hi, len(group), _verdict(main, sign(lo, hi))))
    return pd.DataFrame(rows, columns=["family", "variant", "outcome", "value", "lo", "hi", "seeds", "sign"])


def sign_change(doses: ArrayLike, values: ArrayLike) -> float:
    """Return the first dose at which the values cross 0, by straight lines between them; nan if they never do."""
    x, y = np.asarray(doses, dtype=np.float64), np.asarray(values, dtype=np.float64)
    order = np.argsort(x)
    x, y = x[order], y[order]
    zero = np.flatnonzero(y == 0)
    cross = np.flatnonzero(y[:-1] * y[1:] < 0)
    found = [*x[zero], *(x[i] - y[i] * (x[i + 1] - x[i]) / (y[i + 1] - y[i]) for i in cross)]
    return float(min(found)) if found else float("nan")


class Spread(NamedTuple):
    """The headline over prior draws, parameter uncertainty apart from seed uncertainty."""

    draws: int
    runs: int
    mean: float  #: over draws
    low: float  #: 5% quantile over draws of the draw's mean
    high: float  #: 95% quantile
    between: float  #: variance between parameter draws, seed noise taken off, >= 0
    within: float  #: variance between seeds at fixed parameters
    within_from: str  #: "draws", or "main" where no draw has two seeds


def prior_spread(draws: ArrayLike, values: ArrayLike, main: ArrayLike) -> Spread:
    """Split the variance of the headline into parameters and seeds (law of total variance, one-way layout).

    Args:
        draws: [runs] which prior draw.
        values: [runs] the outcome; nan are left out.
        main: [seeds] the outcome in the main setting, whose variance stands in for the seeds' where each draw has
            one seed only.
    """
    frame = pd.DataFrame({"draw": np.asarray(draws), "value": np.asarray(values, dtype=np.float64)}).dropna()
    by = frame.groupby("draw")["value"]
    means, sizes = by.mean(), by.size()
    nan = float("nan")
    if means.empty:
        return Spread(0, 0, nan, nan, nan, nan, nan, "main")
    spare = len(frame) - len(means)
    reference = np.asarray(main, dtype=np.float64)
    reference = reference[~np.isnan(reference)]
    if spare > 0:
        within, source = float(((frame["value"] - by.transform("mean")) ** 2).sum() / spare), "draws"
    else:
        within, source = float(np.var(reference, ddof=1)) if reference.size > 1 else nan, "main"
    noise = within * float((1 / sizes).mean())
    between = max(0.0, float(means.var(ddof=1)) - noise) if len(means) > 1 and noise == noise else nan
    low, high = (float(means.quantile(q)) for q in (0.05, 0.95))
    return Spread(len(means), len(frame), float(means.mean()), low, high, between, within, source)


def _verdict(main: int, here: int) -> str:
    if main == 0:
        return NO_SIGN
    if here == 0:
        return UNCLEAR
    return SAME if here == main else REVERSED
