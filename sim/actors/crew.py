"""A crew: members who carry out operations as their drill lets them. Committees, brigades and sleepers are crews.

Each hour the crew looks at what anybody can see. A member works on one of the operations that run for it (they take
turns by their number), writes floor(rate intensity + u) posts, at most what is left of the day's quota, and rests
when there is nothing to work on. Who is suspended or unmasked writes nothing. Fresh posts of one hour are copies of
one of the crew's four texts with the member's own probability of copying; those of one group share a second for their
first, second, ... act of the hour, plus an exponential delay. What the tactics do:

* flood: praise of the line, `toxic_share` of it abusive;
* abuse: a toxic answer to the newest post of one of the targets;
* amplify: a repost of one of the 20 most engaged posts of the day that praise the line;
* smear: content about one of the targets (theme SMEAR), which names it: it reads it among its mentions;
* demoralise: distress (theme DISTRESS) in the voice of the extremists, or as news from the other side; or reposts of
  genuine distress;
* sway: civil content of the stance `stance`, against the extremists;
* civic: civil engagement on an everyday topic (theme CIVIC);
* protest: a dissenting call with the hour's slogan.

Flood, smear and fresh distress are in part reposts of the crew's own posts of the day. All of this is assumption, with
rates and coordination as in `sim.actors.army`.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sim.actors.base import PublicView, ordered, orders_of, recent
from sim.campaigns import CAMPS, OPERATIONS, VOICES, Operation, Principal, several
from sim.noise import draw, exponentials, key_of, mix, mixed, stream
from sim.rules import Rule, parameter
from sim.state.accounts import F64, I64, OPINION
from sim.state.posts import (
    CIVIC,
    CONTESTED,
    DISTRESS,
    ORIGINAL,
    SLOGANS,
    SMEAR,
    answer,
    copy,
    drafts,
)
from sim.state.records import Orders

FLOOD, ABUSE, LIFT, SMEARING, DEMORALISE, SWAY, CIVIL, PROTEST = range(len(OPERATIONS))
IMPERSONATE, AMPLIFY, NEWS = range(len(VOICES))
DAY = 24
DAILY = 1  #: the everyday topic of civil causes
TEXTS = 4  #: in use at a time
TEMPLATES = 2**28  #: number of a crew's first text; the army's come before, slogans behind

_HOUR = stream("crew/hour")
_TRAIT = stream("crew/trait")
_TEXT = stream("crew/text")

# Purposes of a member's draws in one hour, and of a post's draws.
_OBEY, _EXTRA = map(np.uint64, range(2))
_COPY, _TOXIC, _HARSH, _PICK, _APPEAL, _JITTER, _MIX = map(np.uint64, range(7))
_SLOT = np.uint64(0)


@dataclass(frozen=True, kw_only=True)
class Employed(Rule):
    """What every force of crews has: operations by name or one after the other, and who pays for them."""

    operations: tuple[Operation, ...] = parameter((), unit="rules", source="of the scenario")
    principal: Principal = parameter(Principal(), unit="rule", source="of the scenario")

    def __post_init__(self) -> None:
        object.__setattr__(self, "operations", several(self.operations))
        super().__post_init__()
        self.principal.check(self.operations)


@dataclass(frozen=True)
class Drill:
    """How regular, many and alike the acts of a crew's members are."""

    rate: float  #: posts/h of who is at it
    quota: int  #: posts/day
    discipline: float  #: P(who is on duty obeys in an hour)
    reposts: float  #: share of acts that repost the crew's own posts, where the tactic has any
    copying: float  #: mean over members of the share of fresh posts that copy a text
    jitter: float  #: mean seconds behind the group's second
    group: I64  #: [M] members of one group act in the same seconds
    first: I64  #: [M] hour of the day at which a member's duty begins
    shift: int  #: hours of duty a day
    delay: float  #: mean hours by which an order reaches a group late, drawn for each group and day


class Numbers(NamedTuple):
    """The drill's numbers for compiled code."""

    rate: float
    quota: int
    discipline: float
    reposts: float
    jitter: float


class Work(NamedTuple):
    """The operations as columns, and what each can act upon: rows first[o] .. stop[o] - 1 of `row`; likewise aims."""

    tactic: I64
    start: I64
    end: I64
    intensity: F64
    voice: I64
    stance: F64
    toxic: F64
    risk: F64
    row: I64  #: rows of the ledger: to answer, or to repost
    first: I64
    stop: I64
    aim: I64  #: accounts
    aim_first: I64
    aim_stop: I64


class Crew:
    """Members of one force in one world, and the operations that they carry out.

    Args:
        operations: what they do, and when.
        drill: how they do it.
        rows: int64 [M], account rows of the members.
        keys: uint64 [M], their identities.
        seed: of the world.
        most: targets at most, whatever the operation says.
    """

    def __init__(
        self,
        operations: tuple[Operation, ...],
        drill: Drill,
        rows: I64,
        keys: NDArray[np.uint64],
        seed: int,
        most: int = 10**6,
    ) -> None:
        self.operations, self.drill, self.seed, self.most = operations, drill, seed, most
        self.rows, self.keys = rows, keys
        late = exponentials(mixed(key_of(seed, _TRAIT, 0), keys), 0, 1.0 / max(drill.copying, 1e-9) - 1.0)
        self.copying = np.array([math.exp(-x) for x in late])
        self.used = np.zeros(len(rows), np.int64)
        self.aims: list[I64] = [np.array(operation.victims, np.int64) for operation in operations]

    def order(self, view: PublicView) -> Orders:
        """Return what the members write in the hour of `view`."""
        self.used[self.drill.first % DAY == view.tick % DAY] = 0
        if not any(o.start <= view.tick < o.end + DAY for o in self.operations) or not len(self.rows):
            return _nothing(np.zeros(0, np.int64))
        rows = recent(view, DAY)
        self._take_aim(view)
        aims = np.unique(np.concatenate(self.aims))
        work = self._work(view, rows)
        count, task = self._shares(view, work)
        self.used += count
        return self._write(view, work, count, task, aims) if count.any() else _nothing(aims)

    def _take_aim(self, view: PublicView) -> None:
        """Choose the targets of the operations that begin, for good."""
        for number, operation in enumerate(self.operations):
            if operation.start == view.tick:
                if not operation.victims and operation.tactic in ("abuse", "smear"):
                    self.aims[number] = most_visible(view, self.rows, operation.against, operation.targets)
                self.aims[number] = self.aims[number][: self.most]

    def _work(self, view: PublicView, rows: I64) -> Work:
        """Lay out the operations and what of the day's posts each can act upon."""
        own = _marked(self.rows, len(view.barred))
        ops = self.operations
        parts = [self._matter(view, rows, own, number) for number in range(len(ops))]
        ends, aim_ends = (np.cumsum([0, *map(len, given)]) for given in (parts, self.aims))
        return Work(
            tactic=np.array([OPERATIONS.index(o.tactic) for o in ops], np.int64),
            start=np.array([o.start for o in ops], np.int64),
            end=np.array([o.end for o in ops], np.int64),
            intensity=np.array([o.intensity for o in ops]),
            voice=np.array([VOICES.index(o.voice) for o in ops], np.int64),
            stance=np.array([o.stance for o in ops]),
            toxic=np.array([o.toxic_share for o in ops]),
            risk=np.array([o.risk for o in ops]),
            row=np.concatenate(parts),
            first=ends[:-1],
            stop=ends[1:],
            aim=np.concatenate(self.aims),
            aim_first=aim_ends[:-1],
            aim_stop=aim_ends[1:],
        )

    def _matter(self, view: PublicView, rows: I64, own: NDArray[np.bool_], number: int) -> I64:
        """Return the rows that one operation answers or reposts."""
        operation = self.operations[number]
        if operation.tactic == "abuse":
            return _newest(rows, view.voice, _marked(self.aims[number], len(own)))
        if operation.tactic == "amplify":
            praise = (view.stance_principal[rows] > OPINION) & ~own[view.voice[rows]]
            found = rows[praise]
            echo = 1 + view.reposts[found] + view.replies[found]
            return found[np.argsort(-echo, kind="stable")][:20]
        if operation.tactic == "demoralise" and operation.voice == "amplify":
            genuine = (view.theme[rows] == DISTRESS) & (view.stance_extremist[rows] > 0.0) & ~own[view.voice[rows]]
            return rows[genuine]
        mine = rows[own[view.voice[rows]] & (view.kind[rows] == ORIGINAL)]
        theme = {"smear": SMEAR, "demoralise": DISTRESS}.get(operation.tactic, 0)
        return mine[view.theme[mine] == theme][-20:]

    def _shares(self, view: PublicView, work: Work) -> tuple[I64, I64]:
        """Return how many posts each member writes, and for which operation."""
        drill, tick = self.drill, view.tick
        groups = np.arange(int(drill.group.max()) + 1, dtype=np.uint64)
        late = exponentials(mixed(key_of(self.seed, _TRAIT, 1 + tick // DAY), groups), 0, drill.delay).astype(np.int64)
        duty = (tick % DAY - drill.first) % DAY < drill.shift
        able = duty & ~view.barred[self.rows] & ~view.unmasked[self.rows]
        count, task = np.zeros((2, len(self.rows)), np.int64)
        hour = key_of(self.seed, _HOUR, tick)
        _share_out(count, task, self.keys, hour, able, np.minimum(late, DAY - 1)[drill.group], self.used, tick, work,
                   self._numbers())  # fmt: skip
        return count, task

    def _numbers(self) -> Numbers:
        drill = self.drill
        return Numbers(drill.rate, drill.quota, drill.discipline, drill.reposts, drill.jitter)

    def _write(self, view: PublicView, work: Work, count: I64, task: I64, aims: I64) -> Orders:
        new, tactic = drafts(int(count.sum())), np.repeat(work.tactic[task], count)
        text = key_of(self.seed, _TEXT, view.tick)
        _fill(new, self.rows, self.keys, self.drill.group, self.copying, count, task, work, view,
              orders_of(self.seed, view.tick), text, self._numbers())  # fmt: skip
        risk = np.repeat(work.risk[task], count)
        order = np.full(len(new.key), view.tick, np.int64)
        return Orders(new, order, tactic.astype(np.int8), aims, risk if risk.any() else risk[:0])


def most_visible(view: PublicView, own: I64, camp: str, most: int) -> I64:
    """Return the accounts, `own` apart, whose content of a camp had the largest echo in the last day, first first."""
    echo = _echo(recent(view, DAY), view, _marked(own, len(view.barred)), CAMPS.index(camp))
    found = np.flatnonzero(echo)
    return found[np.argsort(-echo[found], kind="stable")][:most]


def _marked(rows: I64, accounts: int) -> NDArray[np.bool_]:
    marks = np.zeros(accounts, np.bool_)
    marks[rows] = True
    return marks


def _nothing(aims: I64) -> Orders:
    return Orders(drafts(0), np.zeros(0, np.int64), np.zeros(0, np.int8), aims)


@njit(cache=True)
def _echo(rows, view, own, camp):
    """Return, for each account, the echo of its content of the camp among `rows` (float64 [A]); none of `own`."""
    visible = np.zeros(len(own))
    for j in rows:
        principal, extremist = view.stance_principal[j], view.stance_extremist[j]
        meant = extremist > 0.0
        if camp == 0:
            meant = principal < -OPINION and extremist < 0.0
        elif camp == 1:
            meant = principal > OPINION and extremist < 0.0
        if meant and not own[view.voice[j]]:
            visible[view.voice[j]] += 1.0 + view.reposts[j] + view.replies[j]
    return visible


@njit(cache=True)
def _newest(rows, voice, aimed):
    """Return the newest of `rows` of each aimed account, ascending, int64."""
    out, n = np.empty(len(rows), np.int64), 0
    done = np.zeros(len(aimed), np.bool_)
    for x in range(len(rows) - 1, -1, -1):
        who = voice[rows[x]]
        if aimed[who] and not done[who]:
            done[who] = True
            out[n] = rows[x]
            n += 1
    return out[:n][::-1].copy()


@njit(cache=True)
def _reposting(work, o):
    """Tell whether operation `o` writes nothing of its own."""
    return work.tactic[o] == LIFT or (work.tactic[o] == DEMORALISE and work.voice[o] == AMPLIFY)


@njit(cache=True)
def _idle(work, o):
    """Tell whether operation `o` finds nothing to act upon."""
    if work.tactic[o] == SMEARING:
        return work.aim_first[o] == work.aim_stop[o]
    return (work.tactic[o] == ABUSE or _reposting(work, o)) and work.first[o] == work.stop[o]


@njit(cache=True)
def _share_out(count, task, keys, hour, able, late, used, tick, work, p):
    for m in range(len(keys)):
        running = 0
        for o in range(len(work.tactic)):
            running += work.start[o] <= tick - late[m] < work.end[o]
        if not able[m] or not running:
            continue
        turn = m % running
        for o in range(len(work.tactic)):
            if work.start[o] <= tick - late[m] < work.end[o]:
                if turn == 0:
                    task[m] = o
                turn -= 1
        member = mix(hour, keys[m])
        if work.intensity[task[m]] > 0.0 and draw(member, _OBEY) < p.discipline and not _idle(work, task[m]):
            wish = int(p.rate * work.intensity[task[m]] + draw(member, _EXTRA))
            count[m] = max(0, min(wish, p.quota - used[m]))


@njit(cache=True)
def _fill(new, rows, keys, group, copying, count, task, work, view, orders, text, p):
    d = 0
    for m in range(len(count)):
        o = task[m]
        tactic, first, length = work.tactic[o], work.first[o], work.stop[o] - work.first[o]
        for ordinal in range(count[m]):
            post = ordered(orders, keys[m], ordinal)
            pick = draw(post, _PICK)
            new.key[d] = post
            new.author[d] = new.voice[d] = rows[m]
            slot = mix(text, np.uint64(group[m] * 1000 + ordinal))
            late = -p.jitter * math.log(draw(post, _JITTER))
            new.time[d] = view.tick * 3600 + int(3600.0 * draw(slot, _SLOT) + late) % 3600
            j = work.row[first + int(pick * length)] if length else np.int64(-1)
            again = tactic in (FLOOD, SMEARING, DEMORALISE) and draw(post, _MIX) < p.reposts
            if length and (again or _reposting(work, o)):
                copy(new, d, view, view.base, j)
            else:
                _compose(new, d, post, pick, tactic, o, j, work, view)
                if tactic != ABUSE and tactic != PROTEST and draw(post, _COPY) < copying[m]:
                    new.template[d] = TEMPLATES + TEXTS * view.tick + int(TEXTS * pick)
            d += 1


@njit(cache=True)
def _compose(new, d, post, pick, tactic, o, j, work, view):
    """Fill draft `d` with fresh content of an operation."""
    new.topic[d] = CONTESTED
    new.stance_principal[d], new.stance_extremist[d] = 1.0, -1.0
    new.appeal[d] = 0.5 * draw(post, _APPEAL)
    if tactic == ABUSE:
        new.appeal[d] = 0.0
        answer(new, d, view, view.base, j)
        new.toxicity[d] = 0.7 + 0.3 * draw(post, _HARSH)
    elif tactic == FLOOD and draw(post, _TOXIC) < work.toxic[o]:
        new.toxicity[d] = 0.6 + 0.4 * draw(post, _HARSH)
    elif tactic == SMEARING:
        aims = work.aim_stop[o] - work.aim_first[o]
        new.theme[d], new.target[d] = SMEAR, work.aim[work.aim_first[o] + int(pick * aims)]
    elif tactic == DEMORALISE:
        new.theme[d] = DISTRESS
        if work.voice[o] == IMPERSONATE:
            new.stance_principal[d], new.stance_extremist[d] = -1.0, 1.0
    elif tactic == SWAY:
        new.stance_principal[d] = work.stance[o]
    elif tactic == CIVIL:
        new.topic[d], new.theme[d] = DAILY, CIVIC
        new.stance_principal[d], new.stance_extremist[d] = 0.0, 0.0
    elif tactic == PROTEST:
        new.stance_principal[d], new.template[d] = -1.0, SLOGANS + view.tick
