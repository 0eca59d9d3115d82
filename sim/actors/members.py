"""Members who write to order, those of the army and of operator groups: who writes what when.

Each hour an officer calls up the members on duty with the probability that the order names, so that a force that works
less comes in fewer waves of the same height. Who is called and obeys (P = `discipline`) writes floor(rate + u) posts,
at most the rest of the day's quota; without anything to work on members rest. Suspended members write nothing. Members
who share an officer post their first, second, ... post of the hour at a common time, plus an exponential delay. An
original post copies one of the force's four texts of the hour with the member's own probability of copying. The
tactics:

* flood: praise of the principal's line, `toxic_share` of it abusive;
* abuse: a toxic reply to a post of one of the targets;
* amplify: a repost of a post that praises the line;
* smear: content against one of the targets (theme SMEAR), which appears among the target's mentions;
* demoralise: distress (theme DISTRESS), written as if by extremists, or as news from the other side; or reposts of
  genuine distress;
* sway: civil content of the stance `stance`, against the extremists;
* civic: civil engagement on an everyday topic (theme CIVIC);
* protest: a dissenting call with the slogan of the hour.

Part of the posts of flood, smear and demoralise are reposts of the force's own posts of the day.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.actors.base import DAY, PublicView, count_posts, draft_posts, make_orders
from sim.campaigns import OPERATIONS, Operation
from sim.kernels import cached_njit
from sim.rng import draw, draw_each, exponentials, keyed_hash, make_key, mix
from sim.state.accounts import EMPTY_ROWS, I64
from sim.state.posts import (
    CIVIC,
    CONTESTED,
    DISTRESS,
    FIRST_SLOGAN,
    PLAIN,
    SMEAR,
    fill_reply,
    fill_repost,
    make_drafts,
)
from sim.state.records import Orders

ABUSE = OPERATIONS.index("abuse")
CIVIC_TOPIC = 1  #: the everyday topic of civil causes
TEXTS_IN_USE = 4  #: texts of a force in one hour

_COPY, _TOXIC, _HARSH, _PICK, _APPEAL, _JITTER, _MIX = range(7)  # purposes of a post's draws
_CALL = 2  # purpose of an officer's draw in one hour


@dataclass(frozen=True)
class OperatingProfile:
    """How much, how regularly and how uniformly the members of a force post."""

    rate: float  #: posts/h of a working member
    quota: int  #: posts/day
    discipline: float  #: P(a member on duty works in an hour)
    reposts: float  #: share of posts that repost the force's own posts, if the tactic has any
    copying: float  #: mean over members of the share of original posts that copy a text
    jitter: float  #: mean delay after the common time, seconds
    group: I64  #: [M] members with the same number, those of one officer, post at common times
    first: I64  #: [M] hour of the day at which a member's duty begins
    shift: int  #: hours of duty in a day
    delay: float  #: mean delay of an order, hours, drawn for each group and day


class ForceStreams(NamedTuple):
    """The streams of chance of one kind of force."""

    hour: np.uint64
    trait: np.uint64
    text: np.uint64


class Task(NamedTuple):
    """What a member may work on in one hour."""

    operation: int  #: its place among the force's operations
    order: int  #: number of the order: the tick in which it was issued
    intensity: float  #: P(an officer calls members up for it); 0 also if there is nothing to act upon
    material: I64  #: rows of the ledger to answer or to repost
    targets: I64  #: accounts that a smear names


class Parts(NamedTuple):
    """Rows of each of several tasks: row[end[t] : end[t + 1]]."""

    row: I64
    end: I64


class Content(NamedTuple):
    """What the posts of an operation look like; those of hour h may copy texts first_text + h texts and following."""

    tactic: int
    first_text: int
    risk: float
    texts: int = TEXTS_IN_USE
    copying: float = 0.0  #: least share of original posts that copy a text
    reposts: float = 0.0  #: share of posts that are reposts, if there is anything to repost
    only_reacts: bool = False  #: answers and reposts, so it needs posts to act upon
    toxic: float = 0.0
    stance_principal: float = 1.0
    stance_extremist: float = -1.0
    topic: int = CONTESTED
    theme: int = PLAIN


_COLUMNS = np.dtype([*Content.__annotations__.items()])


def _describe(operation: Operation, profile: OperatingProfile, first_text: int) -> Content:
    """Return what the posts of an operation look like."""
    plain = Content(OPERATIONS.index(operation.tactic), first_text, operation.risk)
    match operation.tactic:
        case "flood":
            return plain._replace(reposts=profile.reposts, toxic=operation.toxic_share)
        case "abuse":
            return plain._replace(only_reacts=True)
        case "amplify":
            return plain._replace(only_reacts=True, reposts=1.0)
        case "smear":
            return plain._replace(theme=SMEAR, reposts=profile.reposts)
        case "demoralise" if operation.delivery == "amplify":
            return plain._replace(only_reacts=True, reposts=1.0)
        case "demoralise":
            own, other = (-1.0, 1.0) if operation.delivery == "impersonate" else (1.0, -1.0)
            return plain._replace(theme=DISTRESS, reposts=profile.reposts, stance_principal=own, stance_extremist=other)
        case "sway":
            return plain._replace(stance_principal=operation.stance)
        case "civic":
            return plain._replace(topic=CIVIC_TOPIC, theme=CIVIC, stance_principal=0.0, stance_extremist=0.0)
        case _:  # protest
            return plain._replace(first_text=FIRST_SLOGAN, texts=1, copying=1.0, stance_principal=-1.0)


class Members:
    """Members of one force in one world.

    Args:
        operations: what they may work on.
        profile: how they write.
        rows: int64 [M], account rows of the members.
        keys: uint64 [M], their identities.
        seed: of the world.
        streams: of this kind of force.
        first_text: number of its first text.
    """

    def __init__(
        self,
        operations: Sequence[Operation],
        profile: OperatingProfile,
        rows: I64,
        keys: NDArray[np.uint64],
        seed: int,
        streams: ForceStreams,
        first_text: int,
    ) -> None:
        self.operations, self.profile, self.rows, self.keys, self.seed = operations, profile, rows, keys, seed
        self.streams = streams
        self.content = np.array([_describe(each, profile, first_text) for each in operations], _COLUMNS)
        self.officers = np.arange(profile.group.max(initial=-1) + 1, dtype=np.uint64)
        late = exponentials(keyed_hash(make_key(seed, streams.trait), keys), 0, 1.0 / max(profile.copying, 1e-9) - 1.0)
        self.copying = np.array([math.exp(-x) for x in late])  #: P(copying a text): u^(1/c - 1), whose mean is c
        self.used = np.zeros(len(rows), np.int64)

    def renew_quotas(self, tick: int) -> None:
        """Give members whose duty begins in this hour the quota of a new day."""
        self.used[self.profile.first % DAY == tick % DAY] = 0

    def find_able(self, view: PublicView) -> NDArray[np.bool_]:
        """Return which members are on duty and not suspended, bool [M]."""
        duty = (view.tick % DAY - self.profile.first) % DAY < self.profile.shift
        return duty & ~view.inactive[self.rows]

    def draw_order_lag(self, key: np.uint64, longest: int) -> I64:
        """Return by how many hours orders reach each member late: exponential, one draw for each officer."""
        late = exponentials(keyed_hash(key, self.officers), 0, self.profile.delay).astype(np.int64)
        return np.minimum(late, longest)[self.profile.group]

    def make_task(self, number: int, order: int, intensity: float, material: I64, targets: I64 = EMPTY_ROWS) -> Task:
        """Return the task that operation `number` is in this hour."""
        smears = self.operations[number].tactic == "smear"
        idle = not len(targets) if smears else self.content["only_reacts"][number] and not len(material)
        return Task(number, order, 0.0 if idle else intensity, material, targets if smears else EMPTY_ROWS)

    def write(self, view: PublicView, tasks: Sequence[Task], task: I64) -> Orders:
        """Return what members write in the hour of `view`; member m works on tasks[task[m]], on none if that is -1."""
        if not tasks:
            return make_orders(make_drafts(0))
        number, order, intensity, material, targets = zip(*tasks, strict=True)
        hour = make_key(self.seed, self.streams.hour, view.tick)
        called = draw_each(keyed_hash(hour, self.officers), _CALL)[self.profile.group]
        works = called < np.array([*intensity, 0.0])[task]
        wanted = count_posts(self.profile.rate * works, self.keys, hour, self.profile.discipline)
        count = np.minimum(wanted, self.profile.quota - self.used)
        if not count.any():
            return make_orders(make_drafts(0))
        self.used += count
        new, member, ordinal = draft_posts(self.rows, self.keys, count, self.seed, view.tick)
        work = task[member]
        orders, content = np.array(order)[work], self.content[np.array(number)]
        text = make_key(self.seed, self.streams.text, view.tick)
        _fill(
            new, member, ordinal, self.profile.group, self.copying, text, self.profile.jitter,
            work, orders, content, _join(material), _join(targets), view,
        )  # fmt: skip
        risk = content["risk"][work]
        return Orders(new, orders, content["tactic"][work].astype(np.int8), risk=risk if risk.any() else risk[:0])


def _join(parts: Sequence[I64]) -> Parts:
    return Parts(np.concatenate(parts), np.array([0, *accumulate(map(len, parts))]))


@cached_njit
def _pick(parts, t, u):
    """Return one of a task's rows by the draw `u`, -1 if it has none."""
    length = parts.end[t + 1] - parts.end[t]
    return parts.row[parts.end[t] + int(u * length)] if length else np.int64(-1)


@cached_njit
def _fill(new, member, ordinal, group, copying, text, jitter, work, orders, content, material, targets, view):
    """Fill in when drafts are posted and what they say; `work` and `orders` are the task and the order of each."""
    for d in range(len(new.key)):
        post, m, t = new.key[d], member[d], work[d]
        common = mix(text, np.uint64(1000 * group[m] + ordinal[d]))
        late = -jitter * math.log(draw(post, _JITTER))
        new.time[d] = 3600 * view.tick + int(3600.0 * draw(common, 0) + late) % 3600
        says, u = content[t], draw(post, _PICK)
        j = _pick(material, t, u)
        if j >= 0 and draw(post, _MIX) < says["reposts"]:
            fill_repost(new, d, view, view.base, j)
            continue
        new.topic[d], new.theme[d] = says["topic"], says["theme"]
        new.stance_principal[d], new.stance_extremist[d] = says["stance_principal"], says["stance_extremist"]
        if says["tactic"] == ABUSE:
            fill_reply(new, d, view, j)
            new.toxicity[d] = 0.7 + 0.3 * draw(post, _HARSH)
            continue
        new.target[d], new.appeal[d] = _pick(targets, t, u), 0.5 * draw(post, _APPEAL)
        if draw(post, _TOXIC) < says["toxic"]:
            new.toxicity[d] = 0.6 + 0.4 * draw(post, _HARSH)
        if draw(post, _COPY) < max(copying[m], says["copying"]):
            new.template[d] = says["first_text"] + says["texts"] * orders[d] + int(says["texts"] * u)
