"""The share of each tactic: exact Shapley values and interactions over all subsets, seed by seed."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.analysis.arms import list_arms
from experiments.analysis.pairing import compute_interval

F64 = NDArray[np.float64]
Game = Mapping[frozenset[str], F64]
OUTCOMES = ("lost_dissent", "lost_posts", "gained_posts", "lost_dissent_impressions", "perceived_support_shift")


def compute_shapley_values(game: Game, tactics: Sequence[str]) -> dict[str, F64]:
    """Return each tactic's Shapley value in each seed.

    Args:
        game: v(S) for every subset S of `tactics`: frozenset -> [seeds].
        tactics: the players.

    Returns:
        tactic -> [seeds], in v's unit; they sum to v(all) - v(none) in every seed. Integer games are summed exactly
        before the one division by n!.
    """
    n = len(tactics)
    out = {}
    for tactic in tactics:
        total = np.zeros_like(game[frozenset()], dtype=np.float64)
        for rest in _iterate_subsets([t for t in tactics if t != tactic]):
            total += factorial(len(rest)) * factorial(n - len(rest) - 1) * (game[rest | {tactic}] - game[rest])
        out[tactic] = total / factorial(n)
    return out


def compute_interaction_index(game: Game, tactics: Sequence[str], pair: tuple[str, str]) -> F64:
    """Return the Shapley interaction index of `pair`, [seeds] (Grabisch & Roubens 1999, doi:10.1007/s001820050125).

    Above 0 the two strengthen each other, averaged over all sets of the other tactics.
    """
    n = len(tactics)
    total = np.zeros_like(game[frozenset()], dtype=np.float64)
    for rest in _iterate_subsets([t for t in tactics if t not in pair]):
        total += factorial(len(rest)) * factorial(n - len(rest) - 2) * compute_joint_effect(game, pair, rest)
    return total / factorial(n - 1)


def compute_joint_effect(game: Game, pair: tuple[str, str], rest: frozenset[str] = frozenset()) -> F64:
    """Return v(rest+a+b) - v(rest+a) - v(rest+b) + v(rest), [seeds]: the interaction with only `rest` beside."""
    a, b = pair
    return game[rest | {a, b}] - game[rest | {a}] - game[rest | {b}] + game[rest]


def make_game(outcomes: pd.DataFrame, tactics: Sequence[str], outcome: str, effort: str) -> dict[frozenset[str], F64]:
    """Return v(S) by subset, v(none) = 0, from `contrasts.compute_outcomes`.

    Each is [seeds] in ascending order of seed, of the seeds that have every arm.

    Raises:
        ValueError: an arm is missing.
    """
    named = list_arms(tactics)
    here = outcomes[outcomes["effort"] == effort]
    missing = [name for name in named if name != "none" and name not in set(here["arm"])]
    table = here[here["seed"].isin(_find_whole_seeds(here, len(named) - 1))]
    table = table.pivot(index="seed", columns="arm", values=outcome).sort_index()
    if missing or table.empty:
        raise ValueError(f"Shapley values need every arm at {effort} effort; missing: {', '.join(missing) or 'all'}")
    game = {named[name]: table[name].to_numpy(np.float64) for name in named if name != "none"}
    return {frozenset(): np.zeros(len(table)), **game}


def decompose(outcomes: pd.DataFrame, tactics: Sequence[str], efforts: Sequence[str]) -> pd.DataFrame:
    """Return Shapley values with intervals over seeds: `outcome, tactic, value, lo, hi, effort`."""
    rows = []
    for effort in efforts:
        for outcome in OUTCOMES:
            for tactic, value in compute_shapley_values(make_game(outcomes, tactics, outcome, effort), tactics).items():
                rows.append((outcome, tactic, *compute_interval(value), effort))
    return pd.DataFrame(rows, columns=["outcome", "tactic", "value", "lo", "hi", "effort"])


def compute_interactions(outcomes: pd.DataFrame, tactics: Sequence[str], efforts: Sequence[str]) -> pd.DataFrame:
    """Return interactions of every pair: `outcome, pair, measure, value, lo, hi, effort`.

    `measure` is "index" (averaged over all sets of the other tactics) or "alone" (only these two tactics).
    """
    rows = []
    for effort in efforts:
        for outcome in OUTCOMES:
            game = make_game(outcomes, tactics, outcome, effort)
            for pair in combinations(tactics, 2):
                name = " x ".join(pair)
                rows.append(
                    (outcome, name, "index", *compute_interval(compute_interaction_index(game, tactics, pair)), effort)
                )
                rows.append((outcome, name, "alone", *compute_interval(compute_joint_effect(game, pair)), effort))
    return pd.DataFrame(rows, columns=["outcome", "pair", "measure", "value", "lo", "hi", "effort"])


def _find_whole_seeds(outcomes: pd.DataFrame, arms: int) -> "pd.Index[int]":
    """Return the seeds that have this many arms."""
    count = outcomes.groupby("seed")["arm"].nunique()
    return count.index[count == arms]


def _iterate_subsets(players: Sequence[str]) -> Iterator[frozenset[str]]:
    for size in range(len(players) + 1):
        yield from map(frozenset, combinations(players, size))
