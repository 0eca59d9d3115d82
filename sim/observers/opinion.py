"""Opinion: perceived and true opinion climate, and fear."""

import math

import numpy as np

from sim.kernels import cached_njit
from sim.observers.base import StepRecord
from sim.state.accounts import OPINION_THRESHOLD


class Opinion:
    """Measures perceived and true support for the principal among ordinary people."""

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Return mean perceived support, the true share among people with an opinion, and mean fear of the active."""
        n = step.truth.n_organic
        perceived, true = _measure_support(step.accounts.opinion_climate, step.accounts.stance_principal, n)
        fear = step.update.fear
        return {
            "perceived_support": perceived,
            "true_support": true,
            "mean_fear": float(np.mean(fear)) if len(fear) else math.nan,
        }


@cached_njit
def _measure_support(climate, stance, n):
    total, supporters, opponents = 0.0, 0, 0
    for i in range(n):
        total += climate[i]
        supporters += stance[i] > OPINION_THRESHOLD
        opponents += stance[i] < -OPINION_THRESHOLD
    opinionated = supporters + opponents
    return total / max(1, n), (supporters / opinionated if opinionated else math.nan)
