"""Arms are subsets of tactics: their names, their order and the two ways of sharing out effort."""

from collections.abc import Collection, Sequence
from itertools import combinations

import pandas as pd

NONE, ALL = "none", "all"
ADDITIVE, EQUAL = "additive", "equal"
EFFORTS = (ADDITIVE, EQUAL)


def name_arm(chosen: Collection[str], tactics: Sequence[str]) -> str:
    """Return "none", "all" or the chosen tactics in the order of `tactics`, joined by "+"."""
    if not chosen:
        return NONE
    if set(chosen) == set(tactics):
        return ALL
    return "+".join(tactic for tactic in tactics if tactic in chosen)


def list_arms(tactics: Sequence[str]) -> dict[str, frozenset[str]]:
    """Return every subset of `tactics` by its name: none first, then by size, all last."""
    subsets = (chosen for size in range(len(tactics) + 1) for chosen in combinations(tactics, size))
    return {name_arm(chosen, tactics): frozenset(chosen) for chosen in subsets}


def duplicate_shared_arms(frame: pd.DataFrame) -> pd.DataFrame:
    """Return `frame` with the rows of the arms "none" and "all" under both effort labels.

    Those two arms are the same world in both efforts, so they are run once, as "additive".
    """
    shared = frame[frame["arm"].isin((NONE, ALL)) & (frame["effort"] == ADDITIVE)]
    return pd.concat([frame, shared.assign(effort=EQUAL)], ignore_index=True)
