"""Co-action: accounts that do the same thing within a window of time, again and again.

Two actions of different accounts on one object at most `window` seconds apart are a co-action; the weight of two
accounts is the number of their co-actions; below `min_coactions` it counts for nothing. This is the network that
Pacheco et al. 2021 and the coordination network toolkit build.

Pairs are not stored: the co-actions of one account at a time are counted in one row and then dropped, so memory is that
of the actions. `crowd` bounds the time: where many accounts act on one object at once, only the nearest `crowd` actions
before and after are compared (assumption: being one of thousands in a minute is no evidence).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from experiments.detection.detector import F64, I64, Detector
from experiments.detection.traces import TRACES, Trace, extract_trace
from experiments.detection.view import PlatformView
from sim.errors import InputError, suggest
from sim.kernels import cached_njit


class SortedActions(NamedTuple):
    """Actions by object, then time."""

    account: I64  #: [n] who acts
    thing: I64  #: [n] on which object
    time: I64  #: [n]
    place: I64  #: [n] places of each account's actions, account after account
    start: I64  #: [accounts + 1] its actions are place[start[a]] .. place[start[a + 1] - 1]


@dataclass(frozen=True)
class CoAction(Detector):
    """Scores an account by the co-actions it has with accounts that it acts with repeatedly.

    Args:
        kind: of action, one of `experiments.detection.traces.TRACES`.
        window: seconds within which two actions are one co-action, >= 0.
        min_coactions: co-actions from which two accounts are tied, >= 1.
        crowd: actions on one object, before and after each, that are compared, >= 1.
    """

    kind: str = "repost"
    window: int = 60
    min_coactions: int = 2
    crowd: int = 1000

    def __post_init__(self) -> None:
        if self.kind not in TRACES:
            raise InputError(f"CoAction.kind={self.kind} is unknown: {suggest(str(self.kind), TRACES)}")
        for name, lowest in (("window", 0), ("min_coactions", 1), ("crowd", 1)):
            if getattr(self, name) < lowest:
                raise InputError(f"CoAction.{name}={getattr(self, name)} must be at least {lowest}")

    @property
    def name(self) -> str:
        """Say which action and which window."""
        return f"co-{self.kind.replace('_', '+')} {self.window} s"

    def score(self, view: PlatformView) -> F64:
        """Return the sum of weights of each account's ties."""
        return self.build_network(view)[0]

    def compute_ties(self, view: PlatformView) -> pd.DataFrame:
        """Return all ties: rows `source` < `target` of `view.accounts` and `weight`, `min_coactions` or more."""
        _, source, target, weight = self.build_network(view, listed=True)
        return pd.DataFrame({"source": source, "target": target, "weight": weight})

    def build_network(self, view: PlatformView, listed: bool = False) -> tuple[F64, I64, I64, I64]:
        """Return each account's strength, and the ties if they are to be `listed` (else none)."""
        actions = sort_actions(extract_trace(view, self.kind), len(view.accounts))
        strength, degree = _compute_strengths(actions, self.window, self.min_coactions, self.crowd)
        source, target, weight = np.zeros((3, int(degree.sum()) if listed else 0), np.int64)
        if listed:
            _list_ties(actions, self.window, self.min_coactions, self.crowd, source, target, weight)
        half = source < target
        return strength, source[half], target[half], weight[half]


def sort_actions(actions: Trace, accounts: int) -> SortedActions:
    """Return the actions by object and time, and where those of each of `accounts` accounts are."""
    order = np.lexsort((actions.time, actions.thing))
    account, thing, time = (column[order] for column in actions)
    place = np.argsort(account, kind="stable")
    start = np.searchsorted(account[place], np.arange(accounts + 1))
    return SortedActions(account, thing, time, place, start)


@cached_njit
def _compute_strengths(actions, window, min_coactions, crowd):
    """Return the sum of weights of each account's ties (float64) and their number (int64)."""
    n = len(actions.start) - 1
    strength, degree, weight, met = np.zeros(n), np.zeros(n, np.int64), np.zeros(n, np.int64), np.empty(n, np.int64)
    for a in range(n):
        partners = _count_partners(actions, a, window, crowd, weight, met)
        for k in range(partners):
            b = met[k]
            if weight[b] >= min_coactions:
                strength[a] += weight[b]
                degree[a] += 1
            weight[b] = 0
    return strength, degree


@cached_njit
def _list_ties(actions, window, min_coactions, crowd, source, target, weights):
    """Fill in every tie, from both ends."""
    n, filled = len(actions.start) - 1, 0
    weight, met = np.zeros(n, np.int64), np.empty(n, np.int64)
    for a in range(n):
        partners = _count_partners(actions, a, window, crowd, weight, met)
        for k in range(partners):
            b = met[k]
            if weight[b] >= min_coactions:
                source[filled], target[filled], weights[filled] = a, b, weight[b]
                filled += 1
            weight[b] = 0


@cached_njit
def _count_partners(actions, a, window, crowd, weight, met):
    """Add account a's co-actions with each other account to `weight`; return how many it `met`."""
    partners = 0
    for k in range(actions.start[a], actions.start[a + 1]):
        i = actions.place[k]
        for step in (-1, 1):
            j, last = i + step, i + step * crowd
            while j * step <= last * step and 0 <= j < len(actions.time):
                if actions.thing[j] != actions.thing[i] or abs(actions.time[j] - actions.time[i]) > window:
                    break
                b = actions.account[j]
                if b != a:
                    if weight[b] == 0:
                        met[partners] = b
                        partners += 1
                    weight[b] += 1
                j += step
    return partners
