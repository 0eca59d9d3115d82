"""How dissenters respond to a campaign, in worlds with migration or solidarity."""

import numpy as np
from numpy.typing import NDArray

from sim.observers.base import StepRecord, mean
from sim.state.accounts import DISSENTER


class DissenterResponse:
    """Measures fear and expected toxicity of dissenters, and how many have moved to the migration tag."""

    def __init__(self, moved: NDArray[np.bool_] | None) -> None:
        self.moved = moved

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Return means over the cohort of dissenters, and how many of them have moved."""
        accounts, n = step.accounts, step.truth.n_organic
        cohort = accounts.cohort[:n] == DISSENTER
        moved = 0 if self.moved is None else int(np.count_nonzero(self.moved[:n] & cohort))
        return {
            "dissenters_moved": moved,
            "dissenters_fear": mean(accounts.fear[:n][cohort]),
            "dissenters_expected_toxicity": mean(accounts.expected_toxicity[:n][cohort]),
        }
