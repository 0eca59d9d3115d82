"""What unmasked sleepers cost, against the same worlds in which nobody is unmasked."""

import pandas as pd

from experiments.analysis.pairing import compute_interval

KEYS = ["number", "hour", "spillover"]
#: measure -> whether it is summed (else averaged) from the hour of the unmasking to the end
COSTS = {"credibility_dissenters": False, "dissent_impressions": True, "dissent_posts": True}


def compute_costs(ticks: pd.DataFrame) -> pd.DataFrame:
    """Return the cost of each case: number, hour, spillover, measure, value, lo, hi, percent, seeds.

    Args:
        ticks: hourly measures by number (0: nobody), hour, spillover and seed.

    Returns:
        value is what is lost (nobody unmasked - the case) from the hour of the unmasking to the end: a mean for
        credibility, sums for the others; with 95% t-intervals over seeds; percent of what there is without.
    """
    nobody = ticks[ticks["number"] == 0]
    rows = []
    for (number, hour, spills), case in ticks[ticks["number"] > 0].groupby(KEYS):
        without = nobody[(nobody["spillover"] == spills) & (nobody["tick"] >= hour)].groupby("seed")
        with_ = case[case["tick"] >= hour].groupby("seed")
        for measure, summed in COSTS.items():
            before, after = (part[measure].sum() if summed else part[measure].mean() for part in (without, with_))
            lost = compute_interval(before - after)
            percent = 100.0 * lost.value / before.mean() if before.mean() else float("nan")
            rows.append((number, hour, spills, measure, *lost, percent, len(before)))
    return pd.DataFrame(rows, columns=[*KEYS, "measure", "value", "lo", "hi", "percent", "seeds"])
