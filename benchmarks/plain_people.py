"""The people of the reference: one Mesa agent each, who wakes, reads, reacts and speaks.

The rules are documented in `sim.people` and `sim.platform.feed`; here they apply to one person at a time.
"""

import math
from heapq import nlargest
from typing import TYPE_CHECKING, Any

import mesa

from benchmarks.plain_chance import mix, uniform
from benchmarks.plain_platform import Post, Topic, compute_score, repost, write_post
from sim.people.expression import MAX_INTENTIONS
from sim.people.population import classify_cohort
from sim.people.reaction import Reaction
from sim.state.accounts import DISSENTER, FIGHT, INDIFFERENT, OPINION_THRESHOLD, WITHDRAW
from sim.state.posts import CONTESTED, ORIGINAL, REPLY, REPOST, TOXIC_THRESHOLD
from sim.state.records import (
    CLIMATE,
    FEAR,
    JOINT,
    LEFT,
    PERSUADED,
    PRIVATE,
    REDUNDANT,
    SUSPENDED,
    UNPROMPTED,
    VOICED,
)

if TYPE_CHECKING:
    from benchmarks.plain_mesa import PlainWorld

# What each uniform of an intention decides.
COUNT, TOPIC, PROMPT, SPEAK, KIND, SIDE, ABUSE, HARSH, APPEAL, GAP, SUBJECT = range(11)


class Account(mesa.Agent):  # type: ignore[misc]  # Mesa has no type marks
    """An account. Traits and state are the columns of `sim.state.accounts.Accounts`."""

    model: "PlainWorld"
    key: int
    sessions: float
    intentions_per_session: float
    phase: float
    interest: float
    willingness: float
    reaction: int
    hardcore: bool
    public: bool
    cohort: int
    stance_principal: float
    stance_extremist: float
    opinion_climate: float
    reference_climate: float
    fear: float
    expected_toxicity: float
    habituation: float
    daily_activity: float
    last_read: int
    notices: int
    written: int
    voiced: int
    withheld: int
    abuse_received: int
    has_left: bool
    suspended_until: int
    strikes: int
    credibility: float
    baseline_credibility: float
    morale: float
    unmasked: bool

    def __init__(
        self, model: "PlainWorld", row: int, role: int, competes_for_slots: bool, traits: dict[str, Any]
    ) -> None:
        super().__init__(model)
        self.row, self.role, self.competes_for_slots = row, role, competes_for_slots
        for name, value in traits.items():
            setattr(self, name, value)
        self.following: list[Account] = []
        self.posts: list[Post] = []
        self.mentions: list[Post] = []


class Person(Account):
    """An ordinary person: wakes, reads, reacts, speaks or withholds."""

    def __init__(
        self, model: "PlainWorld", row: int, role: int, competes_for_slots: bool, traits: dict[str, Any]
    ) -> None:
        super().__init__(model, row, role, competes_for_slots, traits)
        self.second = 0
        self.returns = False
        self.seen: list[Post] = []
        self.abuse = self.allies = 0

    # ---- wake

    def new_day(self, key: int) -> None:
        """Draw today's activity: Exp(1)^burst, scaled to mean 1."""
        burst = self.model.rules.activity.burst
        self.daily_activity = math.exp(burst * math.log(-math.log(uniform(key, self.key)))) * self.model.mood_scale

    def wants_in(self, key: int) -> bool:
        """Return whether the person has a session in this hour."""
        rate = self.sessions * self.model.hourly[(self.model.now - int(self.phase)) % 24] * self.daily_activity
        return uniform(key, self.key) < 1.0 - math.exp(-rate)

    def is_called_back(self, key: int) -> bool:
        """Return whether one of the notices since the last session brings the person back in this hour, to read."""
        notified = self.model.rules.activity.notified
        return bool(self.notices and uniform(key, self.key) < 1.0 - (1.0 - notified) ** self.notices)

    # ---- read

    def read(self) -> None:
        """Read what four places show, within the attention of one session."""
        model = self.model
        attention = model.rules.attention
        moment = model.hour - model.length + self.second
        streams = []
        searched = -1
        if uniform(model.keys["feed/search"], self.key) < attention.search_rate * self.interest:
            searched = CONTESTED
            streams.append((model.topics[CONTESTED], attention.search))
        if model.trends:
            trend = model.trends[int(uniform(model.keys["feed/trend"], self.key) * len(model.trends))]
            if trend != searched:
                streams.append((model.topics[trend], attention.trends))
        chosen: set[Post] = set()
        for crowd in (True,) if attention.army_competes else (True, False):
            room = attention.items
            answers = self.answers(min(room, attention.mentions), crowd)
            room -= len(answers)
            chosen.update(answers)
            for topic, slots in streams:
                found = self.search(topic, min(room, slots), moment, crowd)
                room -= len(found)
                chosen.update(found)
            chosen.update(self.home(room, crowd))
        self.seen = sorted(chosen, key=lambda post: post.serial)

    def answers(self, slots: int, crowd: bool) -> list[Post]:
        """Return the newest replies to this person since the last visit."""
        found: list[Post] = []
        for post in reversed(self.mentions):
            if len(found) >= slots or post.time < self.last_read or post.time < self.model.oldest:
                break
            if not post.removed and post.author.competes_for_slots == crowd:
                found.append(post)
        return found

    def search(self, topic: Topic, slots: int, moment: int, crowd: bool) -> list[Post]:
        """Return the best posts of a topic, without the person's own: of its newest `depth`, or of a window."""
        feed = self.model.rules.feed
        if feed.window:
            return self.best([post for post in self.look_back(topic, moment, crowd) if post.author is not self], slots)
        shown: list[Post] = []
        for post in topic.back_from(moment):
            if len(shown) >= feed.depth or post.time < self.model.oldest:
                break
            if not post.removed and post.author.competes_for_slots == crowd:
                shown.append(post)
        return self.best([post for post in shown if post.author is not self], slots)

    def look_back(self, topic: Topic, moment: int, crowd: bool) -> list[Post]:
        """Return the person's part of the posts of the window until `moment`; parts have `depth` posts at most."""
        model, feed = self.model, self.model.rules.feed
        window, shares = math.ceil(3600 * feed.window), 1
        until = model.clock - model.length
        counted = [post for post in topic.back_from(until) if post.time > until - window]
        standing = [post for post in counted if not post.removed and post.author.competes_for_slots == crowd]
        while len(standing) > feed.depth * shares:
            shares *= 2
        return [
            post
            for post in topic.back_from(moment)
            if post.time > moment - window
            and not post.removed
            and post.author.competes_for_slots == crowd
            and (post.key >> 20) % shares == (self.key >> 20) % shares
        ]

    def home(self, slots: int, crowd: bool) -> list[Post]:
        """Return the best of the followees' posts since the last visit, without the person's own content."""
        model = self.model
        since = max(self.last_read, model.clock - model.rules.attention.memory * 3600)
        new: list[Post] = []
        for followee in self.following:
            if followee.competes_for_slots != crowd:
                continue
            for post in reversed(followee.posts):
                if post.time < since or post.time < model.oldest:
                    break
                if not post.removed and post.original_author is not self:
                    new.append(post)
        return self.best(new, slots)

    def best(self, posts: list[Post], slots: int) -> list[Post]:
        """Rank by score, then by order in the ledger; keep the best `slots`, one for each content."""
        feed = self.model.rules.feed
        ranks: dict[Post, tuple[float, int, Post]] = {}
        for post in posts:
            value = compute_score(post.time, post.engagement(), feed.engagement, feed.recency)
            rank = (value, post.serial, post)
            if post.root not in ranks or rank > ranks[post.root]:
                ranks[post.root] = rank
        return [post for _, _, post in nlargest(slots, ranks.values())]

    # ---- react

    def react(self) -> None:
        """Apply reading to stances, opinion climate, fear, expected toxicity and habituation; perhaps leave."""
        model, rule = self.model, self.model.rules.reaction
        hours = (model.clock - self.last_read) / 3600.0
        self.fear *= math.exp(-model.decay * hours)
        self.abuse = self.allies = 0
        for post in self.seen:
            if post.toxicity >= TOXIC_THRESHOLD:
                self.suffer(post, rule)
            if post.topic == CONTESTED:
                self.take_in(post, rule)
        risk = rule.leave
        if self.abuse > 0 and self.reaction == WITHDRAW and not self.hardcore:
            risk += rule.leave_abuse
        risk *= math.exp(-rule.leave_decline * math.log(1.0 + self.written))
        self.has_left = uniform(model.keys["reaction/leave"], self.key) < risk
        self.last_read, self.notices = model.clock, 0
        if model.campaigning:
            self.abuse_received += self.abuse
        else:
            self.reference_climate = self.opinion_climate

    def suffer(self, post: Post, rule: Reaction) -> None:
        """React to abuse of this person, or of somebody of the same side."""
        if post.target is self:
            self.abuse += 1
            self.fear += rule.direct_fear * post.toxicity * (1.0 - self.fear)
        elif post.target_stance * self.stance_principal > 0.0 and abs(self.stance_principal) > OPINION_THRESHOLD:
            self.fear += rule.vicarious_fear * post.toxicity * (1.0 - self.fear)

    def take_in(self, post: Post, rule: Reaction) -> None:
        """Update climate and expected toxicity by a contested post, move towards a near stance, feel its shock."""
        weight = 1.0 if post.template < 0 else 1.0 - rule.discount
        theirs, mine = post.stance_principal, self.stance_principal
        if abs(theirs) > OPINION_THRESHOLD:
            agrees = theirs * mine > 0.0 and abs(mine) > OPINION_THRESHOLD
            self.allies += agrees and post.stance_extremist * self.stance_extremist > 0.0
            self.opinion_climate += rule.climate_rate * weight * ((1.0 if theirs > 0.0 else 0.0) - self.opinion_climate)
            threat = post.toxicity if theirs * mine < 0.0 else 0.0
            self.expected_toxicity += rule.anticipation * weight * (threat - self.expected_toxicity)
            if abs(theirs - mine) < rule.tolerance:
                self.stance_principal += rule.persuasion * weight * (1.0 - post.toxicity) * (theirs - mine)
        gap = post.stance_extremist - self.stance_extremist
        if abs(gap) < rule.tolerance:
            self.stance_extremist += rule.persuasion * weight * (1.0 - post.toxicity) * gap
        felt = post.shock - self.habituation
        if felt > 0.0:
            self.shudder(felt, rule)

    def shudder(self, felt: float, rule: Reaction) -> None:
        """React to the part of a shock above habituation."""
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
        if self.intentions_per_session <= 0.0:
            return []
        u = uniform(self.intention(MAX_INTENTIONS), COUNT)
        count = min(
            MAX_INTENTIONS,
            int(math.log(u) / math.log(self.intentions_per_session / (1.0 + self.intentions_per_session))),
        )
        return [self.intention(ordinal) for ordinal in range(count)]

    def speak(self, outcomes: list[int]) -> list[Post]:
        """Return this hour's posts; count in `outcomes` how the cohort's contested intentions end."""
        model = self.model
        clock = float(self.second)
        posts = []
        for intention in [] if self.returns else self.intentions():
            contested = uniform(intention, TOPIC) < self.interest
            dissenting = False
            if contested:
                member = self.cohort == DISSENTER
                dissenting = member and classify_cohort(self.stance_principal, self.stance_extremist) == DISSENTER
                outcome = self.decide(intention)
                if member:
                    outcomes[outcome if dissenting else PERSUADED] += 1
                if outcome != VOICED:
                    continue
            clock -= model.rules.expression.gap * math.log(uniform(intention, GAP))
            post = self.compose(intention, model.hour + self.fit_into_hour(clock), contested)
            post.dissent = dissenting
            posts.append(post)
        return posts

    def miss(self, outcomes: list[int]) -> None:
        """Count the intentions of a dissenter who has left or is suspended."""
        if self.cohort == DISSENTER:
            for intention in self.intentions():
                if uniform(intention, TOPIC) < self.interest:
                    outcomes[LEFT if self.has_left else SUSPENDED] += 1

    def decide(self, intention: int) -> int:
        """Return the outcome of a contested intention: voiced, unprompted, private, or withheld by cause."""
        rule = self.model.rules.expression
        drive = rule.unprompted + (1.0 - rule.unprompted) * (1.0 - math.exp(-rule.contagion * self.allies))
        if self.reaction == FIGHT:
            drive += (1.0 - drive) * self.fear
        if uniform(intention, PROMPT) >= drive:
            return UNPROMPTED
        alarm = min(1.0, self.fear + rule.anticipation * self.expected_toxicity)
        u = uniform(intention, SPEAK)
        if u < self.readiness(alarm, self.opinion_climate):
            outcome = VOICED
        elif u >= self.readiness(0.0, self.reference_climate):
            outcome = PRIVATE
        elif u < self.readiness(0.0, self.opinion_climate):
            outcome = JOINT if u < self.readiness(alarm, self.reference_climate) else FEAR
        else:
            outcome = CLIMATE if u < self.readiness(alarm, self.reference_climate) else REDUNDANT
        if self.model.campaigning:
            self.voiced += outcome == VOICED
            self.withheld += outcome in (FEAR, CLIMATE, JOINT, REDUNDANT)
        return outcome

    def readiness(self, fear: float, climate: float) -> float:
        """Return the probability of voicing a contested intention under this fear and climate."""
        rule = self.model.rules.expression
        if self.hardcore:
            return logistic(self.willingness)
        own = 0.5
        if self.stance_principal > OPINION_THRESHOLD:
            own = climate
        elif self.stance_principal < -OPINION_THRESHOLD:
            own = 1.0 - climate
        push = 0.0
        if self.reaction == FIGHT:
            push = rule.fight_weight * fear
        elif self.reaction != INDIFFERENT:
            push = -rule.fear_weight * fear
        return logistic(self.willingness + rule.climate_weight * (own - 0.5) + push)

    def fit_into_hour(self, second: float) -> int:
        """Return the second of the hour of a post; with slices, gaps shrink as the hour ends."""
        if self.model.length == 3600:
            return int(second) % 3600
        rest = 3600.0 - self.second
        return min(3599, int(self.second + rest * (1.0 - math.exp((self.second - second) / rest))))

    def compose(self, intention: int, time: int, contested: bool) -> Post:
        """Return a repost of, or a reply to, a post just seen, or an original."""
        rule = self.model.rules.expression
        u = uniform(intention, KIND)
        wanted = REPOST if u < rule.reposts else REPLY if u < rule.reposts + rule.replies else ORIGINAL
        opposing = wanted == REPLY and uniform(intention, SIDE) < rule.opposing_replies
        found = self.pick(intention, contested, wanted, opposing) if wanted != ORIGINAL else None
        if found is not None and wanted == REPOST:
            return repost(found, key=intention, author=self, time=time)
        post = write_post(self, key=intention, time=time)
        post.appeal = 1.0 - math.exp(math.log(1.0 - uniform(intention, APPEAL)) / 5.0)
        post.topic = CONTESTED if contested else 1 + int(uniform(intention, SUBJECT) * (rule.topics - 1))
        if contested:
            post.stance_principal, post.stance_extremist = self.stance_principal, self.stance_extremist
        rate = rule.toxic_posts
        if found is not None:
            post.kind, post.topic, post.parent = REPLY, found.topic, found.root
            post.target, post.target_stance = found.original_author, found.stance_principal
            rate = rule.toxic_replies
            if contested and found.original_author.public:
                rate *= rule.public_toxicity
            if opposing and self.reaction == FIGHT:
                rate += rule.retaliation * self.fear
        if uniform(intention, ABUSE) < rate:
            post.toxicity = TOXIC_THRESHOLD + (1.0 - TOXIC_THRESHOLD) * uniform(intention, HARSH)
        return post

    def pick(self, intention: int, contested: bool, wanted: int, opposing: bool) -> Post | None:
        """Draw one suitable post of the session by weight, the smallest -ln(u)/w."""
        choice = mix(self.model.keys["expression/choice"], intention)
        best, least = None, math.inf
        for post in self.seen:
            if (post.topic == CONTESTED) != contested or post.original_author is self or post.removed:
                continue
            side = post.stance_principal * self.stance_principal
            agreed = side > 0.0 and post.stance_extremist * self.stance_extremist > 0.0
            if contested and not (side < 0.0 if opposing else agreed):
                continue
            weight = 1.0
            if wanted == REPOST:
                if post.toxicity >= TOXIC_THRESHOLD or post.author is self:
                    continue
                weight = post.appeal * (1.0 + post.reposts)
                if fading := self.model.rules.expression.fading:
                    weight *= math.exp(-math.log(2.0) * (self.model.clock - post.time) / (3600.0 * fading))
                if weight == 0.0:
                    continue
            rank = -math.log(uniform(choice, post.key)) / weight
            if rank < least:
                best, least = post, rank
        return best


def logistic(x: float) -> float:
    """Return 1/(1 + exp(-x))."""
    return 1.0 / (1.0 + math.exp(-x))
