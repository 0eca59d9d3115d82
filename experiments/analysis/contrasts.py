"""Arm against "none" in the same seed: the outcomes, reported apart."""

import pandas as pd

from experiments.analysis.losses import WORLD, compute_losses, pair_with_none
from experiments.analysis.pairing import compute_interval, compute_pairing_factor

#: outcome -> (column, +1 if the effect is arm - none, -1 if it is none - arm)
EFFECTS = {
    "lost_dissent_impressions": ("dissent_impressions", -1),
    "lost_impressions_nondissenters": ("dissent_impressions_nondissenters", -1),
    "visibility_shift": ("dissent_visibility", 1),
    "perceived_support_shift": ("perceived_support", 1),
    "true_support_shift": ("true_support", 1),
    "perceived_supporters_shift": ("perceived_supporters", 1),
    "true_supporters_shift": ("true_supporters", 1),
    "loyal_posts_shift": ("loyal_posts", 1),
    "uncommitted_posts_shift": ("uncommitted_posts", 1),
    "everyday_posts_shift": ("everyday_posts", 1),
}
RELATIVE = (
    "lost_dissent_impressions",
    "lost_impressions_nondissenters",
    "loyal_posts_shift",
    "uncommitted_posts_shift",
    "everyday_posts_shift",
)


def compute_outcomes(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the paired effect of each arm in each seed, a row an arm other than "none".

    Columns: `losses.WORLD`, `arm`, `lost_dissent` (posts), `lost_dissent_percent`, those of `EFFECTS` in the unit of
    their column, and for `RELATIVE` also `NAME_percent` (of the arm "none"; nan where that is 0).
    """
    both, losses = pair_with_none(_count_everyday(runs)), compute_losses(runs)
    out = losses[[*WORLD, "arm"]].copy()
    out["lost_dissent"], out["lost_dissent_percent"] = losses["lost"], losses["lost_percent"]
    for name, (column, sign) in EFFECTS.items():
        out[name] = sign * (both[column] - both[f"{column}_none"])
        if name in RELATIVE:
            out[f"{name}_percent"] = 100 * out[name] / both[f"{column}_none"].where(both[f"{column}_none"] > 0)
    return out


def _count_everyday(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the runs with `everyday_posts`: posts of people that are no contested ones of their cohort."""
    contested = runs["dissent_posts"] + runs["loyal_posts"] + runs["uncommitted_posts"]
    return runs.assign(everyday_posts=runs["organic_posts"] - contested)


def compute_contrasts(runs: pd.DataFrame) -> pd.DataFrame:
    """Return each main arm's effects over seeds: `arm, effort, outcome, value, lo, hi, seeds, pairing_factor`.

    `pairing_factor` is defined for outcomes in the unit of their column, nan for percentages.
    """
    effects, both = compute_outcomes(runs), pair_with_none(_count_everyday(runs))
    both["standing"] = both["dissent_posts"] - both["dissent_removed"]
    both["standing_none"] = both["dissent_posts_none"] - both["dissent_removed_none"]
    columns = {"lost_dissent": "standing", **{name: column for name, (column, _) in EFFECTS.items()}}
    rows = []
    for (arm, effort), group in effects.groupby(["arm", "effort"], sort=False):
        pair = both.loc[group.index]
        for name in effects.columns.drop([*WORLD, "arm"]):
            column = columns.get(name)
            factor = compute_pairing_factor(pair[f"{column}_none"], pair[column]) if column else float("nan")
            rows.append((arm, effort, name, *compute_interval(group[name]), len(group), factor))
    return pd.DataFrame(rows, columns=["arm", "effort", "outcome", "value", "lo", "hi", "seeds", "pairing_factor"])
