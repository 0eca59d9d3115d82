"""One world, recorded: every post it made, and what a survey or a platform would know of each account."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from experiments.facts.decisions import Decisions
from sim.observers.base import StepRecord
from sim.setting import Setting
from sim.state.accounts import I64, Accounts, Register
from sim.state.graph import list_edges
from sim.state.posts import I32, TOXIC_THRESHOLD, Posts
from sim.state.records import HOUR
from sim.state.truth import TROLL
from sim.world import World

AFTERMATH = 24  #: hours for which a person's sessions count as after abuse
SAMPLED = 10  #: impressions are kept of one post in so many


@dataclass
class AccountCounts(Decisions):
    """Counts by account that the ledger does not keep. All arrays are [A] and start with zeros, or `never`."""

    never: int = np.iinfo(np.int64).max  #: tick of what has not happened
    exposures: I64 = field(init=False)  #: impressions of the army's posts, by reader
    witnessed: I64 = field(init=False)  #: toxic posts read that were not addressed to the reader
    reported: I64 = field(init=False)  #: reports that the account's posts drew
    first_abuse: I64 = field(init=False)  #: tick of the first toxic post received since the campaign's start
    left_at: I64 = field(init=False)  #: tick at which the account left
    written_at_leaving: I64 = field(init=False)  #: posts written by then
    suspended_at: I64 = field(init=False)  #: tick of the first suspension
    after_until: I64 = field(init=False)  #: tick until which sessions count as after abuse
    sessions: I64 = field(init=False)  #: sessions since the campaign's start
    sessions_after: I64 = field(init=False)  #: of them, in which abuse was read, or less than `AFTERMATH` later
    left_after: I64 = field(init=False)  #: of these, the account left in so many
    decided_after: I64 = field(init=False)  #: contested intentions decided in these
    withheld_after: I64 = field(init=False)  #: of them, withheld

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in (
            "exposures",
            "witnessed",
            "reported",
            "written_at_leaving",
            "after_until",
            "sessions",
            "sessions_after",
            "left_after",
            "decided_after",
            "withheld_after",
        ):
            setattr(self, name, np.zeros(self.accounts, np.int64))
        for name in ("first_abuse", "left_at", "suspended_at"):
            setattr(self, name, np.full(self.accounts, self.never))

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Count one tick; adds no measure to the world's history."""
        self._count_reading(step)
        np.add.at(self.reported, step.posts.author[step.reported], 1)
        rows = step.active_users.active
        gone = rows[step.update.leaves]
        self.left_at[gone] = step.tick
        self.written_at_leaving[gone] = step.accounts.written[gone]
        suspended = step.removals.accounts
        self.suspended_at[suspended] = np.minimum(self.suspended_at[suspended], step.tick)
        if step.tick >= step.campaign_start:
            abused = rows[step.update.abuse > 0]
            self.first_abuse[abused] = np.minimum(self.first_abuse[abused], step.tick)
            self._count_aftermath(step, abused)
        return super().observe(step)

    def _count_aftermath(self, step: StepRecord, abused: I32) -> None:
        rows = step.active_users.active
        self.after_until[abused] = step.tick + AFTERMATH
        soon = step.tick < self.after_until[rows]
        self.sessions[rows] += 1
        self.sessions_after[rows] += soon
        self.left_after[rows] += soon & step.update.leaves
        self.decided_after[rows] += soon * step.speech.decided
        self.withheld_after[rows] += soon * step.speech.withheld

    def _count_reading(self, step: StepRecord) -> None:
        reader = np.repeat(step.active_users.active, np.diff(step.seen.start))
        item, posts = step.seen.item, step.posts
        army = step.truth.role[posts.author[item]] == TROLL
        toxic = (posts.toxicity[item] >= TOXIC_THRESHOLD) & (posts.target[item] != reader)
        self.exposures += np.bincount(reader[army], minlength=self.accounts)
        self.witnessed += np.bincount(reader[toxic], minlength=self.accounts)


class Deliveries:
    """Counts what home feeds are given of the army's content, read or not; adds no measure to the history."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.count = np.zeros(len(world.role), np.int64)

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Count the hour's posts of the army, and reposts of its posts, once for each follower of their authors."""
        posts, graph = step.posts, self.world.graph
        ordered = step.truth.role[posts.original_author[step.new]] == TROLL
        for author, count in zip(*np.unique(posts.author[step.new][ordered], return_counts=True), strict=True):
            self.count[graph.followers[graph.followers_start[author] : graph.followers_start[author + 1]]] += count
        return {}


class Impressions:
    """Keeps what was read when, of one post in `SAMPLED`; adds no measure to the history."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._parts: list[tuple[I64, I64]] = []

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Keep serial and age of each impression of the hour."""
        second = np.repeat(step.active_users.second, np.diff(step.seen.start))
        serial = self.world.state.ledger.base + step.seen.item
        kept = serial % SAMPLED == 0
        age = HOUR * step.tick + second[kept] - step.posts.time[step.seen.item[kept]]
        self._parts.append((serial[kept], age))
        return {}

    def collect(self) -> tuple[I64, I64]:
        """Return (serial of the post, its age in seconds when it was read) of each impression, int64 [I]."""
        serial, age = zip(*self._parts, strict=True) if self._parts else ((), ())
        return np.concatenate((np.zeros(0, np.int64), *serial)), np.concatenate((np.zeros(0, np.int64), *age))


@dataclass(frozen=True)
class Recording:
    """A finished world. Rows below `people` are ordinary people, as everywhere."""

    setting: Setting
    ticks: int
    people: int
    role: NDArray[np.int8]  #: [A]
    posts: Posts  #: all posts of the run in order of time; a serial is a row
    tactic: NDArray[np.int8]  #: [P] the army's tactic behind a post, -1 for none
    before: Accounts  #: columns at the start
    after: Accounts  #: columns at the end
    follows: tuple[NDArray[np.int32], NDArray[np.int32]]  #: (source, target) of the follow graph among people
    counts: AccountCounts
    delivered: I64  #: [A] the army's posts, and reposts of them, by accounts that the person follows
    impressions: tuple[I64, I64]  #: (serial, age in seconds when it was read) of one post in `SAMPLED`, [I] each
    followers: I64  #: [A] of each account at the end
    register: Register  #: where accounts come from

    @property
    def start(self) -> int:
        """First tick of the campaign."""
        return self.setting.campaign.start


def record_world(setting: Setting, seed: int, ticks: int) -> Recording:
    """Simulate one world of `ticks` hours and keep everything that the measures need."""
    parts: list[Posts] = []
    world = World(setting, rng=seed, archive=lambda first, posts: parts.append(_copy_posts(posts)))
    before = Accounts._make(column.copy() for column in world.accounts)
    watch, deliveries, impressions = AccountCounts(len(world.role)), Deliveries(world), Impressions(world)
    world.observers += [watch, deliveries, impressions]
    world.run(ticks)
    world.state.ledger.close()
    posts = Posts._make(np.concatenate(columns) for columns in zip(*parts, strict=True))
    source, target = list_edges(world.graph)
    among = (source < world.n_organic) & (target < world.n_organic)
    return Recording(
        setting=setting,
        ticks=ticks,
        people=world.n_organic,
        role=world.state.truth.role,
        posts=posts,
        tactic=world.state.truth.pop_orders(posts.key)[1],
        before=before,
        after=world.accounts,
        follows=(source[among], target[among]),
        counts=watch,
        delivered=deliveries.count,
        impressions=impressions.collect(),
        followers=np.diff(world.graph.followers_start),
        register=world.state.register,
    )


def _copy_posts(posts: Posts) -> Posts:
    return Posts._make(column.copy() for column in posts)
