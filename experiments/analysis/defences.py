"""Effects of defences: paired by seed, means with intervals, and how surely each is on the Pareto front."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import stdtr, stdtrit

from experiments.analysis.pairing import CONFIDENCE, compute_interval, ratio_of_means
from sim.observers.harm import GROUPS, HITS

KEYS = ["family", "variation", "seed"]
COUNTS = (
    "dissent_posts",
    "dissent_removed",
    "dissent_impressions",
    "dissent_impressions_nondissenters",
    "opportunities",
    "army_posts",
    "organic_posts",
    "prompts",
    "suspensions",
    *(f"{hit}_{whom}" for hit in HITS for whom in GROUPS),
)
INNOCENT = GROUPS[:-1]  #: everybody but the organised
LIMITED = ("rejected", "removed", "demoted")  #: what happens to posts
SHUT_OUT = ("suspensions", "blocked")  #: what happens to accounts
#: outcome -> whether more of it is better, for the front
AIMS = {"restored": True, "limited_posts": False, "shut_out": False}
RESAMPLES = 1000


def compute_effects(worlds: pd.DataFrame) -> pd.DataFrame:
    """Return what each defence does in each seed, against the same seed without a defence.

    Args:
        worlds: a row a world: `KEYS`, `defence`, `arm` ("none" | "all") and `COUNTS`. Under a defence "none" may be
            left out; `quiet_effect` is nan then.

    Returns:
        a row a variation, seed and defence, counts from the campaign's start on: `deficit` (standing dissenting posts
        that the operation costs without a defence), `restored` (additional posts due to the defence, under the
        operation), `quiet_effect` (the same without an operation: below 0 the defence itself silences), `seen`
        (impressions of dissent among non-dissenters, restored); and, under the operation, more than without the
        defence: `limited_posts` and `shut_out` of the innocent, each also by `GROUPS`, `uncounted`, `prompts`,
        `suspensions`, `army_posts`.

    Raises:
        ValueError: opportunities differ between worlds of one seed, so that they are no pairs.
    """
    frame = worlds.assign(standing=worlds["dissent_posts"] - worlds["dissent_removed"])
    for name, hits in (("limited_posts", LIMITED), ("shut_out", SHUT_OUT), ("uncounted", ("uncounted",))):
        for whom in GROUPS:
            frame[f"{name}_{whom}"] = sum(frame[f"{hit}_{whom}"] for hit in hits)
        frame[name] = frame[[f"{name}_{whom}" for whom in INNOCENT]].sum(axis=1)
    if (frame.groupby(KEYS)["opportunities"].nunique() > 1).any():
        raise ValueError("opportunities differ between worlds of one seed: these are no pairs")
    wide = {arm: group.drop(columns="arm") for arm, group in frame.groupby("arm")}
    both = wide["all"].merge(wide["none"], "left", [*KEYS, "defence"], suffixes=("", "_quiet"), validate="1:1")
    bare = both[both["defence"] == "none"].drop(columns="defence")
    pairs = both[both["defence"] != "none"].merge(bare, on=KEYS, suffixes=("", "_bare"), validate="m:1")
    out = pairs[[*KEYS, "defence"]].copy()
    out["deficit"] = pairs["standing_quiet_bare"] - pairs["standing_bare"]
    out["restored"] = pairs["standing"] - pairs["standing_bare"]
    out["quiet_effect"] = pairs["standing_quiet"] - pairs["standing_quiet_bare"]
    seen = "dissent_impressions_nondissenters"
    out["seen_deficit"] = pairs[f"{seen}_quiet_bare"] - pairs[f"{seen}_bare"]
    out["seen"] = pairs[seen] - pairs[f"{seen}_bare"]
    parts = [f"{name}_{whom}" for name in ("limited_posts", "shut_out") for whom in GROUPS]
    for name in ("limited_posts", "shut_out", "uncounted", "prompts", "suspensions", "army_posts", *parts):
        out[name] = pairs[name] - pairs[f"{name}_bare"]
    return out


def summarise_effects(paired: pd.DataFrame) -> pd.DataFrame:
    """Return means over seeds with 95% intervals: `family, variation, defence, outcome, value, lo, hi, seeds`.

    `restored_percent` and `seen_percent` are of the deficit (ratio of means, Fieller's interval; nan where the
    deficit cannot be told from 0). `precision` is the percentage of organised accounts among those shut out, likewise
    (nan where the seeds do not say that more are shut out than without the defence). `front` is the share of
    resampled sets of seeds in which the defence is on the Pareto front of its variation, by `AIMS`; its bounds are nan.
    """
    rows = []
    for (family, variation), group in paired.groupby(["family", "variation"], sort=False):
        shares = compute_front_shares(group)
        for defence, one in group.groupby("defence", sort=False):
            found = {name: compute_interval(one[name]) for name in one.columns.drop([*KEYS, "defence"])}
            found["restored_percent"] = ratio_of_means(100 * one["restored"], one["deficit"])
            found["seen_percent"] = ratio_of_means(100 * one["seen"], one["seen_deficit"])
            shut = one["shut_out"] + one["shut_out_organised"]
            right = ratio_of_means(100 * one["shut_out_organised"], shut)
            found["precision"] = right if compute_interval(shut).lo > 0 else compute_interval([])
            rows += [(family, variation, defence, name, *value, len(one)) for name, value in found.items()]
            rows.append((family, variation, defence, "front", shares[str(defence)], np.nan, np.nan, len(one)))
    names = ["family", "variation", "defence", "outcome", "value", "lo", "hi", "seeds"]
    return pd.DataFrame(rows, columns=names)


def find_pareto_front(points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which of `points` [n, aims] no other point beats (bool [n]); more is better in every column.

    One beats another if it is no worse in any column and better in one.
    """
    no_worse = (points[:, None] >= points[None]).all(axis=2)
    better = (points[:, None] > points[None]).any(axis=2)
    return ~np.asarray((no_worse & better).any(axis=0), np.bool_)


def compute_front_shares(group: pd.DataFrame, seed: int = 1) -> dict[str, float]:
    """Return for each defence the share of `RESAMPLES` draws of seeds (with replacement) in which it is on the front.

    "No defence", which restores and harms nothing, takes part.
    """
    names = list(dict.fromkeys(group["defence"]))
    table = group.pivot(index="seed", columns="defence", values=list(AIMS))
    signed = [table[aim][names].to_numpy(np.float64) * (1 if more else -1) for aim, more in AIMS.items()]
    samples = np.stack(signed, axis=2)  # [seeds, defences, aims]
    rows = np.random.default_rng(seed).integers(len(samples), size=(RESAMPLES, len(samples)))
    nothing = np.zeros((1, len(AIMS)))
    on = np.array([find_pareto_front(np.concatenate([samples[draw].mean(axis=0), nothing]))[:-1] for draw in rows])
    return dict(zip(names, on.mean(axis=0).tolist(), strict=True))


def compute_pair_gains(paired: pd.DataFrame) -> pd.DataFrame:
    """Return what two defences restore beyond the better of the two alone, in the same seeds, with 95% t-intervals.

    The better one is that which restores more on average. Columns: `pair, better, gain, lo, hi, seeds`; no row without
    pairs.
    """
    pairs, alone = (paired[paired["family"] == family] for family in ("pairs", "scenario"))
    table = alone[alone["variation"].isin(pairs["variation"])].pivot(index="seed", columns="defence", values="restored")
    rows = []
    for pair, group in pairs.groupby("defence", sort=False):
        better = str(table[str(pair).split(" + ")].mean().idxmax())
        gain = group.set_index("seed")["restored"] - table[better]
        rows.append((pair, better, *compute_interval(gain), len(group)))
    return pd.DataFrame(rows, columns=["pair", "better", "gain", "lo", "hi", "seeds"])


def select_significant(table: pd.DataFrame) -> list[tuple[str, str]]:
    """Return the effects on dissent, (variation, defence), that Holm's correction for their number leaves at 5%.

    Args:
        table: rows as `summarise_effects` returns them; t-tests are derived from the intervals of `restored`.
    """
    rows = table[(table["outcome"] == "restored") & table["lo"].notna()].to_dict("records")
    tested = []
    for row in rows:
        half, free = (row["hi"] - row["lo"]) / 2, row["seeds"] - 1
        size = abs(row["value"]) * stdtrit(free, 0.5 + CONFIDENCE / 2)  # t is size over half
        p = 1.0 if row["value"] == 0 else 2 * stdtr(free, -size / half) if half > 0 else 0.0
        tested.append((p, str(row["variation"]), str(row["defence"])))
    left = []
    for place, (p, *names) in enumerate(sorted(tested)):
        if p > (1 - CONFIDENCE) / (len(tested) - place):
            break
        left.append((names[0], names[1]))
    return left


def classify_effect(lo: float, hi: float) -> str:
    """Return what an interval says of an effect: "more", "less", or "none found"."""
    return "more" if lo > 0 else "less" if hi < 0 else "none found"


def classify_variations(table: pd.DataFrame, defence: str, variations: Sequence[str]) -> dict[str, str]:
    """Return by variation what the interval of `restored` says about a defence.

    Args:
        table: as `summarise_effects` returns it.
        defence: which.
        variations: names, in the order of the answer.
    """
    rows = table[(table["outcome"] == "restored") & (table["defence"] == defence)].set_index("variation")
    lo, hi = rows["lo"].to_dict(), rows["hi"].to_dict()
    return {name: classify_effect(lo[name], hi[name]) for name in variations if name in lo}
