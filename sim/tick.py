"""One hour of the world: the phases in their order, values in, values out.

State is written at the marked places only (W).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.actors.base import PublicView, look
from sim.observers.base import Moment
from sim.people import expression, reaction
from sim.rules import values
from sim.setting import Setting
from sim.state.accounts import Accounts
from sim.state.graph import Graph
from sim.state.posts import Ledger
from sim.state.records import Orders, Spoken
from sim.state.topics import Topics
from sim.state.truth import Truth


class Actor(Protocol):
    """Somebody organised: looks at what anybody can see, returns orders."""

    def order(self, view: PublicView) -> Orders:
        """Return the posts of this actor's members in the hour of `view`."""
        ...


@dataclass
class State:
    """All that changes in a world."""

    accounts: Accounts
    graph: Graph
    ledger: Ledger
    topics: Topics
    truth: Truth
    actors: tuple[Actor, ...]
    crowds: NDArray[np.bool_]  #: [A] whose posts take slots from others
    seed: int


def tick(state: State, rules: Setting, now: int) -> Moment:
    """Play the hour `now`: wake, read, react, speak, order, publish, moderate; return what happened."""
    accounts, ledger, topics, seed = state.accounts, state.ledger, state.topics, state.seed
    campaigning = now >= rules.campaign.start
    ledger.tidy(now * 3600)  # W
    posts, base = ledger.rows(), ledger.base

    woken = rules.activity.wake(accounts, state.truth.n_organic, seed, now)  # W: mood
    attention, trending = values(rules.attention), rules.trending.topics(topics.counts, now)
    display = rules.feed.set_out(posts, base, (topics.serials, topics.lengths), trending, state.crowds, attention, now)
    seen = rules.feed.read(accounts, state.graph, posts, base, display, woken, attention, seed, now)
    change = rules.reaction.react(accounts, posts, woken, seen, seed, now)
    reaction.apply(accounts, woken, change, now * 3600, campaigning)  # W
    spoken = rules.expression.speak(accounts, posts, base, woken, seen, change, seed, now)
    if campaigning:
        expression.note(accounts, woken, spoken)  # W
    view = look(ledger, topics, accounts, now)
    orders = tuple(actor.order(view) for actor in state.actors)
    filled = publish(state, spoken, orders, now)  # W
    rules.feed.rank(ledger.columns, ledger.base, filled)  # W
    removals = rules.moderation.moderate(accounts, ledger.rows(), ledger.base, woken, seen, seed, now)  # W
    return Moment(
        now, rules.campaign.start, accounts, ledger.columns, filled, state.truth,
        woken, seen, change, spoken, orders, removals,
    )  # fmt: skip


def publish(state: State, spoken: Spoken, orders: tuple[Orders, ...], now: int) -> slice:
    """Append everybody's drafts in order of time; return the rows of the ledger they fill."""
    filled = state.ledger.append([spoken.drafts, *(order.drafts for order in orders)], state.accounts)
    state.topics.append(state.ledger, filled, now)
    for order in orders:
        state.truth.log(order.drafts.key, order.order, order.tactic)
    return filled
