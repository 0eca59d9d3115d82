"""Lost dissent, net of what is gained: the counts that must add up, and the share of each pathway."""

import pandas as pd

from experiments.analysis.arms import ADDITIVE, ALL, NONE
from experiments.analysis.pairing import compute_interval, ratio_of_means
from experiments.analysis.summary import NOT_WANTED, WITHHELD

WORLD = ["family", "variant", "effort", "seed"]


class IdentityError(ArithmeticError):
    """The counts of intentions do not add up: a fault of the engine, never of the user."""


def check_cells(frame: pd.DataFrame) -> None:
    """Check in every row (a tick or a run) that each intention has exactly one outcome category.

    Raises:
        IdentityError: names the law and the first row that breaks it.
    """
    withheld = frame[list(WITHHELD)].sum(axis=1)
    laws = {
        "dissent_withheld = the four withheld cells": frame["dissent_withheld"] - withheld,
        "dissent_wanted = dissent_posts + dissent_withheld": frame["dissent_wanted"]
        - frame["dissent_posts"]
        - withheld,
        "opportunities = unwanted cells + dissent_wanted": frame["opportunities"]
        - frame[list(NOT_WANTED)].sum(axis=1)
        - frame["dissent_wanted"],
    }
    for law, error in laws.items():
        _check_law(frame, error, law)


def compute_losses(runs: pd.DataFrame) -> pd.DataFrame:
    """Return what each arm lost against the arm "none" of the same world and seed.

    Args:
        runs: a row a run: `WORLD`, `arm` and the counts of `summary.COUNTS`.

    Returns:
        a row an arm other than "none": `WORLD`, `arm`, `baseline` (standing dissent without the operation, posts),
        `lost` (posts, net of those gained) and `lost_percent` (of the baseline; nan where it is 0).

    Raises:
        IdentityError: the counts of a run do not add up, or two arms differ in their opportunities.
        ValueError: an arm has no "none" to compare with.
    """
    check_cells(runs)
    both = pair_with_none(runs)
    _check_law(both, both["opportunities"] - both["opportunities_none"], "opportunities are the same in every arm")
    out = both[[*WORLD, "arm"]].copy()
    out["baseline"] = both["dissent_posts_none"] - both["dissent_removed_none"]
    out["lost"] = out["baseline"] - (both["dissent_posts"] - both["dissent_removed"])
    out["lost_percent"] = 100 * out["lost"] / out["baseline"].where(out["baseline"] > 0)
    return out


def pair_with_none(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the arms other than "none", each beside the columns of its "none" (suffix `_none`)."""
    none, rest = runs[runs["arm"] == NONE], runs[runs["arm"] != NONE]
    both = rest.merge(none.drop(columns="arm"), on=WORLD, how="left", suffixes=("", "_none"), validate="m:1")
    alone = both["opportunities_none"].isna()
    if alone.any():
        raise ValueError(f'no arm "none" to compare with: {_locate_rows(both, alone)}')
    return both.reset_index(drop=True)


def summarise_knockouts(losses: pd.DataFrame) -> pd.DataFrame:
    """Return the loss under the whole operation when one pathway is switched off for the whole run.

    Args:
        losses: of `compute_losses`; families "main" and "knockout" are used, arm "all", additive effort.

    Returns:
        a row a knock-out, over the seeds it shares with the main runs: `knockout, seeds, full, without, reduction, lo,
        hi` (posts; `reduction` = full - without, with its paired interval) and `share, share_lo, share_hi` (of the full
        loss, Fieller's interval; pathways overlap, so shares need not sum to 1).
    """
    whole = losses[(losses["arm"] == ALL) & (losses["effort"] == ADDITIVE)]
    full = whole.loc[whole["family"] == "main", ["seed", "lost"]]
    rows = []
    for name, group in whole[whole["family"] == "knockout"].groupby("variant", sort=False):
        pair = full.merge(group[["seed", "lost"]], on="seed", suffixes=("", "_without"))
        gone = pair["lost"] - pair["lost_without"]
        means = (pair["lost"].mean(), pair["lost_without"].mean())
        rows.append((name, len(pair), *means, *compute_interval(gone), *ratio_of_means(gone, pair["lost"])))
    names = ["knockout", "seeds", "full", "without", "reduction", "lo", "hi", "share", "share_lo", "share_hi"]
    return pd.DataFrame(rows, columns=names)


def _check_law(frame: pd.DataFrame, error: "pd.Series[float]", law: str) -> None:
    wrong = ~(error == 0)
    if wrong.any():
        raise IdentityError(f"{law}: off by {error[wrong].iloc[0]:g} at {_locate_rows(frame, wrong)}")


def _locate_rows(frame: pd.DataFrame, marked: "pd.Series[bool]") -> str:
    keys = [name for name in (*WORLD, "arm", "tick") if name in frame.columns]
    return ", ".join(f"{name}={value}" for name, value in frame.loc[marked, keys].iloc[0].items())
