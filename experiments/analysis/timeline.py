"""Hour by hour and day by day, with the operation and without, in paired worlds."""

import numpy as np
import pandas as pd

from experiments.analysis.arms import ADDITIVE, ALL, NONE
from experiments.analysis.pairing import compute_interval

DAY = 24
#: series -> columns: one is a mean over the last 24 h, two are the ratio of their totals over the last 24 h
SERIES = {
    "standing": ("standing",),
    "impressions": ("dissent_impressions",),
    "visibility": ("dissent_impressions", "topic_impressions"),
    "perceived_support": ("perceived_support",),
    "true_support": ("true_support",),
    "perceived_supporters": ("perceived_supporters",),
    "true_supporters": ("true_supporters",),
    "fear": ("mean_fear",),
}


def pivot_measure(ticks: pd.DataFrame, arm: str, column: str) -> pd.DataFrame:
    """Return one measure of one arm (additive effort): index seed, one column a tick, both ascending.

    `column` may be "standing": dissent_posts - dissent_removed.
    """
    rows = ticks[(ticks["arm"] == arm) & (ticks["effort"] == ADDITIVE)]
    if column == "standing":
        rows = rows.assign(standing=rows["dissent_posts"] - rows["dissent_removed"])
    return rows.pivot(index="seed", columns="tick", values=column)


def compute_deficits(ticks: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return each arm's hourly deficit of standing dissent against "none": arm -> frame of [seeds, ticks]."""
    none = pivot_measure(ticks, NONE, "standing")
    working = ticks.loc[ticks["effort"] == ADDITIVE, "arm"].unique()
    return {arm: none - pivot_measure(ticks, arm, "standing") for arm in working if arm != NONE}


def summarise_timeline(ticks: pd.DataFrame) -> pd.DataFrame:
    """Return 24 h means of `SERIES` for the arms "none" and "all": `series, arm, tick, value, lo, hi`.

    Each value looks back: hours t-23 .. t (all there are, in a run shorter than a day). lo and hi of "all" are the
    mean without plus the 95% interval of the paired difference; those of "none" are nan.
    """
    frames = []
    for name, columns in SERIES.items():
        none, full = (_average_daily([pivot_measure(ticks, arm, column) for column in columns]) for arm in (NONE, ALL))
        gap = compute_interval(full.to_numpy() - none.to_numpy())
        base = none.to_numpy().mean(axis=0)
        unknown = np.full_like(base, np.nan)
        for arm, (value, lo, hi) in {
            NONE: (base, unknown, unknown),
            ALL: (base + gap.value, base + gap.lo, base + gap.hi),
        }.items():
            block = {"series": name, "arm": arm, "tick": none.columns, "value": value, "lo": lo, "hi": hi}
            frames.append(pd.DataFrame(block))
    return pd.concat(frames, ignore_index=True)


def _average_daily(parts: list[pd.DataFrame]) -> pd.DataFrame:
    width = min(DAY, parts[0].shape[1])
    sums = [part.T.rolling(width).sum().T for part in parts]
    if len(sums) == 1:
        return (sums[0] / width).loc[:, parts[0].columns[width - 1 :]]
    return (sums[0] / sums[1].where(sums[1] > 0)).loc[:, parts[0].columns[width - 1 :]]
