"""Wake: who opens the platform in this hour.

A Poisson process whose rate is the product of a personal rate (lognormal), a daily rhythm and a mood
that is drawn anew each day: a doubly stochastic (Cox) process, whose bursts come from the mood.
"""

import math
from dataclasses import dataclass

import numpy as np
from numba import njit

from sim.noise import stream, stream_key, uniform
from sim.rules import Rule, parameter, values
from sim.state.accounts import Accounts
from sim.state.records import Woken

_WAKE = stream("activity/wake")
_MOOD = stream("activity/mood")
_SECOND = stream("activity/second")


@dataclass(frozen=True, kw_only=True)
class Activity(Rule):
    """Daily rhythm and bursts of sessions."""

    rhythm: float = parameter(0.8, unit="relative amplitude", source="assumption", low=0.0, high=1.0)
    peak: float = parameter(20.0, unit="hour of the day", source="assumption: evenings", low=0.0, high=24.0)
    burst: float = parameter(
        1.5, unit="exponent", source="assumption: mood = Exp(1)^burst, mean 1; 0 = no bursts", low=0.0, high=4.0
    )

    def wake(self, accounts: Accounts, n_organic: int, seed: int, tick: int) -> Woken:
        """Draw who wakes in `tick` among rows below `n_organic`. Writes `mood` at midnight.

        P(wake) = 1 - exp(-sessions/24 * (1 + rhythm cos(2 pi (hour - peak - phase)/24)) * mood).
        """
        p = values(self)
        if tick % 24 == 0:
            _new_day(accounts, n_organic, seed, tick // 24, p, 1.0 / math.gamma(1.0 + self.burst))
        rows, absent = _wake(accounts, n_organic, seed, tick, p)
        return Woken(rows, absent, _seconds(accounts.key, rows, seed, tick))


@njit(cache=True)
def _new_day(accounts, n, seed, day, p, scale):
    key = stream_key(seed, _MOOD, day)
    for i in range(n):
        exponential = -math.log(uniform(key, accounts.key[i]))
        accounts.mood[i] = scale * math.exp(p.burst * math.log(exponential))


@njit(cache=True)
def _wake(accounts, n, seed, tick, p):
    key = stream_key(seed, _WAKE, tick)
    hourly = np.empty(24)
    for h in range(24):
        hourly[h] = (1.0 + p.rhythm * math.cos(2.0 * math.pi * (h - p.peak) / 24.0)) / 24.0
    active, absent = np.empty(n, np.int32), np.empty(n, np.int32)
    a, b = 0, 0
    for i in range(n):
        local = (tick - int(accounts.phase[i])) % 24
        rate = accounts.sessions[i] * hourly[local] * accounts.mood[i]
        if uniform(key, accounts.key[i]) >= 1.0 - math.exp(-rate):
            continue
        if accounts.left[i] or accounts.suspended_until[i] > tick:
            absent[b] = i
            b += 1
        else:
            active[a] = i
            a += 1
    return active[:a].copy(), absent[:b].copy()


@njit(cache=True)
def _seconds(keys, rows, seed, tick):
    key = stream_key(seed, _SECOND, tick)
    out = np.empty(len(rows), np.int64)
    for r in range(len(rows)):
        out[r] = int(3600.0 * uniform(key, keys[rows[r]]))
    return out
