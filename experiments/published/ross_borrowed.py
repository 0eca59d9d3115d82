"""The model of Ross et al. (2019) with assumptions of our limit in place of its own, one at a time or all.

What an assumption is worth is seen where everything else stays. Our limit can not be given theirs by values alone;
their model is small enough to be given ours. A tick of theirs stands for an hour of ours: in both a person hears once
what the neighbours said since, and one tick or hour of a unanimous neighbourhood moves people about as far (1 in
theirs, `forgetting` W / 2 below in ours).

x is in log-odds, since C > T means x > t = 2 artanh T. At the start x - t has the standard deviation `SPREAD`; our
people differ by `population.boldness_spread` log-odds instead, so ours are multiplied by SPREAD / boldness_spread.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numba import njit

from experiments.published.ross_2019 import Instance, Ross
from sim.actors.base import enlist
from sim.errors import InputError
from sim.noise import U64, key_of, mix, stream, uniform
from sim.people.networks import PreferentialAttachment
from sim.rules import Rule, parameter, share
from sim.setting import Setting
from sim.state.graph import extended

DAY = 24
SPREAD = math.sqrt(1 / 12 + math.pi**2 / 3 - (2 * math.log(2)) ** 2)  #: SD of x - t, x ~ U(0, 1), T ~ U(0, 1)
OURS = "our limit"

_POSTS = stream("ross_borrowed.posts")


@dataclass(frozen=True, kw_only=True)
class Borrowed(Rule):
    """Assumptions of ours; 0 keeps theirs."""

    hours: int = parameter(72, unit="ticks", source=OURS, low=DAY, high=10**6)
    forgetting: float = share(0.0, source=OURS)  # of x is drawn back, each tick, to where it began
    knowing: float = parameter(0.0, unit="log-odds", source=OURS, low=-1000.0, high=1000.0)
    ease: float = parameter(0.0, unit="log-odds", source=OURS, low=-100.0, high=100.0)
    sharpness: float = parameter(0.0, unit="1", source=OURS, low=0.0, high=1000.0)
    followers: float = parameter(0.0, unit="followers", source=OURS, low=0.0, high=1e9)


def assumptions(setting: Setting, hours: int) -> dict[str, Borrowed]:
    """Return what can be borrowed from our limit, by name: each assumption alone, then all of them.

    Args:
        setting: the limit, on a graph of preferential attachment.
        hours: length of our runs.

    Raises:
        InputError: our people do not differ in boldness, so that no scale can be compared.
    """
    people, army = setting.population, setting.army
    links = setting.graph.links if isinstance(setting.graph, PreferentialAttachment) else 1
    if people.boldness_spread <= 0.0:
        raise InputError("population.boldness_spread=0 leaves no thresholds to compare with theirs: say 3")
    narrower = SPREAD / people.boldness_spread
    heard = links * people.acts_per_session  # posts an hour: 2 links neighbours, half of whom speak
    single: dict[str, dict[str, float]] = {
        "runs end after a fixed time": {},
        "the climate forgets": {"forgetting": 1.0 - (1.0 - setting.reaction.climate_rate) ** heard},
        "half speak at first": {"ease": ease(_voicing(people.boldness, people.boldness_spread))},
        "people begin with the true climate": {"knowing": setting.expression.climate_weight * narrower},
        "posts are drawn and counted": {"sharpness": 1.0 / narrower},
        "the army is followed at random": {"followers": army.followers},
    }
    together: dict[str, float] = {name: value for one in single.values() for name, value in one.items()}
    found = {name: Borrowed(hours=hours, **values) for name, values in single.items()}
    return found | {"all of these": Borrowed(hours=hours, **together)}


def ease(voicing: float) -> float:
    """Return what must be added to x ~ U(0, 1) for this share of people to speak at first; at least 0.

    The share is the mean of tanh((x + ease) / 2), which is 2 ln(cosh((1 + ease) / 2) / cosh(ease / 2)).
    """
    added = np.linspace(0.0, 10.0, 10_001)
    return float(np.interp(voicing, 2 * np.log(np.cosh((1 + added) / 2) / np.cosh(added / 2)), added))


def _voicing(boldness: float, spread: float) -> float:
    """Return the mean of logistic(boldness + spread z) over standard normal z, by the trapezium rule."""
    z = np.linspace(-8.0, 8.0, 4001)
    density = np.exp(-z * z / 2)
    return float(np.sum(density / (1.0 + np.exp(-boldness - spread * z))) / np.sum(density))


def play(rule: Ross, borrowed: Borrowed, seed: int) -> float:
    """Return 1 if the bots win, 0 if they lose and 0.5 for a tie: theirs by speakers at the end, ours by posts."""
    drawn = instance(rule, borrowed, seed)
    agreeing = float((drawn.valence > 0).mean())
    known = np.where(drawn.valence > 0, agreeing, 1.0 - agreeing) - 0.5
    origin = drawn.inner + borrowed.ease
    plus, minus = _hours(
        drawn.people(rule.influence), origin + borrowed.knowing * known, origin, borrowed.forgetting,
        borrowed.sharpness, borrowed.hours, key_of(seed, _POSTS),
    )  # fmt: skip
    return 0.5 * (1.0 + float(np.sign(minus - plus)))


def instance(rule: Ross, borrowed: Borrowed, seed: int) -> Instance:
    """Return the instance of `seed`; with `followers` the bots are followed as our army is."""
    if not (borrowed.followers and rule.bots):
        return rule.instance(seed)
    drawn = replace(rule, bots=0).instance(seed)
    army = enlist("army", rule.bots, borrowed.followers, rule.users, rule.users, seed)
    return drawn._replace(graph=extended(drawn.graph, army.source, army.target, rule.users + rule.bots))


@njit(cache=True)
def _hours(people, inner, origin, forgetting, sharpness, hours, key):
    """Play `hours` ticks.

    Returns:
        (plus, minus): speakers for each side after the last tick; where posts are drawn, posts of the last day.
    """
    users = len(people.valence)
    x, said, heard = inner.copy(), np.zeros(users), np.zeros((len(people.followers_start) - 1, 2))
    t = 2.0 * np.arctanh(people.threshold)
    plus, minus = 0.0, 0.0
    for now in range(hours + 1):
        if sharpness == 0.0 or now <= hours - DAY + 1:
            plus, minus = 0.0, 0.0
        for user in range(users):
            said[user] = 1.0 if x[user] > t[user] else 0.0
            if sharpness > 0.0:
                said[user] = _posts(mix(mix(key, U64(now)), U64(user)), sharpness * (x[user] - t[user]))
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
                x[user] += (own - other) / (own + other) - forgetting * (x[user] - origin[user])
    return plus, minus


@njit(cache=True)
def _hear(people, said, heard):
    """Write into `heard` how much was said for +1 and for -1 by the users who influence each row."""
    heard[:] = 0.0
    for user in range(len(said)):
        if said[user] > 0.0:
            side = 0 if people.valence[user] > 0 else 1
            for place in range(people.followers_start[user], people.followers_start[user + 1]):
                heard[people.followers[place], side] += said[user]


@njit(cache=True)
def _posts(person, log_odds):
    """Draw how many posts are voiced: intentions are geometric with mean 1, each is voiced by its own chance."""
    voiced = 0
    for ordinal in range(20):
        if uniform(person, U64(2 * ordinal)) >= 0.5:
            break
        voiced += uniform(person, U64(2 * ordinal + 1)) < 1.0 / (1.0 + math.exp(-log_odds))
    return float(voiced)
