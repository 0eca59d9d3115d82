"""One hour of the world: the phases in their order, values in, values out.

State is written at the marked places only (W).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.actors.base import Actor, look
from sim.observers.base import Moment
from sim.people import expression, reaction
from sim.platform.display import Display
from sim.platform.timelines import Timelines
from sim.rules import values
from sim.setting import Setting
from sim.state import answers
from sim.state.accounts import F64, Accounts
from sim.state.answers import Answers
from sim.state.graph import Graph
from sim.state.posts import Ledger, Posts
from sim.state.records import Change, Doings, Exposures, Intentions, Orders, Spoken, Woken, split, together
from sim.state.topics import Topics
from sim.state.truth import Truth
from sim.threads import spread


class Own(Protocol):
    """People with methods of their own; see `sim.agents.own`."""

    def among(self, woken: Woken) -> Woken:
        """Return who of the active they are; nobody is absent."""
        ...

    def react(self, posts: Posts, woken: Woken, seen: Exposures, change: Change) -> Change:
        """Return what they make of reading `seen`, where the compiled rule says `change`."""
        ...

    def decide(self, woken: Woken, change: Change, reference: F64, wanted: Intentions) -> Intentions:
        """Return `wanted` with the cells that they decide."""
        ...


@dataclass
class State:
    """All that changes in a world."""

    accounts: Accounts
    graph: Graph
    ledger: Ledger
    topics: Topics
    timelines: Timelines
    truth: Truth
    actors: tuple[Actor, ...]
    own: Own
    crowds: NDArray[np.bool_]  #: [A] whose posts take slots from others
    seed: int
    threads: int  #: that may be at work at once


def tick(state: State, rules: Setting, now: int) -> Moment:
    """Play the hour `now`: wake, read, react, speak, order, publish, moderate; return what happened."""
    accounts, ledger, topics, seed = state.accounts, state.ledger, state.topics, state.seed
    ledger.tidy(now * 3600)  # W

    woken = rules.activity.wake(accounts, state.truth.n_organic, seed, now)  # W: mood
    trending, streams = rules.trending.topics(topics.counts, now), (topics.serials, topics.lengths)
    display = rules.feed.set_out(
        ledger.rows(), ledger.base, state.timelines.runs, streams, trending, state.crowds, values(rules.attention), now
    )
    answered, groups = consult(state, rules, display, woken, now), split(woken, state.threads)
    done = together(spread(lambda group: live(state, rules, display, answered, group, now), groups, state.threads))  # W
    view = look(ledger, topics, accounts, now)
    orders = tuple(actor.order(view) for actor in state.actors)
    filled = publish(state, done.spoken, orders, now)  # W
    rules.feed.rank(ledger.columns, ledger.base, filled)  # W
    removals = rules.moderation.moderate(accounts, ledger.rows(), ledger.base, done.reported, seed, now)  # W
    oldest = int(np.searchsorted(ledger.rows().time, 3600 * (now + 1 - rules.attention.memory)))
    state.timelines.take(ledger.rows(), ledger.base, filled, removals.posts, oldest)  # W
    return Moment(
        now, rules.campaign.start, accounts, ledger.columns, filled, state.truth, woken, *done, orders, removals
    )


def consult(state: State, rules: Setting, display: Display, woken: Woken, now: int) -> Answers | None:
    """Ask those of the active who have methods of their own, in one thread.

    Nothing has been written yet, so that their methods see the world as the hour found it.
    """
    accounts, seed = state.accounts, state.seed
    posts, base, own = state.ledger.rows(), state.ledger.base, state.own.among(woken)
    if not len(own.active):
        return None
    seen = rules.feed.read(accounts, state.graph, posts, base, display, own, values(rules.attention), seed, now)
    change = state.own.react(posts, own, seen, rules.reaction.react(accounts, posts, own, seen, seed, now))
    old = reaction.reference(accounts, own, change, now >= rules.campaign.start)
    wanted = state.own.decide(own, change, old, rules.expression.decide(accounts, own, change, old, seed, now))
    return Answers(own.active, change, wanted)


def live(state: State, rules: Setting, display: Display, answered: Answers | None, woken: Woken, now: int) -> Doings:
    """Let some of the active read, react, speak and report; what was answered stands.

    Writes rows of these people only, so that several groups can be at it at once.
    """
    accounts, seed = state.accounts, state.seed
    posts, base = state.ledger.rows(), state.ledger.base
    campaigning = now >= rules.campaign.start
    seen = rules.feed.read(accounts, state.graph, posts, base, display, woken, values(rules.attention), seed, now)
    change = answers.felt(answered, woken, rules.reaction.react(accounts, posts, woken, seen, seed, now))
    old = reaction.reference(accounts, woken, change, campaigning)
    reaction.apply(accounts, woken, change, now * 3600, campaigning)  # W
    wanted = answers.decided(answered, woken, rules.expression.decide(accounts, woken, change, old, seed, now))
    spoken = rules.expression.speak(accounts, posts, base, woken, seen, change, wanted, seed, now)
    if campaigning:
        expression.note(accounts, woken, spoken)  # W
    return Doings(seen, change, spoken, rules.moderation.report(accounts, posts, woken, seen, seed, now))


def publish(state: State, spoken: Spoken, orders: tuple[Orders, ...], now: int) -> slice:
    """Append everybody's drafts in order of time; return the rows of the ledger they fill."""
    filled = state.ledger.append([spoken.drafts, *(order.drafts for order in orders)], state.accounts)
    state.topics.append(state.ledger, filled, now)
    for order in orders:
        state.truth.log(order.drafts.key, order.order, order.tactic)
    return filled
