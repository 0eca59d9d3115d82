"""A fair comparison of data sets: like is measured beside like.

**The rule.** (1) Of every data set the posts that match its topic are kept. (2) Kinds of post that not every data set
has are left out of all, and so is what was deleted. (3) The window is as long as the shortest data set, whole days
(UTC), and lies where a data set has most posts. (4) As many accounts are drawn of each as the data set with fewest has
in its window, without replacement and whatever they did; several times, so that the numbers say how far they hang on
the draw.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from experiments.analysis.traces import DAY, MEASURES, Sample, measure
from experiments.detection.activity import Shown
from sim.errors import InputError
from sim.rng import draw_each, keyed_hash, make_key, stream

ALIKE, OTHER, OPEN = "=", "\u2260", "~"  #: within the factor; not; not, but some draws of both are
_DRAW = stream("traces/draw")


class Rule(NamedTuple):
    """What makes the comparison fair; None is as the shortest, or smallest, data set has it."""

    days: int | None = None
    accounts: int | None = None  #: 0 is all of each
    draws: int = 10
    factor: float = 2.0
    seed: int = 1


class Comparison(NamedTuple):
    """The result."""

    #: column, measure, value (median over draws), lo and hi (least and largest), ratio to the first column, mark
    #: (ALIKE, OTHER, OPEN, or "" where one of the two is not known or they differ in sign)
    measures: pd.DataFrame
    #: column, posts and accounts in the window, drawn, draws, begin, days
    samples: pd.DataFrame
    kinds: str  #: of post that all have, in words


def name_apart(shown: Sequence[Shown]) -> list[Shown]:
    """Return data sets under names that differ: those of one name are numbered."""
    names = [one.name for one in shown]
    return [
        one._replace(name=f"{one.name} ({names[: place + 1].count(one.name)})") if names.count(one.name) > 1 else one
        for place, one in enumerate(shown)
    ]


def compare(shown: Sequence[Shown], rule: Rule) -> Comparison:
    """Measure data sets, and their parts, beside each other; the first is what the others are compared with.

    Raises:
        InputError: they have no kind of post in common, or one has no post on its topic.
    """
    kept = [_select_topic(one) for one in shown]
    kinds = set.intersection(*(set(one.posts["kind"].unique()) for one in kept))
    if not kinds:
        raise InputError(f"{kept[0].name} has no kind of post that all others have: compare them in pairs")
    kept = [one._replace(posts=one.posts[one.posts["kind"].isin(kinds)]) for one in kept]
    days = rule.days or min(_count_days(one.posts["time"]) for one in kept)
    cut = [(one, *_cut_window(one, days)) for one in kept]
    fewest = min(posts["account"].nunique() for _, posts, _ in cut)
    size = fewest if rule.accounts is None else rule.accounts
    measured, samples = [], []
    for one, posts, begin in cut:
        for part, members in {"": None, **one.parts}.items():
            own = posts if members is None else posts[members[posts["account"].to_numpy()]]
            column = f"{one.name}: {part}" if part else one.name
            rows, drawn = _measure_draws(own, one.accounts, begin, days, size, rule)
            measured += [row | {"column": column} for row in rows]
            samples.append({"column": column, "posts": len(own), "accounts": own["account"].nunique(), "drawn": drawn,
                            "draws": len(rows), "begin": begin, "days": days})  # fmt: skip
    return Comparison(_summarise(pd.DataFrame(measured), rule.factor), pd.DataFrame(samples), ", ".join(sorted(kinds)))


def _select_topic(one: Shown) -> Shown:
    posts = one.posts[one.posts["matches"].to_numpy()]
    if posts.empty:
        raise InputError(f"{one.name} has no post on the topic: say another topic, or topic=all")
    return one._replace(posts=posts)


def _count_days(time: pd.Series) -> int:
    return max(1, round((int(time.max()) - int(time.min())) / DAY))


def _cut_window(one: Shown, days: int) -> tuple[pd.DataFrame, int]:
    """Return the posts of the `days` days, one after another, that have most, and the first second of these."""
    day = one.posts["time"].to_numpy() // DAY
    each = np.bincount(day - day.min())
    sums = np.convolve(each, np.ones(days, np.int64))[days - 1 :]
    first = int(day.min() + sums.argmax())
    return one.posts[(day >= first) & (day < first + days)], DAY * first


def _measure_draws(
    posts: pd.DataFrame, accounts: pd.DataFrame, begin: int, days: int, size: int, rule: Rule
) -> tuple[list[dict[str, float]], int]:
    """Return the measures of each draw of accounts, and how many were drawn."""
    there = np.unique(posts["account"].to_numpy())
    drawn = min(size or len(there), len(there))
    rows = []
    for draw in range(rule.draws if drawn < len(there) else 1):
        identity = accounts["identity"].to_numpy()[there]
        order = draw_each(keyed_hash(make_key(rule.seed, _DRAW), identity), draw)
        chosen = np.sort(there[np.argsort(order, kind="stable")[:drawn]])
        place = np.full(len(accounts), -1)
        place[chosen] = np.arange(drawn)
        own = posts[place[posts["account"].to_numpy()] >= 0]
        own = own.assign(account=place[own["account"].to_numpy()])
        rows.append(measure(Sample(own, accounts.iloc[chosen].reset_index(drop=True), begin, DAY * days)))
    return rows, drawn


def _summarise(measured: pd.DataFrame, factor: float) -> pd.DataFrame:
    """Return a row a column and measure, in their order."""
    long = measured.melt("column", var_name="measure")
    each = long.groupby(["column", "measure"], sort=False)["value"].agg(["median", "min", "max"]).reset_index()
    each.columns = pd.Index(["column", "measure", "value", "lo", "hi"])
    first = each[each["column"] == measured["column"].iloc[0]].set_index("measure").reindex(each["measure"])
    value, least, most = (first[name].to_numpy() for name in ("value", "lo", "hi"))
    mine, low, high = (each[name].to_numpy() for name in ("value", "lo", "hi"))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where((mine == 0) & (value == 0), 1.0, mine / value)
    known = np.isfinite(mine) & np.isfinite(value) & (mine * value >= 0)
    overlap = (high >= least / factor) & (low <= most * factor)
    mark = np.where((ratio >= 1 / factor) & (ratio <= factor), ALIKE, np.where(overlap, OPEN, OTHER))
    each = each.assign(ratio=ratio, mark=np.where(known, mark, ""))
    order = {one.name: place for place, one in enumerate(MEASURES)}
    columns = {name: place for place, name in enumerate(measured["column"].unique())}
    places = each["measure"].map(order) + len(order) * each["column"].map(columns)
    return each.iloc[np.argsort(places.to_numpy())].reset_index(drop=True)


def count_marks(measures: pd.DataFrame, column: str) -> dict[str, int]:
    """Return how often each mark stands in a column."""
    marks = measures.loc[measures["column"] == column, "mark"]
    return {mark: int((marks == mark).sum()) for mark in (ALIKE, OPEN, OTHER)}
