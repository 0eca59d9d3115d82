"""The organised of the reference: the army's chain of command, and the extremists.

Written from sections 7.7 and 7.8 of docs/odd.md, one order, one member and one post at a time; of the engine come the
names of its streams of chance and the purposes of its draws.
"""

import math
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.plain_chance import mix, normal, stream_key, uniform
from benchmarks.plain_platform import Post, reply_to, repost, write_post
from sim.campaigns import DOSES
from sim.state.accounts import OPINION_THRESHOLD
from sim.state.posts import CONTESTED, ORIGINAL

if TYPE_CHECKING:
    from benchmarks.plain_mesa import PlainWorld
    from benchmarks.plain_people import Account

TACTICS = ("flood", "abuse", "amplify")
OPENING = 8  #: hour at which the first shift begins
MEMORY = 48  #: hours for which a plan may still be on its way
# What each uniform of an organised post decides.
COPY, TOXIC, HARSH, PICK, APPEAL, JITTER, MIX = range(7)


def find_topical(world: "PlainWorld") -> list[Post]:
    """Return the standing originals and replies of the contested topic of the last day, oldest first."""
    since = max(world.hour - 86400, world.oldest)
    return [post for post in world.topics[CONTESTED].stream if post.time >= since and not post.removed]


def sign(world: "PlainWorld", account: "Account", count: int) -> list[int]:
    """Return the keys of `count` posts that an organised account writes in this hour."""
    author = mix(stream_key(world.seed, "actors/post", world.now), account.key)
    return [mix(author, ordinal) for ordinal in range(count)]


def can_act(world: "PlainWorld", account: "Account") -> bool:
    """Tell whether the account is neither suspended nor gone."""
    return account.suspended_until <= world.now and not account.has_left


@dataclass
class Plan:
    """One order of the commander, with the posts that each tactic acts upon."""

    issued: int
    workload: float  #: P(an officer calls the members up in an hour)
    material: dict[str, list[Post]]


class Member:
    """A soldier: tactic, shift and the quota of the day."""

    def __init__(self, world: "PlainWorld", account: "Account", number: int) -> None:
        army, campaign = world.rules.army, world.rules.campaign
        self.account, self.officer, self.used = account, number // army.span, 0
        chosen = [tactic for tactic in TACTICS if tactic in campaign.tactics]
        if campaign.effort == "equal" and chosen:
            self.tactic = chosen[number % len(chosen)]
        else:
            self.tactic = TACTICS[number % len(TACTICS)]
        self.works = self.tactic in chosen
        shifts_a_day = 24 // army.shift
        self.begins = (OPENING + army.shift * (number // len(TACTICS) % shifts_a_day)) % 24
        habit = uniform(mix(stream_key(world.seed, "army/trait", 0), account.key), 0)
        self.copying = math.exp((1.0 / max(army.copying, 1e-9) - 1.0) * math.log(habit))

    def is_on_shift(self, world: "PlainWorld") -> bool:
        """Tell whether this hour belongs to the member's shift."""
        return (world.now - self.begins) % 24 < world.rules.army.shift


class Commander:
    """The head of the army: reads the public platform, plans, and has officers pass the plans on."""

    def __init__(self, world: "PlainWorld", soldiers: list["Account"]) -> None:
        self.world, self.rule, self.campaign = world, world.rules.army, world.rules.campaign
        self.own = set(soldiers)
        full = 1 / max(len(soldiers), 1) if self.campaign.dose == "one_account" else DOSES[self.campaign.dose]
        self.workload = self.campaign.intensity * full
        self.members = [Member(world, account, number) for number, account in enumerate(soldiers)]
        self.plans: deque[Plan] = deque(maxlen=MEMORY)  #: newest last

    def order(self) -> list[Post]:
        """Return what the army writes in this hour."""
        now, first = self.world.now, self.campaign.start
        for member in self.members:
            if member.begins == now % 24:
                member.used = 0
        if not first <= now < first + self.campaign.hours + MEMORY:
            return []
        self.plans.append(self.plan())
        return [post for member in self.members for post in self.command(member)]

    def plan(self) -> Plan:
        """Look at the last day of the topic and decide."""
        topical = find_topical(self.world)
        aimed = [post for post in topical if self.is_target(post)]
        visibility: dict[Account, int] = {}
        newest: dict[Account, Post] = {}
        for post in aimed:
            visibility[post.author] = visibility.get(post.author, 0) + 1 + post.engagement()
            newest[post.author] = post
        targets = sorted(visibility, key=lambda account: (-visibility[account], account.row))[: self.campaign.targets]
        praise = [post for post in topical if post.author not in self.own and post.stance_principal > OPINION_THRESHOLD]
        over = self.world.now >= self.campaign.start + self.campaign.hours
        return Plan(
            self.world.now,
            0.0 if over else self.workload,
            {
                "flood": [post for post in topical if post.author in self.own and post.kind == ORIGINAL][-20:],
                "abuse": [newest[account] for account in sorted(targets, key=lambda account: account.row)],
                "amplify": sorted(praise, key=lambda post: (-post.engagement(), post.serial))[:20],
            },
        )

    def is_target(self, post: Post) -> bool:
        """Tell whether the author of a post draws fire by it: a victim that is named, or a dissenter."""
        if self.campaign.victims:
            return post.author.row in self.campaign.victims
        return post.stance_principal < -OPINION_THRESHOLD and post.stance_extremist < 0.0

    def reach(self, officer: int) -> Plan | None:
        """Return the newest plan that has reached an officer; the delay is of the officer and the day."""
        late = uniform(mix(stream_key(self.world.seed, "army/officer", self.world.now // 24), officer), 0)
        lag = min(MEMORY - 1, int(-self.rule.delay * math.log(late)))
        return self.plans[-1 - lag] if lag < len(self.plans) else None

    def command(self, member: Member) -> list[Post]:
        """Return the posts of one member in this hour."""
        plan = self.reach(member.officer)
        if (
            not plan
            or not member.works
            or not member.is_on_shift(self.world)
            or not can_act(self.world, member.account)
        ):
            return []
        material = [
            post for post in plan.material[member.tactic] if post.time >= self.world.oldest and not post.removed
        ]
        if member.tactic != "flood" and not material:
            return []
        hour = stream_key(self.world.seed, "army/hour", self.world.now)
        called, own = uniform(mix(hour, member.officer), 2) < plan.workload, mix(hour, member.account.key)
        if not called or self.rule.rate == 0.0 or uniform(own, 0) >= self.rule.discipline:
            return []
        count = min(int(self.rule.rate + uniform(own, 1)), self.rule.quota - member.used)
        member.used += count
        keys = sign(self.world, member.account, count)
        return [self.write(member, plan, material, key, place) for place, key in enumerate(keys)]

    def write(self, member: Member, plan: Plan, material: list[Post], key: int, place: int) -> Post:
        """Return one post of a member, the `place`-th of the hour."""
        pick = uniform(key, PICK)
        found = material[int(pick * len(material))] if material else None
        post: dict[str, Any] = {"key": key, "author": member.account, "time": self.choose_second(member, key, place)}
        repeats = member.tactic == "amplify" or (member.tactic == "flood" and uniform(key, MIX) < self.rule.reposts)
        if found and repeats:
            return repost(found, **post)
        post |= {"stance_principal": 1.0, "stance_extremist": -1.0}
        if found and member.tactic == "abuse":
            return reply_to(found, toxicity=0.7 + 0.3 * uniform(key, HARSH), **post)
        post |= {"topic": CONTESTED, "appeal": 0.5 * uniform(key, APPEAL)}
        if uniform(key, TOXIC) < self.campaign.toxic_share:
            post["toxicity"] = 0.6 + 0.4 * uniform(key, HARSH)
        if uniform(key, COPY) < member.copying:
            post["template"] = 4 * plan.issued + int(4 * pick)
        return write_post(**post)

    def choose_second(self, member: Member, key: int, place: int) -> int:
        """Return when a post appears: the officer's second for this place in the hour, and a delay of its own."""
        hour = stream_key(self.world.seed, "army/text", self.world.now)
        shared = uniform(mix(hour, 1000 * member.officer + place), 0)
        delay = -self.rule.jitter * math.log(uniform(key, JITTER))
        return self.world.hour + int(3600.0 * shared + delay) % 3600


# What each uniform of an extremist's hour or post decides.
EXTRA, PULL, SECOND, SHOCK = range(4)


class Extremists:
    """The extremist organisation: volume, and shock that rises while its echo does not."""

    def __init__(self, world: "PlainWorld", propagandists: list["Account"]) -> None:
        self.world, self.rule, self.propagandists = world, world.rules.extremists, propagandists
        self.shock, self.echo = self.rule.shock, 0.0
        key = stream_key(world.seed, "extremists/rate", 0)
        mean, sigma = self.rule.posts_per_day / 24, self.rule.hyperactivity
        self.rates = [
            mean * math.exp(sigma * normal(key, account.key) - 0.5 * sigma * sigma) for account in propagandists
        ]

    def order(self) -> list[Post]:
        """Return what the propagandists write in this hour."""
        if self.world.now and self.world.now % 24 == 0:
            self.escalate()
        key = stream_key(self.world.seed, "extremists/hour", self.world.now)
        written = []
        for account, rate in zip(self.propagandists, self.rates, strict=True):
            if can_act(self.world, account):
                count = int(rate + uniform(mix(key, account.key), EXTRA))
                written += [self.write(account, post) for post in sign(self.world, account, count)]
        return written

    def escalate(self) -> None:
        """Compare the echo of an own post of the last day with that of the day before."""
        own = [post.engagement() for post in find_topical(self.world) if post.author in self.propagandists]
        echo = sum(own) / len(own) if own else 0.0
        if echo <= self.echo:
            self.shock = min(1.0, self.shock + self.rule.escalation_step)
        self.echo = echo

    def write(self, account: "Account", key: int) -> Post:
        """Return one post."""
        return write_post(
            key=key,
            author=account,
            time=self.world.hour + int(3600.0 * uniform(key, SECOND)),
            topic=CONTESTED,
            stance_principal=-1.0,
            stance_extremist=1.0,
            appeal=0.5 * uniform(key, PULL),
            shock=self.shock if uniform(key, SHOCK) < self.rule.shocking_share else 0.0,
        )
