"""One hour of the world: the phases, in the order of `TICK`.

An hour has slices (`activity.slice`), one by default. Phases of each slice are played in every slice, in order; what
people write is published in the slice of its second, so that those who come later in the hour read it.

Each phase declares what it reads and writes, and calls the hooks of the world's mechanisms (`sim.mechanisms.base`).
`World.schedule` shows both, and `tests/test_schedule.py` holds them to it. Names: columns of `accounts`, `posts` and
`register`; `graph`, `topics`, `timelines`, `operators`, `actors`, `recruited` and `truth`; `own`, the state of a
mechanism; `agents`, attributes of custom agents; `hour.NAME`, what a phase passes to those after it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from sim.actors.base import make_public_view
from sim.actors.unmasking import find_unmasked
from sim.hour import Hour, WorldState, fold, look, look_in_group, run
from sim.mechanisms.base import Mechanism, get_name, get_touched, list_hooks
from sim.mechanisms.defences import effects
from sim.observers.base import StepRecord
from sim.people import expression, reaction
from sim.rules import get_values
from sim.setting import Setting
from sim.state import answers
from sim.state.accounts import EMPTY_ROWS
from sim.state.answers import CustomAnswers
from sim.state.posts import NO_DRAFTS, merge_drafts, split_drafts
from sim.state.records import (
    ActiveUsers,
    Exposures,
    StateUpdate,
    UserActions,
    merge_actions,
    merge_edge_changes,
    merge_effects,
    merge_users,
    split_into_slices,
    split_users,
)
from sim.threads import parallel_map


@dataclass(frozen=True)
class Phase:
    """A part of an hour: who acts in which slices, reads and writes; hooks that come first, and then or meanwhile."""

    act: Callable[[Hour], None]
    who: str
    when: str
    reads: str
    writes: str
    first: tuple[str, ...]
    then: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name of its function."""
        return self.act.__name__


EACH, FIRST, LAST = "each", "first", "last"  #: slices in which a phase is played


def phase(
    who: str, when: str, reads: str = "", writes: str = "", first: str = "", then: str = ""
) -> Callable[[Callable[[Hour], None]], Phase]:
    """Declare a function to be a `Phase`; names stand between spaces."""
    return lambda act: Phase(act, who, when, reads, writes, tuple(first.split()), tuple(then.split()))


@phase("platform", FIRST, writes="posts")
def expire(hour: Hour) -> None:
    """Drop posts that are too old for anybody to read."""
    hour.state.ledger.expire(hour.now * 3600)
    hour.posts = hour.state.ledger.get_rows()


@phase("world", FIRST, then="begin")
def begin(hour: Hour) -> None:
    """Let things happen outside the platform."""
    run(hour, "begin")


@phase(
    "people",
    FIRST,
    reads="accounts.key accounts.phase accounts.sessions accounts.has_left accounts.suspended_until accounts.notices",
    writes="accounts.daily_activity hour.comers",
)
def wake(hour: Hour) -> None:
    """Find who opens the platform."""
    state = hour.state
    users = hour.rules.activity.wake(state.accounts, state.truth.n_organic, state.seed, hour.now)
    hour.comers = split_into_slices(users, hour.parts)


@phase("people", FIRST, writes="hour.tag hour.weight", then="choose_tag weigh_sources")
def prepare(hour: Hour) -> None:
    """Settle how people read: which tag they search, and how much the author counts."""
    hour.tag = fold(hour, "choose_tag", hour.tag)
    hour.weight = fold(hour, "weigh_sources", hour.weight)


@phase("platform", FIRST, reads="topics", writes="hour.trending")
def find_trends(hour: Hour) -> None:
    """Find the trending topics."""
    hour.trending = hour.rules.trending.find_trending(hour.state.topics.counts, hour.now)


@phase("people", EACH, reads="hour.comers", writes="hour.users hour.answers")
def arrive(hour: Hour) -> None:
    """Let those come whose session starts in this slice."""
    hour.users, hour.answers = hour.comers[hour.part], None


@phase("platform", EACH, reads="posts topics timelines hour.tag hour.trending", writes="hour.candidates")
def lay_out(hour: Hour) -> None:
    """Lay out the posts that can be shown."""
    state, rules, topics = hour.state, hour.rules, hour.state.topics
    hour.candidates = rules.feed.build_candidates(
        hour.posts,
        state.ledger.base,
        state.timelines.columns,
        (topics.serials, topics.lengths),
        hour.trending,
        state.competes_for_slots,
        get_values(rules.attention),
        hour.begin,
        hour.length,
        *hour.tag,
    )


@phase(
    "people",
    EACH,
    reads="accounts posts graph hour.users hour.candidates hour.weight",
    writes="agents hour.answers",
    then="change_update",
)
def ask_custom_agents(hour: Hour) -> None:
    """Ask those of the active who have methods of their own, in one thread: what they see is of the hour's start."""
    custom, accounts, rules = hour.state.custom_agents, hour.state.accounts, hour.rules
    own = custom.filter_active(hour.users)
    if len(own.active):
        seen, change = read(hour, own)
        change = custom.react(hour.posts, own, seen, change)
        old = reaction.get_reference_climate(accounts, own, change, hour.now >= rules.campaign.start)
        wanted = rules.expression.decide(accounts, own, change, old, hour.state.seed, hour.now)
        hour.answers = CustomAnswers(own.active, change, custom.decide(own, change, old, wanted))


@phase(
    "people",
    EACH,
    reads="accounts posts register graph hour.users hour.candidates hour.weight hour.answers",
    writes="accounts.stance_principal accounts.stance_extremist accounts.opinion_climate accounts.reference_climate "
    "accounts.fear accounts.expected_toxicity accounts.habituation accounts.last_read accounts.notices "
    "accounts.has_left accounts.abuse_received accounts.voiced accounts.withheld "
    "hour.seen hour.update hour.speech hour.drafts hour.reported hour.edge_changes",
    then="change_update change_intentions change_ties",
)
def act(hour: Hour) -> None:
    """Let people read, react, speak and report, in groups that run in threads."""
    groups, threads = split_users(hour.users, hour.state.threads), hour.state.threads
    done = merge_actions(parallel_map(lambda users: act_in_group(hour, users), groups, threads))
    hour.seen, hour.update, hour.speech, hour.reported, hour.edge_changes = done
    hour.drafts = hour.speech.drafts


@phase("people", EACH, reads="hour.edge_changes", writes="graph", then="follow_up")
def follow_up(hour: Hour) -> None:
    """Change ties, then whatever else follows from reading and writing."""
    hour.state.dynamic_graph.apply_changes(hour.edge_changes)
    run(hour, "follow_up")


@phase(
    "organised",
    FIRST,
    reads="posts topics accounts.suspended_until accounts.has_left accounts.unmasked",
    writes="hour.public",
    then="inform",
)
def inform(hour: Hour) -> None:
    """Look at what is public."""
    state = hour.state
    hour.public = make_public_view(state.ledger, state.topics, state.accounts, hour.now)
    hour.public = fold(hour, "inform", hour.public)


@phase("organised", FIRST, reads="hour.public operators", writes="actors hour.orders", then="change_orders")
def order(hour: Hour) -> None:
    """Give orders."""
    hour.orders = tuple(actor.order(hour.public) for actor in hour.state.actors)
    hour.orders = fold(hour, "change_orders", hour.orders)


@phase("world", EACH, writes="hour.drafts hour.orders hour.waiting")
def release(hour: Hour) -> None:
    """Hold back what is to be posted in a later slice, and let go what is due in this one."""
    if hour.parts > 1:
        earlier, orders = hour.waiting or (NO_DRAFTS, hour.orders)
        drafts = merge_drafts([earlier, hour.drafts]) if len(earlier.key) else hour.drafts
        hour.drafts, late = split_drafts(drafts, drafts.time < hour.end)
        parts = [order.split(order.drafts.time < hour.end) for order in orders]
        hour.orders = tuple(due for due, _ in parts)
        hour.waiting = late, tuple(rest for _, rest in parts)


@phase("platform", EACH, writes="hour.drafts hour.orders hour.defence_effects", then="ask admit")
def filter_posts(hour: Hour) -> None:
    """Prompt authors, and refuse posts."""
    filtered = effects.filter_posts(partial(look, hour), hour.drafts, hour.orders)
    hour.drafts, hour.orders, hour.defence_effects = filtered


@phase(
    "platform",
    EACH,
    reads="hour.drafts hour.orders",
    writes="posts accounts.newest accounts.newest_mention accounts.notices accounts.written register.opened_at truth "
    "hour.new",
)
def publish(hour: Hour) -> None:
    """Append all drafts to the ledger in order of time."""
    state, now = hour.state, hour.now
    hour.new = state.ledger.append([hour.drafts, *(order.drafts for order in hour.orders)], state.accounts)
    hour.posts = state.ledger.get_rows()
    opened_at = state.register.opened_at
    for order in (order for order in hour.orders if len(order.order)):
        opened_at[order.drafts.author] = np.minimum(opened_at[order.drafts.author], now)
        state.truth.log(order.drafts.key, order.order, order.tactic)
        state.truth.record_hired(order.drafts.author, now)


@phase("platform", EACH, reads="posts hour.new", writes="topics", first="file_posts")
def file(hour: Hour) -> None:
    """File new posts under their topics, for search and trends."""
    topic = fold(hour, "file_posts", hour.posts.topic[hour.new])
    hour.state.topics.append(hour.state.ledger, hour.new, hour.now, topic, first=hour.part == 0)


@phase("platform", EACH, reads="posts hour.new", writes="posts.score", then="change_scores")
def rank(hour: Hour) -> None:
    """Score new posts, and those that they repost or answer."""
    ledger = hour.state.ledger
    hour.rules.feed.rank(ledger.columns, ledger.base, hour.new)
    run(hour, "change_scores")


@phase("platform", EACH, reads="posts hour.new", writes="posts.score hour.defence_effects hour.done", then="demote")
def demote(hour: Hour) -> None:
    """Show some posts less."""
    ledger = hour.state.ledger
    demoted = effects.demote(partial(look, hour), ledger.columns, ledger.base, hour.new)
    hour.defence_effects = hour.defence_effects._replace(demoted=demoted)
    if hour.parts > 1:
        actions = UserActions(hour.seen, hour.update, hour.speech, hour.reported, hour.edge_changes)
        hour.done.append((actions, hour.new, hour.orders, hour.defence_effects))


@phase("platform", EACH, reads="posts hour.new", writes="timelines")
def update_timelines(hour: Hour) -> None:
    """Enter new posts into the timelines of their authors."""
    posts = hour.posts
    oldest = int(np.searchsorted(posts.time, hour.end - 3600 * hour.rules.attention.memory))
    hour.state.timelines.update(posts, hour.state.ledger.base, hour.new, oldest)


@phase(
    "world",
    LAST,
    reads="hour.comers hour.done",
    writes="hour.users hour.seen hour.update hour.speech hour.reported hour.edge_changes hour.new hour.orders "
    "hour.defence_effects",
)
def sum_up(hour: Hour) -> None:
    """Put together what was done in all slices."""
    if hour.parts > 1:
        hour.users = merge_users(hour.comers)
        actions, new, orders, defence_effects = map(list, zip(*hour.done, strict=True))
        hour.seen, hour.update, hour.speech, hour.reported, hour.edge_changes = merge_actions(actions)
        hour.new = slice(new[0].start, new[-1].stop)
        hour.orders = tuple(same[0].merge(list(same)) for same in zip(*orders, strict=True))
        hour.defence_effects = merge_effects(defence_effects)


@phase(
    "platform",
    LAST,
    reads="posts hour.new",
    writes="topics graph hour.defence_effects",
    then="discount list_blocks",
)
def restrain(hour: Hour) -> None:
    """Count some posts of the hour for no trend, and block."""
    state, hooks = hour.state, partial(look, hour)
    hour.defence_effects = hour.defence_effects._replace(
        uncounted=effects.discount(hooks, state.ledger.columns, state.topics, hour.new, hour.now),
        blocks=effects.list_blocks(hooks),
    )
    state.dynamic_graph.apply_changes(hour.defence_effects.blocks)


@phase("world", LAST, then="settle")
def settle(hour: Hour) -> None:
    """Let all posts of the hour have their effect."""
    run(hour, "settle")


@phase("world", LAST, reads="hour.orders", writes="hour.exposed", then="expose")
def expose(hour: Hour) -> None:
    """Find accounts that are given away, by their own posts or otherwise."""
    found = [find_unmasked(order, hour.state.seed, hour.now) for order in hour.orders if len(order.risk)]
    found += [find(view) for find, view in look(hour, "expose")]
    hour.exposed = np.unique(np.concatenate(found)) if found else EMPTY_ROWS


@phase(
    "world",
    LAST,
    reads="truth hour.exposed",
    writes="accounts.unmasked hour.unmasked",
    then="respond_to_unmasking",
)
def unmask(hour: Hour) -> None:
    """Make it known who they are."""
    accounts, rows = hour.state.accounts, hour.exposed
    hour.unmasked = rows = rows[~accounts.unmasked[rows]]
    if len(rows):
        accounts.unmasked[rows] = True
        is_sleeper = np.isin(rows, hour.state.truth.find_sleepers())
        run(hour, "respond_to_unmasking", rows, is_sleeper)


@phase(
    "platform",
    LAST,
    reads="posts hour.reported hour.orders",
    writes="posts.reports posts.removed accounts.strikes accounts.suspended_until hour.removals",
    then="moderate suspend",
)
def moderate(hour: Hour) -> None:
    """Review reports; take down posts and suspend accounts."""
    state, ledger, now = hour.state, hour.state.ledger, hour.now
    reported = np.concatenate([hour.reported, *(order.reported for order in hour.orders)])
    removals = hour.rules.moderation.moderate(state.accounts, hour.posts, ledger.base, reported, state.seed, now)
    removals = fold(hour, "moderate", removals)
    hour.removals = effects.suspend(partial(look, hour), state.accounts, removals, now)


@phase("platform", LAST, reads="posts hour.removals", writes="timelines")
def take_out(hour: Hour) -> None:
    """Take posts that were taken down out of the timelines of their authors."""
    hour.state.timelines.remove(hour.posts, hour.state.ledger.base, hour.removals.posts)


#: One hour, from top to bottom; phases of each slice are played again from top to bottom in each further one.
TICK: tuple[Phase, ...] = (
    expire,
    begin,
    wake,
    prepare,
    find_trends,
    arrive,
    lay_out,
    ask_custom_agents,
    act,
    follow_up,
    inform,
    order,
    release,
    filter_posts,
    publish,
    file,
    rank,
    demote,
    update_timelines,
    sum_up,
    restrain,
    settle,
    expose,
    unmask,
    moderate,
    take_out,
)


def run_tick(state: WorldState, rules: Setting, now: int) -> StepRecord:
    """Simulate the hour `now` and return what happened."""
    hour = Hour(state, rules, now)
    last = hour.parts - 1
    for part in range(hour.parts):
        hour.part = part
        for step in TICK:
            if step.when == EACH or part == (0 if step.when == FIRST else last):
                step.act(hour)
    return StepRecord(
        tick=now,
        campaign_start=rules.campaign.start,
        accounts=state.accounts,
        posts=state.ledger.columns,
        new=hour.new,
        truth=state.truth,
        active_users=hour.users,
        seen=hour.seen,
        update=hour.update,
        speech=hour.speech,
        reported=hour.reported,
        edge_changes=hour.edge_changes,
        orders=hour.orders,
        removals=hour.removals,
        unmasked=hour.unmasked,
        register=state.register,
        defence_effects=hour.defence_effects,
    )


def read(hour: Hour, users: ActiveUsers) -> tuple[Exposures, StateUpdate]:
    """Return what these people see, and what that makes of them; writes nothing."""
    state, rules, seed, now = hour.state, hour.rules, hour.state.seed, hour.now
    accounts, posts, ties = state.accounts, hour.posts, state.dynamic_graph
    attention = get_values(rules.attention)
    seen = rules.feed.read(
        accounts, ties.following, posts, state.ledger.base, hour.candidates, users, attention, seed, now
    )
    seen = ties.filter_blocked(users, seen, posts)
    update = rules.reaction.react(accounts, posts, users, seen, seed, now, hour.weight)
    for change, view in look_in_group(hour, "change_update", users, seen):
        update = change(update, view)
    return seen, update


def act_in_group(hour: Hour, users: ActiveUsers) -> UserActions:
    """Let some of the active read, react, speak and report; custom answers replace those of the rules.

    It writes only rows of these people, so several groups can run in parallel.
    """
    accounts, rules, seed, now = hour.state.accounts, hour.rules, hour.state.seed, hour.now
    posts, base, campaigning = hour.posts, hour.state.ledger.base, now >= rules.campaign.start
    seen, change = read(hour, users)
    change = answers.apply_updates(hour.answers, users, change)
    old = reaction.get_reference_climate(accounts, users, change, campaigning)
    reaction.apply_update(accounts, users, change, campaigning)
    wanted = rules.expression.decide(accounts, users, change, old, seed, now)
    wanted = answers.apply_decisions(hour.answers, users, wanted)
    for change_, view in look_in_group(hour, "change_intentions", users, seen):
        wanted = change_(wanted, view)
    speech = rules.expression.speak(accounts, posts, base, users, seen, change, wanted, seed, now)
    if campaigning:
        expression.record_counts(accounts, users, speech)
    reported = rules.moderation.report(accounts, posts, users, seen, seed, now)
    ties = [decide(view) for decide, view in look_in_group(hour, "change_ties", users, seen)]
    return UserActions(seen, change, speech, reported, merge_edge_changes(ties))


def list_schedule(mechanisms: tuple[Mechanism, ...]) -> list[dict[str, str]]:
    """Return one row for each phase of an hour, and for each hook of these mechanisms in it, in order."""
    rows = []
    for step in TICK:
        own = {
            "phase": step.name,
            "slices": step.when,
            "who": step.who,
            "hook": "",
            "reads": step.reads,
            "writes": step.writes,
        }
        before, after = (_describe_hooks(step, hooks, mechanisms) for hooks in (step.first, step.then))
        rows += [*before, *([own] if step.writes else []), *after]
    return rows


def _describe_hooks(step: Phase, hooks: tuple[str, ...], mechanisms: tuple[Mechanism, ...]) -> list[dict[str, str]]:
    found = [(hook, mechanism) for hook in hooks for mechanism in mechanisms if hook in list_hooks(type(mechanism))]
    return [
        {
            "phase": step.name,
            "slices": step.when,
            "who": get_name(mechanism),
            "hook": hook,
            **get_touched(getattr(mechanism, hook)),
        }
        for hook, mechanism in found
    ]
