"""Curves of the charts: means of the last 24 hours, and a band over seeds."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

DAY = 24
#: curve -> (measure of the history, factor): a day's total of what is counted in an hour, a mean of what is a share
CURVES = {
    "voice": ("dissent_posts", DAY),
    "seen": ("dissent_impressions", DAY),
    "climate": ("perceived_support", 1),
    "true_support": ("true_support", 1),
    "withheld_fear": ("withheld_fear", DAY),
    "withheld_climate": ("withheld_climate", DAY),
    "withheld_joint": ("withheld_joint", DAY),
    "withheld_redundant": ("withheld_redundant", DAY),
}
BANDED = ("voice", "seen", "climate")  #: those of `CURVES` that have a band

Curves = dict[str, NDArray[np.float32]]


def compute_curves(history: pd.DataFrame, own: Sequence[str] = ()) -> Curves:
    """Return every curve of a world's history (a row an hour), float32 [hours].

    Each is the mean of the last DAY hours, or of all hours so far, times its factor; nan where there is no value.

    Args:
        history: of the world.
        own: further measures, each a curve of its own name.
    """
    return {
        name: (factor * history[measure].rolling(DAY, min_periods=1).mean()).to_numpy(np.float32)
        for name, (measure, factor) in {**CURVES, **{measure: (measure, 1) for measure in own}}.items()
    }


def compute_band(seeds: Sequence[Mapping[str, NDArray[np.float32]]]) -> tuple[Curves, Curves]:
    """Return the lowest and the highest value that each banded curve takes over seeds, hour by hour.

    `BANDED` have a band, and so have measures of the scenario's own; it is nan where no seed has a value.
    """
    banded = [name for name in seeds[0] if name in BANDED or name not in CURVES]
    stacked = {name: np.stack([curve[name] for curve in seeds]) for name in banded}
    return (
        {name: np.fmin.reduce(values, axis=0) for name, values in stacked.items()},
        {name: np.fmax.reduce(values, axis=0) for name, values in stacked.items()},
    )
