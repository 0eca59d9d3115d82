"""One hour of the world: the phases in their order, values in, values out.

State is written at the marked places only (W).
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.actors.base import Actor, look, recent
from sim.actors.returns import Operators
from sim.observers.base import Moment
from sim.people import events, expression, morale, reaction
from sim.people.credibility import found_out
from sim.people.events import Usual
from sim.people.migration import Exile
from sim.platform.channels import Rooms
from sim.platform.defences import acting
from sim.platform.defences.base import Site, site_of
from sim.platform.display import NOBODY as NOBODY_GONE
from sim.platform.display import Display
from sim.platform.timelines import Timelines
from sim.rules import values
from sim.setting import Setting
from sim.state import answers
from sim.state.accounts import F64, I64, Accounts, Register
from sim.state.answers import Answers
from sim.state.bonds import Bonds
from sim.state.posts import CONTESTED, DISTRESS, Ledger, Posts
from sim.state.records import (
    UNGUARDED,
    UNMOVED,
    Change,
    Doings,
    Exposures,
    Intentions,
    Orders,
    Spoken,
    Woken,
    split,
    together,
)
from sim.state.topics import Topics
from sim.state.truth import EXTREMIST, Truth
from sim.threads import spread

NOBODY: I64 = np.zeros(0, np.int64)


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
    register: Register
    bonds: Bonds
    ledger: Ledger
    topics: Topics
    timelines: Timelines
    truth: Truth
    actors: tuple[Actor, ...]
    operators: Operators
    own: Own
    crowds: NDArray[np.bool_]  #: [A] whose posts take slots from others
    seed: int
    threads: int  #: that may be at work at once
    joined: NDArray[np.bool_]  #: [A] who has joined the extremists
    rooms: Rooms | None  #: of closed channels
    exile: Exile | None  #: where dissenters have gone
    usual: Usual | None = None  #: what outside events have changed


def tick(state: State, rules: Setting, now: int) -> Moment:
    """Play the hour `now`: wake, read, react, speak, order, publish, moderate; return what happened."""
    accounts, ledger, topics, seed = state.accounts, state.ledger, state.topics, state.seed
    ledger.tidy(now * 3600)  # W
    state.usual = events.stir(accounts, state.usual, rules.events, now)  # W
    turned_to = meet(state, rules, now)  # W

    woken = rules.activity.wake(accounts, state.truth.n_organic, seed, now)  # W: mood
    trending, streams = rules.trending.topics(topics.counts, now), (topics.serials, topics.lengths)
    display = rules.feed.set_out(
        ledger.rows(), ledger.base, state.timelines.runs, streams, trending, state.crowds, values(rules.attention), now,
        *fresh(state),
    )  # fmt: skip
    answered, groups = consult(state, rules, display, woken, now), split(woken, state.threads)
    done = together(spread(lambda group: live(state, rules, display, answered, group, now), groups, state.threads))  # W
    turned_to = np.concatenate([turned_to, turn(state, rules, woken, done, now)])  # W
    events.rally(done.spoken.drafts, rules.events, seed, now)
    view = look(ledger, topics, accounts, now, events.heat(rules.events, now), turned_to, tags(state, rules, now))
    orders = obeyed(state, rules, tuple(actor.order(view) for actor in state.actors), now)
    spoken, guarded = done.spoken, UNGUARDED
    if rules.defences:
        spoken, orders, guarded = acting.screened(rules.defences, spoken, orders, site(state, now))
    filled = publish(state, rules, spoken, orders, now)  # W
    rules.feed.rank(ledger.columns, ledger.base, filled)  # W
    if rules.credibility:
        rules.credibility.raise_scores(ledger.columns, ledger.base, filled, accounts.credibility)  # W
        rules.credibility.judge(accounts, ledger.rows(), ledger.base, woken, done.seen, state.truth.n_organic)  # W
    if rules.defences:
        bonds, known = state.bonds, site(state, now)
        guarded = acting.lowered(rules.defences, ledger.columns, topics, bonds, filled, guarded, known)  # W
    if rules.morale:
        rules.morale.recover(accounts)  # W
        rules.morale.look(accounts, ledger.rows(), recent(view, morale.HOURS), troops(state, now), seed, now)  # W
    unmasked = unmask(state, rules, orders, now)  # W
    reported = np.concatenate([done.reported, *(order.reported for order in orders)])
    removals = rules.moderation.moderate(accounts, ledger.rows(), ledger.base, reported, seed, now)  # W
    if rules.pressure:
        register = state.register
        removals = rules.pressure.sweep(accounts, register, ledger.rows(), ledger.base, removals, seed, now)  # W
    if rules.defences:
        removals = acting.suspend(rules.defences, accounts, site(state, now), removals)  # W
    oldest = int(np.searchsorted(ledger.rows().time, 3600 * (now + 1 - rules.attention.memory)))
    state.timelines.take(ledger.rows(), ledger.base, filled, removals.posts, oldest)  # W
    start, columns, truth = rules.campaign.start, ledger.columns, state.truth
    ended = orders, removals, unmasked, state.register, guarded
    return Moment(now, start, accounts, columns, filled, truth, woken, *done, *ended)


def consult(state: State, rules: Setting, display: Display, woken: Woken, now: int) -> Answers | None:
    """Ask those of the active who have methods of their own, in one thread.

    Nothing has been written yet, so that their methods see the world as the hour found it.
    """
    accounts, seed = state.accounts, state.seed
    posts, base, own = state.ledger.rows(), state.ledger.base, state.own.among(woken)
    if not len(own.active):
        return None
    credence = rules.credibility.credence if rules.credibility else 0.0
    seen = rules.feed.read(
        accounts, state.bonds.following, posts, base, display, own, values(rules.attention), seed, now
    )
    seen = state.bonds.unhidden(own, seen, posts)
    change = rules.reaction.react(accounts, posts, own, seen, seed, now, credence)
    if rules.solidarity:
        change = rules.solidarity.back(posts, own, seen, change)
    change = state.own.react(posts, own, seen, change)
    old = reaction.reference(accounts, own, change, now >= rules.campaign.start)
    wanted = state.own.decide(own, change, old, rules.expression.decide(accounts, own, change, old, seed, now))
    return Answers(own.active, change, wanted)


def live(state: State, rules: Setting, display: Display, answered: Answers | None, woken: Woken, now: int) -> Doings:
    """Let some of the active read, react, speak and report; what was answered stands.

    Writes rows of these people only, so that several groups can be at it at once.
    """
    accounts, seed = state.accounts, state.seed
    posts, base = state.ledger.rows(), state.ledger.base
    campaigning, credence = now >= rules.campaign.start, rules.credibility.credence if rules.credibility else 0.0
    seen = rules.feed.read(
        accounts, state.bonds.following, posts, base, display, woken, values(rules.attention), seed, now
    )
    seen = state.bonds.unhidden(woken, seen, posts)
    change = rules.reaction.react(accounts, posts, woken, seen, seed, now, credence)
    if rules.solidarity:
        change = rules.solidarity.back(posts, woken, seen, change)
    change = answers.felt(answered, woken, change)
    old = reaction.reference(accounts, woken, change, campaigning)
    reaction.apply(accounts, woken, change, now * 3600, campaigning)  # W
    wanted = answers.decided(answered, woken, rules.expression.decide(accounts, woken, change, old, seed, now))
    if rules.morale:
        rules.morale.read(accounts, posts, woken, seen, seed, now)  # W
        wanted = rules.morale.dispirited(accounts, woken, wanted, seed, now)
    spoken = rules.expression.speak(accounts, posts, base, woken, seen, change, wanted, seed, now)
    if campaigning:
        expression.note(accounts, woken, spoken)  # W
    reported = rules.moderation.report(accounts, posts, woken, seen, seed, now)
    if not rules.following:
        return Doings(seen, change, spoken, reported, UNMOVED)
    following, former = state.bonds.following, state.register.former
    moves = rules.following.decide(accounts, following, former, posts, woken, seen, seed, now)
    return Doings(seen, change, spoken, reported, moves)


def publish(state: State, rules: Setting, spoken: Spoken, orders: tuple[Orders, ...], now: int) -> slice:
    """Append everybody's drafts in order of time; return the rows of the ledger they fill."""
    filled = state.ledger.append([spoken.drafts, *(order.drafts for order in orders)], state.accounts)
    filed = None
    if rules.migration and state.exile:
        columns, people = state.ledger.columns, state.truth.n_organic
        filed = rules.migration.filed(state.exile, columns, filled, people, rules.expression.topics, now)
    state.topics.append(state.ledger, filled, now, filed)
    joined = state.register.joined
    for order in orders:
        joined[order.drafts.author] = np.minimum(joined[order.drafts.author], now)
        state.truth.log(order.drafts.key, order.order, order.tactic)
        state.truth.employ(order.drafts.author, now)
    return filled


def meet(state: State, rules: Setting, now: int) -> I64:
    """Let closed rooms meet; return the accounts to which members turned."""
    if not rules.channels or not state.rooms:
        return NOBODY
    run = np.concatenate(state.operators.crews)
    theirs = run[state.truth.role[run] == EXTREMIST]
    return rules.channels.meet(state.rooms, state.accounts, theirs, state.joined, state.seed, now)


def turn(state: State, rules: Setting, woken: Woken, done: Doings, now: int) -> I64:
    """Change ties and tags, let operators come back; return the accounts to which people turned after reading."""
    accounts, posts, seed = state.accounts, state.ledger.rows(), state.seed
    state.bonds.change(done.moves)
    state.operators.come_back(accounts, state.register, now)
    if rules.migration and state.exile:
        rules.migration.move(state.exile, accounts, posts, woken, done.seen, seed, now)
    if not rules.recruiting:
        return NOBODY
    return rules.recruiting.read(accounts, posts, woken, done.seen, state.joined, seed, now).astype(np.int64)


def fresh(state: State) -> tuple[int, NDArray[np.bool_]]:
    """Return the number of the fresh tag and who uses it; -1 and nobody as long as nobody has moved."""
    exile = state.exile
    return (len(state.topics.lengths) - 1, exile.moved) if exile and exile.moved.any() else (-1, NOBODY_GONE)


def tags(state: State, rules: Setting, now: int) -> tuple[int, ...]:
    """Return the topics under which the organised look the matter up."""
    known = rules.migration and state.exile and rules.migration.known(state.exile, now)
    return (CONTESTED, len(state.topics.lengths) - 1) if known else (CONTESTED,)


def site(state: State, now: int) -> Site:
    """Return what the platform's defences know."""
    ledger, following = state.ledger, state.bonds.following
    return site_of(state.accounts, state.register, following, ledger.rows(), ledger.base, state.seed, now)


def obeyed(state: State, rules: Setting, orders: tuple[Orders, ...], now: int) -> tuple[Orders, ...]:
    """Return what is carried out of `orders`: propagandists tell of a rout, or are too disheartened to write."""
    distress = max((event.distress for event in rules.events if event.runs(now)), default=0.0)
    if not distress and not rules.morale:
        return orders
    theirs = np.zeros(len(state.truth.role), np.bool_)
    theirs[state.truth.troops] = True
    for order in orders:
        morale.tell(order, theirs, distress, state.seed, now)
    if not rules.morale:
        return orders
    return tuple(morale.carried_out(order, state.accounts, theirs, state.seed, now) for order in orders)


def troops(state: State, now: int) -> I64:
    """Return the accounts of propagandists that are open."""
    every = state.truth.troops
    return every[state.register.joined[every] <= now]


def unmask(state: State, rules: Setting, orders: tuple[Orders, ...], now: int) -> I64:
    """Find out who served whom, by their acts or by an outside event; return the rows of who was not known before."""
    if not rules.events and not any(len(order.risk) for order in orders):
        return NOBODY
    accounts, truth = state.accounts, state.truth
    sleepers = truth.sleepers()
    in_use = (sleepers < truth.n_organic) | np.isin(sleepers, np.concatenate(state.operators.crews))
    betrayed = events.betrayed(sleepers[in_use], accounts, rules.events, state.seed, now)
    rows = np.unique(np.concatenate([betrayed, *(found_out(order, state.seed, now) for order in orders)]))
    rows = rows[~accounts.unmasked[rows]]
    accounts.unmasked[rows] = True
    if rules.credibility:
        rules.credibility.unmask(accounts, rows, np.isin(rows, sleepers))
    if rules.morale and any(posed(order, rows) for order in orders):
        rules.morale.defy(accounts, truth.n_organic, troops(state, now))
    return rows


def posed(order: Orders, rows: I64) -> bool:
    """Tell whether any of the accounts `rows` has just told of distress as if it were one of the extremists."""
    new = order.drafts
    posing = (new.theme == DISTRESS) & (new.stance_extremist > 0.0)
    return bool(len(order.risk) and np.isin(new.author[posing], rows).any())
