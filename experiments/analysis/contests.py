"""What equal budgets achieve, by breadth, and where two organisations are equal."""

import math
from itertools import pairwise

import pandas as pd

from experiments.analysis.pairing import compute_interval

MEASURES = ("posts", "impressions", "flagged", "suspended", "members", "written", "flagged_people")


def summarise_curves(table: pd.DataFrame) -> pd.DataFrame:
    """Return each measure by organisation and breadth, with 95% t-intervals over seeds.

    Columns: organisation, breadth, measure, value, lo, hi, seeds.

    Args:
        table: rows by seed, organisation and breadth, as `experiments.contest.run_job` gives them; posts and
            impressions are what the rivals lost.
    """
    rows = [
        {
            "organisation": organisation,
            "breadth": breadth,
            "measure": name,
            **compute_interval(group[name])._asdict(),
            "seeds": len(group),
        }
        for (organisation, breadth), group in table.groupby(["organisation", "breadth"], sort=False)
        for name in MEASURES
    ]
    return pd.DataFrame(rows)


def compute_gaps(table: pd.DataFrame, one: str, other: str, measure: str) -> pd.DataFrame:
    """Return what `one` takes more than `other` in the same seed, by breadth: breadth, value, lo, hi."""
    wide = table[table["organisation"].isin((one, other))].pivot(
        index=["breadth", "seed"], columns="organisation", values=measure
    )
    gap = wide[one] - wide[other]
    return pd.DataFrame(
        [{"breadth": breadth, **compute_interval(part)._asdict()} for breadth, part in gap.groupby(level="breadth")]
    )


def find_crossing(gap: pd.DataFrame) -> float:
    """Return the breadth at which the mean gap first changes sign, between breadths by their logarithm; nan if never.

    Args:
        gap: as `compute_gaps` returns it, by rising breadth.
    """
    points = list(zip(gap["breadth"], gap["value"], strict=True))
    for (low, before), (high, after) in pairwise(points):
        if before * after < 0:
            part = before / (before - after)
            return float(low * math.exp(part * math.log(high / low)))
    return math.nan
