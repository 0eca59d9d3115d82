"""The electronic army: many drilled accounts under a chain of command.

A commander reads the public platform each hour and issues a plan; officers pass it on with a delay;
members carry out the plan that has reached their officer, if they are on shift, obey, and have quota
left. Members are split evenly into platoons, one a tactic:

* flood: own praise of the principal's line on the contested topic, part of it abusive, and reposts of
  the platoon's posts: it crowds slots in streams and feeds;
* abuse: toxic replies to the most visible dissenters;
* amplify: reposts of what supporters wrote: it lifts it in rankings and trends.
"""

import math
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.actors.base import Band, PublicView, blank, enlist, recent, reply, repost
from sim.campaigns import TACTICS, Campaign
from sim.noise import draws, exponentials, key_of, mixed, stream
from sim.rules import Rule, parameter, share
from sim.state.accounts import I64, OPINION
from sim.state.posts import ORIGINAL, Drafts, drafts
from sim.state.records import Orders

FLOOD, ABUSE, AMPLIFY = range(len(TACTICS))

_HOUR = stream("army/hour")
_OFFICER = stream("army/officer")
_TRAIT = stream("army/trait")
_TEXT = stream("army/text")

# Purposes of a member's draws in one hour, and of an act's draws.
_OBEY, _EXTRA = range(2)
_COPY, _TOXIC, _HARSH, _PICK, _APPEAL, _JITTER, _MIX = range(7)

DAY = 24
MEMORY = 48  #: plans an officer's desk can be behind, hours


@dataclass(frozen=True, kw_only=True)
class Army(Rule):
    """Size, drill and habits of the army."""

    size: int = parameter(60, unit="accounts", source="assumption: 3% of the default people", low=0, high=10**8)
    span: int = parameter(10, unit="members/officer", source="assumption", low=1, high=10**6)
    rate: float = parameter(15.0, unit="posts/h", source="fitted to fact 15 (scripts/fit.py)", low=0.0, high=1000.0)
    quota: int = parameter(135, unit="posts/day", source="Research Agency's quota of comments", low=0, high=10**6)
    shift: int = parameter(12, unit="h", source="Research Agency's shifts", low=1, high=24)
    delay: float = parameter(1.0, unit="h", source="assumption: mean delay on the way down", low=0.0, high=24.0)
    discipline: float = share(0.9, source="assumption: P(a member obeys in an hour)")
    reposts: float = share(0.7, source="fitted to fact 15 (scripts/fit.py)")
    copying: float = share(0.43, source="fitted to fact 16 (scripts/fit.py)")
    jitter: float = parameter(
        120.0, unit="s", source="assumption: delay behind the officer's word", low=0.0, high=3600.0
    )
    followers: float = parameter(30.0, unit="followers", source="assumption", low=0.0, high=1e9)

    def enlist(self, n_organic: int, first_row: int, seed: int) -> Band:
        """Make the members' accounts, whose rows start at `first_row`."""
        return enlist("army", self.size, self.followers, n_organic, first_row, seed)


class Plan(NamedTuple):
    """One order of the commander. Serials and rows are of what was public when it was issued."""

    number: int
    intensity: float
    targets: I64  #: account rows to be abused
    bait: I64  #: serials of their newest posts on the topic that can be answered
    push: I64  #: serials of the army's own originals to repost
    praise: I64  #: serials of supporters' posts to amplify


class ChainOfCommand:
    """Commander, officers and members of one army in one world.

    Args:
        army: its rule.
        campaign: the operation it carries out.
        rows: int64 [size], account rows of the members.
        keys: uint64 [size], their identities.
        seed: of the world.
    """

    def __init__(self, army: Army, campaign: Campaign, rows: I64, keys: NDArray[np.uint64], seed: int) -> None:
        self.army, self.campaign, self.seed = army, campaign, seed
        self.rows, self.keys = rows, keys
        index = np.arange(len(rows))
        self.officer = index // army.span
        self.tactic = _assign(index, campaign)
        shifts = DAY // army.shift
        self.shift_start = 8 + army.shift * ((index // len(TACTICS)) % shifts)
        self.copying = self._copying()
        self.used = np.zeros(len(rows), np.int64)
        self.plans: deque[Plan] = deque(maxlen=MEMORY)

    def order(self, view: PublicView) -> Orders:
        """Return the posts that the members write in the hour of `view`."""
        self.used[self.shift_start % DAY == view.tick % DAY] = 0
        if not self.rows.size or not self.campaign.start <= view.tick < self.campaign.end + MEMORY:
            return _nothing()
        self.plans.append(self._plan(view))
        return self._carry_out(view)

    def _plan(self, view: PublicView) -> Plan:
        """The commander's look at the platform, and what is to be done about it."""
        intensity = self.campaign.intensity if self.campaign.runs(view.tick) else 0.0
        rows = recent(view, DAY)
        voice, stance = view.voice[rows], view.stance_principal[rows]
        reach = (1.0 + view.reposts[rows] + view.replies[rows]).astype(np.float64)
        own = np.isin(voice, self.rows)
        dissent = (stance < -OPINION) & (view.stance_extremist[rows] < 0.0)
        aim = np.isin(voice, self.campaign.victims) if self.campaign.victims else dissent
        praise = rows[(stance > OPINION) & ~own]
        targets = _most_visible(voice[aim], reach[aim], self.campaign.targets)
        return Plan(
            number=view.tick,
            intensity=intensity,
            targets=targets,
            bait=view.base + _newest(targets, voice[aim], rows[aim]),
            push=view.base + rows[own & (view.kind[rows] == ORIGINAL)][-20:],
            praise=view.base + praise[np.argsort(-reach[(stance > OPINION) & ~own], kind="stable")][:20],
        )

    def _carry_out(self, view: PublicView) -> Orders:
        """Officers hand down what has reached them; members on shift obey within their quota."""
        behind = np.minimum(self._delays(view.tick), MEMORY - 1)[self.officer]
        reached = behind < len(self.plans)
        desk = np.where(reached, behind, 0)
        intensity = np.array([plan.intensity for plan in reversed(self.plans)])[desk]
        hour = mixed(key_of(self.seed, _HOUR, view.tick), self.keys)
        on_shift = (view.tick % DAY - self.shift_start) % DAY < self.army.shift
        able = on_shift & reached & ~view.barred[self.rows] & (self.tactic >= 0)
        able &= draws(hour, _OBEY) < self.army.discipline
        able &= self._useful(view, desk)
        count = np.floor(self.army.rate * intensity + draws(hour, _EXTRA)) * able * (intensity > 0.0)
        count = np.minimum(count.astype(np.int64), self.army.quota - self.used)
        self.used += count
        if not count.any():
            return _nothing()
        return self._write(view, count, desk)

    def _useful(self, view: PublicView, desk: I64) -> NDArray[np.bool_]:
        """Tell which members find something to do: nobody to abuse or nothing to amplify lets a platoon rest."""
        useful = np.ones(len(desk), np.bool_)
        for age in np.unique(desk):
            plan = self.plans[len(self.plans) - 1 - int(age)]
            for tactic, serials in ((ABUSE, plan.bait), (AMPLIFY, plan.praise)):
                if not _standing(serials, view).size:
                    useful &= (desk != age) | (self.tactic != tactic)
        return useful

    def _delays(self, tick: int) -> I64:
        """Hours by which each officer is behind: exponential, drawn for each officer and day."""
        officers = np.arange(int(self.officer[-1]) + 1, dtype=np.uint64)
        late: I64 = exponentials(mixed(key_of(self.seed, _OFFICER, tick // DAY), officers), 0, self.army.delay)
        return late.astype(np.int64)

    def _write(self, view: PublicView, count: I64, desk: I64) -> Orders:
        member = np.repeat(np.arange(len(count)), count)
        ordinal = np.arange(len(member)) - np.repeat(np.cumsum(count) - count, count)
        new = blank(self.rows[member], self.keys[member], ordinal, np.zeros(len(member)), self.seed, view.tick)
        tactic, behind = self.tactic[member], desk[member]
        for age in np.unique(behind):
            plan = self.plans[len(self.plans) - 1 - int(age)]
            here = behind == age
            self._flood(new, here & (tactic == FLOOD), plan, view)
            self._abuse(new, here & (tactic == ABUSE), plan, view)
            self._amplify(new, here & (tactic == AMPLIFY), plan, view)
        new.stance_principal[(new.kind != 1)] = 1.0
        new.stance_extremist[(new.kind != 1)] = -1.0
        new.time[:] = view.tick * 3600 + self._seconds(new.key, self.officer[member], ordinal, view.tick)
        return Orders(new, self.plans[-1].number - behind, tactic.astype(np.int8))

    def _flood(self, new: Drafts, which: NDArray[np.bool_], plan: Plan, view: PublicView) -> None:
        standing = _standing(plan.push, view)
        again = which & (draws(new.key, _MIX) < self.army.reposts) if standing.size else np.zeros_like(which)
        repost(new, again, view, _chosen(standing, new.key[again]))
        fresh = which & ~again
        copied = fresh & (draws(new.key, _COPY) < self.copying[new.author - self.rows[0]])
        new.template[copied] = 4 * plan.number + (4 * draws(new.key[copied], _PICK)).astype(np.int32)
        abusive = fresh & (draws(new.key, _TOXIC) < self.campaign.toxic_share)
        new.toxicity[abusive] = 0.6 + 0.4 * draws(new.key[abusive], _HARSH)
        new.appeal[fresh] = 0.5 * draws(new.key[fresh], _APPEAL)

    def _abuse(self, new: Drafts, which: NDArray[np.bool_], plan: Plan, view: PublicView) -> None:
        reply(new, which, view, _chosen(_standing(plan.bait, view), new.key[which]))
        new.toxicity[which] = 0.7 + 0.3 * draws(new.key[which], _HARSH)

    def _amplify(self, new: Drafts, which: NDArray[np.bool_], plan: Plan, view: PublicView) -> None:
        repost(new, which, view, _chosen(_standing(plan.praise, view), new.key[which]))

    def _copying(self) -> NDArray[np.float64]:
        """P(copying the template) of each member: u^(1/c - 1) spreads it around its mean c."""
        late = exponentials(mixed(key_of(self.seed, _TRAIT, 0), self.keys), 0, 1.0 / max(self.army.copying, 1e-9) - 1.0)
        return np.array([math.exp(-x) for x in late])

    def _seconds(self, key: NDArray[np.uint64], officer: I64, ordinal: I64, tick: int) -> I64:
        """Seconds of the hour: a slot shared by an officer's members, plus the member's jitter."""
        slot = mixed(key_of(self.seed, _TEXT, tick), (officer * 1000 + ordinal).astype(np.uint64))
        late = exponentials(key, _JITTER, self.army.jitter)
        return (3600.0 * draws(slot, 0) + late).astype(np.int64) % 3600


def _assign(index: I64, campaign: Campaign) -> I64:
    """Return each member's tactic, -1 for a platoon that has nothing to do."""
    active = [TACTICS.index(name) for name in sorted(campaign.tactics, key=TACTICS.index)]
    if campaign.effort == "equal" and active:
        return np.array(active, np.int64)[index % len(active)]
    tactic = index % len(TACTICS)
    return np.where(np.isin(tactic, active), tactic, -1)


def _most_visible(voice: NDArray[np.int32], reach: NDArray[np.float64], most: int) -> I64:
    accounts, position = np.unique(voice, return_inverse=True)
    total = np.bincount(position, weights=reach, minlength=len(accounts))
    return accounts[np.argsort(-total, kind="stable")][:most].astype(np.int64)


def _newest(accounts: I64, voice: NDArray[np.int32], rows: I64) -> I64:
    """Return the last of `rows` (ascending) by each of `accounts`; voice[k] wrote rows[k]."""
    who, last = np.unique(voice[::-1], return_index=True)
    newest: I64 = rows[::-1][last[np.isin(who, accounts)]]
    return newest


def _standing(serials: I64, view: PublicView) -> I64:
    rows = serials - view.base
    rows = rows[rows >= 0]
    return rows[~view.removed[rows]]


def _chosen(rows: I64, keys: NDArray[np.uint64]) -> I64:
    picked: I64 = rows[(draws(keys, _PICK) * len(rows)).astype(np.int64)] if rows.size else np.zeros(0, np.int64)
    return picked


def _nothing() -> Orders:
    return Orders(drafts(0), np.zeros(0, np.int64), np.zeros(0, np.int8))
