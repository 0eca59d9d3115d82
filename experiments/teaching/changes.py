"""Lost and gained posts between two worlds of one seed, as curves of a replay and of the live page."""

from collections.abc import Sequence

import numpy as np

from experiments.analysis.transitions import GAINED, LOST, count_transitions, select_changes
from experiments.teaching.curves import Curves
from sim.observers.intentions import IntentionRecorder
from sim.world import World

CHANGES = (LOST, GAINED)  #: curves of the second world


def compute_changes(worlds: Sequence[World]) -> Curves:
    """Return `lost` and `gained`: dissenting posts so far that stand in the first, or the second, of two worlds alone.

    float32 [hours] each, by the hour of the intention; none for one world, or where intentions are not the same.
    """
    if len(worlds) != 2 or not worlds[0].now:
        return {}
    without, arm = (
        next(each for each in world.observers if isinstance(each, IntentionRecorder)).make_table() for world in worlds
    )
    if not np.array_equal(without.key, arm.key):
        return {}
    found = select_changes(count_transitions(without, arm))
    return {
        change: np.bincount(rows["tick"], rows["posts"], worlds[0].now).cumsum().astype(np.float32)
        for change in CHANGES
        for rows in [found[found["change"] == change]]
    }
