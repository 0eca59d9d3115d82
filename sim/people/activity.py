"""Wake: who opens the platform in this hour.

A Poisson process whose rate is the product of a personal rate (lognormal), a daily rhythm and a daily activity that is
drawn each day. So it is a doubly stochastic (Cox) process, whose bursts come from the daily activity.
"""

import math
from dataclasses import dataclass

import numpy as np

from sim.errors import InputError
from sim.kernels import inline_kernel, kernel
from sim.rng import stream, stream_key, uniform
from sim.rules import Rule, parameter, share
from sim.state.accounts import Accounts
from sim.state.records import HOUR, ActiveUsers

_WAKE = stream("activity/wake")
_MOOD = stream("activity/mood")
_SECOND = stream("activity/second")
_NOTICE = stream("activity/notice")


@dataclass(frozen=True, kw_only=True)
class Activity(Rule):
    """Daily rhythm and bursts of sessions, and the slices of an hour in which people come."""

    rhythm: float = parameter(0.8, unit="relative amplitude", source="assumption", low=0.0, high=1.0)
    peak: float = parameter(20.0, unit="hour of the day", source="assumption: evenings", low=0.0, high=24.0)
    burst: float = parameter(
        1.5,
        unit="exponent",
        source="assumption: daily activity = Exp(1)^burst, scaled to mean 1; 0 = no bursts",
        low=0.0,
        high=4.0,
    )
    notified: float = share(0.05, source="assumption; 0 = notices of replies and reposts bring nobody back")
    slice: int = parameter(
        20,
        unit="min",
        source="assumption: people read what was published before their slice of the hour; 60 = the hour",
        low=1,
        high=60,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if 60 % self.slice:
            fitting = ", ".join(str(minutes) for minutes in range(1, 61) if 60 % minutes == 0)
            raise InputError(f"activity.slice={self.slice} does not divide an hour: use one of {fitting}")

    def wake(self, accounts: Accounts, n_organic: int, seed: int, tick: int) -> ActiveUsers:
        """Draw who is active in `tick` among rows below `n_organic`. Writes `daily_activity` at midnight.

        P(active) = 1 - exp(-sessions/24 * (1 + rhythm cos(2 pi (hour - peak - phase)/24)) * daily_activity). Of the
        others, who has n notices comes back with P = 1 - (1 - notified)^n, to read: a world without the operation must
        have the same intentions, whoever is notified in it.
        """
        if tick % 24 == 0:
            _draw_daily_activity(accounts, n_organic, seed, tick // 24, self.burst, 1.0 / math.gamma(1.0 + self.burst))
        turn = 2.0 * math.pi / 24.0
        hourly = np.array([(1.0 + self.rhythm * math.cos(turn * (h - self.peak))) / 24.0 for h in range(24)])
        active, absent = np.empty((2, n_organic), np.int32)
        returns = np.zeros(n_organic if self.notified else 0, np.bool_)
        a, b = _wake(active, returns, absent, accounts, hourly, n_organic, seed, tick, self.notified)
        rows = active[:a].copy()
        returns = returns[:a].copy() if self.notified else np.zeros(a, np.bool_)
        second = np.empty(a, np.int64)
        _draw_seconds(second, accounts.key, rows, seed, tick)
        return ActiveUsers(rows, absent[:b].copy(), second, returns, HOUR * tick, HOUR)


@kernel
def _draw_daily_activity(accounts, n, seed, day, burst, scale):
    key = stream_key(seed, _MOOD, day)
    for i in range(n):
        exponential = -math.log(uniform(key, accounts.key[i]))
        accounts.daily_activity[i] = scale * math.exp(burst * math.log(exponential))


@kernel
def _wake(active, returns, absent, accounts, hourly, n, seed, tick, notified):
    """Fill `active` and `absent` with rows, and which of the active only return; return the number of each."""
    key, notice = stream_key(seed, _WAKE, tick), stream_key(seed, _NOTICE, tick)
    a, b, now = 0, 0, tick % 24
    for i in range(n):
        hour = now - int(accounts.phase[i])
        if hour < 0 or hour >= 24:  # a division each time would cost more than the rest
            hour %= 24
        rate = accounts.sessions[i] * hourly[hour] * accounts.daily_activity[i]
        u = uniform(key, accounts.key[i])
        if u >= rate or u >= 1.0 - math.exp(-rate):  # the first condition is faster and decides most cases
            if notified > 0.0 and accounts.notices[i] > 0 and not _is_away(accounts, i, tick):
                returns[a] = uniform(notice, accounts.key[i]) < 1.0 - (1.0 - notified) ** accounts.notices[i]
                active[a] = i
                a += returns[a]
        elif _is_away(accounts, i, tick):
            absent[b] = i
            b += 1
        else:
            active[a] = i
            a += 1
    return a, b


@inline_kernel
def _is_away(accounts, i, tick):
    return accounts.has_left[i] or accounts.suspended_until[i] > tick


@kernel
def _draw_seconds(out, keys, rows, seed, tick):
    key = stream_key(seed, _SECOND, tick)
    for r in range(len(rows)):
        out[r] = int(3600.0 * uniform(key, keys[rows[r]]))
