"""Published numbers of Ross et al. (2019), the cells they belong to, and how ours are set beside them.

Numbers are of the authors' public C++ code, run 1,000 to 1,400 times a cell beside this project. Where no standard
error is told, that of a probability is the binomial one of 1,000 runs (at most .016) and that of a share .0008.
"""

import math
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any, NamedTuple

import pandas as pd

from experiments.published.ross_2019 import Ross

MEASURES = {
    "bots_win": "P(bots win)",
    "silent": "share silent",
    "minority": "share speaking for the minority",
    "ticks": "mean ticks",
    "central": "P(most central actor decides)",
}
PROBABILITIES = ("bots_win", "central")
WITHIN = 3.0  #: combined standard errors that a difference may reach
SHARE_ERROR = 0.0008
_RUNS = 1000  #: the least that a published probability rests on


class Target(NamedTuple):
    """One published number."""

    cell: Ross
    measure: str  #: a key of MEASURES
    value: float
    error: float  #: standard error


def make_cell(links: int, bots: int, **other: Any) -> Ross:
    """Return the cell with m = m' = `links`; whatever is not said is the default."""
    return Ross(links=links, bot_links=links, bots=bots, **other)


def make_probability(where: Ross, value: float, measure: str = "bots_win") -> Target:
    """Return a published probability with its binomial standard error."""
    return Target(where, measure, value, math.sqrt(value * (1.0 - value) / _RUNS))


#: P(bots win) at 0, 20 and 50 bots, by m
CURVES = {1: (0.498, 0.631, 0.801), 3: (0.488, 0.677, 0.858), 10: (0.511, 0.705, 0.909)}
#: at 0 bots by m: silent, minority, mean ticks, its standard error
UNMANIPULATED = {1: (0.584, 0.182, 34.6, 0.3), 3: (0.451, 0.186, 169.1, 2.3), 10: (0.493, 0.003, 104.9, 5.7)}
TARGETS = (
    *(make_probability(make_cell(m, b), p) for m, row in CURVES.items() for b, p in zip((0, 20, 50), row, strict=True)),
    *(Target(make_cell(m, 0), "silent", row[0], SHARE_ERROR) for m, row in UNMANIPULATED.items()),
    *(Target(make_cell(m, 0), "minority", row[1], SHARE_ERROR) for m, row in UNMANIPULATED.items()),
    *(Target(make_cell(m, 0), "ticks", row[2], row[3]) for m, row in UNMANIPULATED.items()),
    make_probability(make_cell(1, 0), 0.616, "central"),
    make_probability(make_cell(10, 0), 0.528, "central"),
    make_probability(make_cell(5, 20), 2.0 / 3.0),
    make_probability(make_cell(5, 20, positive=0.55), 0.150),
    make_probability(make_cell(1, 2, users=100), 0.541),
    make_probability(make_cell(1, 200, users=10_000), 0.855),
)


def list_cells(links: Iterable[int], bots: Iterable[int]) -> list[Ross]:
    """Return every cell once: a curve over `bots` for each m in `links`, then the published ones that it lacks.

    Raises:
        InputError: a number that no cell can have.
    """
    steps = list(bots)
    wanted = [make_cell(m, b) for m in links for b in steps]
    return list(dict.fromkeys([*wanted, *(target.cell for target in TARGETS)]))


def format_cell(where: Ross) -> str:
    """Return how a cell is called, such as "m=5, 20 bots, q=0.55"."""
    words = [f"m={where.links}", f"{where.bots} bots"]
    if where.users != Ross().users:
        words.append(f"N={where.users:,}")
    if where.positive != Ross().positive:
        words.append(f"q={where.positive:g}")
    return ", ".join(words)


def estimate(runs: pd.DataFrame, measure: str) -> tuple[float, float]:
    """Return (mean, standard error) of a measure over the runs of one cell.

    The error of a probability is Agresti & Coull's, which few runs do not make zero. Ticks are of runs that stopped.
    """
    if measure in PROBABILITIES:
        count = len(runs) + 4.0
        adjusted = (float(runs[measure].sum()) + 2.0) / count
        return float(runs[measure].mean()), math.sqrt(adjusted * (1.0 - adjusted) / count)
    values = runs.loc[runs["period"] == 0, measure] if measure == "ticks" else runs[measure]
    return float(values.mean()), float(values.std()) / math.sqrt(len(values)) if len(values) > 1 else math.nan


def compare(runs: pd.DataFrame, targets: Iterable[Target] = TARGETS) -> pd.DataFrame:
    """Set our cells beside the published numbers.

    Args:
        runs: a row a run: the fields of its cell, and what `ross_2019.simulate` returns.
        targets: published numbers; those of cells that were not run are left out.

    Returns:
        A row a cell and measure: P(bots win) of every cell, and whatever else is published of it. `passed` is
        missing where nothing is published.
    """
    published = {(target.cell, target.measure): target for target in targets}
    names = list(asdict(Ross()))
    rows = []
    for values, group in runs.groupby(names, sort=False):
        where = Ross(**dict(zip(names, values, strict=True)))  # type: ignore[arg-type]
        for measure in MEASURES:
            target = published.get((where, measure))
            if target or measure == "bots_win":
                rows.append(_make_row(where, measure, group, target))
    return pd.DataFrame(rows).astype({"passed": "boolean", "target": float, "target_error": float})


def _make_row(where: Ross, measure: str, runs: pd.DataFrame, target: Target | None) -> dict[str, Any]:
    ours, error = estimate(runs, measure)
    row: dict[str, Any] = {"cell": format_cell(where), **asdict(where), "measure": measure, "runs": len(runs)}
    row |= {"cycles": int((runs["period"] > 0).sum()), "unsettled": int((runs["period"] < 0).sum())}
    row |= {"target": None, "target_error": None, "ours": ours, "error": error, "passed": None}
    if target:
        passed = abs(ours - target.value) <= WITHIN * math.hypot(error, target.error)
        row |= {"target": target.value, "target_error": target.error, "passed": passed}
    return row
