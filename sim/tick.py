"""One hour of the world: the phases in their order. They take values and return values.

State is written only at the places marked W.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from sim.actors.base import Actor, find_recent, make_public_view
from sim.actors.returns import Operators
from sim.observers.base import StepRecord
from sim.people import events, expression, morale, reaction
from sim.people.credibility import find_unmasked
from sim.people.events import BaselineTraits
from sim.people.migration import MigrationState
from sim.platform.candidates import NO_ACCOUNTS, FeedCandidates
from sim.platform.channels import Rooms
from sim.platform.defences import effects
from sim.platform.defences.base import DefenceView, make_defence_view
from sim.platform.timelines import Timelines
from sim.rules import get_values
from sim.setting import Setting
from sim.state import answers
from sim.state.accounts import F64, I64, Accounts, Register
from sim.state.answers import CustomAnswers
from sim.state.dynamic_graph import DynamicGraph
from sim.state.posts import CONTESTED, DISTRESS, Ledger, Posts
from sim.state.records import (
    NO_DEFENCE_EFFECTS,
    NO_EDGE_CHANGES,
    ActiveUsers,
    Exposures,
    Intentions,
    Orders,
    SpeechRecord,
    StateUpdate,
    UserActions,
    merge_actions,
    split_users,
)
from sim.state.topics import Topics
from sim.state.truth import EXTREMIST, Truth
from sim.threads import parallel_map

EMPTY_ROWS: I64 = np.zeros(0, np.int64)


class CustomBehaviour(Protocol):
    """People with methods of their own; see `sim.agents.custom`."""

    def filter_active(self, active_users: ActiveUsers) -> ActiveUsers:
        """Return those of the active who have methods of their own; `absent` is empty."""
        ...

    def react(self, posts: Posts, active_users: ActiveUsers, seen: Exposures, change: StateUpdate) -> StateUpdate:
        """Return the update that they choose after reading `seen`; the compiled rule's is `change`."""
        ...

    def decide(self, active_users: ActiveUsers, change: StateUpdate, reference: F64, wanted: Intentions) -> Intentions:
        """Return `wanted` with the outcomes that they choose."""
        ...


@dataclass
class WorldState:
    """Everything that changes in a world."""

    accounts: Accounts
    register: Register
    dynamic_graph: DynamicGraph
    ledger: Ledger
    topics: Topics
    timelines: Timelines
    truth: Truth
    actors: tuple[Actor, ...]
    operators: Operators
    custom_agents: CustomBehaviour
    competes_for_slots: NDArray[np.bool_]  #: [A] its posts take slots from others
    seed: int
    threads: int  #: number of threads to use
    recruited: NDArray[np.bool_]  #: [A] has joined the extremists
    rooms: Rooms | None  #: of closed channels
    migration: MigrationState | None  #: who has moved to the fresh tag
    baseline_traits: BaselineTraits | None = None  #: traits without outside events, while one is on


def run_tick(state: WorldState, rules: Setting, now: int) -> StepRecord:
    """Simulate the hour `now`: wake, read, react, speak, order, publish, moderate; return what happened."""
    accounts, ledger, topics, seed = state.accounts, state.ledger, state.topics, state.seed
    ledger.expire(now * 3600)  # W
    state.baseline_traits = events.apply_events(accounts, state.baseline_traits, rules.events, now)  # W
    turned_to = hold_meetings(state, rules, now)  # W

    active_users = rules.activity.wake(accounts, state.truth.n_organic, seed, now)  # W: daily_activity
    trending, streams = rules.trending.find_trending(topics.counts, now), (topics.serials, topics.lengths)
    candidates = rules.feed.build_candidates(
        ledger.get_rows(),
        ledger.base,
        state.timelines.columns,
        streams,
        trending,
        state.competes_for_slots,
        get_values(rules.attention),
        now,
        *get_migration_tag(state),
    )
    answered, groups = (
        ask_custom_agents(state, rules, candidates, active_users, now),
        split_users(active_users, state.threads),
    )
    done = merge_actions(
        parallel_map(lambda group: step_users(state, rules, candidates, answered, group, now), groups, state.threads)
    )  # W
    turned_to = np.concatenate([turned_to, update_ties(state, rules, active_users, done, now)])  # W
    events.apply_rallies(done.speech.drafts, rules.events, seed, now)
    view = make_public_view(
        ledger,
        topics,
        accounts,
        now,
        events.get_extremist_volume(rules.events, now),
        turned_to,
        get_searched_tags(state, rules, now),
    )
    orders = apply_morale(state, rules, tuple(actor.order(view) for actor in state.actors), now)
    speech, defence_effects = done.speech, NO_DEFENCE_EFFECTS
    if rules.defences:
        speech, orders, defence_effects = effects.filter_posts(
            rules.defences, speech, orders, view_for_defences(state, now)
        )
    filled = publish(state, rules, speech, orders, now)  # W
    rules.feed.rank(ledger.columns, ledger.base, filled)  # W
    if rules.credibility:
        rules.credibility.raise_scores(ledger.columns, ledger.base, filled, accounts.credibility)  # W
        rules.credibility.judge(
            accounts, ledger.get_rows(), ledger.base, active_users, done.seen, state.truth.n_organic
        )  # W
    if rules.defences:
        graph, known = state.dynamic_graph, view_for_defences(state, now)
        defence_effects = effects.demote_posts(
            rules.defences, ledger.columns, topics, graph, filled, defence_effects, known
        )  # W
    if rules.morale:
        rules.morale.recover(accounts)  # W
        rules.morale.read_stream(
            accounts,
            ledger.get_rows(),
            find_recent(view, morale.STREAM_HOURS),
            find_active_propagandists(state, now),
            seed,
            now,
        )  # W
    unmasked = unmask(state, rules, orders, now)  # W
    reported = np.concatenate([done.reported, *(order.reported for order in orders)])
    removals = rules.moderation.moderate(accounts, ledger.get_rows(), ledger.base, reported, seed, now)  # W
    if rules.pressure:
        register = state.register
        removals = rules.pressure.sweep(accounts, register, ledger.get_rows(), ledger.base, removals, seed, now)  # W
    if rules.defences:
        removals = effects.suspend(rules.defences, accounts, view_for_defences(state, now), removals)  # W
    oldest = int(np.searchsorted(ledger.get_rows().time, 3600 * (now + 1 - rules.attention.memory)))
    state.timelines.update(ledger.get_rows(), ledger.base, filled, removals.posts, oldest)  # W
    return StepRecord(
        tick=now,
        campaign_start=rules.campaign.start,
        accounts=accounts,
        posts=ledger.columns,
        new=filled,
        truth=state.truth,
        active_users=active_users,
        **done._asdict(),
        orders=orders,
        removals=removals,
        unmasked=unmasked,
        register=state.register,
        defence_effects=defence_effects,
    )


def ask_custom_agents(
    state: WorldState, rules: Setting, candidates: FeedCandidates, users: ActiveUsers, now: int
) -> CustomAnswers | None:
    """Ask those of the active who have methods of their own, in one thread.

    Nothing has been written yet, so their methods see the world as it was at the start of the hour.
    """
    accounts, seed = state.accounts, state.seed
    posts, base, own = state.ledger.get_rows(), state.ledger.base, state.custom_agents.filter_active(users)
    if not len(own.active):
        return None
    source_credibility_weight = rules.credibility.source_credibility_weight if rules.credibility else 0.0
    seen = rules.feed.read(
        accounts, state.dynamic_graph.following, posts, base, candidates, own, get_values(rules.attention), seed, now
    )
    seen = state.dynamic_graph.filter_blocked(own, seen, posts)
    change = rules.reaction.react(accounts, posts, own, seen, seed, now, source_credibility_weight)
    if rules.solidarity:
        change = rules.solidarity.apply_solidarity(posts, own, seen, change)
    change = state.custom_agents.react(posts, own, seen, change)
    old = reaction.get_reference_climate(accounts, own, change, now >= rules.campaign.start)
    wanted = state.custom_agents.decide(
        own, change, old, rules.expression.decide(accounts, own, change, old, seed, now)
    )
    return CustomAnswers(own.active, change, wanted)


def step_users(
    state: WorldState,
    rules: Setting,
    candidates: FeedCandidates,
    answered: CustomAnswers | None,
    users: ActiveUsers,
    now: int,
) -> UserActions:
    """Let some of the active read, react, speak and report; custom answers replace those of the rules.

    It writes only rows of these people, so several groups can run in parallel.
    """
    accounts, seed = state.accounts, state.seed
    posts, base = state.ledger.get_rows(), state.ledger.base
    campaigning, source_credibility_weight = (
        now >= rules.campaign.start,
        rules.credibility.source_credibility_weight if rules.credibility else 0.0,
    )
    seen = rules.feed.read(
        accounts, state.dynamic_graph.following, posts, base, candidates, users, get_values(rules.attention), seed, now
    )
    seen = state.dynamic_graph.filter_blocked(users, seen, posts)
    change = rules.reaction.react(accounts, posts, users, seen, seed, now, source_credibility_weight)
    if rules.solidarity:
        change = rules.solidarity.apply_solidarity(posts, users, seen, change)
    change = answers.apply_updates(answered, users, change)
    old = reaction.get_reference_climate(accounts, users, change, campaigning)
    reaction.apply_update(accounts, users, change, now * 3600, campaigning)  # W
    wanted = answers.apply_decisions(answered, users, rules.expression.decide(accounts, users, change, old, seed, now))
    if rules.morale:
        rules.morale.read(accounts, posts, users, seen, seed, now)  # W
        wanted = rules.morale.silence_dispirited(accounts, users, wanted, seed, now)
    speech = rules.expression.speak(accounts, posts, base, users, seen, change, wanted, seed, now)
    if campaigning:
        expression.record_counts(accounts, users, speech)  # W
    reported = rules.moderation.report(accounts, posts, users, seen, seed, now)
    if not rules.following:
        return UserActions(seen, change, speech, reported, NO_EDGE_CHANGES)
    following, predecessor = state.dynamic_graph.following, state.register.predecessor
    changes = rules.following.decide(accounts, following, predecessor, posts, users, seen, seed, now)
    return UserActions(seen, change, speech, reported, changes)


def publish(state: WorldState, rules: Setting, speech: SpeechRecord, orders: tuple[Orders, ...], now: int) -> slice:
    """Append all drafts to the ledger in order of time; return their rows."""
    filled = state.ledger.append([speech.drafts, *(order.drafts for order in orders)], state.accounts)
    filed = None
    if rules.migration and state.migration:
        columns, people = state.ledger.columns, state.truth.n_organic
        filed = rules.migration.assign_topics(state.migration, columns, filled, people, rules.expression.topics, now)
    state.topics.append(state.ledger, filled, now, filed)
    opened_at = state.register.opened_at
    for order in orders:
        opened_at[order.drafts.author] = np.minimum(opened_at[order.drafts.author], now)
        state.truth.log(order.drafts.key, order.order, order.tactic)
        state.truth.record_hired(order.drafts.author, now)
    return filled


def hold_meetings(state: WorldState, rules: Setting, now: int) -> I64:
    """Let closed rooms meet; return the accounts that new recruits turned to."""
    if not rules.channels or not state.rooms:
        return EMPTY_ROWS
    run = np.concatenate(state.operators.account_rows)
    theirs = run[state.truth.role[run] == EXTREMIST]
    return rules.channels.meet(state.rooms, state.accounts, theirs, state.recruited, state.seed, now)


def update_ties(state: WorldState, rules: Setting, users: ActiveUsers, done: UserActions, now: int) -> I64:
    """Change ties and tags and let operators come back; return the accounts that new recruits turned to."""
    accounts, posts, seed = state.accounts, state.ledger.get_rows(), state.seed
    state.dynamic_graph.apply_changes(done.edge_changes)
    state.operators.come_back(accounts, state.register, now)
    if rules.migration and state.migration:
        rules.migration.move(state.migration, accounts, posts, users, done.seen, seed, now)
    if not rules.recruiting:
        return EMPTY_ROWS
    return rules.recruiting.read(accounts, posts, users, done.seen, state.recruited, seed, now).astype(np.int64)


def get_migration_tag(state: WorldState) -> tuple[int, NDArray[np.bool_]]:
    """Return the number of the fresh tag and who uses it (bool [A]); -1 and an empty array before anybody moves."""
    migration = state.migration
    return (
        (len(state.topics.lengths) - 1, migration.moved) if migration and migration.moved.any() else (-1, NO_ACCOUNTS)
    )


def get_searched_tags(state: WorldState, rules: Setting, now: int) -> tuple[int, ...]:
    """Return the topics that organised accounts search."""
    known = rules.migration and state.migration and rules.migration.is_known(state.migration, now)
    return (CONTESTED, len(state.topics.lengths) - 1) if known else (CONTESTED,)


def view_for_defences(state: WorldState, now: int) -> DefenceView:
    """Return what the platform's defences know."""
    ledger, following = state.ledger, state.dynamic_graph.following
    return make_defence_view(state.accounts, state.register, following, ledger.get_rows(), ledger.base, state.seed, now)


def apply_morale(state: WorldState, rules: Setting, orders: tuple[Orders, ...], now: int) -> tuple[Orders, ...]:
    """Return `orders` after morale: propagandists tell of a rout, or are too disheartened to write."""
    distress = max((event.distress for event in rules.events if event.is_running(now)), default=0.0)
    if not distress and not rules.morale:
        return orders
    theirs = np.zeros(len(state.truth.role), np.bool_)
    theirs[state.truth.propagandists] = True
    for order in orders:
        morale.mark_distress(order, theirs, distress, state.seed, now)
    if not rules.morale:
        return orders
    return tuple(morale.filter_orders(order, state.accounts, theirs, state.seed, now) for order in orders)


def find_active_propagandists(state: WorldState, now: int) -> I64:
    """Return the accounts of propagandists that are open."""
    every = state.truth.propagandists
    return every[state.register.opened_at[every] <= now]


def unmask(state: WorldState, rules: Setting, orders: tuple[Orders, ...], now: int) -> I64:
    """Unmask accounts because of their posts or of an outside event; return the newly unmasked rows."""
    if not rules.events and not any(len(order.risk) for order in orders):
        return EMPTY_ROWS
    accounts, truth = state.accounts, state.truth
    sleepers = truth.find_sleepers()
    in_use = (sleepers < truth.n_organic) | np.isin(sleepers, np.concatenate(state.operators.account_rows))
    betrayed = events.unmask_by_event(sleepers[in_use], accounts, rules.events, state.seed, now)
    rows = np.unique(np.concatenate([betrayed, *(find_unmasked(order, state.seed, now) for order in orders)]))
    rows = rows[~accounts.unmasked[rows]]
    accounts.unmasked[rows] = True
    if rules.credibility:
        rules.credibility.unmask(accounts, rows, np.isin(rows, sleepers))
    if rules.morale and any(is_impersonation(order, rows) for order in orders):
        rules.morale.defy(accounts, truth.n_organic, find_active_propagandists(state, now))
    return rows


def is_impersonation(order: Orders, rows: I64) -> bool:
    """Return whether one of the accounts `rows` has just told of distress while posing as one of the extremists."""
    new = order.drafts
    posing = (new.theme == DISTRESS) & (new.stance_extremist > 0.0)
    return bool(len(order.risk) and np.isin(new.author[posing], rows).any())
