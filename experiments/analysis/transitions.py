"""Lost and gained posts: what the same intention came to without the operation, and with it.

Chance is keyed by intention, so an arm and the arm "none" of a seed have the same intentions. *Lost* is a post that
stands without the operation and not with it, *gained* the reverse; net = gained - lost is exact in every world.
"""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.analysis.arms import ADDITIVE, ALL
from experiments.analysis.losses import IdentityError
from experiments.analysis.pairing import compute_interval
from experiments.analysis.summary import NOT_WANTED, WITHHELD

if TYPE_CHECKING:
    from sim.observers.intentions import IntentionTable

STANDING = "dissent_posts"
ENDINGS = (*NOT_WANTED, *WITHHELD, STANDING, "dissent_removed")  #: by the code in `IntentionTable.outcome`
#: what became of lost posts with the operation, and of gained ones without it
CAUSES = tuple(name for name in ENDINGS if name != STANDING)
LOST, GAINED, NET = "lost", "gained", "net"
DAY = 24


def count_transitions(none: "IntentionTable", arm: "IntentionTable") -> pd.DataFrame:
    """Return how many intentions of each hour ended in which way without the operation, and with it.

    Args:
        none: the intentions of the arm "none".
        arm: those of another arm of the same seed.

    Returns:
        a row for each pair of endings that occurs in an hour: `tick`, `without`, `with` (of `ENDINGS`), `intentions`.

    Raises:
        IdentityError: the arms do not have the same intentions.
    """
    if not np.array_equal(none.key, arm.key):
        raise IdentityError("the same intentions arise in every arm: these two arms differ in theirs")
    pair = none.outcome.astype(np.int64) * len(ENDINGS) + arm.outcome
    code, count = np.unique(none.tick.astype(np.int64) * len(ENDINGS) ** 2 + pair, return_counts=True)
    tick, pair = np.divmod(code, len(ENDINGS) ** 2)
    return pd.DataFrame(
        {
            "tick": tick.astype(np.int32),
            "without": _name_endings(pair // len(ENDINGS)),
            "with": _name_endings(pair % len(ENDINGS)),
            "intentions": count,
        }
    )


def _name_endings(codes: NDArray[np.int64]) -> pd.Categorical:
    return pd.Categorical(np.array(ENDINGS)[codes], ENDINGS)


def select_changes(transitions: pd.DataFrame) -> pd.DataFrame:
    """Return the lost and the gained posts: the columns that name a world, `tick`, `change`, `cause`, `posts`.

    `cause` is what became of a lost post with the operation, and of a gained one without it.
    """
    before, after = transitions["without"] == STANDING, transitions["with"] == STANDING
    parts = [
        transitions[chosen].assign(change=change).rename(columns={cause: "cause", "intentions": "posts"})
        for change, cause, chosen in ((LOST, "with", before & ~after), (GAINED, "without", after & ~before))
    ]
    found = pd.concat(parts, ignore_index=True).drop(columns=["with", "without"])
    return found.assign(cause=found["cause"].astype(str))


def total_changes(transitions: pd.DataFrame, losses: pd.DataFrame) -> pd.DataFrame:
    """Return the lost and the gained posts of every main arm other than "none", in each seed.

    Args:
        transitions: of `count_transitions`, with `arm`, `effort`, `seed`.
        losses: of `losses.compute_losses`, family "main".

    Returns:
        a row an arm, effort and seed: `arm, effort, seed, baseline, lost_posts, gained_posts`.

    Raises:
        IdentityError: gained - lost is not the difference of standing dissent.
    """
    keys = ["arm", "effort", "seed"]
    sums = select_changes(transitions).groupby([*keys, "change"], observed=True)["posts"].sum().unstack("change")
    both = losses[[*keys, "baseline", "lost"]].set_index(keys)
    for change in (LOST, GAINED):
        both[f"{change}_posts"] = sums[change].reindex(both.index).fillna(0).astype(np.int64) if change in sums else 0
    wrong = both["lost_posts"] - both["gained_posts"] != both["lost"]
    if wrong.any():
        where = dict(zip(keys, both.index[wrong][0], strict=True))
        raise IdentityError(f"net loss = lost posts - gained posts: not so at {where}")
    return both.drop(columns="lost").reset_index()


def summarise_causes(transitions: pd.DataFrame, totals: pd.DataFrame) -> pd.DataFrame:
    """Return lost and gained posts by cause: `arm, effort, change, cause, value, lo, hi, median, percent`.

    Args:
        transitions: of every main arm (`count_transitions`, with `arm`, `effort`, `seed`).
        totals: of `total_changes`.

    Returns:
        `value` is posts a world, the mean over seeds with its 95% interval, `median` the median, `percent` the mean
        over seeds in % of the baseline. A row "total" for each change; "net" is gained - lost. Medians need not add up.
    """
    changes, keys = select_changes(transitions), ["arm", "effort", "seed"]
    counts = changes.groupby([*keys, "change", "cause"], observed=True)["posts"].sum()
    wide = counts.unstack(["change", "cause"]).reindex(pd.MultiIndex.from_frame(totals[keys])).fillna(0)
    rows = []
    for (arm, effort), group in totals.groupby(["arm", "effort"], sort=False):
        baseline = group["baseline"].where(group["baseline"] > 0)
        lost, gained = group["lost_posts"], group["gained_posts"]
        parts = {(LOST, "total"): lost, (GAINED, "total"): gained, (NET, "total"): gained - lost}
        here = wide.loc[[tuple(row) for row in group[keys].itertuples(index=False)]]
        for change in (LOST, GAINED):
            for cause in CAUSES:
                known = (change, cause) in here
                parts[change, cause] = pd.Series(here[change, cause].to_numpy() if known else 0.0, group.index)
        for (change, cause), posts in parts.items():
            percent = compute_interval(100 * posts / baseline).value
            row = (arm, effort, change, cause, *compute_interval(posts), float(posts.median()), percent)
            rows.append(row)
    return pd.DataFrame(rows, columns=["arm", "effort", "change", "cause", "value", "lo", "hi", "median", "percent"])


def summarise_daily_changes(transitions: pd.DataFrame, start: int, ticks: int) -> pd.DataFrame:
    """Return lost and gained posts a whole day of the arm "all": `day, change, cause, value` (posts a world).

    The mean over seeds; day 0 is the campaign's first, earlier ones are negative.
    """
    whole = _select_whole_operation(transitions)
    changes, seeds = select_changes(whole), max(whole["seed"].nunique(), 1)
    days = range(-(start // DAY), (ticks - start) // DAY)
    day = (changes["tick"] - start) // DAY
    sums = changes.groupby([day.rename("day"), "change", "cause"])["posts"].sum() / seeds
    full = pd.MultiIndex.from_product([days, (LOST, GAINED), CAUSES], names=["day", "change", "cause"])
    return sums.reindex(full, fill_value=0.0).rename("value").reset_index()


def summarise_flows(transitions: pd.DataFrame) -> pd.DataFrame:
    """Return the transition table of the arm "all": `without, with, value, lo, hi`, intentions a world.

    The mean over seeds with its 95% interval; pairs of endings that never occur are left out.
    """
    whole = _select_whole_operation(transitions)
    seeds = sorted(whole["seed"].unique())
    counts = whole.groupby(["without", "with", "seed"], observed=True)["intentions"].sum().unstack("seed")
    table = counts.reindex(columns=seeds).fillna(0.0)
    found = compute_interval(table.to_numpy(np.float64).T)
    return table.index.to_frame(index=False).assign(value=found.value, lo=found.lo, hi=found.hi)


def _select_whole_operation(transitions: pd.DataFrame) -> pd.DataFrame:
    return transitions[(transitions["arm"] == ALL) & (transitions["effort"] == ADDITIVE)]
