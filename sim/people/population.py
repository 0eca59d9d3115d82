"""The traits of people: stances, activity, willingness and reaction to abuse, drawn once for each world."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sim.errors import InputError
from sim.kernels import cached_njit
from sim.rng import mix, normal, stream, stream_key, uniform
from sim.rules import Rule, get_values, parameter, share
from sim.state.accounts import (
    DISSENTER,
    F64,
    FIGHT,
    INDIFFERENT,
    LOYALIST,
    OPINION_THRESHOLD,
    SYMPATHISER,
    UNCOMMITTED,
    WITHDRAW,
    Accounts,
    make_blank_accounts,
)

_TRAITS = stream("population/traits")
_IDENTITY = stream("population/identity")

# One identity for each trait, absorbed after the person's, so that no two traits share a draw.
(
    _GROUP, _STANCE, _EXTREME, _SYMPATHY, _SESSIONS, _ACTS, _PHASE, _INTEREST, _BOLD, _REACTION, _STEADY, _SPECIALIST,
    _DEVOTION,
) = map(np.uint64, range(13))  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Population(Rule):
    """Number of ordinary people and distributions of their traits.

    Example:
        >>> import infowar_lab as lab
        >>> people = lab.Population(size=200, dissent_share=0.4)
        >>> lab.World(population=people).n_organic
        200
    """

    size: int = parameter(2000, unit="people", source="assumption", low=1, high=100_000_000)
    dissent_share: float = share(0.35, source="assumption: the principal is contested, not hated")
    loyal_share: float = share(0.35, source="assumption: as many for as against")
    sympathiser_share: float = share(0.03, source="assumption: the essay's 'few'")
    stance_spread: float = parameter(0.2, unit="stance", source="assumption", low=0.0, high=1.0)
    sessions_per_day: float = parameter(
        3.5, unit="sessions/day", source="assumption: several short visits a day", low=0.0, high=240.0
    )
    sessions_sigma: float = parameter(0.8, unit="log", source="assumption", low=0.0, high=4.0)
    intentions_per_session: float = parameter(0.7, unit="intentions/session", source="assumption", low=0.0, high=10.0)
    intentions_sigma: float = parameter(2.5, unit="log", source="fitted to fact 1 (scripts/fit.py)", low=0.0, high=4.0)
    interest: float = parameter(0.2, unit="share", source="assumption", low=0, high=1)
    interest_sigma: float = parameter(1.0, unit="log", source="assumption", low=0.0, high=4.0)
    specialist_share: float = share(0.0, source="assumption: 0 = none; Pew 2019: 6% write 73% of political posts")
    specialist_interest: float = share(0.4, source="assumption")
    prominence: float = parameter(
        0.0,
        unit="correlation of logs",
        source="assumption: 0 = people with many followers write as much as others",
        low=-1.0,
        high=1.0,
    )
    willingness: float = parameter(0.8, unit="log-odds", source="assumption", low=-10.0, high=10.0)
    willingness_spread: float = parameter(1.0, unit="log-odds", source="assumption", low=0.0, high=10.0)
    withdraw_share: float = share(0.5, source="assumption; varied in the robustness table")
    fight_share: float = share(0.15, source="assumption; varied in the robustness table")
    hardcore_share: float = share(0.1, source="assumption")
    public_followers: int = parameter(
        285, unit="followers", source="assumption: the top 1.5% of the default people are public", low=0, high=10**9
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for first, second in (("dissent_share", "loyal_share"), ("withdraw_share", "fight_share")):
            total = getattr(self, first) + getattr(self, second)
            if total > 1.0:
                raise InputError(f"Population.{first} + {second} = {total:g} is more than 1: lower one of them")

    def propose_stances(self, size: int, seed: int) -> F64:
        """Propose stances towards the principal, float64 [size] in [-1, 1]; a graph may rearrange them."""
        return _draw_stances(size, seed, get_values(self))

    def draw(self, stance: F64, followers: NDArray[np.int64], seed: int) -> Accounts:
        """Draw the people of one world.

        Args:
            stance: float64 [n], towards the principal, as the graph placed it.
            followers: int64 [n], organic followers of each.
            seed: of the world.

        Returns:
            Accounts of n rows; their opinion climate is the true share of support among people with an opinion.
        """
        accounts = make_blank_accounts(len(stance))
        accounts.stance_principal[:] = stance
        accounts.public[:] = followers >= self.public_followers
        _draw(accounts, _standardise(np.log1p(followers)), seed, get_values(self))
        accounts.opinion_climate[:] = measure_support(accounts.stance_principal)
        accounts.reference_climate[:] = accounts.opinion_climate
        return accounts


def _standardise(values: F64) -> F64:
    """Return values with mean 0 and standard deviation 1; all 0 if they do not differ."""
    spread = float(values.std())
    return (values - values.mean()) / spread if spread else np.zeros(len(values))


@cached_njit
def make_identity(seed, row):
    """Return the stable identity (uint64) of the organic account in `row`."""
    return mix(stream_key(seed, _IDENTITY, 0), np.uint64(row))


@cached_njit
def _draw_trait(key, person, trait):
    return uniform(mix(key, person), trait)


@cached_njit
def _draw_trait_normal(key, person, trait):
    return normal(mix(key, person), trait)


@cached_njit
def _draw_stances(size, seed, p):
    out = np.empty(size)
    key = stream_key(seed, _TRAITS, 0)
    for i in range(size):
        person = make_identity(seed, i)
        group = _draw_trait(key, person, _GROUP)
        centre = 0.0
        if group < p.dissent_share:
            centre = -0.5
        elif group > 1.0 - p.loyal_share:
            centre = 0.5
        drawn = centre + p.stance_spread * _draw_trait_normal(key, person, _STANCE)
        out[i] = min(1.0, max(-1.0, drawn))
    return out


@cached_njit
def _lognormal(mean, sigma, z):
    return mean * math.exp(sigma * z - 0.5 * sigma * sigma)


@cached_njit
def _draw(accounts, fame, seed, p):
    """Fill in the traits; `fame` is the standardised log of followers."""
    key = stream_key(seed, _TRAITS, 0)
    own = math.sqrt(1.0 - p.prominence * p.prominence)
    for i in range(len(accounts.key)):
        person = make_identity(seed, i)
        accounts.key[i] = person
        accounts.sessions[i] = _lognormal(
            p.sessions_per_day, p.sessions_sigma, _draw_trait_normal(key, person, _SESSIONS)
        )
        urge = own * _draw_trait_normal(key, person, _ACTS) + p.prominence * fame[i]
        accounts.intentions_per_session[i] = _lognormal(p.intentions_per_session, p.intentions_sigma, urge)
        accounts.phase[i] = math.floor(5.0 * _draw_trait(key, person, _PHASE)) - 2.0
        interest = _lognormal(p.interest, p.interest_sigma, _draw_trait_normal(key, person, _INTEREST))
        if _draw_trait(key, person, _SPECIALIST) < p.specialist_share:
            interest = p.specialist_interest + (1.0 - p.specialist_interest) * _draw_trait(key, person, _DEVOTION)
        accounts.interest[i] = min(1.0, interest)
        accounts.willingness[i] = p.willingness + p.willingness_spread * _draw_trait_normal(key, person, _BOLD)
        kind = _draw_trait(key, person, _REACTION)
        accounts.reaction[i] = INDIFFERENT
        if kind < p.withdraw_share:
            accounts.reaction[i] = WITHDRAW
        elif kind > 1.0 - p.fight_share:
            accounts.reaction[i] = FIGHT
        accounts.hardcore[i] = _draw_trait(key, person, _STEADY) < p.hardcore_share
        sympathy = _draw_trait(key, person, _SYMPATHY) < p.sympathiser_share
        accounts.stance_extremist[i] = min(
            1.0, max(-1.0, (0.7 if sympathy else -0.7) + 0.2 * _draw_trait_normal(key, person, _EXTREME))
        )
        accounts.cohort[i] = classify_cohort(accounts.stance_principal[i], accounts.stance_extremist[i])


@cached_njit
def classify_cohort(principal, extremist):
    """Classify two stances: DISSENTER, LOYALIST, SYMPATHISER or UNCOMMITTED (int)."""
    if extremist >= 0.0:
        return SYMPATHISER
    if principal < -OPINION_THRESHOLD:
        return DISSENTER
    if principal > OPINION_THRESHOLD:
        return LOYALIST
    return UNCOMMITTED


@cached_njit
def measure_support(stance):
    """Return the share of the principal's supporters among stances that are an opinion; `stance` is float64 [n]."""
    supporters, opponents = 0, 0
    for value in stance:
        supporters += value > OPINION_THRESHOLD
        opponents += value < -OPINION_THRESHOLD
    return supporters / (supporters + opponents) if supporters + opponents else 0.5
