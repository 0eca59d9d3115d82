"""The reference: the same rules as plain Mesa objects, one Python object an account, on a networkx graph.

It reproduces the columns of `sim.world.World` bit for bit (`tests/test_reference.py`) and is what the
engine's speed is measured against. People and platform are restated here from the documentation of
`sim`; the initial draw of people and graph, and the organised actors, who are few, are the engine's own.
"""

import math
from collections.abc import Iterator
from heapq import nlargest
from typing import Any

import mesa
import networkx as nx

from benchmarks.plain_bridge import posts_of, public_view
from benchmarks.plain_chance import mix, stream_key, uniform
from benchmarks.plain_platform import Moderators, Post, Topic, score, trending, written
from sim.people.expression import MOST
from sim.people.population import cohort
from sim.setting import Setting
from sim.state.accounts import DISSENTER, FIGHT, INDIFFERENT, OPINION, WITHDRAW, Accounts
from sim.state.graph import edges
from sim.state.posts import CONTESTED, ORIGINAL, REPLY, REPOST, TOXIC
from sim.state.records import CELLS, CLIMATE, EITHER, FEAR, LEFT, OVER, PERSUADED, RESERVED, SUSPENDED, UNPROMPTED, VOICED
from sim import world

COUNT, TOPIC, PROMPT, SPEAK, KIND, SIDE, ABUSE, HARSH, APPEAL, GAP, SUBJECT = range(11)


class Account(mesa.Agent):
    """Anybody with an account. Attributes are the columns of `sim.state.accounts.Accounts`."""

    key: int
    sessions: float
    acts: float
    phase: float
    interest: float
    boldness: float
    reaction: int
    unyielding: bool
    public: bool
    cohort: int
    stance_principal: float
    stance_extremist: float
    climate: float
    climate_reference: float
    fear: float
    dread: float
    habituation: float
    mood: float
    visited: int
    written: int
    voiced: int
    withheld: int
    abused: int
    left: bool
    suspended_until: int
    strikes: int

    def __init__(self, model: "PlainWorld", row: int, crowds: bool, traits: dict[str, Any]) -> None:
        super().__init__(model)
        self.row, self.crowds = row, crowds
        for name, value in traits.items():
            setattr(self, name, value)
        self.following: list[Account] = []
        self.posts: list[Post] = []
        self.mentions: list[Post] = []


class Person(Account):
    """Somebody ordinary: wakes, reads, reacts, speaks or withholds it."""

    def __init__(self, model: "PlainWorld", row: int, crowds: bool, traits: dict[str, Any]) -> None:
        super().__init__(model, row, crowds, traits)
        self.second = 0
        self.seen: list[Post] = []
        self.abuse = self.allies = 0
        self.leaves = False

    # ---- wake

    def new_day(self, key: int) -> None:
        """Draw today's mood: Exp(1)^burst with mean 1."""
        burst = self.model.rules.activity.burst
        self.mood = math.exp(burst * math.log(-math.log(uniform(key, self.key)))) * self.model.mood_scale

    def wants_in(self, key: int) -> bool:
        """Tell whether this hour brings a session."""
        rate = self.sessions * self.model.hourly[(self.model.now - int(self.phase)) % 24] * self.mood
        return uniform(key, self.key) < 1.0 - math.exp(-rate)

    # ---- read

    def read(self) -> None:
        """See what four places show, within the attention of one session."""
        model = self.model
        attention = model.rules.attention
        moment = model.clock - 3600 + self.second
        lines = []
        if uniform(model.keys["feed/search"], self.key) < attention.search_rate * self.interest:
            lines.append((model.topics[CONTESTED].back_from(moment), attention.search))
        if model.trends:
            topic = model.trends[int(uniform(model.keys["feed/trend"], self.key) * len(model.trends))]
            lines.append((model.topics[topic].back_from(moment), attention.trends))
        chosen: set[Post] = set()
        for crowd in (True,) if attention.crowding else (True, False):
            room = attention.items
            answers = self.answers(min(room, attention.mentions), crowd)
            room -= len(answers)
            chosen.update(answers)
            for line, slots in lines:
                found = self.search(line, min(room, slots), moment, crowd)
                room -= len(found)
                chosen.update(found)
            chosen.update(self.home(room, crowd))
        self.seen = sorted(chosen, key=lambda post: post.serial)

    def answers(self, slots: int, crowd: bool) -> list[Post]:
        """Return the newest posts that answer me from my last visit on."""
        found: list[Post] = []
        for post in reversed(self.mentions):
            if len(found) >= slots or post.time < self.visited or post.time < self.model.oldest:
                break
            if not post.removed and post.author.crowds == crowd:
                found.append(post)
        return found

    def search(self, line: Iterator[Post], slots: int, moment: int, crowd: bool) -> list[Post]:
        """Return the best of the newest `depth` posts of a stream that others wrote."""
        feed = self.model.rules.feed
        shown: list[Post] = []
        for post in line:
            if len(shown) >= feed.depth or post.time < self.model.oldest:
                break
            if not post.removed and post.author is not self and post.author.crowds == crowd:
                shown.append(post)
        return self.best(shown, slots, moment)

    def home(self, slots: int, crowd: bool) -> list[Post]:
        """Return the best of what those I follow wrote from my last visit on, my own words apart."""
        model = self.model
        since = max(self.visited, model.clock - model.rules.attention.memory * 3600)
        new: list[Post] = []
        for followee in self.following:
            if followee.crowds != crowd:
                continue
            for post in reversed(followee.posts):
                if post.time < since or post.time < model.oldest:
                    break
                if not post.removed and post.voice is not self:
                    new.append(post)
        return self.best(new, slots, model.clock)

    def best(self, posts: list[Post], slots: int, moment: int) -> list[Post]:
        """Rank by score, then by order in the ledger; keep the best `slots`, one a content."""
        feed = self.model.rules.feed
        ranks: dict[Post, tuple[float, int, Post]] = {}
        for post in posts:
            value = score(moment - post.time, post.engagement(), feed.engagement, feed.recency)
            rank = (value, post.serial, post)
            if post.root not in ranks or rank > ranks[post.root]:
                ranks[post.root] = rank
        return [post for _, _, post in nlargest(slots, ranks.values())]

    # ---- react

    def react(self) -> None:
        """Let what was read act on stances, climate, fear, dread and habituation; perhaps leave for good."""
        model, rule = self.model, self.model.rules.reaction
        hours = (model.clock - self.visited) / 3600.0
        self.fear *= math.exp(-model.decay * hours)
        self.abuse = self.allies = 0
        for post in self.seen:
            if post.toxicity >= TOXIC:
                self.suffer(post, rule)
            if post.topic == CONTESTED:
                self.take_in(post, rule)
        risk = rule.leave * math.exp(-rule.leave_decline * math.log(1.0 + self.written))
        if self.abuse > 0 and self.reaction == WITHDRAW and not self.unyielding:
            risk += rule.leave_abuse
        self.left = uniform(model.keys["reaction/leave"], self.key) < risk
        self.visited = model.clock
        if model.campaigning:
            self.abused += self.abuse
        else:
            self.climate_reference = self.climate

    def suffer(self, post: Post, rule: Any) -> None:
        """Feel abuse: of oneself, or of somebody of one's own side."""
        if post.target is self:
            self.abuse += 1
            self.fear += rule.direct * post.toxicity * (1.0 - self.fear)
        elif post.target_stance * self.stance_principal > 0.0 and abs(self.stance_principal) > OPINION:
            self.fear += rule.vicarious * post.toxicity * (1.0 - self.fear)

    def take_in(self, post: Post, rule: Any) -> None:
        """Learn climate and dread from a contested post, drift towards a near stance, feel its shock."""
        weight = 1.0 if post.template < 0 else 1.0 - rule.discount
        theirs, mine = post.stance_principal, self.stance_principal
        if abs(theirs) > OPINION:
            agrees = theirs * mine > 0.0 and abs(mine) > OPINION
            self.allies += agrees and post.stance_extremist * self.stance_extremist > 0.0
            self.climate += rule.climate_rate * weight * ((1.0 if theirs > 0.0 else 0.0) - self.climate)
            threat = post.toxicity if theirs * mine < 0.0 else 0.0
            self.dread += rule.anticipation * weight * (threat - self.dread)
            if abs(theirs - mine) < rule.tolerance:
                self.stance_principal += rule.persuasion * weight * (1.0 - post.toxicity) * (theirs - mine)
        gap = post.stance_extremist - self.stance_extremist
        if abs(gap) < rule.tolerance:
            self.stance_extremist += rule.persuasion * weight * (1.0 - post.toxicity) * gap
        felt = post.shock - self.habituation
        if felt > 0.0:
            self.shudder(felt, rule)

    def shudder(self, felt: float, rule: Any) -> None:
        """Feel a shock above what one has grown used to."""
        if self.stance_extremist > 0.5:
            self.stance_extremist = min(1.0, self.stance_extremist + rule.thrill * felt)
        else:
            self.stance_extremist = max(-1.0, self.stance_extremist - rule.repulsion * felt)
        if self.stance_extremist < 0.0:
            self.fear += rule.terror * felt * (1.0 - self.fear)
        self.habituation += rule.habituation * felt

    # ---- speak

    def intention(self, ordinal: int) -> int:
        """Return the identity of this hour's intention number `ordinal`."""
        return mix(mix(self.model.keys["expression/post"], self.key), ordinal)

    def intentions(self) -> list[int]:
        """Return this hour's latent intentions, geometrically many."""
        if self.acts <= 0.0:
            return []
        u = uniform(self.intention(MOST), COUNT)
        count = min(MOST, int(math.log(u) / math.log(self.acts / (1.0 + self.acts))))
        return [self.intention(ordinal) for ordinal in range(count)]

    def speak(self, cells: list[int]) -> list[Post]:
        """Return what I write this hour; count in `cells` how the cohort's contested intentions end."""
        model = self.model
        clock = float(self.second)
        posts = []
        for intention in self.intentions():
            contested = uniform(intention, TOPIC) < self.interest
            dissenting = False
            if contested:
                member = self.cohort == DISSENTER
                dissenting = member and cohort(self.stance_principal, self.stance_extremist) == DISSENTER
                cell = self.decide(intention)
                if member:
                    cells[cell if dissenting else PERSUADED] += 1
                if cell != VOICED:
                    continue
            clock -= model.rules.expression.gap * math.log(uniform(intention, GAP))
            post = self.compose(intention, model.clock + min(3599, int(clock)), contested)
            post.dissent = dissenting
            posts.append(post)
        return posts

    def miss(self, cells: list[int]) -> None:
        """Count what a dissenter who is gone or suspended would have wanted to say."""
        if self.cohort == DISSENTER:
            for intention in self.intentions():
                if uniform(intention, TOPIC) < self.interest:
                    cells[LEFT if self.left else SUSPENDED] += 1

    def decide(self, intention: int) -> int:
        """Return the cell of a contested intention: voiced, unprompted, reserved, or withheld and why."""
        rule = self.model.rules.expression
        drive = rule.unprompted + (1.0 - rule.unprompted) * (1.0 - math.exp(-rule.contagion * self.allies))
        if self.reaction == FIGHT:
            drive += (1.0 - drive) * self.fear
        if uniform(intention, PROMPT) >= drive:
            return UNPROMPTED
        alarm = min(1.0, self.fear + rule.anticipation * self.dread)
        u = uniform(intention, SPEAK)
        if u < self.readiness(alarm, self.climate):
            cell = VOICED
        elif u >= self.readiness(0.0, self.climate_reference):
            cell = RESERVED
        elif u < self.readiness(0.0, self.climate):
            cell = EITHER if u < self.readiness(alarm, self.climate_reference) else FEAR
        else:
            cell = CLIMATE if u < self.readiness(alarm, self.climate_reference) else OVER
        if self.model.campaigning:
            self.voiced += cell == VOICED
            self.withheld += cell in (FEAR, CLIMATE, EITHER, OVER)
        return cell

    def readiness(self, fear: float, climate: float) -> float:
        """Return the probability of voicing a contested intention under this fear and climate."""
        rule = self.model.rules.expression
        if self.unyielding:
            return logistic(self.boldness)
        own = 0.5
        if self.stance_principal > OPINION:
            own = climate
        elif self.stance_principal < -OPINION:
            own = 1.0 - climate
        push = 0.0
        if self.reaction == FIGHT:
            push = rule.fight_weight * fear
        elif self.reaction != INDIFFERENT:
            push = -rule.fear_weight * fear
        return logistic(self.boldness + rule.climate_weight * (own - 0.5) + push)

    def compose(self, intention: int, time: int, contested: bool) -> Post:
        """Repost or answer something just seen, or write something new."""
        rule = self.model.rules.expression
        u = uniform(intention, KIND)
        wanted = REPOST if u < rule.reposts else REPLY if u < rule.reposts + rule.replies else ORIGINAL
        opposing = wanted == REPLY and uniform(intention, SIDE) < rule.opposing_replies
        found = self.pick(intention, contested, wanted, opposing) if wanted != ORIGINAL else None
        if found is not None and wanted == REPOST:
            return Post(
                key=intention, author=self, time=time, kind=REPOST, topic=found.topic,
                stance_principal=found.stance_principal, stance_extremist=found.stance_extremist,
                toxicity=found.toxicity, shock=found.shock, appeal=found.appeal, template=found.template,
                parent=found, root=found.root, voice=found.voice,
            )  # fmt: skip
        post = written(key=intention, author=self, time=time, voice=self)
        post.appeal = 1.0 - math.exp(math.log(1.0 - uniform(intention, APPEAL)) / 5.0)
        post.topic = CONTESTED if contested else 1 + int(uniform(intention, SUBJECT) * (rule.topics - 1))
        if contested:
            post.stance_principal, post.stance_extremist = self.stance_principal, self.stance_extremist
        rate = rule.toxic_posts
        if found is not None:
            post.kind, post.topic, post.parent = REPLY, found.topic, found.root
            post.target, post.target_stance = found.voice, found.stance_principal
            rate = rule.toxic_replies
            if contested and found.voice.public:
                rate *= rule.public_toxicity
            if opposing and self.reaction == FIGHT:
                rate += rule.retaliation * self.fear
        if uniform(intention, ABUSE) < rate:
            post.toxicity = TOXIC + (1.0 - TOXIC) * uniform(intention, HARSH)
        return post

    def pick(self, intention: int, contested: bool, wanted: int, opposing: bool) -> Post | None:
        """Draw one suitable post of the session by weight, the smallest -ln(u)/w."""
        choice = mix(self.model.keys["expression/choice"], intention)
        best, least = None, math.inf
        for post in self.seen:
            if (post.topic == CONTESTED) != contested or post.voice is self or post.removed:
                continue
            side = post.stance_principal * self.stance_principal
            agreed = side > 0.0 and post.stance_extremist * self.stance_extremist > 0.0
            if contested and not (side < 0.0 if opposing else agreed):
                continue
            weight = 1.0
            if wanted == REPOST:
                if post.toxicity >= TOXIC or post.author is self:
                    continue
                weight = post.appeal * (1.0 + post.reposts)
                if weight == 0.0:
                    continue
            rank = -math.log(uniform(mix(choice, post.key), 0)) / weight
            if rank < least:
                best, least = post, rank
        return best


def logistic(x: float) -> float:
    """Return 1/(1 + exp(-x))."""
    return 1.0 / (1.0 + math.exp(-x))


STREAMS = (
    "activity/wake", "activity/second", "feed/search", "feed/trend", "reaction/leave", "expression/post",
    "expression/choice",
)  # fmt: skip


class PlainWorld(mesa.Model):
    """The model: accounts, their graph, and the hours in the order of `sim.tick`.

    Args:
        setting: all rules.
        rng: the seed, a whole number >= 0.
    """

    def __init__(self, setting: Setting, rng: int = 1) -> None:
        super().__init__(rng=rng)
        self.rules, self.seed, self.now = setting, rng, 0
        drawn = world.World(setting, rng=rng)
        self.actors = drawn.state.actors
        self.graph = nx.DiGraph()
        self.graph.add_nodes_from(range(len(drawn.role)))
        self.graph.add_edges_from(zip(*(end.tolist() for end in edges(drawn.graph)), strict=True))
        self.everybody = [self.account(drawn, row) for row in range(len(drawn.role))]
        self.people = [account for account in self.everybody if isinstance(account, Person)]
        for account in self.everybody:
            account.following = [self.everybody[row] for row in self.graph.successors(account.row)]
        self.posts: list[Post] = []  #: of the window
        self.published = 0
        self.topics = [Topic() for _ in range(setting.expression.topics)]
        self.moderators = Moderators(setting.moderation, rng)
        self.decay = math.log(2.0) / setting.reaction.half_life
        self.mood_scale = 1.0 / math.gamma(1.0 + setting.activity.burst)
        beat = setting.activity
        self.hourly = [
            (1.0 + beat.rhythm * math.cos(2.0 * math.pi * (hour - beat.peak) / 24.0)) / 24.0 for hour in range(24)
        ]

    def account(self, drawn: world.World, row: int) -> Account:
        """Return a row of a world just built as an object."""
        traits = {name: getattr(drawn.accounts, name)[row].item() for name in Account.__annotations__}
        kind = Person if row < drawn.n_organic else Account
        return kind(self, row, bool(drawn.state.crowds[row]), traits)

    def step(self) -> None:
        """Play one hour."""
        self.begin()
        self.wake()
        self.read()
        self.react()
        self.speak()
        self.order()
        self.publish()
        self.moderate()
        self.now += 1

    def begin(self) -> None:
        """Let posts older than the window leave; look at the trends and the keys of this hour."""
        self.clock = self.now * 3600
        self.oldest = self.clock - world.WINDOW
        self.campaigning = self.now >= self.rules.campaign.start
        self.posts = [post for post in self.posts if post.time >= self.oldest]
        self.trends = trending(self.topics, self.rules.trending, self.now)
        self.keys = {name: stream_key(self.seed, name, self.now) for name in STREAMS}

    def wake(self) -> None:
        """Find who opens the platform, and who would have but is gone or suspended."""
        if self.now % 24 == 0:
            mood = stream_key(self.seed, "activity/mood", self.now // 24)
            for person in self.people:
                person.new_day(mood)
        came = [person for person in self.people if person.wants_in(self.keys["activity/wake"])]
        self.absent = [person for person in came if person.left or person.suspended_until > self.now]
        gone = set(self.absent)
        self.active = [person for person in came if person not in gone]
        for person in self.active:
            person.second = int(3600.0 * uniform(self.keys["activity/second"], person.key))

    def read(self) -> None:
        """Let all active people read."""
        for person in self.active:
            person.read()

    def react(self) -> None:
        """Let what they read act on them."""
        for person in self.active:
            person.react()

    def speak(self) -> None:
        """Let them write, and account for every dissenting intention."""
        self.cells = [0] * len(CELLS)
        self.drafts = [post for person in self.active for post in person.speak(self.cells)]
        for person in self.absent:
            person.miss(self.cells)

    def order(self) -> None:
        """Let the organised write: the engine's own actors, given columns of what is public."""
        if self.actors:
            view = public_view(self)
            for actor in self.actors:
                self.drafts.extend(posts_of(self, actor.order(view).drafts))

    def publish(self) -> None:
        """Put everybody's posts into the world in order of time."""
        self.drafts.sort(key=lambda post: (post.time, post.key))
        counts = [0] * len(self.topics)
        for post in self.drafts:
            post.serial = self.published
            self.published += 1
            self.posts.append(post)
            post.author.posts.append(post)
            post.author.written += 1
            if post.target is not None:
                post.target.mentions.append(post)
            counts[post.topic] += 1
            if post.kind != REPOST:
                self.topics[post.topic].stream.append(post)
            post.credit()
        for topic, count in zip(self.topics, counts, strict=True):
            topic.hourly.append(count)

    def moderate(self) -> None:
        """Collect this hour's reports, review, remove and suspend."""
        for person in self.active:
            self.moderators.collect(person, self.now)
        self.removals = self.moderators.review(self.now, self.oldest)
