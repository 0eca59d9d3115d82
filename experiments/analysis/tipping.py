"""The tipping point of a curve of wins, and what moves it; paired by seed, since all variants share people and chance.

A *table of wins* has a row a run: variant, bots, seed, won (1, 0.5 or 0).
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from experiments.analysis.pairing import CONFIDENCE, F64, Interval, compute_interval

TIPPING_SHARE = 2 / 3  #: the mark of Ross et al. 2019: the bots win in two runs of three
RESAMPLES = 1000


def compute_win_curves(wins: pd.DataFrame) -> pd.DataFrame:
    """Return P(the bots' side wins) by variant and bots with 95% Wilson intervals: wins, seeds, lo, hi.

    Wilson 1927, "Probable inference, the law of succession, and statistical inference", JASA 22.
    """
    table = wins.groupby(["variant", "bots"], sort=False)["won"].agg(["mean", "size"]).reset_index()
    z, n = 1.96, table["size"]
    centre = (table["mean"] + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(table["mean"] * (1 - table["mean"]) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return table.assign(lo=centre - half, hi=centre + half).rename(columns={"mean": "wins", "size": "seeds"})


def find_tipping_points(wins: pd.DataFrame) -> pd.DataFrame:
    """Return for each variant the number of bots at which they win two runs of three: bots, lo, hi.

    inf stands for "not within the bots tried". The 95% interval is of `RESAMPLES` bootstrap samples of seeds.
    """
    rows = []
    for name in wins["variant"].unique():
        grid = _pivot_wins(wins, name)
        found = _find_crossings(grid, np.ones((1, len(grid))))[0]
        rows.append((name, found, *_compute_percentiles(_find_crossings(grid, _draw_resamples(len(grid))))))
    return pd.DataFrame(rows, columns=["variant", "bots", "lo", "hi"])


def compute_shifts(wins: pd.DataFrame, reference: str, asked: Sequence[int]) -> pd.DataFrame:
    """Return what each other variant changes against `reference` in the same seeds.

    Columns: variant; at, at_lo, at_hi: P(win) over the numbers of bots `asked` (bootstrap over seeds); win, win_lo,
    win_hi: its difference from the reference (t-interval over seeds); move, move_lo, move_hi: difference of the tipping
    points in bots, both read off the numbers of bots that the two share (bootstrap over seeds; inf for a variant that
    does not tip within them, nan where neither does).
    """
    rows = []
    for name in wins["variant"].unique():
        ours, theirs = _pivot_wins(wins, name), _pivot_wins(wins, reference)
        seeds, bots = ours.index.intersection(theirs.index), ours.columns.intersection(theirs.columns)
        ours, theirs = ours.loc[seeds, bots], theirs.loc[seeds, bots]
        at = _bootstrap_share(ours[list(asked)].mean(axis=1).to_numpy())
        gap = compute_interval((ours - theirs)[list(asked)].mean(axis=1))
        if name != reference:
            rows.append((name, *at, *gap, *_compute_move(ours, theirs)))
    heads = [f"{what}{end}" for what in ("at", "win", "move") for end in ("", "_lo", "_hi")]
    return pd.DataFrame(rows, columns=["variant", *heads])


def pool_wins(wins: pd.DataFrame, variant: str, asked: Sequence[int]) -> Interval:
    """Return P(win) of `variant` over the numbers of bots `asked`, with its 95% interval over seeds."""
    return _bootstrap_share(_pivot_wins(wins, variant)[list(asked)].mean(axis=1).to_numpy())


def _bootstrap_share(won: F64) -> Interval:
    """Return the mean of shares with its 95% bootstrap interval over seeds, which stays in [0, 1]."""
    known = won[~np.isnan(won)]
    if not len(known):
        return compute_interval(known)
    return Interval(float(known.mean()), *_compute_percentiles(_draw_resamples(len(known)) @ known / len(known)))


def compute_lift(wins: pd.DataFrame, variant: str, asked: Sequence[int]) -> Interval:
    """Return how much P(win) over the numbers of bots `asked` is above that of the fewest bots, paired by seed."""
    grid = _pivot_wins(wins, variant)
    return compute_interval(grid[list(asked)].mean(axis=1) - grid.iloc[:, 0])


def _pivot_wins(wins: pd.DataFrame, variant: str) -> pd.DataFrame:
    """Return won as [seeds, bots]."""
    return wins[wins["variant"] == variant].pivot_table(index="seed", columns="bots", values="won")


def _draw_resamples(seeds: int) -> F64:
    """Return how often each of `seeds` is drawn in each bootstrap sample, [RESAMPLES, seeds]; always the same."""
    return np.random.default_rng(0).multinomial(seeds, np.full(seeds, 1 / seeds), RESAMPLES).astype(float)


def _compute_move(ours: pd.DataFrame, theirs: pd.DataFrame) -> tuple[float, float, float]:
    weights = _draw_resamples(len(ours))
    whole = np.ones((1, len(ours)))
    return _subtract(_find_crossings(ours, whole), _find_crossings(theirs, whole))[0], *_compute_percentiles(
        _subtract(_find_crossings(ours, weights), _find_crossings(theirs, weights))
    )


def _subtract(a: F64, b: F64) -> F64:
    with np.errstate(invalid="ignore"):
        return a - b


def _find_crossings(grid: pd.DataFrame, weights: F64) -> F64:
    """Return where the mean of the seeds, weighted by each row of `weights`, tips."""
    bots = grid.columns.to_numpy(float)
    means = weights @ grid.to_numpy() / weights.sum(axis=1, keepdims=True)
    return np.array([find_crossing(bots, fit_isotonic(row)) for row in means])


def fit_isotonic(wins: F64) -> F64:
    """Return the non-decreasing curve nearest to `wins` in squares (isotonic regression by pooling violators)."""
    blocks: list[tuple[float, int]] = []
    for win in wins:
        mean, size = float(win), 1
        while blocks and blocks[-1][0] > mean:
            before, many = blocks.pop()
            mean, size = (mean * size + before * many) / (size + many), size + many
        blocks.append((mean, size))
    return np.repeat([mean for mean, _ in blocks], [size for _, size in blocks])


def find_crossing(bots: F64, wins: F64) -> float:
    """Return where straight lines between the points first reach `TIPPING_SHARE`; inf if they do not."""
    reached = np.flatnonzero(wins >= TIPPING_SHARE)
    if not reached.size:
        return float("inf")
    k = int(reached[0])
    if k == 0:
        return float(bots[0])
    part = (TIPPING_SHARE - wins[k - 1]) / (wins[k] - wins[k - 1])
    return float(bots[k - 1] + part * (bots[k] - bots[k - 1]))


def _compute_percentiles(values: F64) -> tuple[float, float]:
    """Return the ends of the middle 95% of `values`, which may be infinite; nan are left out."""
    known = np.sort(values[~np.isnan(values)])
    if not len(known):
        return float("nan"), float("nan")
    low = int((1 - CONFIDENCE) / 2 * (len(known) - 1))
    return float(known[low]), float(known[len(known) - 1 - low])
