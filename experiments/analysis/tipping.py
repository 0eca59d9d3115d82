"""Where a curve of wins tips, and what moves it: paired by seed, since all variants share people and chance.

A *table of wins* has a row a run: variant, bots, seed, won (1, 0.5 or 0).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from experiments.analysis.pairing import CONFIDENCE, F64, Interval, interval

TIPPED = 2 / 3  #: the mark of Ross et al. 2019: the bots win in two runs of three
RESAMPLES = 1000


def curves(wins: pd.DataFrame) -> pd.DataFrame:
    """Return P(the bots' side wins) by variant and bots with 95% Wilson intervals: wins, seeds, lo, hi.

    Wilson 1927, "Probable inference, the law of succession, and statistical inference", JASA 22.
    """
    table = wins.groupby(["variant", "bots"], sort=False)["won"].agg(["mean", "size"]).reset_index()
    z, n = 1.96, table["size"]
    centre = (table["mean"] + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(table["mean"] * (1 - table["mean"]) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return table.assign(lo=centre - half, hi=centre + half).rename(columns={"mean": "wins", "size": "seeds"})


def tipping(wins: pd.DataFrame) -> pd.DataFrame:
    """Return for each variant the number of bots at which they win two runs of three: bots, lo, hi.

    inf stands for "not within the bots tried". The 95% interval is of `RESAMPLES` bootstrap samples of seeds.
    """
    rows = []
    for name in wins["variant"].unique():
        grid = _grid(wins, name)
        found = _crossings(grid, np.ones((1, len(grid))))[0]
        rows.append((name, found, *_middle(_crossings(grid, _resamples(len(grid))))))
    return pd.DataFrame(rows, columns=["variant", "bots", "lo", "hi"])


def shifts(wins: pd.DataFrame, reference: str, asked: Sequence[int]) -> pd.DataFrame:
    """Return what each other variant changes against `reference` in the same seeds.

    Columns: variant; at, at_lo, at_hi: P(win) over the numbers of bots `asked` (bootstrap over seeds); win, win_lo,
    win_hi: its difference from the reference (t-interval over seeds); move, move_lo, move_hi: difference of the tipping
    points in bots, both read off the numbers of bots that the two share (bootstrap over seeds; inf for a variant that
    does not tip within them, nan where neither does).
    """
    rows = []
    for name in wins["variant"].unique():
        ours, theirs = _grid(wins, name), _grid(wins, reference)
        seeds, bots = ours.index.intersection(theirs.index), ours.columns.intersection(theirs.columns)
        ours, theirs = ours.loc[seeds, bots], theirs.loc[seeds, bots]
        at = _share(ours[list(asked)].mean(axis=1).to_numpy())
        gap = interval((ours - theirs)[list(asked)].mean(axis=1))
        if name != reference:
            rows.append((name, *at, *gap, *_move(ours, theirs)))
    heads = [f"{what}{end}" for what in ("at", "win", "move") for end in ("", "_lo", "_hi")]
    return pd.DataFrame(rows, columns=["variant", *heads])


def pooled(wins: pd.DataFrame, variant: str, asked: Sequence[int]) -> Interval:
    """Return P(win) of `variant` over the numbers of bots `asked`, with its 95% interval over seeds."""
    return _share(_grid(wins, variant)[list(asked)].mean(axis=1).to_numpy())


def _share(won: F64) -> Interval:
    """Return the mean of shares with its 95% bootstrap interval over seeds, which stays in [0, 1]."""
    known = won[~np.isnan(won)]
    if not len(known):
        return interval(known)
    return Interval(float(known.mean()), *_middle(_resamples(len(known)) @ known / len(known)))


def lift(wins: pd.DataFrame, variant: str, asked: Sequence[int]) -> Interval:
    """Return how much P(win) over the numbers of bots `asked` is above that of the fewest bots, paired by seed."""
    grid = _grid(wins, variant)
    return interval(grid[list(asked)].mean(axis=1) - grid.iloc[:, 0])


def _grid(wins: pd.DataFrame, variant: str) -> pd.DataFrame:
    """Return won as [seeds, bots]."""
    return wins[wins["variant"] == variant].pivot_table(index="seed", columns="bots", values="won")


def _resamples(seeds: int) -> F64:
    """Return how often each of `seeds` is drawn in each bootstrap sample, [RESAMPLES, seeds]; always the same."""
    return np.random.default_rng(0).multinomial(seeds, np.full(seeds, 1 / seeds), RESAMPLES).astype(float)


def _move(ours: pd.DataFrame, theirs: pd.DataFrame) -> tuple[float, float, float]:
    weights = _resamples(len(ours))
    whole = np.ones((1, len(ours)))
    return _difference(_crossings(ours, whole), _crossings(theirs, whole))[0], *_middle(
        _difference(_crossings(ours, weights), _crossings(theirs, weights))
    )


def _difference(a: F64, b: F64) -> F64:
    with np.errstate(invalid="ignore"):
        return a - b


def _crossings(grid: pd.DataFrame, weights: F64) -> F64:
    """Return where the mean of the seeds, weighted by each row of `weights`, tips."""
    bots = grid.columns.to_numpy(float)
    means = weights @ grid.to_numpy() / weights.sum(axis=1, keepdims=True)
    return np.array([crossing(bots, rising(row)) for row in means])


def rising(wins: F64) -> F64:
    """Return the non-decreasing curve nearest to `wins` in squares (isotonic regression by pooling violators)."""
    blocks: list[tuple[float, int]] = []
    for win in wins:
        mean, size = float(win), 1
        while blocks and blocks[-1][0] > mean:
            before, many = blocks.pop()
            mean, size = (mean * size + before * many) / (size + many), size + many
        blocks.append((mean, size))
    return np.repeat([mean for mean, _ in blocks], [size for _, size in blocks])


def crossing(bots: F64, wins: F64) -> float:
    """Return where straight lines between the points first reach `TIPPED`; inf if they do not."""
    reached = np.flatnonzero(wins >= TIPPED)
    if not reached.size:
        return float("inf")
    k = int(reached[0])
    if k == 0:
        return float(bots[0])
    part = (TIPPED - wins[k - 1]) / (wins[k] - wins[k - 1])
    return float(bots[k - 1] + part * (bots[k] - bots[k - 1]))


def _middle(values: F64) -> tuple[float, float]:
    """Return the ends of the middle 95% of `values`, which may be infinite; nan are left out."""
    known = np.sort(values[~np.isnan(values)])
    if not len(known):
        return float("nan"), float("nan")
    low = int((1 - CONFIDENCE) / 2 * (len(known) - 1))
    return float(known[low]), float(known[len(known) - 1 - low])
