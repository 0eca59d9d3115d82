"""The reference: the same rules as plain Mesa objects, one for each account, on a networkx graph.

It reproduces the columns of `sim.world.World` bit for bit (`tests/test_reference.py`), and the engine's speed is
compared with it. People, platform and the organised are written again from the documentation; the draw of people and
graph, and of accounts, comes from the engine.
"""

import math

import mesa
import networkx as nx

from benchmarks.plain_army import Commander, Extremists
from benchmarks.plain_chance import stream_key, uniform
from benchmarks.plain_measures import Measures
from benchmarks.plain_people import Account, Person
from benchmarks.plain_platform import Moderators, Post, Topic, find_trending
from sim import world
from sim.setting import Setting
from sim.state.accounts import Accounts
from sim.state.graph import list_edges
from sim.state.posts import REPOST
from sim.state.records import OUTCOMES
from sim.state.truth import EXTREMIST, TROLL

TRAITS = tuple(name for name in Accounts._fields if not name.startswith("newest"))
STREAMS = (
    "activity/wake", "activity/second", "activity/notice", "feed/search", "feed/trend", "reaction/leave",
    "expression/post", "expression/choice", "moderation/report",
)  # fmt: skip


class PlainWorld(mesa.Model):  # type: ignore[misc]  # Mesa has no type marks
    """The model: accounts, their graph, and the hours in the order of `sim.tick`.

    Args:
        setting: all rules.
        rng: the seed, a whole number >= 0.
    """

    def __init__(self, setting: Setting, rng: int = 1) -> None:
        super().__init__(rng=rng)
        self.rules, self.seed, self.now = setting, rng, 0
        drawn = world.World(setting, rng=rng)
        self.graph = nx.DiGraph()
        self.graph.add_nodes_from(range(len(drawn.role)))
        self.graph.add_edges_from(zip(*(end.tolist() for end in list_edges(drawn.graph)), strict=True))
        self.everybody = [self.account(drawn, row) for row in range(len(drawn.role))]
        self.people = [account for account in self.everybody if isinstance(account, Person)]
        for account in self.everybody:
            account.following = [self.everybody[row] for row in self.graph.successors(account.row)]
        organised = {
            role: [account for account in self.everybody if account.role == role] for role in (TROLL, EXTREMIST)
        }
        self.actors = (Commander(self, organised[TROLL]), Extremists(self, organised[EXTREMIST]))
        self.posts: list[Post] = []  #: of the window
        self.published = 0
        self.topics = [Topic() for _ in range(setting.expression.topics)]
        self.moderators = Moderators(setting.moderation, rng)
        self.measures = Measures(self)
        self.history: list[dict[str, float]] = []
        self.decay = math.log(2.0) / setting.reaction.half_life
        self.length = 60 * setting.activity.slice  #: of a slice of an hour, seconds
        self.mood_scale = 1.0 / math.gamma(1.0 + setting.activity.burst)
        beat = setting.activity
        self.hourly = [
            (1.0 + beat.rhythm * math.cos(2.0 * math.pi * (hour - beat.peak) / 24.0)) / 24.0 for hour in range(24)
        ]

    def account(self, drawn: world.World, row: int) -> Account:
        """Return a row of a new world as an object."""
        traits = {name: getattr(drawn.accounts, name)[row].item() for name in TRAITS}
        kind = Person if row < drawn.n_organic else Account
        return kind(self, row, int(drawn.role[row]), bool(drawn.state.competes_for_slots[row]), traits)

    def step(self) -> None:
        """Simulate one hour."""
        self.begin()
        self.wake()
        came = []
        for part in range(3600 // self.length):
            self.arrive(part)
            self.read()
            self.react()
            self.speak()
            if part == 0:
                self.order()
            self.publish()
            self.report()
            came += self.active
        self.active, self.drafts = came, self.posted
        self.moderate()
        self.observe()
        self.now += 1

    def begin(self) -> None:
        """Drop posts older than the window; find the trends and keys of this hour."""
        self.hour = self.clock = self.now * 3600
        self.oldest = self.hour - world.WINDOW_SECONDS
        self.campaigning = self.now >= self.rules.campaign.start
        self.posts = [post for post in self.posts if post.time >= self.oldest]
        self.trends = find_trending(self.topics, self.rules.trending, self.now)
        self.keys = {name: stream_key(self.seed, name, self.now) for name in STREAMS}
        self.outcomes = [0] * len(OUTCOMES)
        self.posted, self.waiting = list[Post](), list[Post]()
        for topic in self.topics:
            topic.hourly.append(0)

    def wake(self) -> None:
        """Find the active people, and the absent, who left or are suspended."""
        if self.now % 24 == 0:
            key = stream_key(self.seed, "activity/mood", self.now // 24)
            for person in self.people:
                person.new_day(key)
        came = []
        for person in self.people:
            wants = person.wants_in(self.keys["activity/wake"])
            person.returns = not wants and person.is_called_back(self.keys["activity/notice"])
            if wants or (person.returns and not person.has_left and person.suspended_until <= self.now):
                came.append(person)
        self.absent = [person for person in came if person.has_left or person.suspended_until > self.now]
        gone = set(self.absent)
        self.comers = [person for person in came if person not in gone]
        for person in self.comers:
            person.second = int(3600.0 * uniform(self.keys["activity/second"], person.key))

    def arrive(self, part: int) -> None:
        """Let those come whose session starts in this slice of the hour."""
        self.clock = self.hour + part * self.length
        self.active = [person for person in self.comers if person.second // self.length == part]
        for person in self.absent if part == 0 else []:
            person.miss(self.outcomes)

    def read(self) -> None:
        """Let all active people read."""
        for person in self.active:
            person.read()

    def react(self) -> None:
        """Let all active people react."""
        for person in self.active:
            person.react()

    def speak(self) -> None:
        """Let them write, and count every dissenting intention."""
        self.drafts = self.waiting + [post for person in self.active for post in person.speak(self.outcomes)]

    def order(self) -> None:
        """Let organised accounts write."""
        for actor in self.actors:
            self.drafts += actor.order()

    def publish(self) -> None:
        """Publish all posts of the slice in order of time; later ones wait."""
        end = self.clock + self.length
        self.waiting = [post for post in self.drafts if post.time >= end]
        for post in sorted((post for post in self.drafts if post.time < end), key=lambda post: (post.time, post.key)):
            post.serial = self.published
            self.published += 1
            self.posts.append(post)
            self.posted.append(post)
            post.author.posts.append(post)
            post.author.written += 1
            if post.target is not None:
                post.target.mentions.append(post)
                post.target.notices += 1
            if post.kind == REPOST:
                post.original_author.notices += 1
            self.topics[post.topic].hourly[-1] += 1
            if post.kind != REPOST:
                self.topics[post.topic].stream.append(post)
            post.credit()

    def report(self) -> None:
        """Let the active report posts."""
        for person in self.active:
            self.moderators.collect(person, self.keys["moderation/report"])

    def moderate(self) -> None:
        """Review, remove and suspend."""
        self.removals = self.moderators.review(self.now, self.oldest)

    def observe(self) -> None:
        """Write down the measures of this hour."""
        self.history.append({"tick": self.now, **self.measures.observe()})
