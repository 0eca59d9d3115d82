"""A setting: every rule of a world, as one frozen value that Hydra, a test or a notebook can build."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.actors.army import Army
from sim.actors.base import Actor, Band
from sim.actors.propagandist import Extremists
from sim.campaigns import Campaign
from sim.people.activity import Activity
from sim.people.expression import Expression
from sim.people.networks import CommunityGraph, Network
from sim.people.population import Population
from sim.people.reaction import Reaction
from sim.people.reading import Attention
from sim.platform.feed import Feed
from sim.platform.moderation import Moderation
from sim.platform.trending import Trending
from sim.state.accounts import F64, I64


class NetworkRule(Protocol):
    """Whatever draws or reads a graph; see `sim.people.networks`."""

    def size(self, default: int) -> int:
        """Return the number of people this graph holds when asked for `default`."""
        ...

    def __call__(self, size: int, stance: F64, seed: int) -> Network:
        """Return the graph of `size` people with the stances that end up on its nodes."""
        ...


class Force(Protocol):
    """Organised accounts under one command, and what they do; see `sim.actors`."""

    @property
    def role(self) -> str:
        """Which of `sim.state.truth.ROLES` its accounts play."""
        ...

    def enlist(self, n_organic: int, first_row: int, seed: int) -> Band:
        """Return their accounts, whose rows start at `first_row`."""
        ...

    def muster(self, rows: I64, keys: NDArray[np.uint64], seed: int) -> Actor:
        """Return who commands the accounts in these rows (int64 [size]) with these identities."""
        ...


@dataclass(frozen=True, kw_only=True)
class Setting:
    """The people, their graph, the platform, the organised, and the campaign."""

    population: Population = field(default_factory=Population)
    graph: NetworkRule = field(default_factory=CommunityGraph)
    activity: Activity = field(default_factory=Activity)
    attention: Attention = field(default_factory=Attention)
    reaction: Reaction = field(default_factory=Reaction)
    expression: Expression = field(default_factory=Expression)
    feed: Feed = field(default_factory=Feed)
    trending: Trending = field(default_factory=Trending)
    moderation: Moderation = field(default_factory=Moderation)
    army: Army = field(default_factory=Army)
    extremists: Extremists = field(default_factory=Extremists)
    campaign: Campaign = field(default_factory=Campaign)
    forces: tuple[Force, ...] = ()  #: who else is organised, the same in every arm
