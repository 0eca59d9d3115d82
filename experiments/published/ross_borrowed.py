"""The model of Ross et al. (2019) with assumptions of our limit in place of its own, one at a time or all.

What an assumption is worth is seen where everything else stays. Our limit cannot be given theirs by values alone;
their model is small enough to be given ours. A tick of theirs stands for an hour of ours: in both a person hears once
what the neighbours said since.

x is in log-odds, since C > T means x > t = 2 artanh T. At the start x - t has the standard deviation `SPREAD`; our
people differ by `population.willingness_spread` log-odds instead, so ours are multiplied by
SPREAD / willingness_spread.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from experiments.published.ross_2019 import Instance, Ross
from sim.actors.base import create_accounts
from sim.errors import InputError
from sim.kernels import cached_njit
from sim.people.wiring import uniforms
from sim.rng import U64, make_key, mix, stream, uniform
from sim.rules import Rule, parameter, share
from sim.setting import Setting
from sim.state.accounts import F64
from sim.state.graph import extend_graph

DAY = 24
SPREAD = math.sqrt(1 / 12 + math.pi**2 / 3 - (2 * math.log(2)) ** 2)  #: SD of x - t, x ~ U(0, 1), T ~ U(0, 1)
OURS = "our limit"

_POSTS = stream("ross_borrowed.posts")
_AHEAD = stream("ross_borrowed.ahead")


@dataclass(frozen=True, kw_only=True)
class Borrowed(Rule):
    """Assumptions of ours; 0 keeps theirs."""

    hours: int = parameter(72, unit="ticks", source=OURS, low=DAY, high=10**6)
    climate_rate: float = share(0.0, source=OURS)  # of the perceived climate, moved by each post
    weight: float = parameter(0.0, unit="log-odds", source=OURS, low=-1000.0, high=1000.0)  # of that climate
    knows_climate: bool = parameter(False, unit="the true climate is known at first", source=OURS)
    has_normal_confidence: bool = parameter(False, unit="x - t is normal at first", source=OURS)
    willingness: float = parameter(0.0, unit="log-odds", source=OURS, low=-1000.0, high=1000.0)  # mean of that normal
    sharpness: float = parameter(0.0, unit="1", source=OURS, low=0.0, high=1000.0)
    followers: float = parameter(0.0, unit="followers", source=OURS, low=0.0, high=1e9)


def make_assumptions(setting: Setting, hours: int) -> dict[str, Borrowed]:
    """Return what can be borrowed from our limit, by name: each assumption alone, then all of them.

    Args:
        setting: the limit.
        hours: length of our runs.

    Raises:
        InputError: our people do not differ in willingness, so that no scale can be compared.
    """
    people = setting.population
    if people.willingness_spread <= 0.0:
        raise InputError("population.willingness_spread=0 leaves no thresholds to compare with theirs: say 3")
    narrower = SPREAD / people.willingness_spread
    weight = {"weight": setting.expression.climate_weight * narrower}
    single: dict[str, dict[str, Any]] = {
        "runs end after a fixed time": {},
        "the climate is bounded and forgets": {"climate_rate": setting.reaction.climate_rate, **weight},
        "people begin with the true climate": {"knows_climate": True, **weight},
        "thresholds are normal, half speak at first": {
            "has_normal_confidence": True,
            "willingness": people.willingness * narrower,
        },
        "posts are drawn and counted": {"sharpness": 1.0 / narrower},
        "the army is followed at random": {"followers": setting.army.followers},
    }
    together = {name: value for one in single.values() for name, value in one.items()}
    found = {name: Borrowed(hours=hours, **values) for name, values in single.items()}
    return found | {"all of these": Borrowed(hours=hours, **together)}


def simulate(rule: Ross, borrowed: Borrowed, seed: int) -> float:
    """Return 1 if the bots win, 0 if they lose and 0.5 for a tie: theirs by speakers at the end, ours by posts."""
    drawn = draw_instance(rule, borrowed, seed)
    agreeing = float((drawn.valence > 0).mean())
    known = np.where(drawn.valence > 0, agreeing, 1.0 - agreeing) - 0.5
    ahead = drawn.inner - 2.0 * np.arctanh(drawn.threshold)
    if borrowed.has_normal_confidence:
        ahead = borrowed.willingness + SPREAD * _draw_normals(make_key(seed, _AHEAD), rule.users)
    first = ahead + (borrowed.weight * known if borrowed.knows_climate else 0.0)
    plus, minus = _simulate_hours(
        drawn.make_people(rule.influence), first, ahead, borrowed.climate_rate, borrowed.weight, borrowed.sharpness,
        borrowed.hours, make_key(seed, _POSTS),
    )  # fmt: skip
    return 0.5 * (1.0 + float(np.sign(minus - plus)))


def draw_instance(rule: Ross, borrowed: Borrowed, seed: int) -> Instance:
    """Return the instance of `seed`; with `followers` the bots are followed as our army is."""
    if not (borrowed.followers and rule.bots):
        return rule.draw_instance(seed)
    drawn = replace(rule, bots=0).draw_instance(seed)
    army = create_accounts("army", rule.bots, borrowed.followers, rule.users, rule.users, seed)
    return drawn._replace(graph=extend_graph(drawn.graph, army.source, army.target, rule.users + rule.bots))


def _draw_normals(key: np.uint64, count: int) -> F64:
    """Return standard normal draws by Box and Muller, float64 [count]."""
    radius, angle = uniforms(key, 2 * count).reshape(2, count)
    return np.sqrt(-2.0 * np.log(radius)) * np.cos(2.0 * np.pi * angle)


@cached_njit
def _simulate_hours(people, first, origin, rate, weight, sharpness, hours, key):
    """Simulate `hours` ticks. `first` is x - t of each user at the start, `origin` what it is in an even climate.

    With a `rate`, x - t = origin + weight (c - 1/2), where each post heard moves the own side's climate c by `rate` of
    the way to 1 or 0; posts of an hour are taken in the mean over their orders.

    Returns:
        (plus, minus): speakers for each side after the last tick; where posts are drawn, posts of the last day.
    """
    users = len(people.valence)
    x, said, heard = first.copy(), np.zeros(users), np.zeros((len(people.followers_start) - 1, 2))
    plus, minus = 0.0, 0.0
    for now in range(hours + 1):
        if sharpness == 0.0 or now <= hours - DAY + 1:
            plus, minus = 0.0, 0.0
        for user in range(users):
            said[user] = 1.0 if x[user] > 0.0 else 0.0
            if sharpness > 0.0:
                said[user] = _draw_posts(mix(mix(key, U64(now)), U64(user)), sharpness * x[user])
            if people.valence[user] > 0:
                plus += said[user]
            else:
                minus += said[user]
        _hear(people, said, heard)
        for user in range(users):
            own, other = heard[user, 0], heard[user, 1] + people.bots[user]
            if people.valence[user] < 0:
                own, other = other, own
            if own + other > 0.0:
                climate = (own - other) / (own + other)
                if rate > 0.0:
                    aim = origin[user] + 0.5 * weight * climate
                    x[user] = aim + (x[user] - aim) * (1.0 - rate) ** (own + other)
                else:
                    x[user] += climate
    return plus, minus


@cached_njit
def _hear(people, said, heard):
    """Write into `heard` how much was said for +1 and for -1 by the users who influence each row."""
    heard[:] = 0.0
    for user in range(len(said)):
        if said[user] > 0.0:
            side = 0 if people.valence[user] > 0 else 1
            for place in range(people.followers_start[user], people.followers_start[user + 1]):
                heard[people.followers[place], side] += said[user]


@cached_njit
def _draw_posts(person, log_odds):
    """Draw how many posts are voiced: intentions are geometric with mean 1, each is voiced by its own chance."""
    voiced = 0
    for ordinal in range(20):
        if uniform(person, U64(2 * ordinal)) >= 0.5:
            break
        voiced += uniform(person, U64(2 * ordinal + 1)) < 1.0 / (1.0 + math.exp(-log_odds))
    return float(voiced)
