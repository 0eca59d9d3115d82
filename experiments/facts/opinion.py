"""Climate and stance: facts 13, 19 and 20."""

import math

import numpy as np
from numpy.typing import NDArray

from experiments.facts.decisions import Decisions
from experiments.facts.recording import Recording
from sim.state.accounts import F64

EXTREME = 0.5  #: towards the extremists; above it, a supporter


def compute_climate_voice(decisions: Decisions, people: int) -> tuple[F64, F64]:
    """Return (perceived support of the own side, share voiced) of people, float64 [n].

    Of the first `people` accounts, the opinionated with a contested intention decided (voiced, withheld or private)
    since the campaign began; perceived support is the mean over these decisions, the share is of them.
    """
    decided, support = decisions.decided[:people], decisions.support[:people]
    who = (decided > 0) & (support > 0.0)
    return support[who] / decided[who], decisions.voiced[:people][who] / decided[who]


def measure_climate_correlation(run: Recording) -> float:
    """Fact 13: Pearson's r of perceived own support and share voiced, in the quiet world (`compute_climate_voice`)."""
    return compute_correlation(*compute_climate_voice(run.counts, run.people))


def compute_correlation(x: F64, y: F64) -> float:
    """Return Pearson's r; nan where one of them does not vary."""
    if len(x) < 3 or np.ptp(x) == 0.0 or np.ptp(y) == 0.0:
        return math.nan
    return float(np.corrcoef(x, y)[0, 1])


def measure_stance_change(shocking: Recording, calm: Recording, *, extreme: bool) -> float:
    """Fact 19: mean change of stance towards the extremists that shocking content brings, over the whole run.

    Stance at the end minus stance at the end of the same world whose extremists post as much without shock; mean over
    people who were extreme supporters at the start, or over all others.
    """
    who: NDArray[np.bool_] = shocking.before.stance_extremist[: shocking.people] > EXTREME
    if not extreme:
        who = ~who
    change: NDArray[np.float64] = (shocking.after.stance_extremist - calm.after.stance_extremist)[: shocking.people]
    return float(change[who].mean()) if who.any() else math.nan


def measure_flipped(run: Recording) -> float:
    """Fact 20: 1 if most dissenters end the run believing that most people support the principal, else 0."""
    dissenters = run.before.stance_principal[: run.people] < 0.0
    if not dissenters.any():
        return math.nan
    return float(np.median(run.after.opinion_climate[: run.people][dissenters]) > 0.5)
