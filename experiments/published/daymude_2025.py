"""Daymude, Axelrod & Forrest (2025): dissent and self-censorship, restated from a description of their public code.

Daymude, J. J., Axelrod, R. & Forrest, S. (2025). Strategic analysis of dissent and self-censorship. PNAS; the authors'
copy is arXiv 2509.03731, their code release 1.0.0 of DaymudeLab/DissentSelfCensorship.

State. A person wants to say d in [0, 1] and has boldness b > 0, both fixed. The authority has tolerance t in [0, 1],
surveillance v in [0, 1] and severity s >= 1e-9. Everybody knows t, v and s exactly. There are no peers.

Punishment. An act a in [0, d] is seen with probability v + (1 - v) a, each person and round on its own. Who is seen and
said more than t is punished by s (uniform) or s (a - t) (proportional).

Choice. The act maximises -b (d - a) - E[punishment]. It is d if d <= t (compliant). Else, uniform: d (defiant) if
b (d - t) >= s (v + (1 - v) d), else t (self-censoring). Proportional, v < 1: d up to [t + (b - v s) / ((1 - v) s)] / 2,
else the greater of that (partial) and t; v = 1: d if b >= s, else t.

People. d is exponential, cut off at 1, with mean D in (0, 1/2) after the cut; b is exponential with mean B.

Round. One of t, s and v, each as likely, is tried at a uniform draw within e of its value and within its bounds; in the
first round none. Everybody chooses under what is tried. Its cost is A (sum of acts) + (sum of punishments). If that is
strictly more than the cost of the round before, the parameter goes back.

The rule of comparison. The bar is the cost of the *round before*, even if what it tried was refused, so a bad trial
lowers the bar for the next: this is what the authors' code does, and our default. With `textbook` the bar is the cost
of what was last accepted.

Suppression time. The least n >= 500 such that the mean of (sum of acts) over the 500 rounds before round n is below a
quarter of the sum of d; R + 1 if there is none. The authors' code takes the mean over trials; here it is told by run.

Deviations. Chance is keyed (sim.rng): runs of one seed share people, trials and draws, whatever the cell. d is drawn by
inversion. The authors' own order of draws is kept in `daymude_repeat`, which repeats single runs of theirs.

Ethics. This is the only place of the project where a repressor's parameters are searched, and the search is the
published rule, here as part of what is reproduced: it reaches no world of ours (docs/ethics.md).
"""

import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from experiments.published import daymude_kernels as kernels
from sim.people.wiring import uniforms
from sim.rng import make_key, stream
from sim.rules import Rule, get_values, parameter, share
from sim.state.accounts import F64

SOURCE = "Daymude et al. 2025, public code"
UNIFORM, PROPORTIONAL = "uniform", "proportional"
WINDOW, SUPPRESSED = 500, 0.25  #: rounds that suppression is judged by, and the part of desired dissent it leaves
LAST = 100  #: rounds over which costs at the end are taken

_DESIRE = stream("daymude_2025.desire")
_BOLDNESS = stream("daymude_2025.boldness")
_START = stream("daymude_2025.start")
_PARAMETER = stream("daymude_2025.parameter")
_CANDIDATE = stream("daymude_2025.candidate")
_SEEN = stream("daymude_2025.seen")


@dataclass(frozen=True, kw_only=True)
class Daymude(Rule):
    """Parameters of people and authority, and how long a run is."""

    people: int = parameter(100_000, unit="people (N)", source=SOURCE, low=1, high=10_000_000)
    rounds: int = parameter(10_000, unit="rounds (R)", source=SOURCE, low=1, high=1_000_000)
    punishment: str = parameter(UNIFORM, unit="1", source=SOURCE, choices=(UNIFORM, PROPORTIONAL))
    desire: float = parameter(0.25, unit="mean of desired dissent (D)", source=SOURCE, low=0.001, high=0.499)
    boldness: float = parameter(0.5, unit="mean boldness (B)", source=SOURCE, low=1e-6, high=1e6)
    adamancy: float = parameter(1.0, unit="punishment per dissent (A)", source=SOURCE, low=0.0, high=1e6)
    step: float = parameter(0.05, unit="greatest change in a round (e)", source=SOURCE, low=0.0, high=1.0)
    tolerance: float = share(0.25, source=SOURCE)
    severity: float = parameter(0.1, unit="cost of a punishment (s)", source=SOURCE, low=1e-9, high=1e6)
    surveillance: float = share(0.1, source=SOURCE)
    random_start: bool = parameter(False, unit="t, s, v begin uniform on (0, 1)", source=SOURCE)
    textbook: bool = parameter(False, unit="compare with what was last accepted", source="not theirs: hill climbing")
    expected: bool = parameter(False, unit="punishments without chance", source="not theirs: a check")

    @property
    def is_proportional(self) -> bool:
        """Whether punishment grows with what was said above the tolerance."""
        return self.punishment == PROPORTIONAL

    def draw_people(self, seed: int) -> tuple[F64, F64]:
        """Draw (desired dissent, boldness), float64 [N] each; a seed's people are as bold in rank in every cell."""
        rate = solve_rate(self.desire)
        u = uniforms(make_key(seed, _DESIRE), self.people)
        desire = -np.log1p(u * math.expm1(-rate)) / rate
        return desire, -self.boldness * np.log(uniforms(make_key(seed, _BOLDNESS), self.people))

    def draw_start(self, seed: int) -> tuple[float, float, float]:
        """Return tolerance, severity and surveillance of the first round."""
        if not self.random_start:
            return self.tolerance, self.severity, self.surveillance
        tolerance, severity, surveillance = map(float, uniforms(make_key(seed, _START), 3))
        return tolerance, severity, surveillance


class DaymudeRun(NamedTuple):
    """What one job plays."""

    rule: Daymude
    seed: int


def solve_rate(mean: float) -> float:
    """Return the rate L of an exponential that, cut off at 1, has this mean in (0, 1/2), by bisection."""
    low, high = 1e-6, 2.0 / mean
    for _ in range(100):
        middle = (low + high) / 2.0
        above = 1.0 / middle + math.exp(-middle) / math.expm1(-middle) > mean
        low, high = (middle, high) if above else (low, middle)
    return (low + high) / 2.0


def simulate(rule: Daymude, seed: int) -> tuple[F64, F64]:
    """Simulate one run.

    Returns:
        (history, desire): float64 [R, 5], a row a round: tolerance, severity and surveillance after it, and acts and
        punishments under what was tried in it, per head; desired dissent, float64 [N].
    """
    desire, boldness = rule.draw_people(seed)
    keys = kernels.DaymudeKeys(*(make_key(seed, one) for one in (_PARAMETER, _CANDIDATE, _SEEN)))
    history = np.empty((rule.rounds, 5))
    kernels.play_rounds(desire, boldness, rule.draw_start(seed), get_values(rule), rule.is_proportional, keys, history)
    history[:, 3:] /= rule.people
    return history, desire


def simulate_run(job: DaymudeRun) -> dict[str, Any]:
    """Return the measures of one run, with its seed."""
    return {"seed": job.seed, **measure(*simulate(*job))}


def measure(history: F64, desire: F64) -> dict[str, Any]:
    """Return what a run is judged by: see `MEASURES` of `daymude_targets`."""
    acts, punishments = history[:, 3], history[:, 4]
    time = find_suppression(acts, float(desire.mean()))
    return {
        "t": history[-1, 0],
        "s": history[-1, 1],
        "v": history[-1, 2],
        "C": acts[-LAST:].mean(),
        "P": punishments[-LAST:].mean(),
        "C_all": acts.mean(),
        "P_all": punishments.mean(),
        "T": time,
        "S": time <= len(history),
        "C_first": acts[0],
        "P_first": punishments[0],
    }


def find_suppression(acts: F64, wanted: float) -> int:
    """Return the suppression time of a run; `acts` and `wanted` are per head."""
    if len(acts) < WINDOW:
        return len(acts) + 1
    means = np.convolve(acts, np.full(WINDOW, 1.0 / WINDOW), "valid")
    below = np.flatnonzero(means < SUPPRESSED * wanted)
    return WINDOW + int(below[0]) if len(below) else len(acts) + 1
