"""What other assumptions change in the headline, and which of its signs survive them."""

import numpy as np
import pandas as pd

from experiments.analysis.arms import ADDITIVE, ALL
from experiments.analysis.pairing import compute_detectable, compute_interval

HEADLINES = ("lost_dissent_percent", "lost_dissent_impressions_percent", "perceived_support_shift")
FAMILIES = ("main", "main_few", "robustness", "fight_back")
SAME, REVERSED, UNCLEAR, NO_SIGN = "survives", "reversed", "unclear", "headline has no sign"
COLUMNS = ["family", "variant", "outcome", "value", "lo", "hi", "seeds", "sign"]
COLUMNS += ["difference", "difference_lo", "difference_hi", "detectable"]


def get_sign(lo: float, hi: float) -> int:
    """Return +1 or -1 if the interval lies on one side of 0, else 0 (also when it is unknown)."""
    return int(lo > 0) - int(hi < 0)


def summarise_robustness(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return the headline outcomes under other assumptions; the main setting first, then on the seeds of the others.

    Args:
        outcomes: of `contrasts.compute_outcomes`; families of FAMILIES, arm "all", additive effort.

    Returns:
        the columns `COLUMNS`. `sign`
        compares with the main setting: "survives", "reversed", "unclear" (the interval holds 0 or is unknown), or
        "headline has no sign" to compare with. `difference` is the row minus the main setting on the same seeds,
        with its paired interval; nan in the rows of the main setting. `detectable` is the smallest difference that
        would have been found with a probability of 80% (`pairing.compute_detectable`).
    """
    whole = outcomes[(outcomes["arm"] == ALL) & (outcomes["effort"] == ADDITIVE)]
    few = whole.loc[whole["family"].isin(FAMILIES[2:]), "seed"]
    same = whole[(whole["family"] == "main") & whole["seed"].isin(few)].assign(family="main_few")
    whole = pd.concat([whole, same])
    kept = pd.concat([whole[whole["family"] == family] for family in FAMILIES])
    rows = []
    for name in HEADLINES:
        main = 0
        reference = whole[whole["family"] == "main"].set_index("seed")[name]
        for (family, variant), group in kept.groupby(["family", "variant"], sort=False):
            value, lo, hi = compute_interval(group[name])
            if family == "main":
                main = get_sign(lo, hi)
            other = family in FAMILIES[2:]
            gaps = (group[name] - group["seed"].map(reference)).to_numpy(np.float64) if other else np.zeros(0)
            gap = (*compute_interval(gaps), compute_detectable(gaps))
            verdict = _classify_sign(main, get_sign(lo, hi))
            rows.append((family, variant, name, value, lo, hi, len(group), verdict, *gap))
    return pd.DataFrame(rows, columns=COLUMNS)


def _classify_sign(main: int, here: int) -> str:
    if main == 0:
        return NO_SIGN
    if here == 0:
        return UNCLEAR
    return SAME if here == main else REVERSED
