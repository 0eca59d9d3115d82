"""Compiled kernels of the model of Daymude et al. (2025): one person's act, a round of everybody's, and a run."""

import math
from typing import NamedTuple

import numpy as np

from sim.kernels import cached_njit, kernel
from sim.rng import U64, mix, uniform


class DaymudeKeys(NamedTuple):
    """Keys of the draws of a run, uint64 each."""

    parameter: np.uint64  #: which of tolerance, severity and surveillance is tried, by round
    candidate: np.uint64  #: its value, by round
    seen: np.uint64  #: who is seen, by round and person


@cached_njit
def choose_act(desire, boldness, tolerance, severity, surveillance, is_proportional):
    """Return what a person says of what they want to say: the best answer to an authority that they know.

    All of it (defiant, or compliant up to the tolerance), the tolerance (self-censoring), or, where punishment is
    proportional, something between (partial).
    """
    if desire <= tolerance:
        return desire
    if not is_proportional:
        seen = surveillance + (1.0 - surveillance) * desire
        return desire if boldness * (desire - tolerance) >= severity * seen else tolerance
    if surveillance == 1.0:
        return desire if boldness >= severity else tolerance
    turn = find_turn(boldness, tolerance, severity, surveillance)
    return desire if desire <= turn else max(turn, tolerance)


@cached_njit
def find_turn(boldness, tolerance, severity, surveillance):
    """Return the act beyond which proportional punishment costs more than it is worth; surveillance below 1."""
    rest = 1.0 - surveillance
    return (tolerance + (boldness - surveillance * severity) / (rest * severity)) / 2.0


@cached_njit
def choose_acts(desire, boldness, tolerance, severity, surveillance, is_proportional):
    """Return everybody's act, float64 [N]."""
    acts = np.empty(len(desire))
    for person in range(len(desire)):
        acts[person] = choose_act(desire[person], boldness[person], tolerance, severity, surveillance, is_proportional)
    return acts


@kernel
def face_authority(desire, boldness, tolerance, severity, surveillance, is_proportional, is_expected, key):
    """Let everybody act, and punish whoever is seen above the tolerance.

    Args:
        desire, boldness: float64 [N].
        is_expected: whether everybody above the tolerance bears the expected punishment, without a draw.
        key: of the draws of this round.

    Returns:
        (sum of acts, sum of punishments).
    """
    said = punished = 0.0
    for person in range(len(desire)):
        act = choose_act(desire[person], boldness[person], tolerance, severity, surveillance, is_proportional)
        said += act
        if act > tolerance:
            punishment = severity * (act - tolerance) if is_proportional else severity
            seen = surveillance + (1.0 - surveillance) * act
            if is_expected:
                punished += seen * punishment
            elif uniform(key, U64(person)) < seen:
                punished += punishment
    return said, punished


@kernel
def play_rounds(desire, boldness, start, rule, is_proportional, keys, history):
    """Play a run of the authority's hill climbing.

    Args:
        desire, boldness: float64 [N].
        start: tolerance, severity and surveillance of the first round.
        rule: the numbers of a `Daymude`.
        keys: `DaymudeKeys`.
        history: float64 [R, 5], filled: tolerance, severity, surveillance after the round; sums of acts and of
            punishments under what was tried in it.
    """
    tolerance, severity, surveillance = start
    bar = math.inf
    for turn in range(len(history)):
        former = tolerance, severity, surveillance
        if turn > 0:
            which, drawn = int(3.0 * uniform(keys.parameter, U64(turn))), uniform(keys.candidate, U64(turn))
            if which == 0:
                tolerance = draw_near(tolerance, rule.step, 0.0, 1.0, drawn)
            elif which == 1:
                severity = draw_near(severity, rule.step, LEAST_SEVERITY, math.inf, drawn)
            else:
                surveillance = draw_near(surveillance, rule.step, 0.0, 1.0, drawn)
        said, punished = face_authority(
            desire, boldness, tolerance, severity, surveillance, is_proportional, rule.expected,
            mix(keys.seen, U64(turn)),
        )  # fmt: skip
        cost = rule.adamancy * said + punished
        refused = cost > bar
        if refused:
            tolerance, severity, surveillance = former
        if not (refused and rule.textbook):
            bar = cost
        history[turn, 0], history[turn, 1], history[turn, 2] = tolerance, severity, surveillance
        history[turn, 3], history[turn, 4] = said, punished


LEAST_SEVERITY = 1e-9


@cached_njit
def draw_near(value, step, low, high, drawn):
    """Return a uniform draw within `step` of `value` and within the bounds; `drawn` is in (0, 1)."""
    least = max(low, value - step)
    return least + (min(high, value + step) - least) * drawn
