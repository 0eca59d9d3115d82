"""Two detectors that ignore coordination: baselines that the others must beat."""

import numpy as np

from experiments.detection.detector import F64, Detector
from experiments.detection.traces import select_standing
from experiments.detection.view import PlatformView
from sim.rng import draw_each, keyed_hash, make_key, stream

_GUESS = stream("detection/guess")


class Chance(Detector):
    """Guesses: a number drawn for each account by its id."""

    def score(self, view: PlatformView) -> F64:
        """Return a uniform in (0, 1) for each account, which depends on nothing but its id."""
        ids = view.accounts["account_id"].to_numpy(np.int64).view(np.uint64)
        guessed: F64 = draw_each(keyed_hash(make_key(0, _GUESS), ids), 0)
        return guessed


class Volume(Detector):
    """Counts posts."""

    def score(self, view: PlatformView) -> F64:
        """Return how many posts of each account stand."""
        return np.bincount(select_standing(view)[1], minlength=len(view.accounts)).astype(np.float64)
