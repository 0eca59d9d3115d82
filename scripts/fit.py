"""Fit the calibrated parameters to their facts, one number for each parameter.

    python -m scripts.fit

Each parameter has a moment of its own. Every round simulates the worlds of some seeds, and all parameters whose moments
are off their targets make a secant step at once, until none is off. It prints values before and after and writes
nothing: round the values, put them into the rules, then run `python -m scripts.conf`. It does not use facts that are
held out.

What is fitted:

* fact 1 determines the total spread of posting: `intentions_sigma`; `sessions_sigma` is an assumption. The target is
  the share of the top 25%: since they write 95% or more of all posts, the top 10% leave little room.
* fact 5 gives one: `recency`; how fast the urge to repost fades (`expression.fading`) has a source of its own.
* fact 7 gives one: `reciprocity`; its tails follow from `tail`, `fame` and `spread`, assumptions.
* fact 8 gives two numbers: `toxic_replies` and `public_toxicity`; `toxic_posts` is an assumption. Targets are the
  geometric means of the bands.
* fact 10 gives two: `fear_weight` and `leave_abuse`; `direct_fear` multiplies the former and is an assumption. The
  target of withholding lies in the lower half of the band: only people who withdraw and are not hard core can withhold
  (45% of all, an assumption), so the share saturates near 0.30 and says little about larger weights of fear.
* fact 16 gives one: `copying`; `jitter` is an assumption. Facts 15 and 16 are measured where the army works all its
  shifts, as in the report.
* fact 18 gives one: `affinity`.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np

from experiments.facts import activity, harm, operation, opinion, spread
from experiments.facts.recording import Recording, record_world
from experiments.running.pool import open_process_pool
from sim.setting import Setting
from sim.state.posts import REPLY, REPOST

TICKS = 384
SIZE = {"population.size": 10_000, "army.size": 300, "campaign.targets": 200}  #: as in the main job and in validity
SEEDS = range(101, 105)  #: other seeds than those of the reports
ROUNDS = 12
LONGEST = 2.0  #: factor


@dataclass(frozen=True)
class FitStep:
    """One parameter and the moment that identifies it."""

    parameter: str
    fact: int
    moment: Callable[[Recording], float]
    target: float
    tolerance: float
    low: float
    high: float
    army: str = ""  #: measured with the operation at this dose; "": in the quiet world


DOSE, WORKING = Setting().campaign.dose, "saturation"
STEPS = (
    FitStep("graph.reciprocity", 7, spread.measure_reciprocity, 0.30, 0.01, 0.0, 1.0),
    FitStep("feed.recency", 5, spread.measure_fast_reposts, 0.50, 0.01, 0.02, 6.0),
    FitStep("population.intentions_sigma", 1, lambda run: activity.measure_top_posts(run, 0.25), 0.96, 0.003, 1.0, 4.0),
    FitStep("expression.reposts", 2, lambda run: activity.measure_kind_share(run, REPOST), 0.48, 0.005, 0.2, 0.8),
    FitStep("expression.replies", 2, lambda run: activity.measure_kind_share(run, REPLY), 0.335, 0.005, 0.1, 0.5),
    FitStep("expression.toxic_replies", 8, harm.measure_toxic_posts, 0.017, 0.0004, 0.0, 0.2),
    FitStep("expression.public_toxicity", 8, harm.measure_toxic_replies, 0.046, 0.004, 0.1, 20.0),
    FitStep("expression.climate_weight", 13, opinion.measure_climate_correlation, 0.10, 0.005, 0.0, 6.0),
    FitStep("army.rate", 15, operation.measure_hourly_rate, 15.0, 0.5, 5.0, 30.0, WORKING),
    FitStep("army.reposts", 15, operation.measure_flood_reposts, 0.70, 0.01, 0.0, 1.0, WORKING),
    FitStep("army.copying", 16, operation.measure_copied_together, 0.74, 0.03, 0.02, 0.9, WORKING),
    FitStep("army.affinity", 18, lambda run: operation.measure_top_delivered(run, 0.01), 0.70, 0.015, 0.0, 8.0, DOSE),
    FitStep("expression.fear_weight", 10, harm.measure_abused_withheld, 0.28, 0.006, 0.5, 20.0, DOSE),
    FitStep("reaction.leave_abuse", 10, harm.measure_abused_left, 0.13, 0.005, 0.0, 30.0, DOSE),
)  # fmt: skip


def record(step: FitStep, setting: Setting, seed: int) -> Recording:
    """Simulate the world in which a step's moment is measured."""
    return record_world(setting.replace({"campaign.dose": step.army} if step.army else {"army.size": 0}), seed, TICKS)


def measure_all(setting: Setting, seed: int) -> list[float]:
    """Return the moments of all steps, with one seed's worlds."""
    worlds = {step.army: record(step, setting, seed) for step in STEPS}
    return [step.moment(worlds[step.army]) for step in STEPS]


def measure_means(pool: Executor, setting: Setting) -> list[float]:
    """Return the moments of all steps, averaged over the seeds."""
    return np.nanmean(list(pool.map(measure_all, [setting] * len(SEEDS), SEEDS)), axis=0).tolist()


def get_value(setting: Setting, parameter: str) -> float:
    """Return the parameter "group.field" of a setting."""
    group, _, field = parameter.partition(".")
    return float(getattr(getattr(setting, group), field))


def propose(step: FitStep, tried: Sequence[tuple[float, float]]) -> float:
    """Return the value of a parameter to try next, after (value, moment) pairs, the last one last.

    A moment within its tolerance stays. Else a secant through the last two values; in proportion to the moment if there
    are no two. No step is longer than `LONGEST` times the value, up or down.
    """
    x, y = tried[-1]
    if abs(y - step.target) <= step.tolerance:
        return x
    earlier = [pair for pair in tried if pair[0] != x and pair[1] != y]
    if earlier:
        u, v = earlier[-1]
        guess = x + (step.target - y) * (x - u) / (y - v)
    else:
        guess = x * step.target / y if y > 0.0 else LONGEST * x
    return min(max(guess, x / LONGEST, step.low), x * LONGEST, step.high)


def main() -> None:
    """Repeat the steps, print one line for each value tried, then the values before and after."""
    setting = Setting().replace(SIZE)
    tried: list[list[tuple[float, float]]] = [[] for _ in STEPS]
    with open_process_pool(2) as pool:
        for number in range(ROUNDS):
            for step, found, pairs in zip(STEPS, measure_means(pool, setting), tried, strict=True):
                pairs.append((get_value(setting, step.parameter), found))
            moved = {
                step.parameter: value
                for step, pairs in zip(STEPS, tried, strict=True)
                if (value := propose(step, pairs)) != pairs[-1][0]
            }
            print(f"round {number + 1}: {', '.join(moved) or 'every moment is on its target'}", flush=True)
            for step, pairs in zip(STEPS, tried, strict=True):
                if step.parameter in moved:
                    x, y = pairs[-1]
                    print(f"  {step.parameter} = {x:.5g}: {y:.4f} (target {step.target:g})", flush=True)
            if not moved:
                break
            setting = setting.replace(moved)
    print(f"{'parameter':28} {'fact':>4} {'target':>8} {'before':>18} {'after':>18}")
    for step, pairs in zip(STEPS, tried, strict=True):
        before, after = (f"{y:.4f} at {x:.4g}" for x, y in (pairs[0], pairs[-1]))
        print(f"{step.parameter:28} {step.fact:>4} {step.target:>8g} {before:>18} {after:>18}")


if __name__ == "__main__":
    main()
