"""What mechanisms see of a world. People and platforms have no view of the truth: their views have no field for it.

Arrays are the world's own, so that a hook can write them; it declares which (`sim.mechanisms.base.touches`).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.actors.base import Actor, Operators, PublicView
from sim.state.accounts import I64, Accounts, PublicAccounts, Register
from sim.state.dynamic_graph import DynamicGraph
from sim.state.graph import Adjacency
from sim.state.posts import Drafts, Posts, PublicPosts
from sim.state.records import ActiveUsers, Exposures, Orders
from sim.state.topics import Topics
from sim.state.truth import Truth

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleView:
    """What the behaviour of people depends on. In a hook of a group, `users` and `seen` are those of the group."""

    seed: int
    tick: int
    own: Any  #: what the mechanism's `create_state` returned
    n_organic: int  #: ordinary people; their rows come first
    accounts: Accounts
    register: Register
    recruited: Bools  #: [A] has joined the extremists
    following: Adjacency
    topics: Topics
    posts: Posts  #: rows of the window
    base: int  #: serial of row 0
    users: ActiveUsers  #: of the hour
    seen: Exposures  #: what they have read
    drafts: Drafts  #: what people have written, until it is published
    new: slice  #: rows that were published in this hour


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganisedView(PeopleView):
    """The same for those who are organised, and for events outside the platform: they know the truth."""

    truth: Truth
    operators: Operators
    actors: tuple[Actor, ...]
    dynamic_graph: DynamicGraph
    public: PublicView  #: from the time when orders are given
    orders: tuple[Orders, ...]  #: of the hour, until they are published

    def find_active_propagandists(self) -> I64:
        """Return the accounts of propagandists that are open."""
        every = self.truth.propagandists
        return every[self.register.opened_at[every] <= self.tick]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformView:
    """What a platform sees, the stance of what is written included; defences see less (`DefenceView`)."""

    seed: int
    tick: int
    own: Any
    accounts: PublicAccounts
    register: Register
    posts: PublicPosts
    base: int
