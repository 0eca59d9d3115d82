"""The electronic army: many accounts under a chain of command, all with the same operating profile.

Each hour a commander reads the public platform and issues a plan. Officers pass it on with a delay. Members carry out
the plan that has reached their officer, if they are on shift, obey, and have quota left. Members are split evenly into
platoons, one for each tactic:

* flood: original posts that praise the principal's line on the contested topic, part of them abusive, and reposts of
  the platoon's posts; they take slots in streams and feeds;
* abuse: toxic replies to the most visible dissenters;
* amplify: reposts of supporters' posts, which then rise in rankings and trends.
"""

import math
from collections import deque
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from sim.actors.base import AccountBatch, PublicView, create_accounts, find_recent, make_orders_key, make_post_key
from sim.campaigns import TACTICS, Campaign
from sim.kernels import cached_njit
from sim.rng import draw, exponentials, keyed_hash, make_key, mix, stream
from sim.rules import Rule, get_values, parameter, share
from sim.state.accounts import I64, OPINION_THRESHOLD
from sim.state.posts import ORIGINAL, fill_reply, fill_repost, make_drafts
from sim.state.records import Orders

FLOOD, ABUSE, AMPLIFY = range(len(TACTICS))

_HOUR = stream("army/hour")
_OFFICER = stream("army/officer")
_TRAIT = stream("army/trait")
_TEXT = stream("army/text")

# Purposes of a member's draws in one hour, and of a post's draws.
_OBEY, _EXTRA = map(np.uint64, range(2))
_COPY, _TOXIC, _HARSH, _PICK, _APPEAL, _JITTER, _MIX = map(np.uint64, range(7))
_SLOT = np.uint64(0)

DAY = 24
MAX_ORDER_LAG = 48  #: longest delay of a plan, hours


@dataclass(frozen=True, kw_only=True)
class CommandedForce(Rule):
    """Size and operating profile of accounts under a chain of command."""

    size: int = parameter(60, unit="accounts", source="assumption: 3% of the default people", low=0, high=10**8)
    span: int = parameter(10, unit="members/officer", source="assumption", low=1, high=10**6)
    rate: float = parameter(15.0, unit="posts/h", source="fitted to fact 15 (scripts/fit.py)", low=0.0, high=1000.0)
    quota: int = parameter(
        135, unit="posts/day", source="quota of comments at the Internet Research Agency", low=0, high=10**6
    )
    shift: int = parameter(12, unit="h", source="shifts of the Internet Research Agency", low=1, high=24)
    delay: float = parameter(1.0, unit="h", source="assumption: mean delay of an order", low=0.0, high=24.0)
    discipline: float = share(0.9, source="assumption: P(a member obeys in an hour)")
    reposts: float = share(0.7, source="fitted to fact 15 (scripts/fit.py)")
    copying: float = share(0.43, source="fitted to fact 16 (scripts/fit.py)")
    jitter: float = parameter(
        120.0, unit="s", source="assumption: delay after the officer's time", low=0.0, high=3600.0
    )
    followers: float = parameter(30.0, unit="followers", source="assumption", low=0.0, high=1e9)


@dataclass(frozen=True, kw_only=True)
class Army(CommandedForce):
    """The army of the campaign.

    Example:
        >>> import infowar_lab as lab
        >>> lab.World(army=lab.Army(size=20), **{"population.size": 200})
        <World: 200 people, 32 organised accounts, hour 0 of 336, seed 1>
    """

    def create_accounts(self, n_organic: int, first_row: int, seed: int) -> AccountBatch:
        """Make the members' accounts, whose rows start at `first_row`."""
        return create_accounts("army", self.size, self.followers, n_organic, first_row, seed)

    def create_actor(self, campaign: Campaign, rows: I64, keys: NDArray[np.uint64], seed: int) -> "ChainOfCommand":
        """Return the actor that carries out `campaign` with the members in `rows`; override it for other tactics."""
        return ChainOfCommand(self, campaign, rows, keys, seed)


class Plan(NamedTuple):
    """One order of the commander. Serials and rows are those of public posts when it was issued."""

    number: int
    intensity: float
    targets: I64  #: account rows to be abused
    reply_posts: I64  #: serials of their newest posts on the topic that can be answered
    own_posts: I64  #: serials of the army's own originals to repost
    supporter_posts: I64  #: serials of supporters' posts to amplify


class Pool(NamedTuple):
    """Posts to act upon now: rows start[age, tactic] .. stop[age, tactic] - 1 for a plan `age` hours old."""

    row: I64
    start: I64
    stop: I64


class Platoons(NamedTuple):
    """The members, one in each row."""

    row: I64  #: of the account
    key: NDArray[np.uint64]
    officer: I64
    tactic: I64
    copying: NDArray[np.float64]  #: P(copying the template)
    order_lag: I64  #: hours by which the officer's plan lags behind


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
        self.tactic = _assign_tactics(index, campaign)
        shifts = DAY // army.shift
        self.shift_start = 8 + army.shift * ((index // len(TACTICS)) % shifts)
        self.copying = self._draw_copying()
        self.used = np.zeros(len(rows), np.int64)
        self.plans: deque[Plan] = deque(maxlen=MAX_ORDER_LAG)
        self._tables: tuple[NDArray[np.bool_], NDArray[np.bool_]] | None = None

    def order(self, view: PublicView) -> Orders:
        """Return the posts that the members write in the hour of `view`."""
        self.used[self.shift_start % DAY == view.tick % DAY] = 0
        if not self.rows.size or not self.campaign.start <= view.tick < self.campaign.end + MAX_ORDER_LAG:
            return _make_empty_orders()
        self.plans.append(self._make_plan(view))
        return self._carry_out(view)

    def _make_plan(self, view: PublicView) -> Plan:
        """Read the platform as the commander and make a plan."""
        accounts = len(view.inactive)
        rows = find_recent(view, DAY)
        visible, newest, push, praise, reach = _survey(
            rows, view, *self._mark_known(accounts), bool(self.campaign.victims)
        )
        aims = np.flatnonzero(newest >= 0)
        targets = aims[np.argsort(-visible[aims], kind="stable")][: self.campaign.targets]
        return Plan(
            number=view.tick,
            intensity=self.campaign.intensity if self.campaign.is_running(view.tick) else 0.0,
            targets=targets,
            reply_posts=view.base + newest[np.sort(targets)],
            own_posts=view.base + push[-20:],
            supporter_posts=view.base + praise[np.argsort(-reach, kind="stable")][:20],
        )

    def _mark_known(self, accounts: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which accounts are, or were, the army's own, and which are named victims; both bool [A]."""
        if self._tables is None or len(self._tables[0]) != accounts:
            own, victim = np.zeros((2, accounts), np.bool_)
            victim[list(self.campaign.victims)] = True
            self._tables = own, victim
        self._tables[0][self.rows] = True
        return self._tables

    def _carry_out(self, view: PublicView) -> Orders:
        """Let officers pass on plans that have reached them, and members on shift obey within their quota."""
        intensity = np.array([plan.intensity for plan in reversed(self.plans)])
        if not intensity.any():
            return _make_empty_orders()
        behind = np.minimum(self._draw_delays(view.tick), MAX_ORDER_LAG - 1)
        pool = self._collect_pool(view, {int(age) for age in behind if age < len(self.plans)})
        hour = make_key(self.seed, _HOUR, view.tick)
        shift = (view.tick % DAY - self.shift_start) % DAY < self.army.shift
        able = shift & ~view.inactive[self.rows] & (self.tactic >= 0)
        order_lag = behind[self.officer]
        count = _assign_workload(
            self.keys, hour, able, self.tactic, order_lag, intensity, pool, self.used, get_values(self.army)
        )
        self.used += count
        written = int(count.sum())
        return self._write(view, count, order_lag, pool, written) if written else _make_empty_orders()

    def _draw_delays(self, tick: int) -> I64:
        """Return the delay of each officer in hours: exponential, drawn for each officer and day."""
        officers = np.arange(int(self.officer[-1]) + 1, dtype=np.uint64)
        late: I64 = exponentials(keyed_hash(make_key(self.seed, _OFFICER, tick // DAY), officers), 0, self.army.delay)
        return late.astype(np.int64)

    def _collect_pool(self, view: PublicView, ages: set[int]) -> Pool:
        """Return the posts that the plans of these ages name for each tactic and that are not removed."""
        start, stop = np.zeros((2, len(self.plans), len(TACTICS)), np.int64)
        parts, filled = [np.zeros(0, np.int64)], 0
        for age in ages:
            plan = self.plans[len(self.plans) - 1 - age]
            for tactic, serials in (
                (FLOOD, plan.own_posts),
                (ABUSE, plan.reply_posts),
                (AMPLIFY, plan.supporter_posts),
            ):
                parts.append(_find_standing(serials, view.base, view.removed))
                start[age, tactic], stop[age, tactic] = filled, filled + len(parts[-1])
                filled += len(parts[-1])
        return Pool(np.concatenate(parts), start, stop)

    def _write(self, view: PublicView, count: I64, order_lag: I64, pool: Pool, written: int) -> Orders:
        new, order, tactic = make_drafts(written), np.empty(written, np.int64), np.empty(written, np.int8)
        platoons = Platoons(self.rows, self.keys, self.officer, self.tactic, self.copying, order_lag)
        numbers = np.array([plan.number for plan in reversed(self.plans)])
        text = make_key(self.seed, _TEXT, view.tick)
        _fill(
            new, order, tactic, platoons, count, pool, numbers, view, make_orders_key(self.seed, view.tick), text,
            get_values(self.campaign).toxic_share, get_values(self.army),
        )  # fmt: skip
        return Orders(new, order, tactic)

    def _draw_copying(self) -> NDArray[np.float64]:
        """Return P(copying the template) of each member: u^(1/c - 1), whose mean is c."""
        late = exponentials(
            keyed_hash(make_key(self.seed, _TRAIT, 0), self.keys), 0, 1.0 / max(self.army.copying, 1e-9) - 1.0
        )
        return np.array([math.exp(-x) for x in late])


def _assign_tactics(index: I64, campaign: Campaign) -> I64:
    """Return each member's tactic, -1 for platoons of tactics that are not in use."""
    active = [TACTICS.index(name) for name in sorted(campaign.tactics, key=TACTICS.index)]
    if campaign.effort == "equal" and active:
        return np.array(active, np.int64)[index % len(active)]
    tactic = index % len(TACTICS)
    return np.where(np.isin(tactic, active), tactic, -1)


def _make_empty_orders() -> Orders:
    return Orders(make_drafts(0), np.zeros(0, np.int64), np.zeros(0, np.int8))


@cached_njit
def _survey(rows, view, own, victim, named):
    """Look through the rows of the day.

    Returns: for each account its visibility as a target (float64 [A]) and its newest row (int64 [A], -1 if it is no
    target), where targets are dissenters, or the victims if they are `named`; rows of the army's own originals; rows of
    supporters' posts and the reach of each (float64).
    """
    visible, newest = np.zeros(len(own)), np.full(len(own), -1)
    push, praise, reach = np.empty(len(rows), np.int64), np.empty(len(rows), np.int64), np.empty(len(rows))
    pushed, praised = 0, 0
    for j in rows:
        author, stance = view.original_author[j], view.stance_principal[j]
        echo = 1.0 + view.reposts[j] + view.replies[j]
        if victim[author] if named else stance < -OPINION_THRESHOLD and view.stance_extremist[j] < 0.0:
            visible[author] += echo
            newest[author] = j
        if own[author]:
            if view.kind[j] == ORIGINAL:
                push[pushed] = j
                pushed += 1
        elif stance > OPINION_THRESHOLD:
            praise[praised], reach[praised] = j, echo
            praised += 1
    return visible, newest, push[:pushed], praise[:praised], reach[:praised]


@cached_njit
def _find_standing(serials, base, removed):
    """Return the rows of the `serials` that are in the window and not removed, int64."""
    rows, n = np.empty(len(serials), np.int64), 0
    for serial in serials:
        if serial >= base and not removed[serial - base]:
            rows[n] = serial - base
            n += 1
    return rows[:n]


@cached_njit
def _assign_workload(keys, hour, able, tactic, order_lag, intensity, pool, used, p):
    """Return how many posts each member writes, int64.

    It is 0 if no order has reached the officer, or if the platoon has nobody to abuse or nothing to amplify.
    """
    count = np.zeros(len(keys), np.int64)
    for m in range(len(keys)):
        age = order_lag[m]
        if not able[m] or age >= len(intensity) or intensity[age] <= 0.0:
            continue
        if tactic[m] != FLOOD and pool.start[age, tactic[m]] == pool.stop[age, tactic[m]]:
            continue
        member = mix(hour, keys[m])
        if draw(member, _OBEY) < p.discipline:
            wish = int(p.rate * intensity[age] + draw(member, _EXTRA))
            count[m] = min(wish, p.quota - used[m])
    return count


@cached_njit
def _fill(new, order, tactics, platoons, count, pool, numbers, view, orders, text, toxic_share, p):
    """Fill the drafts of all members, and the order number and tactic of each draft."""
    rows, keys, officer, tactic, copying, order_lag = platoons
    d = 0
    for m in range(len(count)):
        for ordinal in range(count[m]):
            post = make_post_key(orders, keys[m], ordinal)
            age, task = order_lag[m], tactic[m]
            first, length = pool.start[age, task], pool.stop[age, task] - pool.start[age, task]
            pick = draw(post, _PICK)
            order[d], tactics[d] = numbers[0] - age, task
            new.key[d] = post
            new.author[d] = new.original_author[d] = rows[m]
            new.time[d] = view.tick * 3600 + _draw_second(
                post, mix(text, np.uint64(officer[m] * 1000 + ordinal)), p.jitter
            )
            new.stance_principal[d], new.stance_extremist[d] = 1.0, -1.0
            if task == AMPLIFY or (task == FLOOD and length > 0 and draw(post, _MIX) < p.reposts):
                fill_repost(new, d, view, view.base, pool.row[first + int(pick * length)])
            elif task == ABUSE:
                fill_reply(new, d, view, view.base, pool.row[first + int(pick * length)])
                new.toxicity[d] = 0.7 + 0.3 * draw(post, _HARSH)
            else:
                if draw(post, _COPY) < copying[m]:
                    new.template[d] = 4 * numbers[age] + int(4.0 * pick)
                if draw(post, _TOXIC) < toxic_share:
                    new.toxicity[d] = 0.6 + 0.4 * draw(post, _HARSH)
                new.appeal[d] = 0.5 * draw(post, _APPEAL)
            d += 1


@cached_njit
def _draw_second(post, slot, jitter):
    """Return the second of the hour: a slot shared by an officer's members, plus the member's jitter."""
    late = -jitter * math.log(draw(post, _JITTER))
    return int(3600.0 * draw(slot, _SLOT) + late) % 3600
