"""Who loses: lost and gained posts by group of dissenters."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.analysis.pairing import compute_interval
from experiments.analysis.transitions import ENDINGS, STANDING

if TYPE_CHECKING:
    from sim.observers.intentions import IntentionTable
    from sim.world import World

EVERYBODY = "everybody"
DECILES = 10
RANKED = ("activity", "followers")  #: kinds whose groups are deciles


def classify_dissenters(world: "World") -> dict[str, NDArray[np.str_]]:
    """Return the groups of the cohort of dissenters of a world with the operation, by kind: kind -> names, [people].

    *Attacked* are those who received a toxic post since the campaign began. Activity is the mean number of contested
    intentions a day; its deciles, like those of followers, are among dissenters.
    """
    from sim.state.accounts import DISSENTER, REACTIONS

    accounts, graph = world.accounts, world.graph
    rows = np.flatnonzero(accounts.cohort[: world.n_organic] == DISSENTER)
    followers = np.diff(graph.followers_start)[rows]
    activity = (accounts.sessions * accounts.intentions_per_session * accounts.interest)[rows]
    return {
        EVERYBODY: np.full(len(rows), "all dissenters"),
        "reaction": np.where(accounts.hardcore[rows], "hard core", np.array(REACTIONS)[accounts.reaction[rows]]),
        "abuse": np.where(accounts.abuse_received[rows] > 0, "attacked", "never attacked"),
        **{kind: _name_deciles(values) for kind, values in zip(RANKED, (activity, followers), strict=True)},
    }


def count_by_group(none: "IntentionTable", arm: "IntentionTable", world: "World") -> pd.DataFrame:
    """Return lost and gained posts of each group of dissenters in one world.

    Args:
        none: the intentions of the arm "none".
        arm: those of the arm with the operation, of the same seed.
        world: the one of that arm, at its end.

    Returns:
        a row a kind and group: `kind, group, people, baseline, lost, gained`; the last three in posts. Groups of a
        kind share out all dissenters.
    """
    from sim.state.accounts import DISSENTER

    standing = ENDINGS.index(STANDING)
    before, after = none.outcome == standing, arm.outcome == standing
    rows = np.flatnonzero(world.accounts.cohort[: world.n_organic] == DISSENTER)
    posts = np.stack(
        [
            np.bincount(none.author[chosen], minlength=world.n_organic)[rows]
            for chosen in (before, before & ~after, after & ~before)
        ]
    )
    found = []
    for kind, names in classify_dissenters(world).items():
        for group in sorted(np.unique(names), key=lambda name: (len(name.split()[0]) if kind in RANKED else 0, name)):
            member = names == group
            found.append((kind, str(group), int(member.sum()), *posts[:, member].sum(axis=1).tolist()))
    return pd.DataFrame(found, columns=["kind", "group", "people", "baseline", "lost", "gained"])


def summarise_groups(groups: pd.DataFrame) -> pd.DataFrame:
    """Return what each group loses: means over seeds with 95% t-intervals.

    Args:
        groups: of `count_by_group`, with `seed`.

    Returns:
        a row a kind, group and measure: `kind, group, people, measure, value, lo, hi, seeds`. Measures: `net_percent`,
        100 (lost - gained) / baseline of the group, nan in seeds in which it has no baseline; `lost` and `gained`,
        posts a world; `share_of_loss`, its net loss in % of that of all dissenters, mean over mean.
    """
    seeds = groups["seed"].nunique()
    whole = groups[groups["kind"] == EVERYBODY]
    total = float((whole["lost"] - whole["gained"]).sum())
    rows = []
    for (kind, group), part in groups.groupby(["kind", "group"], sort=False):
        net, people = part["lost"] - part["gained"], part["people"].sum() / seeds
        percent = 100 * net / part["baseline"].where(part["baseline"] > 0)
        missing = [0] * (seeds - len(part))  # seeds in which nobody is of the group
        share = 100 * float(net.sum()) / total if total > 0 else float("nan")
        for measure, values in (("net_percent", percent), ("lost", [*part["lost"], *missing])):
            rows.append((kind, group, people, measure, *compute_interval(values), seeds))
        rows.append((kind, group, people, "gained", *compute_interval([*part["gained"], *missing]), seeds))
        rows.append((kind, group, people, "share_of_loss", share, np.nan, np.nan, seeds))
    return pd.DataFrame(rows, columns=["kind", "group", "people", "measure", "value", "lo", "hi", "seeds"])


def count_voices(none: "IntentionTable") -> float:
    """Return the effective number of authors of standing dissent: 1 / sum of squared shares; nan without a post."""
    posts = np.bincount(none.author[none.outcome == ENDINGS.index(STANDING)]).astype(np.float64)
    total = posts.sum()
    return float(total**2 / (posts**2).sum()) if total else float("nan")


def _name_deciles(values: NDArray[np.generic]) -> NDArray[np.str_]:
    """Return the decile of each value among all, as text: "1 (lowest)" .. "10 (highest)"; equals by their order."""
    place = np.empty(len(values), np.int64)
    place[np.argsort(values, kind="stable")] = np.arange(len(values))
    names = np.array(["1 (lowest)", *map(str, range(2, DECILES)), f"{DECILES} (highest)"])
    return names[place * DECILES // max(len(values), 1)]
