"""What a survey on speaking would ask each account: the support it perceived, and whether it spoke."""

from dataclasses import dataclass, field

import numpy as np

from sim.observers.base import StepRecord
from sim.state.accounts import F64, I64, OPINION_THRESHOLD


@dataclass
class Decisions:
    """Counts of contested intentions by account since the campaign's start. All arrays are [A] and start with zeros.

    An observer of `World`: it reads, and never writes.
    """

    accounts: int
    decided: I64 = field(init=False)  #: contested intentions decided
    voiced: I64 = field(init=False)  #: of them, voiced
    support: F64 = field(init=False)  #: sum over decided intentions of the perceived share of the own side

    def __post_init__(self) -> None:
        self.decided, self.voiced = np.zeros((2, self.accounts), np.int64)
        self.support = np.zeros(self.accounts)

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Count one tick; adds no measure to the world's history."""
        if step.tick >= step.campaign_start:
            rows, stance, climate = (
                step.active_users.active,
                step.update.stance_principal,
                step.update.opinion_climate,
            )
            own = np.where(stance > OPINION_THRESHOLD, climate, 1.0 - climate) * (np.abs(stance) > OPINION_THRESHOLD)
            self.decided[rows] += step.speech.decided
            self.voiced[rows] += step.speech.voiced
            self.support[rows] += own * step.speech.decided
        return {}
