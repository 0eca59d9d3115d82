"""Single runs of Daymude et al. (2025) repeated draw by draw, with numpy's generator in the order of the authors' code.

Their order: desired dissent by rejection from an exponential of mean 1/L, in batches of N; boldness; which parameter is
tried, for all rounds; then by round one candidate, from the second round on, and N observations. Nothing else of the
project draws this way: it shows that the round is theirs to the last comparison.
"""

from typing import NamedTuple

import numpy as np

from experiments.published.daymude_2025 import Daymude, solve_rate
from experiments.published.daymude_kernels import LEAST_SEVERITY, choose_acts, draw_near
from sim.state.accounts import F64

SEED = 458734673  #: of the authors' single runs
BOUNDS = ((0.0, 1.0), (LEAST_SEVERITY, np.inf), (0.0, 1.0))


class Repeat(NamedTuple):
    """A single run of the authors."""

    rule: Daymude
    seed: int = SEED


def repeat_run(job: Repeat) -> F64:
    """Return the history of a run, float64 [R, 5], as `daymude_2025.simulate` does."""
    rule, rng = job.rule, np.random.default_rng(job.seed)
    desire = _draw_desire(rng, rule.people, rule.desire)
    boldness = rng.exponential(rule.boldness, rule.people)
    tried = rng.integers(3, size=rule.rounds)
    now = [rule.tolerance, rule.severity, rule.surveillance]
    history, bar = np.empty((rule.rounds, 5)), np.inf
    for turn in range(rule.rounds):
        former = list(now)
        if turn > 0:
            place = tried[turn]
            low, high = BOUNDS[place]
            now[place] = draw_near(now[place], rule.step, low, high, rng.random())
        tolerance, severity, surveillance = now
        acts = choose_acts(desire, boldness, tolerance, severity, surveillance, rule.is_proportional)
        seen = rng.random(rule.people) < surveillance + (1.0 - surveillance) * acts
        above = acts - tolerance
        punished = np.where(seen & (above > 0.0), severity * (above if rule.is_proportional else 1.0), 0.0)
        said, punishments = float(acts.sum()), float(punished.sum())
        cost = rule.adamancy * said + punishments
        if cost > bar:
            now = former
        bar = cost
        history[turn] = *now, said / rule.people, punishments / rule.people
    return history


def _draw_desire(rng: np.random.Generator, people: int, mean: float) -> F64:
    """Draw desired dissent by rejection."""
    batches, found, scale = [], 0, 1.0 / solve_rate(mean)
    while found < people:
        drawn = rng.exponential(scale, people)
        batches.append(drawn[drawn <= 1.0])
        found += len(batches[-1])
    return np.concatenate(batches)[:people]
