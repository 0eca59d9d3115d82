"""What a survey on speaking would ask of each account: the support it perceived, and whether it spoke."""

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

    def observe(self, moment: StepRecord) -> dict[str, float]:
        """Count one tick; adds no measure to the world's history."""
        if moment.tick >= moment.campaign_start:
            rows, stance, climate = (
                moment.active_users.active,
                moment.update.stance_principal,
                moment.update.opinion_climate,
            )
            own = np.where(stance > OPINION_THRESHOLD, climate, 1.0 - climate) * (np.abs(stance) > OPINION_THRESHOLD)
            self.decided[rows] += moment.speech.decided
            self.voiced[rows] += moment.speech.voiced
            self.support[rows] += own * moment.speech.decided
        return {}
