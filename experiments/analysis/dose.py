"""The dose-response curve: what is lost at each share of the contested topic's posts that the army writes."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.analysis.arms import ADDITIVE, ALL
from experiments.analysis.pairing import Interval, compute_interval
from experiments.analysis.turning import bootstrap_place, find_sign_change

F64 = NDArray[np.float64]
#: outcomes of the curve
RESPONSES = ("lost_dissent_percent", "lost_dissent_impressions_percent")


def compute_doses(runs: pd.DataFrame, effects: pd.DataFrame) -> pd.DataFrame:
    """Return the effect of the whole operation at each intensity, in each seed.

    Args:
        runs: a row a run, with `army_share` (of the contested topic's posts during the campaign, share).
        effects: of `contrasts.compute_outcomes`; family "dose" is used, whose `variant` is the intensity as text.

    Returns:
        `intensity, seed, army_share` and `RESPONSES`, a row an intensity and seed.
    """
    keys = ["family", "variant", "arm", "effort", "seed"]
    both = effects.merge(runs[[*keys, "army_share"]], on=keys, validate="1:1")
    both = both[(both["family"] == "dose") & (both["arm"] == ALL) & (both["effort"] == ADDITIVE)]
    return both.assign(intensity=both["variant"].astype(float))[["intensity", "seed", "army_share", *RESPONSES]]


def summarise_doses(doses: pd.DataFrame) -> pd.DataFrame:
    """Return the curve: `intensity, outcome, dose, dose_lo, dose_hi, value, lo, hi, seeds`.

    `dose` is the mean over seeds of the army's share of the topic's posts, `value` of the outcome, in percent; both
    with 95% t-intervals.
    """
    rows = []
    for intensity, group in doses.groupby("intensity"):
        for outcome in RESPONSES:
            share, effect = compute_interval(group["army_share"]), compute_interval(group[outcome])
            rows.append((intensity, outcome, *share, *effect, len(group)))
    columns = ["intensity", "outcome", "dose", "dose_lo", "dose_hi", "value", "lo", "hi", "seeds"]
    return pd.DataFrame(rows, columns=columns)


def find_half_dose(doses: pd.DataFrame) -> Interval:
    """Return the dose at which lost dissent first is half of what it is at the highest dose, a share.

    The mean curve is joined by straight lines over the log odds of the dose. Bounds are the middle 95% of bootstrap
    samples of seeds: inf where samples do not cross within the doses tried, nan for fewer than two seeds. All nan
    where a dose is 0 or 1, which has no odds.
    """
    table = doses.pivot(index="seed", columns="intensity", values="lost_dissent_percent").dropna()
    if table.shape[1] < 2:
        return Interval(*[float("nan")] * 3)
    share = doses.groupby("intensity")["army_share"].mean()[table.columns].to_numpy(np.float64)
    if not ((share > 0) & (share < 1)).all():
        return Interval(*[float("nan")] * 3)
    odds = np.log(share / (1 - share))
    return bootstrap_place(table.to_numpy(np.float64), lambda means: _cross_half(odds, means))


def _cross_half(odds: F64, means: F64) -> float:
    """Return the share at which the curve crosses half of its last value; nan if that is no loss, or it never does."""
    if not means[-1] > 0:
        return float("nan")
    return float(1 / (1 + np.exp(-find_sign_change(odds, means - means[-1] / 2))))
