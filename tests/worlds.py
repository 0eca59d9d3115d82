"""Small lively worlds for the tests of the engine, a type of people for them, and what is recorded of them."""

import hashlib
from dataclasses import MISSING, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sim.actors.army import Army
from sim.actors.propagandist import Extremists
from sim.agents import OrganicUser
from sim.agents.values import Intention, PersonUpdate, SeenPost
from sim.campaigns import Campaign
from sim.hour import VIEWS, begin_hour
from sim.mechanisms.base import Mechanism
from sim.observers.base import Observer, StepRecord
from sim.people.activity import Activity
from sim.people.attention import Attention
from sim.people.expression import Expression
from sim.people.networks import CommunityGraph
from sim.people.population import Population
from sim.people.reaction import Reaction
from sim.platform.feed import Feed
from sim.platform.moderation import Moderation
from sim.platform.trending import Trending
from sim.setting import Setting
from sim.state.posts import Posts
from sim.state.records import VOICED
from sim.world import World

START, HOURS = 24, 48
#: Parts of a setting that a world may lack.
LACKING = {column.name for column in fields(Setting) if column.default is not MISSING}

# Busy enough that every cell, removal and suspension occurs within some days; all that matters is written out, so
# that new defaults do not weaken a test.
LIVELY = Setting(
    population=Population(
        size=200,
        dissent_share=0.4,
        loyal_share=0.35,
        sympathiser_share=0.05,
        sessions_per_day=6.0,
        intentions_per_session=1.5,
        intentions_sigma=1.0,
        interest=0.4,
        willingness=0.5,
        withdraw_share=0.6,
        fight_share=0.15,
        public_followers=30,
    ),
    graph=CommunityGraph(mean_following=15.0, communities=4, spread=0.8, fame=0.0),
    activity=Activity(rhythm=0.8, burst=1.0, notified=0.0, slice=60),
    attention=Attention(items=30, mentions=5, search_rate=1.0, search=8, trends=4, memory=24),
    reaction=Reaction(
        direct_fear=0.3, vicarious_fear=0.05, anticipation=0.05, half_life=48.0, leave=0.002, leave_abuse=0.01
    ),
    expression=Expression(
        fear_weight=5.0,
        climate_weight=4.0,
        anticipation=1.0,
        fight_weight=2.0,
        unprompted=0.6,
        contagion=0.2,
        reposts=0.4,
        replies=0.4,
        toxic_posts=0.02,
        toxic_replies=0.1,
        public_toxicity=2.0,
        topics=5,
        fading=0.0,
    ),
    feed=Feed(engagement=1.0, recency=6.0, depth=32, window=0.0),
    trending=Trending(slots=2, hours=4, floor=10.0),
    moderation=Moderation(
        report_toxic=0.1, report_opposed=0.01, threshold=1, lag=3, capacity=3, error=0.2, strikes=2, suspension=12
    ),
    army=Army(
        size=18, span=4, rate=4.0, quota=30, delay=1.0, discipline=0.9, followers=15.0, affinity=0.0, copying=0.43
    ),
    extremists=Extremists(
        size=4, posts_per_day=12.0, followers=20.0, escalation_step=0.1, shock=0.4, shocking_share=0.6, affinity=0.0
    ),
    campaign=Campaign(start=START, hours=HOURS, targets=10, toxic_share=0.4, dose="saturation"),
)

ARMS: tuple[tuple[str, ...], ...] = ((), ("flood",), ("abuse",), ("amplify",), ("flood", "abuse", "amplify"))


def lively(**changes: dict[str, Any]) -> Setting:
    """Return `LIVELY` with some fields of its rules changed: lively(army={"size": 0})."""
    return replace(LIVELY, **{name: replace(getattr(LIVELY, name), **fields) for name, fields in changes.items()})


def played(setting: Setting, ticks: int, *observers: Observer, seed: int = 5, archive: Any = None) -> World:
    """Return a world of this setting after `ticks` hours, watched by further observers."""
    world = World(setting, rng=seed, archive=archive)
    world.observers += observers
    world.run(ticks)
    return world


class Shelves:
    """An archive: keeps what leaves the ledger."""

    def __init__(self) -> None:
        self.parts: list[tuple[int, Posts]] = []

    def __call__(self, first: int, posts: Posts) -> None:
        self.parts.append((first, Posts._make(column.copy() for column in posts)))

    def posts(self, world: World) -> Posts:
        """Close the ledger; return all posts ever written, in order: row = serial."""
        world.state.ledger.close()
        assert [first for first, _ in self.parts] == np.cumsum([0, *(len(p.key) for _, p in self.parts)])[:-1].tolist()
        return Posts._make(np.concatenate(column) for column in zip(*(part for _, part in self.parts), strict=True))


class Diary:
    """An observer that keeps what happened in each tick."""

    def __init__(self) -> None:
        self.moments: list[StepRecord] = []
        self.seen_keys: list[list[NDArray[np.uint64]]] = []

    def observe(self, step: StepRecord) -> dict[str, float]:
        """Keep the values of the tick; the columns of state go on changing."""
        start, item = step.seen
        keys = step.posts.key[item]
        self.seen_keys.append([keys[start[r] : start[r + 1]] for r in range(len(step.active_users.active))])
        self.moments.append(step)
        return {}


def fingerprint(world: World) -> str:
    """Return one hash of all state and all measures of a world."""
    digest = hashlib.blake2b()
    for column in (*world.accounts, *world.state.ledger.get_rows(), *world.graph, world.state.topics.counts):
        digest.update(np.ascontiguousarray(column).tobytes())
    digest.update(world.history.to_numpy(np.float64).tobytes())
    return digest.hexdigest()


def view_of(world: World, mechanism: Mechanism, **changes: Any) -> Any:
    """Return what a mechanism sees before the next hour of a world, with some fields changed."""
    view = VIEWS[mechanism.side](begin_hour(world.state, world.setting, world.now), None)
    return replace(view, **changes) if changes else view


class Stubborn(OrganicUser):
    """A type of a user's own: feels no fear, says on a whim what would be withheld, counts the sessions."""

    sessions_read = 0

    def react(self, seen: list[SeenPost], usual: PersonUpdate) -> PersonUpdate:
        """Feel no fear."""
        self.sessions_read += 1
        return usual._replace(fear=0.0)

    def decide(self, intention: Intention, usual: int) -> int:
        """Speak as usual, or else on a whim."""
        return VOICED if usual != VOICED and self.draw("whim", intention.key) < 0.5 else usual
