"""Fit the calibrated parameters to their facts, one number for each parameter.

    python -m scripts.fit

Each step changes one parameter until the mean of its moment over the seeds reaches its target (secant steps inside the
bracket). The steps are repeated until a whole sweep changes nothing by more than the tolerance. It prints values before
and after and writes nothing: round the values, put them into the rules, then run `python -m scripts.conf`. It does not
use the held-out facts.

What is fitted:

* fact 1 determines the total spread of posting: `intentions_sigma`; `sessions_sigma` is an assumption. The target is
  the share of the top 25%: since they write 95% or more of all posts, the top 10% leave little room.
* fact 7 says "heavy-tailed" without a number. The target is the heaviest tail with which the graph still has the share
  of ties between communities that `mixing` asks for (to 0.04); heavier tails exhaust small communities.
* fact 8 gives two numbers: `toxic_replies` and `public_toxicity`; `toxic_posts` is an assumption. Targets are the
  geometric means of the bands.
* fact 10 gives two: `fear_weight` and `leave_abuse`; `direct_fear` multiplies the former and is an assumption. The
  target of withholding lies in the lower half of the band: only people who withdraw and are not hard core can withhold
  (45% of all, an assumption), so the share saturates near 0.30 and says little about larger weights of fear.
* fact 16 gives one: `copying`; `jitter` is an assumption.
"""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np

from experiments.facts import activity, harm, operation, opinion, spread
from experiments.facts.recording import Recording, record_world
from experiments.running.pool import open_process_pool
from sim.setting import Setting
from sim.state.posts import REPLY, REPOST

TICKS = 384
SEEDS = range(101, 113)  #: other seeds than those of the reports
SWEEPS, TRIALS = 3, 7


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
    army: bool = False  #: measured in the world with the operation


STEPS = (
    FitStep(
        "graph.tail", 7, lambda run: spread.measure_tail_exponent(spread.count_followers(run)), 2.15, 0.05, 1.1, 3.0,
    ),
    FitStep("population.intentions_sigma", 1, lambda run: activity.measure_top_posts(run, 0.25), 0.96, 0.003, 1.0, 4.0),
    FitStep("expression.reposts", 2, lambda run: activity.measure_kind_share(run, REPOST), 0.48, 0.005, 0.2, 0.8),
    FitStep("expression.replies", 2, lambda run: activity.measure_kind_share(run, REPLY), 0.335, 0.005, 0.1, 0.5),
    FitStep("expression.toxic_replies", 8, harm.measure_toxic_posts, 0.017, 0.0004, 0.0, 0.2),
    FitStep("expression.public_toxicity", 8, harm.measure_toxic_replies, 0.046, 0.004, 0.1, 20.0),
    FitStep("expression.climate_weight", 13, opinion.measure_climate_correlation, 0.10, 0.005, 0.0, 6.0),
    FitStep("army.rate", 15, operation.measure_hourly_rate, 15.0, 0.5, 5.0, 30.0, army=True),
    FitStep("army.reposts", 15, operation.measure_flood_reposts, 0.70, 0.01, 0.0, 1.0, army=True),
    FitStep("army.copying", 16, operation.measure_copied_together, 0.74, 0.03, 0.02, 0.9, army=True),
    FitStep(
        "expression.fear_weight", 10, harm.measure_abused_withheld, 0.27, 0.006, 0.5, 20.0, army=True,
    ),
    FitStep(
        "reaction.leave_abuse", 10, harm.measure_abused_left, 0.13, 0.005, 0.0, 30.0, army=True,
    ),
)  # fmt: skip


def measure_one(number: int, setting: Setting, seed: int) -> float:
    """Return the moment of step `number` in one world."""
    step = STEPS[number]
    world = setting if step.army else replace(setting, army=replace(setting.army, size=0))
    return step.moment(record_world(world, seed, TICKS))


def measure_mean(pool: Executor, number: int, setting: Setting) -> float:
    """Return the moment of step `number`, averaged over the seeds."""
    count = len(SEEDS)
    return float(np.nanmean(list(pool.map(measure_one, [number] * count, [setting] * count, SEEDS))))


def get_value(setting: Setting, parameter: str) -> float:
    """Return the parameter "group.field" of a setting."""
    group, _, field = parameter.partition(".")
    return float(getattr(getattr(setting, group), field))


def solve(step: FitStep, start: float, moment: Callable[[float], float]) -> tuple[float, float]:
    """Return (parameter, moment) at which the moment is within tolerance of the target, or the closest tried."""
    tried = [(start, moment(start))]
    low, high = step.low, step.high
    for _ in range(TRIALS):
        at, found = min(tried, key=lambda pair: abs(pair[1] - step.target))
        if abs(found - step.target) <= step.tolerance:
            break
        below = [x for x, y in tried if y < step.target]
        above = [x for x, y in tried if y >= step.target]
        if below and above:
            a, b = max(below, key=lambda x: -abs(x - at)), max(above, key=lambda x: -abs(x - at))
            (x, y), (u, v) = sorted(p for p in tried if p[0] in (a, b))
            guess = x + (step.target - y) * (u - x) / (v - y)
            guess = min(max(guess, x + 0.1 * (u - x)), u - 0.1 * (u - x))
        else:
            guess = _step_outwards(step, tried, low, high)
        tried.append((guess, moment(guess)))
    return min(tried, key=lambda pair: abs(pair[1] - step.target))


def _step_outwards(step: FitStep, tried: list[tuple[float, float]], low: float, high: float) -> float:
    """Return the next value to try while the target is not bracketed: half-way to the better end."""
    x, y = tried[-1]
    rising = len(tried) < 2 or (tried[-1][1] - tried[-2][1]) * (tried[-1][0] - tried[-2][0]) >= 0
    return 0.5 * (x + (high if (y < step.target) == rising else low))


def main() -> None:
    """Repeat the steps, print one line for each value tried, then the values before and after."""
    setting = first = Setting().replace({"campaign.dose": "saturation"})
    before: dict[str, float] = {}
    after: dict[str, float] = {}
    with open_process_pool(2) as pool:
        for sweep in range(SWEEPS):
            moved = False
            for number, step in enumerate(STEPS):
                start = get_value(setting, step.parameter)

                def measure(x: float, number: int = number, step: FitStep = step, setting: Setting = setting) -> float:
                    found = measure_mean(pool, number, setting.replace({step.parameter: x}))
                    before.setdefault(step.parameter, found)
                    print(f"  {step.parameter} = {x:.5g}: {found:.4f} (target {step.target:g})", flush=True)
                    return found

                x, after[step.parameter] = solve(step, start, measure)
                moved |= x != start
                setting = setting.replace({step.parameter: x})
            print(f"sweep {sweep + 1} {'moved' if moved else 'changed nothing'}", flush=True)
            if not moved:
                break
    print(f"{'parameter':28} {'fact':>4} {'target':>8} {'before':>18} {'after':>18}")
    for step in STEPS:
        was, now = get_value(first, step.parameter), get_value(setting, step.parameter)
        was_at = f"{before[step.parameter]:.4f} at {was:.4g}"
        now_at = f"{after[step.parameter]:.4f} at {now:.4g}"
        print(f"{step.parameter:28} {step.fact:>4} {step.target:>8g} {was_at:>18} {now_at:>18}")


if __name__ == "__main__":
    main()
