"""What Daymude et al. (2025) expect of one person and of a population, in closed form or by quadrature.

For d > t: uniform, P(defiant) = exp(-s (v + (1 - v) d) / (B (d - t))); proportional, P(a >= x) =
exp(-s (v + (1 - v) (2 x - t)) / B) for t < x <= d, whatever d is. So means of acts and punishments are integrals over
one variable.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from scipy.integrate import quad

from experiments.published.daymude_2025 import Daymude, solve_rate


class Expected(NamedTuple):
    """What is expected of one person of a population under a fixed authority."""

    act: float  #: E[a]
    punishment: float  #: E[punishment]
    defiant: float  #: share who say all, above the tolerance
    partial: float  #: share who say more than the tolerance and less than all
    compliant: float  #: share who want to say no more than the tolerance


def compute_uniform_threshold(boldness: float, surveillance: float, tolerance: float, severity: float) -> float:
    """Return the desire from which a person is defiant under uniform punishment; inf if from none."""
    rest = boldness - (1.0 - surveillance) * severity
    return (boldness * tolerance + surveillance * severity) / rest if rest > 0.0 else math.inf


def compute_expected(rule: Daymude) -> Expected:
    """Return what is expected of the first round of a run that begins with the tolerance, severity and surveillance."""
    rate, mean = solve_rate(rule.desire), rule.boldness
    tolerance, severity, surveillance = rule.tolerance, rule.severity, rule.surveillance
    rest = 1.0 - surveillance
    whole = -math.expm1(-rate)

    def density(d: float) -> float:
        return rate * math.exp(-rate * d) / whole

    def exceed(d: float) -> float:
        return (math.exp(-rate * d) - math.exp(-rate)) / whole

    def defy(d: float) -> float:
        return math.exp(-severity * (surveillance + rest * d) / (mean * (d - tolerance))) if d > tolerance else 0.0

    def reach(x: float) -> float:
        return math.exp(-severity * (surveillance + rest * (2.0 * x - tolerance)) / mean)

    def integrate(function: Callable[[float], float], low: float = tolerance, high: float = 1.0) -> float:
        return float(quad(function, low, high, epsabs=1e-12, epsrel=1e-12, limit=500)[0])

    above = exceed(tolerance)
    within = integrate(lambda d: d * density(d), 0.0, tolerance) + tolerance * above
    if not rule.is_proportional:
        defiant = integrate(lambda d: density(d) * defy(d))
        more = integrate(lambda d: (d - tolerance) * density(d) * defy(d))
        punished = integrate(lambda d: severity * (surveillance + rest * d) * density(d) * defy(d))
        return Expected(within + more, punished, defiant, 0.0, 1.0 - above)
    defiant = integrate(lambda d: density(d) * reach(d))
    more = integrate(lambda x: exceed(x) * reach(x))
    slope = integrate(
        lambda x: exceed(x) * reach(x) * severity * (surveillance + rest * (2.0 * x - tolerance))
    )  # of the expected punishment s (v + (1 - v) x) (x - t), by x
    return Expected(within + more, slope, defiant, above * reach(tolerance) - defiant, 1.0 - above)
