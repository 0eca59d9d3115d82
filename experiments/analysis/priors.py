"""How far the headline moves over declared priors, parameter uncertainty apart from seed uncertainty."""

from typing import NamedTuple

import numpy as np
import pandas as pd


class PriorSpread(NamedTuple):
    """The headline over prior draws, in the unit of the outcome; nan where there are no draws."""

    draws: int
    value: float  #: main estimate + mean over draws of the deviation
    low: float  #: main estimate + 5% quantile over draws of the deviation
    high: float  #: main estimate + 95% quantile
    parameters: float  #: variance over draws of the deviation; with a seed a draw, their interaction is in it
    seeds: float  #: variance over seeds in the main setting


def compute_prior_spread(draws: pd.DataFrame, main: "pd.Series[float]") -> PriorSpread:
    """Return the spread of the *deviations*: a draw's outcome minus the main setting's in the same seed.

    Args:
        draws: a row a draw and seed: `variant` (the draw), `seed`, `value`. A draw of several seeds counts by its
            mean; seeds that the main setting was not played in, and nan, are left out.
        main: the outcome in the main setting, index seed.
    """
    both = draws.assign(deviation=draws["value"] - draws["seed"].map(main)).dropna(subset="deviation")
    deviations = both.groupby("variant")["deviation"].mean()
    value, nan = float(main.mean()), float("nan")
    seeds = float(main.var()) if main.count() > 1 else nan
    if deviations.empty:
        return PriorSpread(0, nan, nan, nan, nan, seeds)
    low, high = (value + float(deviations.quantile(q)) for q in (0.05, 0.95))
    parameters = float(np.var(deviations, ddof=1)) if len(deviations) > 1 else nan
    return PriorSpread(len(deviations), value + float(deviations.mean()), low, high, parameters, seeds)
